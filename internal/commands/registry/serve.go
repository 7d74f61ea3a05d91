package registry

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

type serveOptions struct {
	addr, data       string
	anyPort          bool
	htpasswd         string
	tlsCert, tlsKey  string
	stateFile, log   string // log: where `up` sent our output, for the state
	logJSON, verbose bool
}

func (o *serveOptions) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&o.addr, "addr", defaultAddr, "`host:port` to listen on; port 0 takes a free one")
	fl.BoolVar(&o.anyPort, "any-port", false, "take a free port if the wanted one is taken")
	fl.StringVar(&o.data, "data", "", "`folder` for the blobs (default registry in the user's cache folder)")
	fl.StringVar(&o.htpasswd, "htpasswd", "", "`file` of users and bcrypt passwords, who alone get in")
	fl.StringVar(&o.tlsCert, "tls-cert", "", "PEM `file` of the server's certificate, for HTTPS")
	fl.StringVar(&o.tlsKey, "tls-key", "", "PEM `file` of its key")
	cmd.MarkFlagsRequiredTogether("tls-cert", "tls-key")
}

func serveCommand(s *cli.IO) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve until interrupted",
		Example: `  registry serve
  registry serve --addr 127.0.0.1:0 --data ./registry-data --state-file registry.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.serve(cmd.Context(), s) },
	}
	o.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&o.stateFile, "state-file", "", "`file` to write the address into when ready")
	fl.BoolVar(&o.logJSON, "log-json", false, "log in JSON")
	fl.BoolVarP(&o.verbose, "verbose", "v", false, "log every request, failures or not")
	fl.StringVar(&o.log, "log-path", "", "")
	_ = fl.MarkHidden("log-path") // cannot fail: the flag is there
	return cmd
}

// serve listens, says that it is ready, and serves until ctx ends.
func (o *serveOptions) serve(ctx context.Context, s *cli.IO) error {
	if err := o.prepare(s); err != nil {
		return err
	}
	level := slog.LevelInfo
	if o.verbose {
		level = slog.LevelDebug
	}
	log := cli.Logger(s, level, o.logJSON)
	app, stop, err := newApp(ctx, o.data, o.htpasswd, log)
	if err != nil {
		return err
	}
	defer stop()
	ln, err := o.listen(ctx)
	if err != nil {
		return err
	}
	defer ln.Close()
	server := &http.Server{Handler: logged(log, app), ReadHeaderTimeout: 20 * time.Second, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}
	served := make(chan error, 1)
	go func() { served <- server.Serve(ln) }()

	address := reference(ln.Addr())
	if err := o.announce(s, address); err != nil {
		return errors.Join(err, server.Close())
	}
	if o.stateFile != "" {
		defer os.Remove(o.stateFile)
	}
	log.Info("ready", "address", address, "data", o.data, "tls", o.tlsCert != "", "login", o.htpasswd != "")
	if tcp, ok := ln.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && (o.htpasswd == "" || o.tlsCert == "") {
		log.Warn("other machines can reach this registry: give it --htpasswd, --tls-cert and --tls-key", "address", ln.Addr().String())
	}
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	log.Info("stopping")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close() // uploads that would not end are cut; nothing half-sent is kept under a name
	}
	return nil
}

// prepare checks what can be wrong before anything is opened.
func (o *serveOptions) prepare(s *cli.IO) error {
	if _, _, err := net.SplitHostPort(o.addr); err != nil {
		return cli.Usage("--addr %q: want host:port", o.addr)
	}
	if o.data == "" {
		cache, err := fsx.UserCacheDir(s.Env)
		if err != nil {
			return fmt.Errorf("%w, or pass --data", err)
		}
		o.data = filepath.Join(cache, "registry")
	}
	var err error
	if o.data, err = filepath.Abs(o.data); err != nil {
		return err
	}
	if o.htpasswd == "" {
		return nil
	}
	// distribution would make a missing file, with a random password that it
	// writes into the log.
	info, err := os.Stat(o.htpasswd)
	if err != nil || !info.Mode().IsRegular() {
		return fmt.Errorf("--htpasswd %s is not there: make it with `htpasswd -Bc %s USER`", o.htpasswd, o.htpasswd)
	}
	return nil
}

func (o *serveOptions) listen(ctx context.Context) (net.Listener, error) {
	var cfg *tls.Config
	if o.tlsCert != "" {
		pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
		if err != nil {
			return nil, fmt.Errorf("reading the certificate %s and its key: %w", o.tlsCert, err)
		}
		cfg = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", o.addr)
	if o.anyPort && err != nil { // the error for a taken port is another on every system
		host, _, _ := net.SplitHostPort(o.addr) // checked in prepare
		ln, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is taken by another program: pass --any-port, or --addr with another port", o.addr)
	}
	if err != nil {
		return nil, err
	}
	if cfg != nil {
		ln = tls.NewListener(ln, cfg)
	}
	return ln, nil
}

// announce writes the state file, which is how others learn that it is ready.
func (o *serveOptions) announce(s *cli.IO, address string) error {
	if o.stateFile == "" {
		return nil
	}
	st := State{State: daemon.State{PID: os.Getpid(), Started: s.Now(), Log: o.log}, Address: address, Data: o.data}
	return fsx.WriteFile(o.stateFile, 0o600, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(st)
	})
}
