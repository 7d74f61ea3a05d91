package lattice_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func TestConnectUnreachable(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, err = lattice.Connect(testContext(t), lattice.ConnectConfig{URL: address})
	if !errors.Is(err, lattice.ErrUnreachable) || !strings.Contains(err.Error(), address) {
		t.Errorf("%v; want one that names %s", err, address)
	}
}

// A listener that never speaks must not hold us longer than ctx.
func TestConnectSilentPeer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(testContext(t), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: l.Addr().String()}); err == nil {
		t.Error("no error")
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// nkeyServer takes one user only, by its key.
func nkeyServer(t *testing.T, user *strkey.Seed) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true,
		Nkeys: []*server.NkeyUser{{Nkey: string(user.Public())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

func TestConnectWithSeed(t *testing.T) {
	user := seedOf(strkey.User, 7)
	url := nkeyServer(t, user)
	c, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: url, Seed: user.Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
	for name, cfg := range map[string]lattice.ConnectConfig{
		"another user":  {URL: url, Seed: seedOf(strkey.User, 8).Reveal()},
		"nobody":        {URL: url},
		"a module seed": {URL: url, Seed: seedOf(strkey.Module, 2).Reveal()},
		"a lone JWT":    {URL: url, JWT: "e.y.J"},
		"no such file":  {URL: url, CredsFile: filepath.Join(t.TempDir(), "none.creds")},
	} {
		_, err := lattice.Connect(testContext(t), cfg)
		if err == nil {
			t.Errorf("%s: no error", name)
		} else if cfg.Seed != "" && strings.Contains(err.Error(), cfg.Seed) {
			t.Errorf("%s: the error shows the seed", name)
		}
	}
}

func TestConnectWantsTLS(t *testing.T) {
	s := newServer(t)
	if _, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: s.URL(), TLS: true}); !errors.Is(err, nats.ErrSecureConnWanted) {
		t.Errorf("a server without TLS: %v", err)
	}
	if _, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: s.URL(), CAFile: "connect_test.go"}); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Errorf("a CA file without certificates: %v", err)
	}
}
