package lattice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

type testFlags struct {
	conn    connFlags
	cases   []string
	options string
	filter  string
	junit   string
}

// testCommand makes the command; given is a session to use, or nil to find a host.
func testCommand(s *cli.IO, given *session) *cobra.Command {
	var f testFlags
	cmd := &cobra.Command{
		Use:   "test ACTOR",
		Short: "Run an actor's tests, and case files against it",
		Long: `Run an actor's tests.

ACTOR is a signed .wasm file or a reference, which is started first (and replaces a running older one), or an
M… key or call alias of an actor that runs already.

With --cases, calls described in files are made and their replies compared. With --options, or without --cases,
the actor's own tests are run: operation Testing.Start of the contract wasmcloud:testing, or Start for actors
that know no other; their results may come in msgpack or CBOR. Exit code 1 if a test fails or none ran.

Cases run one after the other, because their fakes are linked to the one actor. For the same reason two runs
against the same actor in one lattice get in each other's way: give each a host of its own by devhost exec.

` + casefile.Help,
		Example: `  devhost exec -- lattice test build/echo_s.wasm --cases cases
  lattice test echo --options test-options.json --filter 'kv_.*' --junit report.xml`,
		Args: cobra.ExactArgs(1),
	}
	f.conn.register(cmd, kindRPC)
	f.conn.registerClusterSeed(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&f.cases, "cases", nil, "case `file`, or a folder of such; may be repeated")
	fl.StringVarP(&f.options, "options", "d", "", "test-options.json: a `file` of {\"patterns\":[…],\"options\":{…}} for the actor's own tests")
	fl.StringVar(&f.filter, "filter", "", "run only tests whose name matches a regular `expression`")
	fl.StringVar(&f.junit, "junit", "", "write the results as JUnit XML to a `file` as well")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		plan, err := f.plan()
		if err != nil {
			return err
		}
		f.conn.given = given
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
			return f.run(ctx, ses, cmd, plan, args[0])
		})(cmd, args)
	}
	return cmd
}

// testPlan is what a run does; it is known, and its files are read, before
// anything is started.
type testPlan struct {
	cases   []*casefile.Case
	own     bool // run the actor's own tests
	options contract.TestOptions
	filter  *regexp.Regexp
}

func (f *testFlags) plan() (*testPlan, error) {
	p := &testPlan{own: f.options != "" || len(f.cases) == 0}
	if f.filter != "" {
		var err error
		if p.filter, err = regexp.Compile(f.filter); err != nil {
			return nil, cli.Usage("--filter: %v", err)
		}
	}
	var err error
	if p.cases, err = findCases(f.cases, p.filter, (*casefile.Case).ForActor); err != nil {
		return nil, err
	}
	p.options = contract.TestOptions{Patterns: []string{".*"}}
	if f.options != "" {
		b, err := os.ReadFile(f.options)
		if err != nil {
			return nil, fmt.Errorf("--options: %w", err)
		}
		p.options = contract.TestOptions{}
		if err := wasmbus.DecodeJSON(b, &p.options); err != nil {
			return nil, fmt.Errorf("--options %s: %w", f.options, err)
		}
	}
	if f.filter != "" {
		p.options.Patterns = []string{f.filter}
	}
	return p, nil
}

func (f *testFlags) run(ctx context.Context, ses *session, cmd *cobra.Command, plan *testPlan, target string) error {
	caller, err := newCaller(ses)
	if err != nil {
		return err
	}
	key, err := ses.startIfNew(ctx, target)
	if err != nil {
		return err
	}
	r := &report{Actor: key, filter: plan.filter}
	if err := plan.runCases(ctx, caller, key, r); err != nil {
		return err
	}
	if plan.own {
		if err := plan.runOwn(ctx, caller, key, r); err != nil {
			return err
		}
	}
	if f.junit != "" {
		err := fsx.WriteFile(f.junit, 0o644, func(w io.Writer) error { return r.junit(w, target) })
		if err != nil {
			return fmt.Errorf("--junit: %w", err)
		}
	}
	return r.print(cmd, ses.io)
}

// startIfNew starts what is given as a file or reference; a key or alias must
// be running already.
func (s *session) startIfNew(ctx context.Context, target string) (string, error) {
	isRef := strings.Contains(target, "/") && strings.Contains(target, ":")
	if looksLikeKey(target, strkey.Module) || (!isRef && !strings.HasSuffix(target, ".wasm")) {
		return s.actorKey(ctx, target)
	}
	ref, err := reference(target)
	if err != nil {
		return "", err
	}
	started, err := s.control.Start(ctx, bus.StartOptions{Ref: ref, Wait: s.wait()})
	if err != nil {
		return "", err
	}
	return started.PublicKey, nil
}

// unknownOperation recognises how actors of several SDKs say that they do not
// know Testing.Start.
func unknownOperation(err error) bool {
	var remote *bus.RemoteError
	return errors.As(err, &remote) &&
		regexp.MustCompile(`(?i)unknown|unhandled|not handled|does not answer|no such|not supported|unsupported|not implemented|unimplemented`).MatchString(remote.Text)
}

