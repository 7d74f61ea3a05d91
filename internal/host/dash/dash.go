// Package dash is the host's dashboard: a page and a JSON API, served on
// loopback, to see what a lattice runs and to start, link, call, scale and stop
// it. It sees its host through the interface Host alone and knows neither NATS
// nor the wasm runtime.
//
// Whoever reaches the dashboard can run code here, so it asks for a token that
// only the user who started the host knows, answers to no name but this
// machine's, and refuses what other pages send (guard.go).
package dash

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Host is what the dashboard needs of the host that serves it.
type Host interface {
	// Ready is nil while the host serves, else it says what is missing.
	Ready(ctx context.Context) error
	// Describe introduces the host.
	Describe() wasmbus.Host
	// Lattice lists what the hosts of the lattice run. A part that could not be
	// had is missing and named in Problems.
	Lattice(ctx context.Context) Lattice

	PutLink(ctx context.Context, l wasmbus.LinkDefinition) error
	DeleteLink(ctx context.Context, actor, contract, link string) error

	// The following return once the work is done, or with the reason why not. An
	// empty host means the serving one.
	StartActor(ctx context.Context, s StartActor) (Started, error)
	ScaleActor(ctx context.Context, host, actor, ref string, count int) error
	UpdateActor(ctx context.Context, host, actor, ref string) error
	StopActor(ctx context.Context, host, actor string) error
	StartProvider(ctx context.Context, s StartProvider) (Started, error)
	StopProvider(ctx context.Context, host, provider, contract, link string) error

	// Call invokes an actor as wash does: over the lattice, signed and verified.
	Call(ctx context.Context, c Call) ([]byte, error)

	// Watch passes on events and log lines of the lattice until ctx ends.
	Watch(ctx context.Context, put func(Message)) error
}

// Config is what a dashboard serves, and to whom.
type Config struct {
	Host   Host
	Feed   *Feed   // filled by the dashboard (Host.Watch) and by LogHandler
	Traces *Traces // filled by the host
	// Verify says which uploads may be started.
	Verify func() artifact.Policy
	// UploadDir is a folder for uploads, owner-only, from which the host loads.
	UploadDir string
	// MaxUpload is the largest upload in bytes; 0 = DefaultMaxUpload.
	MaxUpload int64
	// Token is asked for; "" = a random one.
	Token string
	Log   *slog.Logger     // nil = none
	Now   func() time.Time // nil = the real clock
}

// DefaultMaxUpload is what a host fetches at most from a registry, too.
const DefaultMaxUpload = 256 << 20

// maxHeader bounds what is read before anything is known of a client.
const maxHeader = 64 << 10

// Server is a dashboard. Make it by New, then Serve.
type Server struct {
	cfg     Config
	session string // value of the cookie: what the token is exchanged for
	uploads *uploads
	streams chan struct{} // one per open event stream
	handler http.Handler
}

// New makes a dashboard; nothing is opened yet.
func New(cfg Config) (*Server, error) {
	if cfg.Host == nil || cfg.Verify == nil || cfg.UploadDir == "" {
		return nil, errors.New("a dashboard needs a host, a folder for uploads and the policy for them")
	}
	if cfg.MaxUpload <= 0 {
		cfg.MaxUpload = DefaultMaxUpload
	}
	if cfg.Token == "" {
		cfg.Token = rand.Text() + rand.Text()
	}
	if cfg.Feed == nil {
		cfg.Feed = NewFeed()
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Server{cfg: cfg, uploads: &uploads{dir: cfg.UploadDir}, streams: make(chan struct{}, maxStreams)}
	// Derived, so that a browser's cookie outlives nothing but the token itself.
	s.session = fmt.Sprintf("%x", sha256.Sum256([]byte("dashboard session "+cfg.Token)))
	s.handler = s.guard(s.routes())
	return s, nil
}

// Listen claims a port of this machine, for this machine only; 0 = a free one.
func Listen(port int) (net.Listener, error) {
	return net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

// URL is where the dashboard is found on l; LoginURL has the token with it.
func URL(l net.Listener) string { return fmt.Sprintf("http://%s/", l.Addr()) }

// LoginURL is URL with the token: whoever has it can do everything.
func (s *Server) LoginURL(l net.Listener) string { return URL(l) + "?token=" + s.cfg.Token }

// Handler is the dashboard without a listener, for tests.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve serves on l until ctx ends, and closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       requestTime, // uploads and event streams set their own
		WriteTimeout:      2 * requestTime,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return base },
		ErrorLog:          slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if err := s.cfg.Host.Watch(base, s.cfg.Feed.Put); err != nil && base.Err() == nil {
			s.cfg.Log.Warn("the dashboard shows no events", "error", err)
		}
	}()
	stop := context.AfterFunc(ctx, func() {
		cancel() // ends event streams
		grace, done := context.WithTimeout(context.Background(), time.Second)
		defer done()
		if server.Shutdown(grace) != nil {
			server.Close()
		}
	})
	err := server.Serve(l)
	if stop() {
		server.Close()
	}
	cancel()
	<-watched
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
