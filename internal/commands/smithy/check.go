package smithy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/lint"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

// severity is a flag value.
type severity struct{ model.Severity }

func (v *severity) String() string { return strings.ToLower(v.Severity.String()) }
func (v *severity) Type() string   { return "severity" }
func (v *severity) Set(text string) error {
	parsed, ok := model.ParseSeverity(text)
	if !ok {
		return errors.New("want suppressed, note, warning, danger or error")
	}
	v.Severity = parsed
	return nil
}

func validateCommand(s *cli.IO) *cobra.Command {
	var in inputs
	var o validate.Options
	least := severity{model.Warning}
	cmd := &cobra.Command{
		Use:   "validate [FILE | FOLDER]...",
		Short: "Judge models as Smithy's own command line does",
		Long: `Judge models as Smithy's own command line (smithy-cli) does: the same names, places and severities,
so the same @suppress and metadata hold: suppressions, severityOverrides and validators. Of the last there are
EmitEachSelector, EmitNoneSelector and UnreferencedShape, as in smithy-cli by itself; others are warned of.
A model with errors, or with dangers, fails.

The validators: ` + wrapped(validate.Names()) + `.
Left out are what only warns of style (names of inputs and outputs, what version 2.0 gave up) and what
contracts of wasmCloud do not have: properties of resources, event streams, compression, examples, XML, API keys,
and the traits of other packages, as waiters,
which smithy-cli does not know by itself either.`,
		Example: `  smithy validate
  smithy validate --bare-messages keyvalue.smithy
  smithy validate --output json model/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := in.load(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			_, events := validate.Run(p.Sources, o)
			return tell(cmd, s, events, p.Sources, least.Severity, "No issues reported.")
		},
	}
	in.flags(cmd)
	cmd.Flags().Var(&least, "severity", "the least severity that is shown: suppressed, note, warning, danger or error")
	cmd.Flags().BoolVar(&o.BareMessages, "bare-messages", false, "let operations take and give any type, not structures alone: many contracts of wasmCloud do")
	cmd.Flags().BoolVar(&o.UnknownTraits, "allow-unknown-traits", false, "warn of traits that nobody defines, and go on")
	return cmd
}

// wrapped joins words to lines of help.
func wrapped(words []string) string {
	var b strings.Builder
	width := len("The validators: ")
	for i, w := range words {
		if i > 0 {
			b.WriteString(",")
			if width += len(w) + 2; width > 110 {
				b.WriteString("\n")
				width = len(w)
			} else {
				b.WriteString(" ")
			}
		}
		b.WriteString(w)
	}
	return b.String()
}

func lintCommand(s *cli.IO) *cobra.Command {
	var in inputs
	var off []string
	least := severity{model.Warning}
	var rules strings.Builder
	for _, r := range lint.Rules() {
		fmt.Fprintf(&rules, "\n  %-16s %s", r.Name, r.Doc)
	}
	cmd := &cobra.Command{
		Use:   "lint [FILE | FOLDER]...",
		Short: "Look for what is bad for wasmCloud",
		Long: `Look for what is good Smithy and bad for wasmCloud. Files of codegen.toml's own paths, or those named, are
linted; what they import is only read. Errors of form and names that stand for nothing are reported too;
Smithy's other rules are those of ` + "`smithy validate`" + `.

The rules:` + rules.String() + `

A rule is switched off for one shape by @suppress(["NAME"]), for a namespace by
metadata suppressions = [{ id: "NAME", namespace: "org.example", reason: "why" }], and altogether by --disable.
A warning becomes an error by metadata severityOverrides = [{ id: "NAME", namespace: "org.example", severity: "DANGER" }].`,
		Example: `  smithy lint
  smithy lint --disable MissingDocs --disable PackageMetadata payments.smithy`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := in.load(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			events, err := lintEvents(p, off)
			if err != nil {
				return err
			}
			return tell(cmd, s, events, p.Sources, least.Severity, "No issues reported.")
		},
	}
	in.flags(cmd)
	cmd.Flags().Var(&least, "severity", "the least severity that is shown: suppressed, note, warning, danger or error")
	cmd.Flags().StringSliceVar(&off, "disable", nil, "rules that are switched off")
	return cmd
}

// lintEvents gives what is bad for wasmCloud, and what of the rest lint needs to
// be right. off are rules that are switched off.
func lintEvents(p *project.Project, off []string) ([]model.Event, error) {
	var names []string
	for _, r := range lint.Rules() {
		names = append(names, r.Name)
	}
	for _, name := range off {
		if !slices.Contains(names, name) {
			return nil, cli.Usage("there is no rule %s: want one of %s", name, strings.Join(names, ", "))
		}
	}
	m, loaded := model.Load(p.Sources)
	var files []*syntax.File
	for _, src := range p.Sources {
		if f, err := syntax.Parse(src.Name, src.Data); err == nil && !strings.HasSuffix(src.Name, ".json") {
			files = append(files, f)
		}
	}
	events := lint.Run(m, loaded, files, p.IsOwn, off)
	for _, e := range loaded {
		if e.ID != "Model.UnresolvedTrait" && e.Severity >= model.Danger {
			events = append(events, e)
		}
	}
	validate.Sort(events)
	return events, nil
}