// runOwn runs the tests inside the actor.
func (p *testPlan) runOwn(ctx context.Context, c *caller, key string, r *report) error {
	began := c.ses.io.Now()
	options := p.options.MarshalMsgpack() // which every generation of actors reads, also those that answer in CBOR
	reply, err := c.call(ctx, key, contract.TestingStartOperation, options, "")
	if unknownOperation(err) {
		first := err
		if reply, err = c.call(ctx, key, wasmbus.OpStart, options, ""); unknownOperation(err) {
			return fmt.Errorf("the actor has no tests of its own (contract wasmcloud:testing); give --cases: %w", first)
		}
	}
	if err != nil {
		return fmt.Errorf("the actor's own tests: %w", err)
	}
	results, err := wasmbus.UnmarshalTestResults(reply)
	if err != nil {
		return fmt.Errorf("the actor's own tests: %w", err)
	}
	for i, t := range results {
		out := actorResult(t)
		if i == 0 { // only the whole is measured
			out.Time = c.ses.io.Now().Sub(began)
		}
		r.add(out)
	}
	return nil
}

// runCases makes the calls of the case files.
func (p *testPlan) runCases(ctx context.Context, c *caller, key string, r *report) error {
	if len(p.cases) == 0 {
		return nil
	}
	logs, err := bus.SubscribeLogs(ctx, c.ses.conn, c.ses.place.lattice)
	if err != nil {
		return err
	}
	defer logs.Close()
	for _, tc := range p.cases {
		began := c.ses.io.Now()
		out := result{Name: tc.Name, File: tc.Path, Passed: true}
		if err := runCase(ctx, tc, c, key, logs); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			out.Passed, out.Error = false, err.Error()
		}
		out.Time = c.ses.io.Now().Sub(began)
		r.add(out)
	}
	return nil
}

// runCase makes the calls of a case, with its fakes around the actor.
func runCase(ctx context.Context, tc *casefile.Case, c *caller, key string, logs *bus.Subscription) (err error) {
	player := casefile.NewPlayer(tc, "the actor")
	fakes, err := startFakes(ctx, c, key, tc, player)
	defer func() { err = errors.Join(err, fakes.close(ctx)) }()
	if err != nil {
		return err
	}
	for i := range tc.Steps {
		s := &tc.Steps[i]
		player.Begin(s)
		err := runStep(ctx, s, c, key, logs)
		if err := because(player.End(), err); err != nil {
			return fmt.Errorf("%s:%d: step %d, %s: %w", tc.Path, s.Line, i+1, s.Operation, err)
		}
	}
	return nil
}

// because puts what the fakes saw before what came of it.
func because(seen, err error) error {
	if seen == nil || err == nil {
		return errors.Join(seen, err)
	}
	return fmt.Errorf("%w\nwhat came of it: %w", seen, err)
}

// missingLink recognises what hosts answer an actor that calls a contract without a
// provider.
var missingLink = regexp.MustCompile(`missing link definition for ([a-zA-Z0-9:_.-]+)`)

// linkHint says how a case gives an actor the provider that it asks for.
func linkHint(err error) error {
	m := missingLink.FindStringSubmatch(err.Error())
	if m == nil {
		return err
	}
	contract := strings.TrimRight(m[1], ":.")
	return fmt.Errorf("%w\nto fake that provider, write before the first call:\n-- link %s --", err, contract)
}

func runStep(ctx context.Context, s *casefile.Step, c *caller, key string, logs *bus.Subscription) error {
	id := wasmbus.NewUUID()
	reply, err := c.call(ctx, key, s.Operation, s.Payload, id)
	switch {
	case s.Fails != nil && err == nil:
		text, _ := wasmbus.DecodeReply(reply, wasmbus.BinString)
		return fmt.Errorf("want an error that matches %s, got the reply %s", s.Fails, text)
	case s.Fails != nil && !s.Fails.MatchString(err.Error()):
		return fmt.Errorf("want an error that matches %s, got: %w", s.Fails, err)
	case s.Fails == nil && err != nil:
		return linkHint(err)
	case s.Checked:
		diff, err := casefile.Match(s.Reply, reply)
		if err != nil {
			return err
		}
		if diff != "" {
			return errors.New("reply: " + diff)
		}
	}
	return checkLogs(ctx, s.Logs, id, logs)
}

// logPatience is how long to wait for lines that a case expects. Our hosts
// publish them before the reply, so only a missing line costs it.
const logPatience = 2 * time.Second

func checkLogs(ctx context.Context, want []*regexp.Regexp, id string, logs *bus.Subscription) error {
	if len(want) == 0 {
		return nil
	}
	waiting, cancel := context.WithTimeout(ctx, logPatience)
	defer cancel()
	missing := append([]*regexp.Regexp(nil), want...)
	var seen []string
	for len(missing) > 0 {
		line, err := logs.NextLog(waiting)
		if err != nil {
			return fmt.Errorf("log: no line matches %s; %s", missing[0], logged(seen))
		}
		if line.Call != id {
			continue
		}
		seen = append(seen, line.Level+": "+line.Text)
		left := missing[:0]
		for _, re := range missing {
			if !re.MatchString(line.Text) && !re.MatchString(line.Level+": "+line.Text) {
				left = append(left, re)
			}
		}
		missing = left
	}
	return nil
}

func logged(lines []string) string {
	if len(lines) == 0 {
		return "the call logged nothing (hosts other than devhost publish no log lines)"
	}
	return fmt.Sprintf("the call logged %q", lines)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
