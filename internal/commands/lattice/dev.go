package lattice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/providertest"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

type devFlags struct {
	conn   connFlags
	watch  []string
	ignore []string
	cases  []string
	link   string
	once   bool
}

func devCommand(s *cli.IO, given *session) *cobra.Command {
	var f devFlags
	cmd := &cobra.Command{
		Use:   "dev FILE -- COMMAND [ARG...]",
		Short: "Rebuild, replace and test an actor or a provider whenever its sources change",
		Long: `Rebuild, replace and test an actor or a provider whenever its sources change, until it is interrupted.

COMMAND makes FILE, a signed .wasm or a provider archive. It is run at the start, and again when a file below
--watch has changed. What it made replaces what runs in the found host, straight from the file: there is no push,
no tag, no new version or revision, and no cache to be drained. Then the cases of --cases are run: those of an
actor as lattice test does, those of a provider as lattice test-provider does, in a process beside the host's.

When the build or the start fails, that is said and what ran before goes on running; an actor's calls under way end in the old
code. Folders named build, target, bin and node_modules, hidden ones, and FILE's own are not watched. The host
must be one that loads files, as devhost does.`,
		Example: `  lattice dev build/echo_s.wasm --cases cases -- make signed
  lattice dev build/keyvalue.par.gz --watch . --watch ../shared --cases cases -- make`,
		Args: cobra.MinimumNArgs(2),
	}
	f.conn.register(cmd, kindRPC)
	f.conn.registerClusterSeed(cmd)
	fl := cmd.Flags()
	fl.StringArrayVarP(&f.watch, "watch", "w", nil, "`folder` or file whose changes count (.); may be repeated")
	fl.StringArrayVar(&f.ignore, "ignore", nil, "`folder` or file whose changes do not count; may be repeated")
	fl.StringArrayVar(&f.cases, "cases", nil, "case `file`, or a folder of such; watched too; may be repeated")
	fl.StringVarP(&f.link, "link-name", "l", bus.DefaultLinkName, "`name` under which actors link to a provider")
	fl.BoolVar(&f.once, "once", false, "do it once and do not wait for changes; exit code 1 if something fails")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.ArgsLenAtDash() != 1 {
			return cli.Usage("write the file, then --, then the command that makes it")
		}
		d, err := f.dev(s, args)
		if err != nil {
			return err
		}
		f.conn.given = given
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
			return d.run(ctx, ses, cmd, f.once)
		})(cmd, args)
	}
	return cmd
}

// dev is one loop.
type dev struct {
	file, link string
	command    []string
	cases      []string
	watch      watch
	host       string   // where it runs; "" before the first start
	byBuild    []string // files that changed during the last build
}

func (f *devFlags) dev(s *cli.IO, args []string) (*dev, error) {
	d := &dev{file: args[0], link: f.link, command: args[1:], cases: f.cases, watch: watch{skip: map[string]bool{}}}
	places := f.watch
	if len(places) == 0 {
		places = []string{"."}
	}
	d.watch.places = append(slices.Clone(places), f.cases...)
	for _, place := range d.watch.places {
		if _, err := os.Stat(place); err != nil {
			return nil, cli.Usage("what is to be watched: %v", err)
		}
	}
	skip := append(slices.Clone(f.ignore), d.file)
	// The file's own folder holds the steps before it, unless the sources lie there too.
	if dir := filepath.Dir(d.file); dir != "." && !slices.Contains(places, dir) {
		skip = append(skip, dir)
	}
	for _, path := range skip {
		abs, err := filepath.Abs(path)
		if err != nil {
			return nil, err
		}
		d.watch.skip[abs] = true
	}
	return d, nil
}

// devRound is what one round came to.
type devRound struct {
	Success bool     `json:"success"`
	File    string   `json:"file"`
	Key     string   `json:"key,omitempty"`
	Digest  string   `json:"digest,omitempty"`
	BuildMS int64    `json:"build_ms"`
	LiveMS  int64    `json:"live_ms,omitempty"` // from the end of the build until it takes calls
	Error   string   `json:"error,omitempty"`
	Passed  int      `json:"passed"`
	Total   int      `json:"total"`
	Tests   []result `json:"tests,omitempty"`
	report  *report
}

func (d *dev) run(ctx context.Context, ses *session, cmd *cobra.Command, once bool) error {
	for {
		before := d.watch.scan()
		r := d.round(ctx, ses)
		if ctx.Err() != nil {
			return nil // an interrupt is how this ends
		}
		if err := cli.Print(cmd, ses.io, r, func(w io.Writer) { r.text(w, cli.Color(ses.io)) }); err != nil {
			return err
		}
		if once {
			if !r.Success {
				return cli.Code(1, nil)
			}
			return nil
		}
		d.leaveOut(ses.io, before)
		cli.Notef(ses.io, "waiting for changes of %s", strings.Join(d.watch.places, ", "))
		files, _, err := d.watch.wait(ctx, before)
		if err != nil {
			return nil
		}
		cli.Notef(ses.io, "changed: %s", some(files))
	}
}

// leaveOut watches no longer what two builds one after the other wrote, because it
// would never end.
func (d *dev) leaveOut(s *cli.IO, before map[string]stamp) {
	now := changed(before, d.watch.scan())
	for _, path := range now {
		if !slices.Contains(d.byBuild, path) {
			continue
		}
		if abs, err := filepath.Abs(path); err == nil {
			d.watch.skip[abs] = true
			delete(before, path)
			cli.Notef(s, "%s is written by the build itself and is not watched any more", path)
		}
	}
	d.byBuild = now
}

