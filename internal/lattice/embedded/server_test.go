package embedded_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
)

const limit = 20 * time.Second

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	return ctx
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestServerInProcessOnly(t *testing.T) {
	s, err := embedded.Start(testContext(t), embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	c, err := lattice.Connect(testContext(t), lattice.ConnectConfig{InProcess: s})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := lattice.OpenState(testContext(t), c, "default"); err != nil {
		t.Errorf("JetStream: %v", err)
	}
	if c.NATS().MaxPayload() != 1<<20 {
		t.Errorf("max payload %d, peers count on 1 MiB", c.NATS().MaxPayload())
	}
}

func TestServerTemporaryFolder(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	s, err := embedded.Start(testContext(t), embedded.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(tmp); len(left) != 1 {
		t.Errorf("%d folders while running, want 1", len(left))
	}
	s.Shutdown()
	if left, _ := os.ReadDir(tmp); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	s.Shutdown()
}

func TestServerFailsToStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]embedded.Config{
		"port taken":    {Port: taken.Addr().(*net.TCPAddr).Port, StoreDir: t.TempDir()},
		"folder a file": {Port: -1, StoreDir: filepath.Join(file, "store")},
	} {
		began := time.Now()
		s, err := embedded.Start(testContext(t), cfg)
		if err == nil {
			s.Shutdown()
			t.Errorf("%s: no error", name)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: known only after %s", name, took)
		}
		if name == "port taken" && !strings.Contains(err.Error(), "in use") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
