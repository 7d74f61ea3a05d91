package lattice

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// status is how a check ended.
type status string

const (
	good    status = "ok"
	warned  status = "warning" // works, or will once something is started
	broken  status = "error"   // will not work before the cure
	skipped status = "skipped" // an earlier finding says why
)

// finding is what one check found. Its JSON is stable: members may be added.
type finding struct {
	Check  string `json:"check"`
	Status status `json:"status"`
	Text   string `json:"text"`
	Cure   string `json:"cure,omitempty"` // of warnings and errors, unless the text holds it
}

func ok(format string, args ...any) finding {
	return finding{Status: good, Text: fmt.Sprintf(format, args...)}
}

func warn(cure, format string, args ...any) finding {
	return finding{Status: warned, Text: fmt.Sprintf(format, args...), Cure: cure}
}

func fault(cure, format string, args ...any) finding {
	return finding{Status: broken, Text: fmt.Sprintf(format, args...), Cure: cure}
}

func skip(format string, args ...any) finding {
	return finding{Status: skipped, Text: fmt.Sprintf(format, args...)}
}

// patient is what is examined, and what the checks so far have learned of it.
type patient struct {
	io       *cli.IO
	flags    *connFlags
	dir      string   // the project's folder
	files    []string // built artifacts
	registry string   // "" = the one that runs here, else the default

	artifacts []built
	ses       *session // nil: nothing to ask
	jetStream bool
	hosts     []wasmbus.Host
}

// doctorChecks are made in this order: each may use what those before it learned. A check
// gets a copy of the patient, so that one that is too late cannot disturb the next.
var doctorChecks = []struct {
	name string
	run  func(ctx context.Context, p *patient) finding
}{
	{"folders", checkFolders},
	{"disk", checkDisk},
	{"toolchains", checkToolchains},
	{"artifacts", checkArtifacts},
	{"keys", checkKeys},
	{"registry", checkRegistry},
	{"nats", checkNATS},
	{"jetstream", checkJetStream},
	{"host", checkHost},
	{"cluster-seed", checkClusterSeed},
	{"running", checkRunning},
}

// checkTime bounds each check: together they stay below what people wait for.
const checkTime = 5 * time.Second

// examine makes all checks.
func (p *patient) examine(ctx context.Context) []finding {
	var all []finding
	for _, c := range doctorChecks {
		f := p.check(ctx, c.run)
		f.Check = c.name
		all = append(all, f)
	}
	return all
}

func (p *patient) check(ctx context.Context, run func(context.Context, *patient) finding) finding {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	type result struct {
		finding
		patient
	}
	done := make(chan result, 1)
	go func(p patient) {
		f := run(ctx, &p)
		done <- result{f, p}
	}(*p)
	select {
	case r := <-done:
		*p = r.patient
		return r.finding
	case <-time.After(checkTime + checkTime/5): // a check that heeds its context says more
		return fault("look at what hangs: a network, a file system, a program", "the check did not end within %v", checkTime)
	}
}

// diagnosis is the answer of doctor.
type diagnosis struct {
	Success  bool      `json:"success"` // nothing is broken
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Findings []finding `json:"findings"`
}

func diagnose(findings []finding) diagnosis {
	d := diagnosis{Findings: findings}
	for _, f := range findings {
		switch f.Status {
		case broken:
			d.Errors++
		case warned:
			d.Warnings++
		}
	}
	d.Success = d.Errors == 0
	return d
}

func (d diagnosis) print(w io.Writer) {
	table(w, func(row func(...any)) {
		for _, f := range d.Findings {
			row(f.Status, f.Check, f.Text)
			if f.Cure != "" {
				row("", "", "-> "+f.Cure)
			}
		}
	})
}

func doctorCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	p := patient{io: s, flags: &f}
	cmd := &cobra.Command{
		Use:   "doctor [FILE…]",
		Short: "Say what keeps the loop from working, and how to mend it",
		Long: `Examine the project in this folder and the lattice that it would use: folders and free disk, the toolchains that its sources
need, the keys that would sign, the registry and what it speaks, the NATS server and its JetStream, the hosts of the lattice,
the cluster seed that signs calls, and whether the hosts run what was built last. FILE is a signed .wasm or a .par.gz; by
default those under build/ are compared.

Each line is one check: ok, warning, error or skipped, and below it what to do. Nothing is changed. What is not started yet is
a warning; with an error the exit code is 1. Each check ends within 5 seconds.`,
		Example: "  lattice doctor\n  lattice doctor build/echo_s.wasm --registry ghcr.io --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			p.files = args
			d := diagnose(p.examine(cmd.Context()))
			if p.ses != nil {
				p.ses.close()
			}
			if err := cli.Print(cmd, s, d, d.print); err != nil {
				return err
			}
			if d.Errors > 0 {
				return cli.Code(1, nil) // the answer has said it
			}
			return nil
		},
	}
	f.register(cmd, kindCtl)
	f.registerClusterSeed(cmd)
	cmd.Flags().StringVarP(&p.dir, "directory", "d", ".", "the project's `folder`")
	cmd.Flags().StringVar(&p.registry, "registry", "", "`registry`, or a reference on it, that is pushed to (default: the one that `registry up` started, else localhost:5000)")
	return cmd
}

