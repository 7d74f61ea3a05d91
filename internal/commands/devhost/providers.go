package devhost

import (
	"cmp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
)

// providerFlags are the settings of the providers that a host starts.
type providerFlags struct {
	env      []string // names
	shutdown time.Duration
	restarts int
}

func (f *providerFlags) addTo(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.env, "provider-env", nil, "`name` of a variable that providers get from this environment, may be repeated (default: none but RUST_LOG and two of OpenTelemetry)")
	fs.DurationVar(&f.shutdown, "provider-shutdown", 0, "`time` a provider has to end when asked, before SIGTERM (env WASMCLOUD_PROV_SHUTDOWN_DELAY_MS; default 2s)")
	fs.IntVar(&f.restarts, "provider-restarts", 8, "how `often` in a row a provider that ends by itself is started again, each time after a longer wait")
}

// passedOn are the variables that the Rust host lets providers have.
func passedOn() []string {
	return []string{"RUST_LOG", "OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT"}
}

// into sets what the host does with its providers. alone says that no other
// host can be in the lattice unless it was given our generated cluster seed.
func (f *providerFlags) into(cfg *core.Config, s *cli.IO, e *environment, alone bool) {
	cfg.IssuerPerProvider = alone
	for _, name := range append(passedOn(), f.env...) {
		if name == "" || strings.ContainsAny(name, "= \x00") {
			e.fail(cli.Usage("--provider-env %q: want the name of a variable; its value is taken from the environment", name))
			return
		}
		if value := s.Env(name); value != "" {
			cfg.ProviderEnv = append(cfg.ProviderEnv, name+"="+value)
		}
	}
	cfg.ProviderShutdown = cmp.Or(f.shutdown, time.Duration(e.number("WASMCLOUD_PROV_SHUTDOWN_DELAY_MS", 0))*time.Millisecond)
	if f.shutdown < 0 {
		e.fail(cli.Usage("--provider-shutdown %v: want a positive time, such as 2s", f.shutdown))
	}
	if f.restarts < 0 {
		e.fail(cli.Usage("--provider-restarts %d: want 0, for none, or more", f.restarts))
	}
	cfg.ProviderRestart = provider.Backoff{Tries: f.restarts}
	if f.restarts == 0 {
		cfg.ProviderRestart.Tries = -1
	}
}
