package lattice

import (
	"context"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/providertest"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

type testProviderFlags struct {
	config, contract, linkName, filter, junit string
	cases, values, env, issuers               []string
	testMode                                  bool
	startMS, callMS                           int
}

// lifecycle names the test that every provider gets.
const lifecycle = "lifecycle"

func testProviderCommand(s *cli.IO) *cobra.Command {
	var f testProviderFlags
	cmd := &cobra.Command{
		Use:   "test-provider [PROVIDER]",
		Short: "Test a capability provider, in whatever language it is written",
		Long: `Test a capability provider, in whatever language it is written.

PROVIDER is a provider archive (.par, .par.gz), which is verified, or an executable. It is started as a host
starts it, on a NATS server of this command; no host is needed. The test ` + lifecycle + ` is that it becomes
healthy, and ends by itself when asked; each case of --cases is another. Readiness is asked for by health
requests, there are no fixed waits. A provider that hangs is killed with all that it started; what it wrote
is shown when a test fails.

--config reads the configuration of the Rust SDK's test harness: bin_path, rust_log, rust_backtrace,
lattice_rpc_prefix, link_name, contract_id and [values] mean what they mean there, of which flags win; the
delays and nats_url have no use here. It is found by PROVIDER_TEST_CONFIG, or as ` + defaultTestConfig + `
in this folder. --test-mode starts the provider as that harness does: host id _TEST_, messages in JSON.

Under Bazel, TESTBRIDGE_TEST_ONLY stands for --filter, XML_OUTPUT_FILE for --junit, and shards work.
Exit code 1 if a test fails or none ran.

` + casefile.ProviderHelp + "\n\n" + casefile.Help,
		Example: `  lattice test-provider build/keyvalue.par.gz --cases cases
  lattice test-provider target/debug/keyvalue --contract wasmcloud:keyvalue --value URL=redis://127.0.0.1:6379
  lattice test-provider --config provider_test_config.toml --junit report.xml`,
		Args: cobra.MaximumNArgs(1),
	}
	fl := cmd.Flags()
	fl.StringArrayVar(&f.cases, "cases", nil, "case `file`, or a folder of such; may be repeated")
	fl.StringVar(&f.config, "config", "", "TOML `file` of the Rust SDK's test harness (PROVIDER_TEST_CONFIG)")
	fl.StringVar(&f.contract, "contract", "", "contract `id` of the link; an archive's own by default")
	fl.StringVar(&f.linkName, "link-name", "", "`name` of the link (default)")
	fl.StringArrayVar(&f.values, "value", nil, "link value `NAME=VALUE`; may be repeated")
	fl.StringArrayVar(&f.env, "provider-env", nil, "`NAME` of a variable that the provider gets; it gets no others; may be repeated")
	fl.StringArrayVar(&f.issuers, "issuer", nil, "account `key` A… that must have signed the archive; may be repeated")
	fl.BoolVar(&f.testMode, "test-mode", false, "start it as the Rust SDK's test harness does")
	fl.StringVar(&f.filter, "filter", "", "run only tests whose name matches a regular `expression`")
	fl.StringVar(&f.junit, "junit", "", "write the results as JUnit XML to a `file` as well")
	fl.IntVar(&f.startMS, "start-timeout-ms", 10000, "`milliseconds` until the provider must be healthy")
	fl.IntVarP(&f.callMS, "rpc-timeout-ms", "t", 2000, "`milliseconds` for each call, and for the provider's end")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		plan, err := f.plan(s, args)
		if err != nil {
			return err
		}
		return plan.run(cmd.Context(), s, cmd)
	}
	return cmd
}

// providerPlan is what a run does, known before anything starts.
type providerPlan struct {
	cfg   providertest.Config
	tests []providerTest
	junit string
}

type providerTest struct {
	name, file string
	run        func(context.Context, *providertest.Runner) error
}

func (f *testProviderFlags) plan(s *cli.IO, args []string) (*providerPlan, error) {
	file, err := readTestConfig(s, f.config)
	if err != nil {
		return nil, err
	}
	p := &providerPlan{junit: given(f.junit, s.Env("XML_OUTPUT_FILE"))}
	if p.cfg, err = f.settings(s, file, args); err != nil {
		return nil, err
	}
	p.tests, err = f.tests(s)
	return p, err
}

