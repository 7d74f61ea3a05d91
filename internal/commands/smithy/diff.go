package smithy

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/diff"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

type diffOptions struct {
	in      inputs
	least   severity
	release string // the reference of the release that is to be
}

func diffCommand(s *cli.IO) *cobra.Command {
	o := diffOptions{least: severity{model.Warning}}
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Name what a new version of an interface breaks",
		Long: `Compare two versions of an interface, each a file, a folder, a bundle or oci://REFERENCE, and name what breaks those who
use the old one: what is removed, types, numbers, names in messages and defaults that changed, members that became
required, operations that a service or a resource of it has no more. Warnings are what some may trip over, such as
operations, errors and variants that are new, and errors that are gone.
Exit 1 if something breaks. The metadata and @suppress of the new version switch warnings off, not errors;
its severityOverrides make errors of warnings.

With --release-of REFERENCE the old version is the last that was published: that with the greatest version among
the repository's tags, up to REFERENCE's own. NEW is then what codegen.toml names, unless given. Where REFERENCE's
version says that it may break (as cargo reads them: 2.0.0 after 1.3.0, 0.2.0 after 0.1.4), what breaks is a warning.`,
		Example: `  smithy diff released/ .
  smithy diff oci://localhost:5000/payments-interface:0.1.0 payments.smithy
  smithy diff --release-of localhost:5000/payments-interface:0.2.0
  smithy diff --severity note old.smithy new.smithy   # also what breaks nothing`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case o.release != "" && len(args) < 2:
				client := releases(s)
				defer client.Close()
				return o.withRelease(cmd, s, client, args)
			case o.release != "" || len(args) != 2:
				return cli.Usage("want OLD and NEW, or --release-of REFERENCE and at most NEW")
			}
			old, err := o.load(cmd.Context(), s, args[:1])
			if err != nil {
				return err
			}
			return o.compare(cmd, s, old, args[1:], false)
		},
	}
	o.in.flags(cmd)
	cmd.Flags().StringVar(&o.release, "release-of", "", "compare with the last release before this `reference`")
	cmd.Flags().Var(&o.least, "severity", "the least severity that is shown: note, warning or error")
	return cmd
}

func (o *diffOptions) load(ctx context.Context, s *cli.IO, files []string) (*project.Project, error) {
	if len(files) == 1 {
		cache, err := o.in.cache(s)
		if err != nil {
			return nil, err
		}
		if reference, ok := strings.CutPrefix(files[0], "oci://"); ok {
			return project.LoadBundle(ctx, cache, reference)
		}
		if filepath.Ext(files[0]) == ".tar" {
			return project.LoadPacked(ctx, cache, files[0])
		}
	}
	return o.in.load(ctx, s, files)
}

// CompareWithRelease is `smithy diff --release-of REFERENCE BUNDLE` for who pushes the bundle there next, by
// the client that will push. What is found goes to standard error.
func CompareWithRelease(cmd *cobra.Command, s *cli.IO, client *oci.Client, reference, bundle string) error {
	o := diffOptions{least: severity{model.Warning}, release: reference}
	return o.withRelease(cmd, findingsOnErr(s), client, []string{bundle})
}

func (o *diffOptions) withRelease(cmd *cobra.Command, s *cli.IO, client *oci.Client, files []string) error {
	last, err := lastRelease(cmd.Context(), client, o.release)
	if err != nil {
		return err
	}
	if last.reference == "" {
		cli.Notef(s, "nothing was released yet that %s could be compared with", o.release)
		return tell(cmd, s, nil, nil, o.least.Severity, "Nothing breaks.")
	}
	o.in.last = last
	old, err := o.load(cmd.Context(), s, []string{"oci://" + last.reference})
	if err != nil {
		return err
	}
	cli.Notef(s, "compared with %s", last.reference)
	if last.mayBreak {
		cli.Notef(s, "by its version %s may break what uses that", o.release)
	}
	return o.compare(cmd, s, old, files, last.mayBreak)
}

func (o *diffOptions) compare(cmd *cobra.Command, s *cli.IO, old *project.Project, files []string, mayBreak bool) error {
	now, err := o.load(cmd.Context(), s, files)
	if err != nil {
		return err
	}
	projects := [2]*project.Project{old, now}
	var models [2]*model.Model
	for i, p := range projects {
		m, events := model.Load(p.Sources)
		if validate.Worst(events) == model.Error {
			validate.Sort(events)
			return tell(cmd, s, events, p.Sources, model.Danger, "")
		}
		models[i] = m
	}
	events := diff.Models(models[0], models[1], ownNamespaces(models, projects))
	if mayBreak {
		for i := range events {
			events[i].Severity = min(events[i].Severity, model.Warning)
		}
	}
	return tell(cmd, s, events, append(now.Sources, old.Sources...), o.least.Severity, "Nothing breaks.")
}

// ownNamespaces picks those that the files of either version define: not those
// of the models they import.
func ownNamespaces(models [2]*model.Model, projects [2]*project.Project) func(string) bool {
	own := map[string]bool{}
	for i, m := range models {
		for _, shape := range m.Shapes(false) {
			if projects[i].IsOwn(shape.Pos.File) {
				own[model.Namespace(shape.ID)] = true
			}
		}
	}
	return func(namespace string) bool { return own[namespace] }
}
