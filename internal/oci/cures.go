package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

const (
	plainHTTPCure = "give it TLS, list it in WASMCLOUD_OCI_ALLOWED_INSECURE, or pass --insecure (devhost: --allow-insecure)"
	// behindTLS is the usual reason for a registry that points from https to http.
	behindTLS = "a registry behind a TLS proxy must be told so by whoever runs it (X-Forwarded-Proto, or relative URLs)"
)

// explain words an error of the libraries below, and says what to do. URLs are left
// out: those of uploads and storage carry state and signatures that belong in no log.
func (c *Client) explain(info *call, err error) error {
	var own *Error
	if errors.As(err, &own) { // worded already
		return own
	}
	host := info.ref.Registry
	e := &Error{err: err}
	var answer *errcode.ErrorResponse
	var location *url.Error
	var refused *plainError
	switch {
	case errors.As(err, &answer):
		e.Kind, e.Text = c.answered(info, answer)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Kind, e.Text = ErrDenied, "registry "+host+" asks for a user and a password, and "+c.logins.trail(info.host).cure(c.cfg.LoginName)
	case errors.Is(err, errdef.ErrNotFound):
		e.Kind, e.Text = ErrNotFound, "registry "+host+" has no such artifact"
	case errors.As(err, &refused):
		e.Kind, e.Text = ErrRefused, "registry "+refused.Error()
	case errors.As(err, &location) && unreachable(info, location) != "":
		e.Text = unreachable(info, location)
	case errors.As(err, &location):
		e.Text = "registry " + host + ": " + location.Err.Error()
	default:
		e.Text = err.Error()
	}
	return e
}

// unreachable words why there is no answer; empty if it is nothing known.
func unreachable(info *call, err error) string {
	host := info.ref.Registry
	var dns *net.DNSError
	switch text := err.Error(); {
	case isProxy(err):
		return "the proxy for registry " + host + " cannot be reached (" + cause(err) + "): see HTTPS_PROXY and HTTP_PROXY, and NO_PROXY for registries that need none"
	case errors.Is(err, syscall.ECONNREFUSED):
		text := "no registry answers at " + host + " (connection refused)"
		if loopbackName(info.host) {
			text += ": start one with `make up` or `registry up`"
		}
		return text
	case errors.As(err, &dns) && dns.IsNotFound:
		return "there is no host named " + dns.Name + " for registry " + host + ": check the name, and this machine's DNS; behind a proxy set HTTPS_PROXY"
	case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
		return "registry " + host + " does not answer in time: check the address and the network; behind a proxy set HTTPS_PROXY"
	case strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return "registry " + host + " speaks plain HTTP, and HTTPS is wanted: " + plainHTTPCure
	case strings.Contains(text, "malformed HTTP response"): // TLS has other first bytes
		return speaksHTTPS(host)
	}
	return untrusted(host, err)
}

func speaksHTTPS(host string) string {
	return "registry " + host + " was spoken to over plain HTTP and does not speak it, most likely it wants HTTPS: leave --insecure out, and take it off WASMCLOUD_OCI_ALLOWED_INSECURE (devhost: --allow-insecure)"
}

// untrusted words what is wrong with a certificate; empty if that is not it.
func untrusted(host string, err error) string {
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var other *tls.CertificateVerificationError
	switch {
	case errors.As(err, &unknown):
		return "the certificate of registry " + host + " is signed by an authority that this machine does not trust: name the authority's certificate (PEM) by --ca-file or WASMCLOUD_CA_FILE; a proxy that looks into TLS has one too"
	case errors.As(err, &name):
		return "the certificate of registry " + host + " is for another name (" + name.Error() + "): use the name that it is for"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "the certificate of registry " + host + " is not valid today (" + invalid.Error() + "): check this machine's clock, then ask for a new certificate"
	case errors.As(err, &other):
		return "the certificate of registry " + host + " cannot be trusted (" + other.Err.Error() + "): --ca-file or WASMCLOUD_CA_FILE names one more authority"
	}
	return ""
}

// isProxy tells that it was the proxy that could not be reached.
func isProxy(err error) bool {
	var network *net.OpError
	return errors.As(err, &network) && network.Op == "proxyconnect"
}

func isTimeout(err error) bool {
	var network net.Error
	return errors.As(err, &network) && network.Timeout()
}

// cause is the last link of a chain of errors, which names no URL.
func cause(err error) string {
	for errors.Unwrap(err) != nil {
		err = errors.Unwrap(err)
	}
	return err.Error()
}

func (c *Client) answered(info *call, a *errcode.ErrorResponse) (kind error, text string) {
	who := "registry " + info.ref.Registry
	if a.URL != nil && a.URL.Host != info.host {
		who = a.URL.Host + ", to which " + who + " points,"
	}
	text = fmt.Sprintf("%s answered %d %s", who, a.StatusCode, http.StatusText(a.StatusCode))
	if len(a.Errors) > 0 {
		text += ": " + printable(a.Errors.Error())
	}
	switch a.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		return ErrDenied, text + " (" + info.wanted() + c.logins.trail(info.host).cure(c.cfg.LoginName) + ")"
	case http.StatusNotFound:
		if hasCode(a, errcode.ErrorCodeNameUnknown) && info.writes {
			text += " (some registries want a repository, or the project that it is in, to be made before the first push)"
		}
		return ErrNotFound, text
	case http.StatusRequestEntityTooLarge, http.StatusRequestedRangeNotSatisfiable:
		return nil, text + fmt.Sprintf(" (pieces of %d MiB are too large as well: the limit is the registry's or that of a proxy before it, whoever runs it can raise it)", pieceSize>>20)
	case http.StatusTooManyRequests:
		return nil, text + " (" + c.logins.trail(info.host).limit() + ")"
	}
	if a.StatusCode == http.StatusPreconditionFailed || hasCode(a, "TAG_INVALID") {
		return ErrRefused, text + " (the registry holds its tags to what they are: give the artifact a new tag)"
	}
	return nil, text
}

func hasCode(a *errcode.ErrorResponse, code string) bool {
	for _, e := range a.Errors {
		if e.Code == code {
			return true
		}
	}
	return false
}
