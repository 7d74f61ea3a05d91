package ocipush

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// manifestCommand is for build rules: it makes what push would send, from what
// signing said of the file.
func manifestCommand(s *cli.IO) *cobra.Command {
	var descriptor, annotations, manifest, config, digest string
	cmd := &cobra.Command{
		Use:    "manifest",
		Short:  "Write the manifest and digest of an artifact that is not here",
		Hidden: true, // a step of a build
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			body, err := os.ReadFile(descriptor)
			if err != nil {
				return fmt.Errorf("reading the descriptor: %w", err)
			}
			var d struct {
				MediaType, Digest, ConfigType string
				Size                          int64
			}
			if err := json.Unmarshal(body, &d); err != nil {
				return fmt.Errorf("the descriptor in %s: %w", descriptor, err)
			}
			p := oci.Push{LayerType: d.MediaType, ConfigType: d.ConfigType, Config: []byte("{}")}
			if body, err = os.ReadFile(annotations); err != nil {
				return fmt.Errorf("reading the annotations: %w", err)
			}
			if err := json.Unmarshal(body, &p.Annotations); err != nil {
				return fmt.Errorf("the annotations in %s: %w", annotations, err)
			}
			text, sum, err := oci.Manifest(p, d.Digest, d.Size)
			if err != nil {
				return err
			}
			for _, out := range []struct {
				path string
				body []byte
			}{{manifest, text}, {config, p.Config}, {digest, []byte(sum + "\n")}} {
				err := fsx.WriteFile(out.path, 0o644, func(w io.Writer) error {
					_, err := w.Write(out.body)
					return err
				})
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
	fl := cmd.Flags()
	for name, value := range map[string]*string{"descriptor": &descriptor, "annotations": &annotations, "manifest": &manifest, "config-out": &config, "digest": &digest} {
		fl.StringVar(value, name, "", "`file`")
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}
