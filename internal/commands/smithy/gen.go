package smithy

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

func genCommand(s *cli.IO) *cobra.Command {
	var in inputs
	var o gen.Options
	var lang, out string
	cmd := &cobra.Command{
		Use:   "gen [FILE | FOLDER]...",
		Short: "Write code for an interface",
		Long: `Write Go code for an interface: its types with their MessagePack form, a client for each service and a
dispatcher that calls an implementation. It imports sdk/actor/msgpack alone and serves actors and providers.
The model must be valid; operations on bare strings and numbers are.`,
		Example: `  smithy gen --out payments/payments.go
  smithy gen --package kv --namespace org.example.kv --out kv/kv.go kv.smithy`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if lang != "go" {
				return cli.Usage("there is no generator for %q: want go", lang)
			}
			p, err := in.load(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			m, events := validate.Run(p.Sources, validate.Options{BareMessages: true})
			if validate.Worst(events) >= model.Danger {
				return tell(cmd, s, events, p.Sources, model.Danger, "")
			}
			if err := choose(&o, m, p); err != nil {
				return err
			}
			code, err := gen.Go(m, o)
			if err != nil {
				return err
			}
			if out == "" {
				_, err = s.Out.Write(code)
				return err
			}
			_, err = fsx.WriteFileIfChanged(out, 0o644, func(w io.Writer) error { _, err := w.Write(code); return err })
			return err
		},
	}
	in.flags(cmd)
	cmd.Flags().StringVarP(&lang, "lang", "l", "go", "the language: go")
	cmd.Flags().StringVar(&out, "out", "", "the file to write (default standard output)")
	cmd.Flags().StringVar(&o.Package, "package", "", "the name of the Go package (default the last part of the namespace)")
	cmd.Flags().StringVar(&o.Namespace, "namespace", "", "the namespace to generate, if the files define several")
	return cmd
}

// choose fills what flags leave open.
func choose(o *gen.Options, m *model.Model, p *project.Project) error {
	if o.Namespace == "" {
		var own []string
		for _, shape := range m.Shapes(false) {
			if ns := model.Namespace(shape.ID); p.IsOwn(shape.Pos.File) && !slices.Contains(own, ns) {
				own = append(own, ns)
			}
		}
		if len(own) != 1 {
			return fmt.Errorf("the files define %d namespaces (%s): choose one by --namespace", len(own), strings.Join(own, ", "))
		}
		o.Namespace = own[0]
	}
	if o.Package == "" {
		o.Package = strings.ToLower(o.Namespace[strings.LastIndexByte(o.Namespace, '.')+1:])
	}
	return nil
}
