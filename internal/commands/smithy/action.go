package smithy

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

// actionFiles are what an action of the Bazel rules reads and writes. Each is
// named by a flag: nothing is found by codegen.toml, on the network or in a cache.
type actionFiles struct {
	own, uses []string
	out       string
}

func (f *actionFiles) add(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.Flags().StringArrayVar(&f.own, "model", nil, "a `file` of the interface")
	cmd.Flags().StringArrayVar(&f.uses, "uses", nil, "a `file` of an interface that it uses")
	cmd.Flags().StringVar(&f.out, "out", "", "the `file` to write")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

// actionCommand holds what people have lint, validate and gen for, which find
// the models for them.
func actionCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{Use: "action", Short: "The steps of an interface, for build rules", Hidden: true}
	cmd.AddCommand(actionLint(s), actionValidate(s), actionGen(s))
	return cmd
}

// verdict tells what was found and, if that is nothing bad, writes the file that
// stands for it.
func (f *actionFiles) verdict(cmd *cobra.Command, s *cli.IO, events []model.Event, p *project.Project) error {
	if validate.Worst(events) >= model.Warning {
		if err := tell(cmd, findingsOnErr(s), events, p.Sources, model.Warning, ""); err != nil {
			return err
		}
	}
	return fsx.WriteFile(f.out, 0o644, func(w io.Writer) error { _, err := io.WriteString(w, "ok\n"); return err })
}

// findingsOnErr lets what is found go where errors go: an action has no answer but
// its file.
func findingsOnErr(s *cli.IO) *cli.IO {
	onErr := *s
	onErr.Out = s.Err
	return &onErr
}

func actionLint(s *cli.IO) *cobra.Command {
	var f actionFiles
	var off []string
	cmd := f.add(&cobra.Command{
		Use: "lint", Short: "Lint an interface",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := project.Files(f.own, f.uses)
			if err != nil {
				return err
			}
			events, err := lintEvents(p, off)
			if err != nil {
				return err
			}
			return f.verdict(cmd, s, events, p)
		},
	})
	cmd.Flags().StringArrayVar(&off, "disable", nil, "a `rule` that is switched off")
	return cmd
}

func actionValidate(s *cli.IO) *cobra.Command {
	var f actionFiles
	var o validate.Options
	cmd := f.add(&cobra.Command{
		Use: "validate", Short: "Validate an interface",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := project.Files(f.own, f.uses)
			if err != nil {
				return err
			}
			_, events := validate.Run(p.Sources, o)
			return f.verdict(cmd, s, events, p)
		},
	})
	cmd.Flags().BoolVar(&o.BareMessages, "bare-messages", false, "let operations take and give any type")
	return cmd
}

func actionGen(s *cli.IO) *cobra.Command {
	var f actionFiles
	var o gen.Options
	var tests string
	cmd := f.add(&cobra.Command{
		Use: "gen", Short: "Write Go code for an interface",
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := project.Files(f.own, f.uses)
			if err != nil {
				return err
			}
			return generate(cmd, findingsOnErr(s), p, o, f.out, tests)
		},
	})
	cmd.Flags().StringVar(&tests, "test-out", "", "the `file` to write tests to")
	cmd.Flags().StringVar(&o.Package, "package", "", "the Go package")
	cmd.Flags().StringVar(&o.Namespace, "namespace", "", "the namespace to generate")
	_ = cmd.MarkFlagRequired("test-out")
	return cmd
}
