package oci

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

const (
	maxTries = 5
	maxWait  = 30 * time.Second // a registry that wants more is told to the user
)

// advice is what the registry said during one try about the next. The router
// fills it in: oras's errors don't carry headers.
type advice struct{ retryAfter atomic.Value }

type adviceKey struct{}

func noteAdvice(ctx context.Context, h http.Header) {
	if a, ok := ctx.Value(adviceKey{}).(*advice); ok {
		a.retryAfter.Store(h.Get("Retry-After"))
	}
}

// retry does op until it works, fails for good, or was tried maxTries times,
// and words the last error. op must do everything anew, opening its file too.
func (c *Client) retry(ctx context.Context, op func(ctx context.Context) error) error {
	for try := 1; ; try++ {
		info := callFrom(ctx)
		var asked advice
		err := op(context.WithValue(ctx, adviceKey{}, &asked))
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !c.transient(ctx, err) {
			return c.explain(info, err)
		}
		wait, ok := c.wait(&asked, try)
		if try == tries(err) {
			return fmt.Errorf("%w (given up after %d tries)", c.explain(info, err), try)
		}
		if !ok {
			return fmt.Errorf("%w (it asks to wait %s, which is too long to sit here: try again later)", c.explain(info, err), wait)
		}
		if err := c.cfg.Sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// wait is how long to wait after a failed try: what the registry asked for,
// else 0.25 s doubled by each try. ok is false if the registry asks too much.
func (c *Client) wait(a *advice, try int) (d time.Duration, ok bool) {
	asked, _ := a.retryAfter.Load().(string)
	d = 250 * time.Millisecond << (try - 1)
	if seconds, err := strconv.ParseInt(asked, 10, 64); err == nil && seconds >= 0 && seconds < 1<<31 {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(asked); err == nil {
		d = max(0, at.Sub(c.cfg.Now()))
	}
	return d, d <= maxWait
}

// tries is how often to try. A registry that is being started again has half a minute.
func tries(err error) int {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return maxTries + 2
	}
	return maxTries
}

// transient tells errors that may be gone next time. A refused connection is not one
// unless the registry has answered before: nothing listens there, and the user should
// hear it at once.
func (c *Client) transient(ctx context.Context, err error) bool {
	if errors.Is(err, syscall.ECONNREFUSED) && !isProxy(err) {
		return c.router.answered.has(callFrom(ctx).host)
	}
	var answer *errcode.ErrorResponse
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return false
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return dns.IsTemporary || dns.IsTimeout
	}
	for _, final := range []error{ErrRefused, ErrMismatch, errCredentials, errSource, syscall.ECONNREFUSED} {
		if errors.Is(err, final) {
			return false
		}
	}
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if errors.As(err, &cert) || errors.As(err, &unknown) {
		return false
	}
	// A connection that broke is worth another; one that could not be made
	// (no route, time-out, a TLS alert) has taken long enough already.
	var network *net.OpError
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		strings.Contains(err.Error(), "server closed idle connection") || // net/http keeps that error to itself
		errors.As(err, &network) && (network.Op == "read" || network.Op == "write")
}
