package smithy

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
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

// actionCommand holds what people have lint, validate, gen and bundle for, which find
// the models for them.
func actionCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{Use: "action", Short: "The steps of an interface, for build rules", Hidden: true}
	cmd.AddCommand(actionLint(s), actionValidate(s), actionGen(s), actionBundle())
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

// actionBundle packs models that are named one by one, those of other interfaces with them: build
// rules know where files are, not where they were published.
func actionBundle() *cobra.Command {
	var files []string
	var out, descriptor string
	cmd := &cobra.Command{
		Use: "bundle", Short: "Pack an interface", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var models []bundle.File
			for _, f := range files {
				name, path, _ := strings.Cut(f, "=")
				data, err := os.ReadFile(path)
				if err != nil {
					return fmt.Errorf("reading the model %s: %w", name, err)
				}
				models = append(models, bundle.File{Name: name, Data: data})
			}
			var b bytes.Buffer
			if err := bundle.Write(&b, project.Pack(models)); err != nil {
				return err
			}
			text, err := json.Marshal(map[string]any{
				"mediaType": artifact.InterfaceLayer, "configType": artifact.InterfaceConfig,
				"digest": fmt.Sprintf("sha256:%x", sha256.Sum256(b.Bytes())), "size": b.Len(),
			})
			if err != nil {
				return err
			}
			return errors.Join(writeCode(out, b.Bytes()), writeCode(descriptor, append(text, '\n')))
		},
	}
	cmd.Flags().StringArrayVar(&files, "file", nil, "`NAME=FILE` of a model, by its name in the bundle")
	cmd.Flags().StringVar(&out, "out", "", "the `file` to write")
	cmd.Flags().StringVar(&descriptor, "descriptor", "", "the `file` to write what a manifest says of it to")
	_ = cmd.MarkFlagRequired("out")
	_ = cmd.MarkFlagRequired("descriptor")
	return cmd
}
