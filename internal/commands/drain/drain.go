// Package drain is the command that clears the caches of wasmCloud hosts and
// tools: of the real hosts of every generation, of wash, and our own.
//
// Real hosts keep what they fetched under names that a new build shares with the
// old one, and then run the old one. Our host keeps content by digest and needs
// no draining; its cache is cleared for its space only.
package drain

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// report is the answer. Drained is wash's own key; the others are ours.
type report struct {
	Drained     []string  `json:"drained"`
	DryRun      bool      `json:"dry_run"`
	Files       int       `json:"files"`
	Bytes       int64     `json:"bytes"`
	Caches      []cleared `json:"caches"`
	Left        []left    `json:"left"`
	Unreachable []string  `json:"unreachable"`
}

// What no program on this machine can see from outside a container.
const unreachable = "the caches of hosts in containers or on other machines: make the container anew, or run drain inside it"

type options struct{ dryRun, force bool }

func setNames() []string {
	return []string{"all", setLib, setOCI, setSmithy, setDownloads, setRegistry}
}

// Command returns the drain command.
func Command(s *cli.IO) *cobra.Command {
	var o options
	root := cli.Root(s, "drain [REFERENCE | PROVIDER-KEY]", "Clear the caches that make hosts run old code")
	root.Long = `Clear the caches of wasmCloud hosts and tools.

A whole cache is cleared by its name (all, lib, oci, smithy, downloads, registry), one actor by its
reference, one provider by its public key. The folder of a cache stays, links are never followed out
of it, and what a running program uses is left alone unless --force is given.`
	root.Example = `  drain all --dry-run                   # say what would go, and how big it is
  drain localhost:5000/echo:0.1.0       # this actor only
  drain VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF   # this provider's unpacked executables`
	root.PersistentFlags().BoolVarP(&o.dryRun, "dry-run", "n", false, "say what would be cleared, with sizes, and clear nothing")
	root.PersistentFlags().BoolVar(&o.force, "force", false, "clear what running programs use as well")
	root.Args = cobra.ArbitraryArgs // a reference is no unknown command
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return cli.Usage("name one thing to clear: %s, a reference or a provider key", strings.Join(setNames(), ", "))
		}
		return run(cmd, s, o, args[0])
	}
	for _, c := range []struct{ name, short string }{
		{"all", "lib, oci, smithy and downloads"},
		{setLib, "Executables that hosts unpacked from providers"},
		{setOCI, "Artifacts that hosts and wash fetched from registries"},
		{setSmithy, "Interface models that wash fetched"},
		{setDownloads, "Hosts and NATS servers that `wash up` installed, and their stores"},
		{setRegistry, "The store of the embedded registry; not part of all, for it may hold the only copy"},
	} {
		root.AddCommand(&cobra.Command{
			Use:     c.name,
			Short:   c.short,
			Example: fmt.Sprintf("  drain %s --dry-run\n  drain %s", c.name, c.name),
			Args:    cobra.NoArgs,
			RunE:    func(cmd *cobra.Command, _ []string) error { return run(cmd, s, o, c.name) },
		})
	}
	return root
}

func run(cmd *cobra.Command, s *cli.IO, o options, what string) error {
	sweep := &sweeper{dryRun: o.dryRun}
	if !o.force {
		sweep.inUse = filesInUse()
	}
	l := newLayout(s)
	var done []cleared
	var err error
	switch what {
	case "all":
		done, err = sweep.places(l, o.force, setLib, setOCI, setSmithy, setDownloads)
	case setLib, setOCI, setSmithy, setDownloads, setRegistry:
		done, err = sweep.places(l, o.force, what)
	default:
		done, err = sweep.one(l, what)
	}
	if err != nil {
		return err
	}
	if n := len(sweep.errs); n > 0 {
		tell(s, done, sweep.left)
		return fmt.Errorf("%d entries could not be cleared, the first: %w", n, sweep.errs[0])
	}
	return answer(cmd, s, o, done, sweep.left)
}

func (s *sweeper) places(l layout, force bool, sets ...string) ([]cleared, error) {
	var done []cleared
	for _, p := range l.places(sets...) {
		holder, err := l.runs(p.user)
		if err != nil && !force {
			return nil, fmt.Errorf("looking for a running program: %w; --force clears without looking", err)
		}
		if holder != "" && !force {
			if s.exists(p.path) {
				s.left = append(s.left, left{p.path, holder})
			}
			continue
		}
		if c, ok := s.place(p); ok {
			done = append(done, c)
		}
	}
	return done, nil
}

// tell says on standard error what happened beside the answer.
func tell(s *cli.IO, done []cleared, kept []left) {
	for _, c := range done {
		cli.Notef(s, "cleared %s (%s, %d files)", c.Path, size(c.Bytes), c.Files)
	}
	for _, k := range kept {
		cli.Notef(s, "left %s: %s", k.Path, k.Reason)
	}
}

func answer(cmd *cobra.Command, s *cli.IO, o options, done []cleared, kept []left) error {
	r := report{Drained: []string{}, DryRun: o.dryRun, Caches: []cleared{}, Left: []left{}, Unreachable: []string{unreachable}}
	r.Caches, r.Left = append(r.Caches, done...), append(r.Left, kept...)
	for _, c := range done {
		r.Drained = append(r.Drained, c.Path)
		r.Files += c.Files
		r.Bytes += c.Bytes
	}
	return cli.Print(cmd, s, r, func(w io.Writer) {
		tell(s, nil, kept)
		cli.Notef(s, "out of reach: %s", unreachable)
		if o.dryRun {
			table(w, r)
			return
		}
		quoted := make([]string, len(r.Drained))
		for i, path := range r.Drained {
			quoted[i] = fmt.Sprintf("%q", path)
		}
		fmt.Fprintf(w, "Successfully cleared caches at: [%s]\n", strings.Join(quoted, ", "))
	})
}

func table(w io.Writer, r report) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, c := range r.Caches {
		fmt.Fprintf(t, "%s\t%s\t%d files\t%s\n", c.Set, size(c.Bytes), c.Files, c.Path)
	}
	fmt.Fprintf(t, "total\t%s\t%d files\twould be cleared\n", size(r.Bytes), r.Files)
	t.Flush()
}

// size is a number of bytes for a person.
func size(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, suffix := float64(n)/unit, 0
	for value >= unit && suffix < 3 {
		value /= unit
		suffix++
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGT"[suffix])
}
