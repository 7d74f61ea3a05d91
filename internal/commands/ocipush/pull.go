package ocipush

import (
	"fmt"
	"io"
	"path"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// Layers that are accepted beside those that push writes: the type of old
// pushes by other tools, and that of later wash versions.
const (
	tarLayer       = "application/vnd.oci.image.layer.v1.tar"
	componentLayer = "application/wasm"
)

type pullOptions struct {
	registry    registryFlags
	trust       trustFlags
	destination string
	digest      string
	allowLatest bool
}

// pullResult is the answer of pull; file is wash's key.
type pullResult struct {
	File    string `json:"file"`
	Digest  string `json:"digest"`
	Module  string `json:"module"`
	Account string `json:"account"`
	Changed bool   `json:"changed"` // false: the file had these bytes already
}

func pullCommand(s *cli.IO) *cobra.Command {
	var o pullOptions
	cmd := &cobra.Command{
		Use:   "pull REFERENCE",
		Short: "Pull a signed actor from a registry",
		Long: `Pull a signed actor from a registry and print the file's name. The file appears, or is replaced, only after
the digests and the signature were verified.`,
		Example: `  ocipush pull localhost:5000/echo:0.1.0
  ocipush pull ghcr.io/me/echo:0.1.0 --digest sha256:… --issuer A… --destination build/echo_s.wasm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := o.run(cmd, s, args[0])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, result.File) })
		},
	}
	o.registry.add(cmd)
	o.trust.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&o.destination, "destination", "", "`file` to write (default the repository's last word with .wasm)")
	fl.StringVarP(&o.digest, "digest", "d", "", "`digest` that the manifest must have; sha256: may be left out")
	fl.BoolVar(&o.allowLatest, "allow-latest", false, "allow the tag latest, named or implied")
	return cmd
}

func (o *pullOptions) run(cmd *cobra.Command, s *cli.IO, refText string) (*pullResult, error) {
	ref, err := parseRef(s, refText)
	if err != nil {
		return nil, err
	}
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	cfg, err := o.registry.config(s)
	if err != nil {
		return nil, err
	}
	cfg.AllowLatest = o.allowLatest
	cfg.Accept = []string{artifact.ModuleLayer, artifact.ProviderLayer, tarLayer, componentLayer}
	result := &pullResult{File: o.destination}
	if result.File == "" {
		result.File = path.Base(ref.Repository) + ".wasm"
	}
	pulled, err := oci.New(cfg).Pull(cmd.Context(), ref, o.digest, func(m oci.Pulled, r io.Reader) error {
		if m.LayerType == artifact.ProviderLayer {
			return errProvider
		}
		bar := newProgress(s, m.Size)
		defer bar.finish()
		return result.write(bar.reader(r), policy)
	})
	if err != nil {
		return nil, err
	}
	result.Digest = pulled.Digest
	cli.Notef(s, "pulled and validated %s, signed by %s", pulled.Digest, result.Account)
	return result, nil
}

// write lets the file appear only when r has ended well (its digest is right)
// and the artifact in it is verified.
func (p *pullResult) write(r io.Reader, policy artifact.Policy) (err error) {
	p.Changed, err = fsx.WriteFileIfChanged(p.File, 0o644, func(w io.Writer) error {
		both := io.TeeReader(r, w)
		a, err := readArtifact(both)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, both); err != nil {
			return err
		}
		p.Module, p.Account = a.Subject(), string(a.Issuer())
		return a.Verify(policy)
	})
	return err
}