func (f *testProviderFlags) settings(s *cli.IO, file *providerTestConfig, args []string) (cfg providertest.Config, err error) {
	cfg = providertest.Config{
		Path: file.BinPath, Contract: given(f.contract, file.ContractID), LinkName: given(f.linkName, file.LinkName), Lattice: file.Lattice,
		TestMode: f.testMode, Env: file.env(), Now: s.Now,
		StartTimeout: time.Duration(f.startMS) * time.Millisecond, CallTimeout: time.Duration(f.callMS) * time.Millisecond,
	}
	if len(args) > 0 {
		cfg.Path = args[0]
	}
	if cfg.Path == "" {
		return cfg, cli.Usage("which provider? Name an archive or an executable, or give --config with a bin_path")
	}
	if f.startMS <= 0 || f.callMS <= 0 {
		return cfg, cli.Usage("a timeout of %d ms: want a positive number of milliseconds", min(f.startMS, f.callMS))
	}
	if cfg.Values, err = file.linkValues(); err != nil {
		return cfg, err
	}
	own, err := linkValues(f.values)
	if err != nil {
		return cfg, err
	}
	maps.Copy(cfg.Values, own)
	for _, name := range f.env {
		value := s.Env(name)
		if value == "" {
			return cfg, cli.Usage("--provider-env %s: the variable is not set", name)
		}
		cfg.Env = append(cfg.Env, name+"="+value)
	}
	for _, text := range f.issuers {
		key, err := parseKey(text, "--issuer", strkey.Account)
		if err != nil {
			return cfg, err
		}
		cfg.Issuers = append(cfg.Issuers, strkey.PublicKey(key))
	}
	return cfg, nil
}

func linkValues(given []string) (map[string]string, error) {
	out := map[string]string{}
	for _, v := range given {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, cli.Usage("--value %q: want NAME=VALUE", v)
		}
		out[name] = value
	}
	return out, nil
}

// tests lists those that match the filter and belong to this shard.
func (f *testProviderFlags) tests(s *cli.IO) ([]providerTest, error) {
	var filter *regexp.Regexp
	if text := given(f.filter, s.Env("TESTBRIDGE_TEST_ONLY")); text != "" {
		var err error
		if filter, err = regexp.Compile(text); err != nil {
			return nil, cli.Usage("--filter: %v", err)
		}
	}
	cases, err := findCases(f.cases, filter, (*casefile.Case).ForProvider)
	if err != nil {
		return nil, err
	}
	var all []providerTest
	if filter == nil || filter.MatchString(lifecycle) {
		all = append(all, providerTest{name: lifecycle, run: func(ctx context.Context, r *providertest.Runner) error { return r.Lifecycle(ctx) }})
	}
	for _, tc := range cases {
		all = append(all, providerTest{name: tc.Name, file: tc.Path, run: func(ctx context.Context, r *providertest.Runner) error { return r.Case(ctx, tc) }})
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no test ran: none has a name that matches %s", filter)
	}
	index, total, err := Shard(s)
	if err != nil {
		return nil, err
	}
	var mine []providerTest
	for i, t := range all {
		if i%total == index {
			mine = append(mine, t)
		}
	}
	return mine, nil
}

func (p *providerPlan) run(ctx context.Context, s *cli.IO, cmd *cobra.Command) error {
	if len(p.tests) == 0 {
		cli.Notef(s, "this shard has no test")
		return nil
	}
	runner, err := providertest.New(ctx, p.cfg)
	if err != nil {
		return err
	}
	defer runner.Close()
	r := &report{}
	for _, t := range p.tests {
		began := s.Now()
		err := t.run(ctx, runner)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		out := result{Name: t.name, File: t.file, Passed: err == nil, Time: s.Now().Sub(began)}
		if err != nil {
			out.Error = err.Error()
		}
		r.add(out)
	}
	if p.junit != "" {
		if err := fsx.WriteFile(p.junit, 0o644, func(w io.Writer) error { return r.junit(w, p.cfg.Path) }); err != nil {
			return fmt.Errorf("--junit: %w", err)
		}
	}
	return r.print(cmd, s)
}
