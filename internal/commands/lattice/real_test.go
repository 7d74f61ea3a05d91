package lattice

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// TestRealHost drives our own host, which the other scripts don't: a wasm actor
// of wash's making and a provider of ours, started from their files.
func TestRealHost(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/real", RequireUniqueNames: true, RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			wasm, err := os.ReadFile("../../host/core/testdata/probe_s.wasm")
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "probe_s.wasm"), wasm, 0o600); err != nil {
				return err
			}
			archive, err := keyvalueArchive()
			if err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "keyvalue.par.gz"), archive, 0o600); err != nil {
				return err
			}
			if err := os.CopyFS(env.WorkDir, os.DirFS("testdata/realfiles")); err != nil {
				return err
			}
			return runHost(env)
		},
	})
}

func runHost(env *testscript.Env) error {
	cluster := strkey.FromRaw(strkey.Cluster, [32]byte{9})
	h, err := core.New(core.Config{
		ClusterSeed: cluster, Server: &embedded.Config{Port: -1}, CacheDir: filepath.Join(env.WorkDir, ".cache"),
		AllowFile: true, Version: "0.0.0", Runtime: wasmrt.Config{Interpreter: true},
	})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	select {
	case <-h.Ready():
	case err := <-done:
		cancel()
		return err
	}
	env.Defer(func() {
		cancel()
		<-done
	})
	address, err := url.Parse(h.Info().NATSURL)
	if err != nil {
		return err
	}
	for key, value := range map[string]string{
		"HOME": env.WorkDir, "XDG_STATE_HOME": env.WorkDir, "HOST": h.Info().HostID,
		"PROVIDER":           providerKey(),
		"PROBE":              "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB",
		"WASMCLOUD_RPC_PORT": address.Port(), "WASMCLOUD_CTL_PORT": address.Port(), "WASMCLOUD_CLUSTER_SEED": cluster.Reveal(),
	} {
		env.Setenv(key, value)
	}
	return nil
}
