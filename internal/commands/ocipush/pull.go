package ocipush

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
)

// Layers that are accepted beside those that push writes: the type of old
// pushes by other tools, and that of later wash versions.
const (
	tarLayer       = "application/vnd.oci.image.layer.v1.tar"
	componentLayer = "application/wasm"
)

// accepted are the types of the layers that are pulled.
func accepted() []string {
	return []string{artifact.ModuleLayer, artifact.ProviderLayer, artifact.InterfaceLayer, tarLayer, componentLayer}
}

type pullOptions struct {
	registry    registryFlags
	trust       trustFlags
	destination string
	digest      string
	allowLatest bool
}

// Pulled is the answer of pull; file is wash's key.
type Pulled struct {
	File    string `json:"file"`
	Digest  string `json:"digest"`
	Module  string `json:"module"`            // the key of an actor, "" of a provider
	Service string `json:"service,omitempty"` // the key of a provider
	Account string `json:"account"`
	Kind    string `json:"kind"`
	Changed bool   `json:"changed"` // false: the file had these bytes already
}

func pullCommand(s *cli.IO, words func(*Pulled) string) *cobra.Command {
	var o pullOptions
	cmd := &cobra.Command{
		Use:   "pull REFERENCE",
		Short: "Pull a signed actor, a provider archive or an interface from a registry",
		Long: `Pull a signed actor or a provider archive from a registry and print the file's name. The file appears, or is replaced, only after
the digests and the signature were verified. The models of an interface (.tar) have no signature.`,
		Example: `  ocipush pull localhost:5000/echo:0.1.0
  ocipush pull ghcr.io/me/echo:0.1.0 --digest sha256:… --issuer A… --destination build/echo_s.wasm`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := o.run(cmd, s, args[0])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, words(result)) })
		},
	}
	o.registry.add(cmd)
	o.trust.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&o.destination, "destination", "", "`file` to write (default the repository's last word with .wasm, .par.gz or .tar)")
	fl.StringVarP(&o.digest, "digest", "d", "", "`digest` that the manifest must have; sha256: may be left out")
	fl.BoolVar(&o.allowLatest, "allow-latest", false, "allow the tag latest, named or implied")
	return cmd
}

func (o *pullOptions) run(cmd *cobra.Command, s *cli.IO, refText string) (*Pulled, error) {
	ref, err := parseRef(s, refText)
	if err != nil {
		return nil, err
	}
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	client, end, err := o.registry.client(s, func(c *oci.Config) { c.AllowLatest, c.Accept = o.allowLatest, accepted() })
	if err != nil {
		return nil, err
	}
	defer end()
	result := &Pulled{File: o.destination}
	pulled, err := client.Pull(cmd.Context(), ref, o.digest, func(m oci.Pulled, r io.Reader) error {
		bar := newProgress(s, m.Size)
		defer bar.finish()
		return result.receive(bar.reader(r), path.Base(ref.Repository), m.LayerType, policy)
	})
	if err != nil {
		return nil, err
	}
	result.Digest = pulled.Digest
	if result.Kind == kindInterface {
		cli.Notef(s, "pulled %s, the models of an interface, which nobody signs", pulled.Digest)
		return result, nil
	}
	cli.Notef(s, "pulled and validated %s, signed by %s", pulled.Digest, result.Account)
	return result, nil
}

// receive gives the file its name, unless it has one, by what its content is.
func (p *Pulled) receive(r io.Reader, stem, layerType string, policy artifact.Policy) error {
	if layerType == artifact.InterfaceLayer {
		return p.receiveModels(r, stem, policy)
	}
	in := bufio.NewReader(r)
	start, err := in.Peek(par.StartSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	extension, provider := ".wasm", par.IsArchive(start)
	if provider {
		extension = ".par.gz"
	}
	if p.File == "" {
		p.File = stem + extension
	}
	if err := fits(layerType, provider); err != nil {
		return err
	}
	return p.write(in, policy)
}

// fits holds the content against what the manifest says, by which hosts go.
func fits(layerType string, provider bool) error {
	switch {
	case provider && (layerType == artifact.ModuleLayer || layerType == componentLayer):
		return fmt.Errorf("the manifest says that it is WebAssembly (%s), and it is a provider archive: push it again by `ocipush push`", layerType)
	case !provider && layerType == artifact.ProviderLayer:
		return fmt.Errorf("the manifest says that it is a provider archive (%s), and it is none: push it again by `ocipush push`", layerType)
	}
	return nil
}

const kindInterface = "interface"

func (p *Pulled) receiveModels(r io.Reader, stem string, policy artifact.Policy) (err error) {
	if len(policy.Issuers) > 0 {
		return errors.New("it is the models of an interface, which nobody signs: name them by --digest in place of --issuer")
	}
	p.File, p.Kind = cmp.Or(p.File, stem+".tar"), kindInterface
	p.Changed, err = fsx.WriteFileIfChanged(p.File, 0o644, func(w io.Writer) error {
		both := io.TeeReader(r, w)
		if _, err := bundle.Read(both); err != nil {
			return err
		}
		_, err := io.Copy(io.Discard, both)
		return err
	})
	return err
}

// write lets the file appear only when r has ended well (its digest is right)
// and the artifact in it is verified.
func (p *Pulled) write(r io.Reader, policy artifact.Policy) (err error) {
	p.Changed, err = fsx.WriteFileIfChanged(p.File, 0o644, func(w io.Writer) error {
		both := io.TeeReader(r, w)
		a, err := readArtifact(both)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, both); err != nil {
			return err
		}
		p.Kind, p.Account = string(a.Kind), string(a.Issuer())
		if a.Kind == artifact.Provider {
			p.Service = a.Subject()
		} else {
			p.Module = a.Subject()
		}
		return a.Verify(policy)
	})
	return err
}
