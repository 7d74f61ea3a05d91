package smithy

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

// bundled is the answer of bundle.
type bundled struct {
	Success bool   `json:"success"`
	File    string `json:"file"`
	Digest  string `json:"digest"` // of the file, which is the layer's in a registry
	Models  int    `json:"models"`
}

func bundleCommand(s *cli.IO) *cobra.Command {
	var in inputs
	var out string
	cmd := &cobra.Command{
		Use:   "bundle --out FILE.tar",
		Short: "Pack the models of codegen.toml for a registry",
		Long: `Pack the models that codegen.toml names on disk, with a codegen.toml that names what else they need, into one
file for ` + "`ocipush push`" + `, and print its digest. Equal models give equal bytes. The model must be valid; operations
on bare strings and numbers are.`,
		Example: `  smithy bundle --out build/payments.tar
  ocipush push localhost:5000/payments-interface:0.1.0 build/payments.tar`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return cli.Usage("want --out FILE.tar")
			}
			p, err := in.load(cmd.Context(), s, nil)
			if err != nil {
				return err
			}
			_, events := validate.Run(p.Sources, validate.Options{BareMessages: true})
			if validate.Worst(events) >= model.Danger {
				return tell(cmd, s, events, p.Sources, model.Danger, "")
			}
			files, err := p.Bundle(in.config)
			if err != nil {
				return err
			}
			var b bytes.Buffer
			if err := bundle.Write(&b, files); err != nil {
				return err
			}
			r := bundled{true, out, fmt.Sprintf("sha256:%x", sha256.Sum256(b.Bytes())), len(files) - 1}
			if _, err := fsx.WriteFileIfChanged(out, 0o644, func(w io.Writer) error { _, err := w.Write(b.Bytes()); return err }); err != nil {
				return err
			}
			return cli.Print(cmd, s, r, func(w io.Writer) { fmt.Fprintln(w, r.Digest) })
		},
	}
	in.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the `file` to write; it is left alone if nothing changes")
	return cmd
}
