package smithy

import (
	"errors"
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
	var lang, out, testOut string
	cmd := &cobra.Command{
		Use:   "gen [FILE | FOLDER]...",
		Short: "Write code for an interface",
		Long: `Write Go code for an interface: its types with their MessagePack form, a client for each service and a
dispatcher that calls an implementation. It imports packages below sdk/actor alone and serves actors and providers.
The model must be valid; operations on bare strings and numbers are.

What is read may have unknown members, which are skipped, and lack some, which then have their default or
the zero value; optional members that are zero are not sent. Strings and byte strings may come as each other,
byte strings as arrays of numbers too, structures as arrays of their members.

Timestamps become time.Time, documents document.Value of sdk/actor/document, unions interfaces with a type for each
member. A service with @wasmbus(protocol: "2") speaks CBOR, and answers MessagePack in kind; unions travel in such
services alone, and their members need numbers. All forms are those of the Rust crates (weld-codegen, wasmbus-rpc).
BigInteger and BigDecimal, for which these have none, are refused with what to use instead.
@rename with lang "go" gives an operation or a member another name in Go.`,
		Example: `  smithy gen --out payments/payments.go
  smithy gen --out payments/payments.go --test-out payments/payments_test.go   # and tests of each message
  smithy gen --package kv --namespace org.example.kv --out kv/kv.go kv.smithy`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if lang != "go" {
				return cli.Usage("there is no generator for %q: want go", lang)
			}
			p, err := in.load(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			return generate(cmd, s, p, o, out, testOut)
		},
	}
	in.flags(cmd)
	cmd.Flags().StringVarP(&lang, "lang", "l", "go", "the language: go")
	cmd.Flags().StringVar(&out, "out", "", "the file to write (default standard output)")
	cmd.Flags().StringVar(&testOut, "test-out", "", "a file to write tests of the code to: a _test.go beside it")
	cmd.Flags().StringVar(&o.Package, "package", "", "the name of the Go package (default the last part of the namespace)")
	cmd.Flags().StringVar(&o.Namespace, "namespace", "", "the namespace to generate, if the files define several")
	return cmd
}

// generate writes the code and the tests of it, the code to standard output if neither has a file.
func generate(cmd *cobra.Command, s *cli.IO, p *project.Project, o gen.Options, out, testOut string) error {
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
	tests, err := gen.GoTests(m, o)
	if err != nil {
		return err
	}
	if out == "" && testOut == "" {
		_, err = s.Out.Write(code)
		return err
	}
	return errors.Join(writeCode(out, code), writeCode(testOut, tests))
}

// writeCode leaves a file alone that has the code already, so that builds do not think it new.
func writeCode(path string, code []byte) error {
	if path == "" {
		return nil
	}
	_, err := fsx.WriteFileIfChanged(path, 0o644, func(w io.Writer) error { _, err := w.Write(code); return err })
	return err
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
