// Package httpd is the capability provider of wasmcloud:httpserver: for each linked actor it listens
// at the address of the link and lets the actor answer the requests.
package httpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// drainTime bounds the wait for requests that run when a link goes; the SDK's shutdown is shorter.
const drainTime = 5 * time.Second

// Provider serves HTTP. Make it by New.
type Provider struct {
	host  *provider.Host
	large *lattice.Room // bodies of requests

	mu        sync.Mutex
	listeners map[string]*listener // by actor
}

// New makes the provider.
func New() *Provider {
	return &Provider{large: lattice.NewRoom(), listeners: map[string]*listener{}}
}

// Init keeps the way to the actors.
func (p *Provider) Init(_ context.Context, h *provider.Host) error {
	p.host = h
	return nil
}

// Link listens for an actor.
func (p *Provider) Link(ctx context.Context, link provider.LinkDefinition) error {
	s, err := readSettings(link.Values)
	if err != nil {
		return err
	}
	l, err := listen(ctx, newGate(p.host, link, s, p.large))
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.listeners[link.ActorID] = l
	p.mu.Unlock()
	p.host.Logger().Info("listening", "address", l.addr.String(), "actor", link.ActorID)
	return nil
}

// Unlink listens no more. Requests that are being answered get their answer.
func (p *Provider) Unlink(ctx context.Context, link provider.LinkDefinition) error {
	p.mu.Lock()
	l := p.listeners[link.ActorID]
	delete(p.listeners, link.ActorID)
	p.mu.Unlock()
	if l == nil {
		return nil
	}
	return l.stop(ctx)
}

// Call answers nothing: the contract goes from the provider to the actor alone.
func (p *Provider) Call(_ context.Context, c provider.Call) ([]byte, error) {
	return nil, provider.UnknownOperation(c.Operation)
}

// Health fails when a listener has ended on its own.
func (p *Provider) Health(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []error
	for _, l := range p.listeners {
		all = append(all, l.failure())
	}
	return errors.Join(all...)
}

// Address is where the actor's link listens, "" if there is none.
func (p *Provider) Address(actor string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.listeners[actor]; l != nil {
		return l.addr.String()
	}
	return ""
}

// listener is the HTTP server of one link.
type listener struct {
	server *http.Server
	addr   net.Addr
	done   chan struct{} // closed when Serve has returned
	err    error         // of Serve; read after done
}

func listen(ctx context.Context, g *gate) (*listener, error) {
	var certs *tls.Config
	if g.set.TLS.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(g.set.TLS.CertFile, g.set.TLS.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		certs = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	var lc net.ListenConfig
	socket, err := lc.Listen(ctx, "tcp", g.set.Address)
	if err != nil {
		return nil, explain(g.set.Address, err)
	}
	l := &listener{addr: socket.Addr(), done: make(chan struct{})}
	l.server = &http.Server{
		Handler:           g,
		TLSConfig:         certs,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(g.host.Logger().Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(l.done)
		if certs != nil {
			l.err = l.server.ServeTLS(socket, "", "")
			return
		}
		l.err = l.server.Serve(socket)
	}()
	return l, nil
}

func explain(address string, err error) error {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is taken: another program or another actor's link listens there; give the link another address or port", address)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s is no address of this machine", address)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%s may not be used by this user; ports below 1024 often need rights", address)
	}
	return fmt.Errorf("listening at %s: %w", address, err)
}

func (l *listener) failure() error {
	select {
	case <-l.done:
		if !errors.Is(l.err, http.ErrServerClosed) {
			return fmt.Errorf("%s is not served any more: %w", l.addr, l.err)
		}
	default:
	}
	return nil
}

func (l *listener) stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	err := l.server.Shutdown(ctx)
	if err != nil {
		_ = l.server.Close()
		err = fmt.Errorf("requests at %s were cut off: %w", l.addr, err)
	}
	<-l.done
	return err
}