// checkNATS connects. Nobody at an address that somebody gave is an error; at the default
// address it only means that nothing was started.
func checkNATS(ctx context.Context, p *patient) finding {
	at, err := p.flags.locate(p.io)
	if err != nil {
		return fault("", "%v", err)
	}
	ses, err := p.flags.open(ctx, p.io)
	switch {
	case err != nil && at.url == "":
		return warn("start a host, which brings its own: `make up` or `devhost up`", "no NATS server answers at %s", bus.DefaultURL)
	case err != nil:
		return fault("", "%v", err)
	}
	p.ses = ses
	nc := ses.conn.NATS()
	return ok("NATS %s at %s (an address from %s), lattice %s", nc.ConnectedServerVersion(), ses.conn.URL(), ses.place.source, ses.place.lattice)
}

// checkJetStream asks for what links and claims are kept in.
func checkJetStream(ctx context.Context, p *patient) finding {
	if p.ses == nil {
		return skip("no NATS server")
	}
	err := bus.HasJetStream(ctx, p.ses.conn)
	if err != nil {
		return fault("start it with JetStream (`nats-server -js`), name its domain by --js-domain, or use `devhost up`",
			"the NATS server at %s keeps no links and claims: %v", p.ses.conn.URL(), err)
	}
	p.jetStream = true
	return ok("JetStream answers")
}

// checkHost asks who is there, on this lattice and if nobody is on the others.
func checkHost(ctx context.Context, p *patient) finding {
	if p.ses == nil {
		return skip("no NATS server")
	}
	var err error
	if p.hosts, err = p.ses.control.Hosts(ctx); err != nil {
		return fault("", "%v", err)
	}
	at := fmt.Sprintf("lattice %s at %s", p.ses.place.lattice, p.ses.conn.URL())
	switch len(p.hosts) {
	case 0:
		if others := p.otherLattices(ctx); len(others) > 0 {
			return fault(fmt.Sprintf("name that lattice (-x %s, WASMCLOUD_LATTICE_PREFIX=%[1]s), or start a host on this one", others[0]),
				"no host answers on %s, but hosts answer on %v", at, others)
		}
		return warn("start one: `make up` or `devhost up`", "no host answers on %s", at)
	case 1:
		h := p.hosts[0]
		return ok("%s (%s %s) on %s", h.ID, h.FriendlyName, h.Version, at)
	}
	ids := make([]string, len(p.hosts))
	for i, h := range p.hosts {
		ids[i] = h.ID
	}
	slices.Sort(ids)
	return ok("%d hosts on %s, of which commands about one want the name: %v", len(ids), at, ids)
}

// otherLattices lists lattices on the same server whose hosts answer. Their names are
// those of the buckets that hosts make.
func (p *patient) otherLattices(ctx context.Context) []string {
	if !p.jetStream {
		return nil
	}
	names, err := bus.Lattices(ctx, p.ses.conn)
	if err != nil {
		return nil // the question was only about a hint
	}
	var alive []string
	for _, name := range names[:min(len(names), 10)] {
		control := bus.NewControl(p.ses.conn, bus.ControlConfig{Lattice: name, Prefix: p.ses.place.ctlPrefix, ExpectHosts: 1, Timeout: 300 * time.Millisecond})
		if hosts, err := control.Hosts(ctx); err == nil && len(hosts) > 0 {
			alive = append(alive, name)
		}
	}
	return alive
}

// checkClusterSeed compares the seed that signs calls here with the clusters that the hosts
// accept calls of.
func checkClusterSeed(_ context.Context, p *patient) finding {
	if len(p.hosts) == 0 {
		return skip("no host")
	}
	seed, err := clusterSeed(p.ses.place)
	if err != nil {
		return fault("", "%v", err)
	}
	key, told := seed.Public(), false
	for _, h := range p.hosts {
		issuers := strings.Split(h.ClusterIssuers, ",")
		told = told || h.ClusterIssuers != ""
		if h.ClusterIssuers != "" && !slices.Contains(issuers, string(key)) {
			return fault("use that host's seed: its --state-file or --context, or WASMCLOUD_CLUSTER_SEED; or start the host with this one (--cluster-seed, --cluster-issuers)",
				"host %s refuses calls signed by %s (the seed of %s): it accepts those of %v", h.ID, key, p.ses.place.seedSource, issuers)
		}
	}
	if !told {
		return skip("calls are signed by %s (the seed of %s); the hosts do not say whose calls they accept", key, p.ses.place.seedSource)
	}
	return ok("calls are signed by %s (the seed of %s), as the hosts want", key, p.ses.place.seedSource)
}
