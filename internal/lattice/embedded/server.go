// Package embedded runs a NATS server with JetStream inside this process. It is a
// package of its own so that clients of a lattice do not link a server.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Config describes an embedded NATS server. The zero value listens
// nowhere: it serves this process only.
type Config struct {
	Host       string       // "" = 127.0.0.1
	Port       int          // -1 = a free port, 0 = connections inside this process only
	StoreDir   string       // JetStream's files, made 0700; "" = a temporary folder that Shutdown removes
	MaxPayload int          // bytes; 0 = 1 MiB, which peers count on
	JSDomain   string       // JetStream domain, "" = none
	Logger     *slog.Logger // the server's own lines, at debug level; nil = none
}

// Server is an embedded NATS server with JetStream.
type Server struct {
	ns      *server.Server
	url     string
	tempDir string
	old     *oldClients
}

// Start starts a server and returns when it takes connections.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	s := &Server{}
	dir := cfg.StoreDir
	if dir == "" {
		tmp, err := os.MkdirTemp("", "lattice-nats-")
		if err != nil {
			return nil, fmt.Errorf("making a folder for the NATS server: %w", err)
		}
		s.tempDir, dir = tmp, tmp
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the NATS server: %w", err)
	}
	if err := s.start(ctx, cfg, dir); err != nil {
		s.Shutdown()
		return nil, err
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, cfg Config, dir string) error {
	opts := serverOptions(cfg, dir)
	ns, err := server.NewServer(opts)
	if err != nil {
		return fmt.Errorf("configuring the NATS server: %w", err)
	}
	log := &serverLog{to: cfg.Logger}
	ns.SetLoggerV2(log, false, false, false)
	s.ns = ns
	// Start returns when it has done everything; what went wrong it only
	// logs. So no polling is needed, and a taken port is known at once.
	ns.Start()
	if err := log.failure(); err != nil {
		return fmt.Errorf("starting the NATS server on %s:%d: %w", opts.Host, opts.Port, err)
	}
	wait := 10 * time.Second
	if end, ok := ctx.Deadline(); ok {
		wait = time.Until(end)
	}
	if !ns.ReadyForConnections(wait) {
		return errors.New("the NATS server did not become ready")
	}
	s.url = ns.ClientURL()
	s.old, err = serveOldClients(ns)
	return err
}

func serverOptions(cfg Config, dir string) *server.Options {
	host := cfg.Host
	if host == "" {
		host = "127.0.0.1"
	}
	return &server.Options{
		Host:            host,
		Port:            cfg.Port,
		DontListen:      cfg.Port == 0,
		JetStream:       true,
		StoreDir:        dir,
		JetStreamDomain: cfg.JSDomain,
		MaxPayload:      int32(cfg.MaxPayload),
		NoSigs:          true,
	}
}

// URL is where clients connect, such as nats://127.0.0.1:4222. A server for
// this process only has a URL that nobody listens at.
func (s *Server) URL() string { return s.url }

// InProcessConn opens a connection that stays inside this process; a Server is
// what lattice.ConnectConfig.InProcess takes.
func (s *Server) InProcessConn() (net.Conn, error) { return s.ns.InProcessConn() }

// Shutdown stops the server and waits for it. It may be called twice.
func (s *Server) Shutdown() {
	if s.old != nil {
		s.old.close()
	}
	if s.ns != nil {
		s.ns.Shutdown()
		s.ns.WaitForShutdown()
	}
	if s.tempDir != "" {
		_ = os.RemoveAll(s.tempDir)
	}
}

// serverLog passes the server's lines on and keeps the fatal ones: the server
// reports a failed start in no other way.
type serverLog struct {
	to    *slog.Logger
	mu    sync.Mutex
	fatal []error
}

func (l *serverLog) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.fatal...)
}

func (l *serverLog) log(level slog.Level, format string, args []any) {
	if l.to != nil {
		l.to.Log(context.Background(), level, fmt.Sprintf(format, args...), "from", "nats-server")
	}
}

func (l *serverLog) Noticef(format string, args ...any) { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Debugf(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Tracef(format string, args ...any)  { l.log(slog.LevelDebug, format, args) }
func (l *serverLog) Warnf(format string, args ...any)   { l.log(slog.LevelWarn, format, args) }
func (l *serverLog) Errorf(format string, args ...any)  { l.log(slog.LevelError, format, args) }

func (l *serverLog) Fatalf(format string, args ...any) {
	l.log(slog.LevelError, format, args)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fatal = append(l.fatal, fmt.Errorf(format, args...))
}
