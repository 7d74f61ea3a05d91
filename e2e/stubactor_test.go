package e2e

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// A case that an actor without any code passes shows nothing.
func TestStubFailsEveryCaseOfTheExamples(t *testing.T) {
	cases, err := filepath.Glob("../examples/*/cases/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../examples/*/*/cases/*.txtar")
	if cases = append(cases, deeper...); err != nil || len(cases) < 9 {
		t.Fatalf("found the cases %q, %v", cases, err)
	}
	dir := t.TempDir()
	stub := filepath.Join(dir, "stub.wasm")
	write := func(w io.Writer) error { _, err := io.WriteString(w, testkit.Silent); return err }
	if err := fsx.WriteFile(stub, 0o600, write); err != nil {
		t.Fatal(err)
	}
	signed := filepath.Join(dir, "stub_s.wasm")
	out, code := tool(t, signer.Command, "sign", stub, "--name", "stub", "--ver", "0.1.0", "--rev", "0", "--destination", signed,
		"-q", "-l", "-k")
	if code != 0 {
		t.Fatalf("signing the stub: %s", out)
	}
	run := stubHost(t, dir)
	out, code = run("file://"+signed, cases)
	if code != 1 {
		t.Fatalf("exit code %d: %s", code, out)
	}
	for _, file := range cases {
		if name := strings.TrimSuffix(filepath.Base(file), ".txtar"); !strings.Contains(out, "Fail: "+name+": ") {
			t.Errorf("the stub passes %s\n%s", file, out)
		}
	}
}

// tool runs a command in this process and gives what it wrote.
func tool(t *testing.T, build func(*cli.IO) *cobra.Command, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	home := t.TempDir()
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &out, Now: time.Now, Env: func(key string) string {
		if key == "HOME" {
			return home
		}
		return ""
	}}
	code := cli.Main(t.Context(), s, args, build)
	return out.String(), code
}

// stubHost runs a host, and gives the command that tests an actor in it.
func stubHost(t *testing.T, dir string) func(ref string, cases []string) (string, int) {
	t.Helper()
	cluster := strkey.FromRaw(strkey.Cluster, [32]byte{7})
	host, err := core.New(core.Config{
		ClusterSeed: cluster, Server: &embedded.Config{StoreDir: filepath.Join(dir, "nats")}, CacheDir: filepath.Join(dir, "cache"),
		AllowFile: true, Runtime: wasmrt.Config{Interpreter: true}, RPCTimeout: 30 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-host.Ready():
	case err := <-done:
		done <- err
		t.Fatal(err)
	}
	conn, err := bus.Connect(ctx, bus.ConnectConfig{InProcess: host.InProcess(), Name: "stub"})
	if err != nil {
		t.Fatal(err)
	}
	return func(ref string, cases []string) (string, int) {
		args := []string{"test", ref, "--rpc-timeout-ms", "30000"}
		for _, c := range cases {
			args = append(args, "--cases", c)
		}
		return tool(t, func(s *cli.IO) *cobra.Command { return lattice.TestCommand(s, conn, host.Info().Lattice, cluster) }, args...)
	}
}
