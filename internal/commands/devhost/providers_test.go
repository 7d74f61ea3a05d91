package devhost

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// configured is the configuration that a command makes of flags and environment.
func configured(t *testing.T, forExec bool, args []string, env map[string]string) (core.Config, error) {
	t.Helper()
	s := cli.System()
	s.Env, s.Err = func(key string) string { return env[key] }, io.Discard
	var f hostFlags
	cmd := &cobra.Command{}
	f.addTo(cmd, forExec)
	check(t, cmd.ParseFlags(args))
	return f.config(s, forExec)
}

// TestWhoseKeyProvidersGet: each provider gets a key of its own while nobody else can be in the
// lattice, and the cluster's, which other hosts know, as soon as somebody may be.
func TestWhoseKeyProvidersGet(t *testing.T) {
	given, other := strkey.FromRaw(strkey.Cluster, [32]byte{1}), strkey.FromRaw(strkey.Cluster, [32]byte{2})
	file := filepath.Join(t.TempDir(), "cluster.nk")
	check(t, os.WriteFile(file, []byte(given.Reveal()), 0o600))
	for name, c := range map[string]struct {
		args    []string
		env     map[string]string
		exec    bool
		own     bool
		seed    *strkey.Seed // nil = a new one
		issuers []strkey.PublicKey
	}{
		"nothing":               {own: true},
		"exec":                  {exec: true, own: true},
		"seed":                  {env: map[string]string{"WASMCLOUD_CLUSTER_SEED": given.Reveal()}, seed: given},
		"seed of a file":        {args: []string{"--cluster-seed", file}, seed: given},
		"file before variable":  {args: []string{"--cluster-seed", file}, env: map[string]string{"WASMCLOUD_CLUSTER_SEED": other.Reveal()}, seed: given},
		"seed for exec":         {exec: true, args: []string{"--cluster-seed", file}, seed: given},
		"issuers":               {args: []string{"--cluster-issuers", string(other.Public())}, issuers: []strkey.PublicKey{other.Public()}},
		"issuers by a variable": {env: map[string]string{"WASMCLOUD_CLUSTER_ISSUERS": string(other.Public()) + ", "}, issuers: []strkey.PublicKey{other.Public()}},
		"server":                {args: []string{"--nats-url", "nats://127.0.0.1:4222"}},
		"server and seed":       {args: []string{"--nats-url", "nats://127.0.0.1:4222", "--cluster-seed", file}, seed: given},
		"server by a variable":  {env: map[string]string{"WASMCLOUD_RPC_HOST": "127.0.0.1"}},
		// A test's host is its own, also where the variables are set for wash.
		"server of others": {env: map[string]string{"WASMCLOUD_RPC_HOST": "127.0.0.1"}, exec: true, own: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configured(t, c.exec, c.args, c.env)
			check(t, err)
			if cfg.IssuerPerProvider != c.own {
				t.Errorf("keys of their own: %t, want %t", cfg.IssuerPerProvider, c.own)
			}
			if !slices.Equal(cfg.ClusterIssuers, c.issuers) {
				t.Errorf("issuers %v", cfg.ClusterIssuers)
			}
			switch got := cfg.ClusterSeed.Public(); {
			case got.Kind() != strkey.Cluster:
				t.Errorf("the cluster's key is %s", got)
			case c.seed == nil && (got == given.Public() || got == other.Public()), c.seed != nil && got != c.seed.Public():
				t.Errorf("the cluster's key is %s, given %s", got, given.Public())
			}
		})
	}
}

// TestWhatProvidersSeeOfTheEnvironment: nothing but what logs and traces need, and what is named.
func TestWhatProvidersSeeOfTheEnvironment(t *testing.T) {
	env := map[string]string{
		"PATH": "/bin", "HOME": "/home/me", "AWS_SECRET_ACCESS_KEY": "x", "X": "1=2", "EMPTY": "",
		"WASMCLOUD_CLUSTER_SEED": strkey.FromRaw(strkey.Cluster, [32]byte{1}).Reveal(),
	}
	logging := map[string]string{"RUST_LOG": "debug", "OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4318", "OTHER": "x"}
	for name, c := range map[string]struct {
		args []string
		env  map[string]string
		want []string
	}{
		"nothing":          {nil, env, nil},
		"logs and traces":  {nil, logging, []string{"RUST_LOG=debug", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318"}},
		"with a value":     {[]string{"--provider-env", "X", "--provider-env", "PATH"}, env, []string{"X=1=2", "PATH=/bin"}},
		"without a value":  {[]string{"--provider-env", "EMPTY", "--provider-env", "UNSET"}, env, nil},
		"beside the logs'": {[]string{"--provider-env", "OTHER"}, logging, []string{"RUST_LOG=debug", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318", "OTHER=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, err := configured(t, false, c.args, c.env)
			check(t, err)
			if !slices.Equal(cfg.ProviderEnv, c.want) {
				t.Errorf("environment %q, want %q", cfg.ProviderEnv, c.want)
			}
		})
	}
	for _, name := range []string{"X=1", "", "a b"} {
		_, err := configured(t, false, []string{"--provider-env", name}, env)
		if err == nil || !strings.Contains(err.Error(), "want the name of a variable") {
			t.Errorf("--provider-env %q: %v", name, err)
		}
	}
}
