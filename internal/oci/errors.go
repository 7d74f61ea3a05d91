package oci

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"

	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// Error is a refusal, or a failure of a registry or on the way to it, worded
// for a person.
type Error struct {
	Text string
	Kind error // one of this package's errors, or nil
	err  error
}

func (e *Error) Error() string   { return e.Text }
func (e *Error) Unwrap() []error { return []error{e.Kind, e.err} }

func refuse(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), Kind: ErrRefused}
}

func lie(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), Kind: ErrMismatch}
}

// explain words an error of the libraries below. URLs are left out: those of
// uploads and storage carry state and signatures that belong in no log.
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
		e.Kind, e.Text = c.answered(host, answer)
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Kind, e.Text = ErrDenied, "registry "+host+" asks for a user and a password: log in with docker or podman, or give -u and -p"
	case errors.Is(err, errdef.ErrNotFound):
		e.Kind, e.Text = ErrNotFound, "registry "+host+" has no such artifact"
	case errors.As(err, &refused):
		e.Kind, e.Text = ErrRefused, "registry "+refused.Error()
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Text = "no registry answers at " + host + " (connection refused)"
		if loopbackName(info.host) {
			e.Text += ": start one with `make up` or `registry up`"
		}
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		e.Text = "registry " + host + " speaks plain HTTP, and HTTPS is wanted: give it TLS, list it in WASMCLOUD_OCI_ALLOWED_INSECURE, or pass --insecure (devhost: --allow-insecure)"
	case errors.As(err, &location):
		e.Text = "registry " + host + ": " + location.Err.Error()
	default:
		e.Text = err.Error()
	}
	return e
}

func (c *Client) answered(host string, a *errcode.ErrorResponse) (kind error, text string) {
	text = fmt.Sprintf("registry %s answered %d %s", host, a.StatusCode, http.StatusText(a.StatusCode))
	if len(a.Errors) > 0 {
		text += ": " + printable(a.Errors.Error())
	}
	switch a.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint := "log in with docker or podman, or give -u and -p"
		if c.cfg.User != "" {
			hint = "check the user and password given"
		}
		return ErrDenied, text + " (" + hint + ")"
	case http.StatusNotFound:
		return ErrNotFound, text
	}
	return nil, text
}

// printable quotes a registry's own words shortly and without terminal escapes.
func printable(s string) string {
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.Trim(strconv.QuoteToGraphic(s), `"`)
}

// answer makes an error of a response that is not what was hoped for, and
// closes it.
func answer(resp *http.Response) error {
	defer resp.Body.Close()
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	// What cannot be read says nothing; the status speaks for itself.
	_ = json.NewDecoder(io.LimitReader(resp.Body, 8<<10)).Decode(&body)
	return &errcode.ErrorResponse{Method: resp.Request.Method, URL: resp.Request.URL, StatusCode: resp.StatusCode, Errors: body.Errors}
}