// some names a few files.
func some(files []string) string {
	const most = 3
	if len(files) <= most {
		return strings.Join(files, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(files[:most], ", "), len(files)-most)
}

// round builds, replaces and tests.
func (d *dev) round(ctx context.Context, ses *session) *devRound {
	r := &devRound{File: d.file, report: &report{}}
	began := time.Now()
	err := d.build(ctx, ses.io)
	built := time.Now()
	r.BuildMS = built.Sub(began).Milliseconds()
	if err != nil {
		r.Error = fmt.Sprintf("the build failed: %v; what ran before goes on running", err)
		return r
	}
	a, err := readArtifact(d.file)
	if err == nil {
		r.Key, r.Digest = a.Subject(), a.Digest
		err = d.replace(ctx, ses, a)
	}
	if err != nil {
		r.Error = err.Error()
		return r
	}
	r.LiveMS = max(time.Since(built).Milliseconds(), 1)
	if err := d.test(ctx, ses, a, r.report); err != nil {
		r.Error = "the cases: " + err.Error()
	}
	r.Passed, r.Total, r.Tests = r.report.Passed, r.report.Total, r.report.Tests
	r.Success = r.Error == "" && r.Passed == r.Total
	return r
}

func (d *dev) build(ctx context.Context, s *cli.IO) error {
	cmd := exec.CommandContext(ctx, d.command[0], d.command[1:]...)
	cmd.Stdout, cmd.Stderr = s.Err, s.Err
	cmd.WaitDelay = time.Second // for what it started itself and holds the output
	return cmd.Run()
}

func readArtifact(path string) (*artifact.Artifact, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the build made no file where one is wanted: %w", err)
	}
	defer f.Close()
	a, err := artifact.Read(f)
	if err == nil && a.Token == "" {
		err = errors.New("it is not signed; name the signed file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return a, nil
}

// replace puts the file in place of what runs. The host of the last round is asked
// first, which spares looking for it.
func (d *dev) replace(ctx context.Context, ses *session, a *artifact.Artifact) error {
	ref, err := reference(d.file)
	if err != nil {
		return err
	}
	host, err := d.start(ctx, ses, a, ref)
	if d.host != "" && errors.Is(err, bus.ErrNoHost) { // it was ended, and perhaps another is there
		d.host = ""
		host, err = d.start(ctx, ses, a, ref)
	}
	if err == nil {
		d.host = host
	}
	return err
}

func (d *dev) start(ctx context.Context, ses *session, a *artifact.Artifact, ref string) (host string, err error) {
	if a.Kind != artifact.Provider {
		started, err := ses.control.Start(ctx, bus.StartOptions{Ref: ref, HostID: d.host, Wait: ses.wait()})
		if err != nil {
			return "", err
		}
		return started.HostID, nil
	}
	if d.host == "" { // the first time it may run from elsewhere
		if err := d.endOther(ctx, ses, a.Subject(), ref); err != nil {
			return "", err
		}
	}
	started, err := ses.control.LaunchProvider(ctx, bus.ProviderOptions{Ref: ref, HostID: d.host, LinkName: d.link, Wait: ses.wait()})
	if err != nil {
		return "", err
	}
	return started.HostID, nil
}

// endOther stops the provider where it was started from another reference.
func (d *dev) endOther(ctx context.Context, ses *session, key, ref string) error {
	hosts, err := ses.control.Hosts(ctx)
	if err != nil {
		return err
	}
	for _, h := range hosts {
		inv, err := ses.control.Inventory(ctx, h.ID)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(inv.Providers, func(p wasmbus.ProviderDescription) bool {
			return p.ID == key && p.LinkName == d.link && p.ImageRef != ref
		})
		if i < 0 {
			continue
		}
		p := inv.Providers[i]
		cli.Notef(ses.io, "stopping the provider that runs from %s", p.ImageRef)
		if err := ses.control.EndProvider(ctx, bus.ProviderEnd{HostID: h.ID, ProviderID: p.ID, LinkName: p.LinkName, ContractID: p.ContractID}); err != nil {
			return err
		}
	}
	return nil
}

func (d *dev) test(ctx context.Context, ses *session, a *artifact.Artifact, r *report) error {
	if a.Kind == artifact.Provider {
		return d.testProvider(ctx, ses.io, r)
	}
	cases, err := findCases(d.cases, nil, (*casefile.Case).ForActor)
	if err != nil {
		return err
	}
	caller, err := newCaller(ses)
	if err != nil {
		return err
	}
	plan := testPlan{cases: cases}
	return plan.runCases(ctx, caller, a.Subject(), r)
}

func (d *dev) testProvider(ctx context.Context, s *cli.IO, r *report) error {
	cases, err := findCases(d.cases, nil, (*casefile.Case).ForProvider)
	if err != nil || len(cases) == 0 {
		return err
	}
	runner, err := providertest.New(ctx, providertest.Config{Path: d.file, Now: s.Now})
	if err != nil {
		return err
	}
	defer runner.Close()
	for _, tc := range cases {
		began := s.Now()
		err := runner.Case(ctx, tc)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		out := result{Name: tc.Name, File: tc.Path, Passed: err == nil, Time: s.Now().Sub(began)}
		if err != nil {
			out.Error = err.Error()
		}
		r.add(out)
	}
	return nil
}

func (r *devRound) text(w io.Writer, color bool) {
	if r.LiveMS > 0 {
		fmt.Fprintf(w, "Live: %s (%s), %d ms after a build of %d ms\n", r.File, r.Key, r.LiveMS, r.BuildMS)
	}
	if r.Error != "" {
		fmt.Fprintf(w, "Failed: %s\n", r.Error)
	}
	if r.Total > 0 {
		r.report.text(w, color)
	}
}
