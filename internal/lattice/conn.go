package lattice

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// DefaultURL is where a NATS server usually listens.
const DefaultURL = "nats://127.0.0.1:4222"

// connectTimeout bounds dialling and the handshake when ctx has no deadline.
const connectTimeout = 5 * time.Second

// InProcess opens connections to a server in this process: embedded.Server does.
type InProcess interface {
	InProcessConn() (net.Conn, error)
}

// ConnectConfig says where and as whom to connect. At most one of CredsFile
// and Seed (with or without JWT) is used, in this order.
type ConnectConfig struct {
	URL       string // "" = DefaultURL; "host:port" is understood; several by commas
	JWT       string
	Seed      string    // a NATS user seed (SU…)
	CredsFile string    // file of a JWT and a seed
	TLS       bool      // demand TLS even if the URL is nats://
	CAFile    string    // PEM; implies TLS
	CertFile  string    // client certificate, with KeyFile; implies TLS
	KeyFile   string    //
	InProcess InProcess // connect inside this process; URL is ignored
	Name      string    // shown in the server's connection list
	JSDomain  string    // JetStream domain of the KV bucket; chunks never use it
}

// Conn is a connection to a lattice's NATS server. It reconnects on its own.
type Conn struct {
	nc     *nats.Conn
	domain string
	url    string

	mu     sync.Mutex
	stores map[string]jetstream.ObjectStore // by bucket, see chunk.go
}

// ErrUnreachable is wrapped by Connect's error when nobody answers at the address.
var ErrUnreachable = errors.New("no NATS server answers")

// Connect connects, or fails within ctx.
func Connect(ctx context.Context, cfg ConnectConfig) (*Conn, error) {
	url := normalURL(cfg.URL)
	opts, err := connectOptions(ctx, cfg)
	if err != nil {
		return nil, err
	}
	nc, err := nats.Connect(url, opts...)
	switch {
	case err == nil:
		return &Conn{nc: nc, domain: cfg.JSDomain, url: url, stores: map[string]jetstream.ObjectStore{}}, nil
	case ctx.Err() != nil:
		return nil, fmt.Errorf("connecting to %s: %w", url, ctx.Err())
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return nil, fmt.Errorf("the NATS server at %s refuses these credentials: %w", url, err)
	case errors.Is(err, nats.ErrNoServers), isNetError(err):
		return nil, fmt.Errorf("%w at %s: %w", ErrUnreachable, url, err)
	}
	return nil, fmt.Errorf("connecting to %s: %w", url, err)
}

func isNetError(err error) bool {
	var ne net.Error
	return errors.As(err, &ne)
}

func normalURL(url string) string {
	if url == "" {
		return DefaultURL
	}
	parts := strings.Split(url, ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if !strings.Contains(p, "://") {
			p = "nats://" + p
		}
		parts[i] = p
	}
	return strings.Join(parts, ",")
}

func connectOptions(ctx context.Context, cfg ConnectConfig) ([]nats.Option, error) {
	timeout := connectTimeout
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end))
	}
	opts := []nats.Option{
		nats.Name(cfg.Name), nats.Timeout(timeout), nats.MaxReconnects(-1), nats.ReconnectWait(250 * time.Millisecond),
		nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), // the default prints to stderr
	}
	if cfg.InProcess != nil {
		return append(opts, nats.InProcessServer(cfg.InProcess)), nil
	}
	opts = append(opts, nats.SetCustomDialer(&dialer{ctx: ctx, timeout: timeout}))
	auth, err := authOptions(cfg)
	if err != nil {
		return nil, err
	}
	encryption, err := tlsOptions(cfg)
	return append(append(opts, auth...), encryption...), err
}

// dialer lets ctx end the first dial; later ones, by reconnecting, are bounded
// by the timeout alone, because ctx is only about Connect.
type dialer struct {
	ctx     context.Context
	timeout time.Duration
	once    sync.Once
}

func (d *dialer) Dial(network, address string) (net.Conn, error) {
	ctx := context.Background()
	d.once.Do(func() { ctx = d.ctx })
	nd := net.Dialer{Timeout: d.timeout}
	return nd.DialContext(ctx, network, address)
}

func authOptions(cfg ConnectConfig) ([]nats.Option, error) {
	switch {
	case cfg.CredsFile != "":
		if _, err := os.Stat(cfg.CredsFile); err != nil {
			return nil, fmt.Errorf("NATS credentials: %w", err)
		}
		return []nats.Option{nats.UserCredentials(cfg.CredsFile)}, nil
	case cfg.Seed == "" && cfg.JWT == "":
		return nil, nil
	case cfg.Seed == "":
		return nil, errors.New("NATS credentials: a JWT was given without its seed; give both, or a credentials file")
	}
	seed, err := strkey.ParseSeed([]byte(cfg.Seed), strkey.User)
	if err != nil {
		return nil, fmt.Errorf("NATS credentials: %w", err)
	}
	if cfg.JWT == "" {
		return []nats.Option{nats.Nkey(string(seed.Public()), seed.Sign)}, nil
	}
	jwt := func() (string, error) { return cfg.JWT, nil }
	return []nats.Option{nats.UserJWT(jwt, seed.Sign)}, nil
}

func tlsOptions(cfg ConnectConfig) ([]nats.Option, error) {
	if !cfg.TLS && cfg.CAFile == "" && cfg.CertFile == "" {
		return nil, nil
	}
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("NATS certificate authority: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("NATS certificate authority: %s holds no PEM certificate", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("NATS client certificate: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	return []nats.Option{nats.Secure(conf)}, nil
}

// NATS is the underlying connection.
func (c *Conn) NATS() *nats.Conn { return c.nc }

// URL is the address that was asked for.
func (c *Conn) URL() string { return c.url }

// JetStream speaks to the configured domain.
func (c *Conn) JetStream() (jetstream.JetStream, error) {
	if c.domain == "" {
		return jetstream.New(c.nc)
	}
	return jetstream.NewWithDomain(c.nc, c.domain)
}

// Close sends what is still buffered and closes.
func (c *Conn) Close() {
	if c.nc.IsConnected() {
		_ = c.nc.FlushTimeout(time.Second)
	}
	c.nc.Close()
}
