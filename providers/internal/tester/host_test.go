package tester

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// asProvider in the environment makes this test's executable the provider itself.
const asProvider = "TESTER_IS_THE_PROVIDER"

func TestMain(m *testing.M) {
	if os.Getenv(asProvider) != "" {
		provider.Main(New())
	}
	os.Exit(m.Run())
}

// The whole way in our host: an archive is started, linked to a real actor, and says what
// came of its tests.
func TestInAHost(t *testing.T) {
	dir := t.TempDir()
	host, err := core.New(core.Config{
		Server: &embedded.Config{Port: -1, StoreDir: filepath.Join(dir, "nats")}, CacheDir: filepath.Join(dir, "cache"), AllowFile: true,
		Runtime: wasmrt.Config{Interpreter: true},
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
	<-host.Ready()
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{InProcess: host.InProcess()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	control := lattice.NewControl(conn, lattice.ControlConfig{})
	actor := filepath.Join(dir, "actor.wasm")
	// An actor whose tests are one, which passes.
	wasm, err := testkit.Sign(ctx, dir, signer.Command, testkit.Speaking([]byte("\x91\x82\xa4name\xa4adds\xa6passed\xc3")),
		"--name", "tested", "--ver", "0.1.0", "--rev", "0", "--cap", Contract)
	if err == nil {
		err = os.WriteFile(actor, wasm, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	running, err := control.Start(ctx, lattice.StartOptions{Ref: "file://" + actor})
	if err != nil {
		t.Fatal(err)
	}
	results, err := conn.NATS().SubscribeSync(wasmbus.TestingSubject("default", running.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	started, err := control.LaunchProvider(ctx, lattice.ProviderOptions{Ref: "file://" + pack(t, dir)})
	if err != nil {
		t.Fatal(err)
	}
	if err := control.PutLink(ctx, wasmbus.LinkDefinition{
		ActorID: running.PublicKey, ProviderID: started.PublicKey, LinkName: "default", ContractID: Contract, Values: map[string]string{"timeout_ms": "20000"},
	}); err != nil {
		t.Fatal(err)
	}
	msg, err := results.NextMsg(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"actor":"` + running.PublicKey + `","passed":1,"total":1,"tests":[{"name":"adds","passed":true}]}`
	if string(msg.Data) != want {
		t.Errorf("published\n%s\nwant\n%s", msg.Data, want)
	}
}

// pack makes an archive of a script that runs this executable as the provider.
func pack(t *testing.T, dir string) string {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script, archive := filepath.Join(dir, "testing.sh"), filepath.Join(dir, "testing.par.gz")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+asProvider+"=1 exec "+executable+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	file, err := par.Measure(t.Context(), par.HostTarget(), func() (io.ReadCloser, error) { return os.Open(script) })
	if err != nil {
		t.Fatal(err)
	}
	name := "testing"
	var b bytes.Buffer
	_, err = par.Create(t.Context(), &b, par.CreateOptions{
		Files: []par.File{file}, Issuer: strkey.FromRaw(strkey.Account, [32]byte{1}), Compress: true,
		Claims: claims.Claims[claims.Provider]{Subject: key(strkey.Service, 9), Metadata: &claims.Provider{Name: &name, CapID: Contract, Vendor: "test"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(archive, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return archive
}
