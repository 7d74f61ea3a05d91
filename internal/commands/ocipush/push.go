package ocipush

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

type pushOptions struct {
	registry    registryFlags
	trust       trustFlags
	config      string
	annotations []string
	jobs        int
	allowLatest bool
	force       bool
	allowDevKey bool
}

// Pushed is the answer of push; url is wash's key and, as wash's, the
// reference as it was typed.
type Pushed struct {
	URL       string `json:"url"`
	Digest    string `json:"digest"`
	Status    string `json:"status"`
	Previous  string `json:"previous,omitempty"`
	Reference string `json:"reference"` // with the digest: what to pull or start
}

func pushCommand(s *cli.IO, words func(*Pushed) string) *cobra.Command {
	var o pushOptions
	cmd := &cobra.Command{
		Use:   "push REFERENCE FILE [REFERENCE FILE]...",
		Short: "Push a signed actor, a provider archive or an interface to a registry",
		Long: `Push a signed actor or a provider archive to a registry and print its digest. The file is verified first: its
signature, that the token belongs to it (to each executable of an archive), and its dates. What the registry has
already is not sent again. The models of an interface, as ` + "`smithy bundle`" + ` packs them, are pushed too; they have no signature.

A tag that names something else is moved on a registry of this machine, and elsewhere only with --force.

Of several, all are verified before the first is pushed, some are pushed at a time, and what two of them share is
sent once. If one fails, no further is begun, and the error says which are not there.`,
		Example: `  ocipush push localhost:5000/echo:0.1.0 build/echo_s.wasm
  ocipush push localhost:5000/kv:0.3.0 build/kv.par.gz
  ocipush push localhost:5000/payments-interface:0.1.0 build/payments.tar
  ocipush push ghcr.io/me/echo:0.1.0 build/echo_s.wasm -a org.opencontainers.image.source=https://github.com/me/echo`,
		Args: pairs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 {
				return o.several(cmd, s, args, words)
			}
			result, err := o.run(cmd, s, args[0], args[1])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, words(result)) })
		},
	}
	o.registry.add(cmd)
	o.trust.add(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&o.config, "config", "c", "", "`file` to push as the config blob (default {})")
	fl.StringArrayVarP(&o.annotations, "annotation", "a", nil, "`name=value` to put into the manifest; may be given more than once")
	fl.IntVar(&o.jobs, "jobs", 4, "`number` of pushes at a time")
	o.addAllowances(cmd)
	return cmd
}

// pairs wants a reference and a file, once or more often.
func pairs(_ *cobra.Command, args []string) error {
	if len(args) == 0 || len(args)%2 != 0 {
		return cli.Usage("want REFERENCE FILE, or several such pairs; got %d arguments", len(args))
	}
	return nil
}

// addAllowances adds the flags that let a push do what it otherwise refuses.
func (o *pushOptions) addAllowances(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.BoolVar(&o.allowLatest, "allow-latest", false, "allow the tag latest")
	fl.BoolVar(&o.force, "force", false, "move a tag that names something else, off this machine too")
	fl.BoolVar(&o.allowDevKey, "allow-dev-key", false, "push what the development key signed, off this machine too")
}

func (o *pushOptions) run(cmd *cobra.Command, s *cli.IO, refText, path string) (*Pushed, error) {
	ref, err := parseRef(s, refText)
	if err != nil {
		return nil, err
	}
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	with, err := o.manifest()
	if err != nil {
		return nil, err
	}
	client, end, err := o.registry.client(s)
	if err != nil {
		return nil, err
	}
	defer end()
	p, _, err := o.prepare(path, policy)
	if err != nil {
		return nil, err
	}
	p.Annotations, p.Config = with.Annotations, with.Config
	bar := newProgress(s, p.Layer.Size())
	p.Progress = bar.report
	done, err := client.Push(cmd.Context(), ref, p)
	bar.finish()
	if err != nil {
		return nil, err
	}
	return told(s, refText, done), nil
}

// manifest reads what the flags put into manifests.
func (o *pushOptions) manifest() (with oci.Push, err error) {
	if with.Annotations, err = parseAnnotations(o.annotations); err == nil && o.config != "" {
		with.Config, err = readConfig(o.config)
	}
	return with, err
}

// several pushes the pairs of the command line.
func (o *pushOptions) several(cmd *cobra.Command, s *cli.IO, args []string, words func(*Pushed) string) error {
	with, err := o.manifest()
	if err != nil {
		return err
	}
	b := Batch{Jobs: o.jobs}
	for i := 0; i < len(args); i += 2 {
		b.Items = append(b.Items, BatchItem{References: args[i : i+1], File: args[i+1], Annotations: with.Annotations, config: with.Config})
	}
	results, err := o.batch(cmd, s, b)
	if err != nil {
		return err
	}
	return printBatch(cmd, s, results, words)
}

// prepare verifies a file and says how it is pushed, and its version if it has one.
func (o *pushOptions) prepare(path string, policy artifact.Policy) (p oci.Push, version string, err error) {
	layer, err := models(path)
	if err != nil {
		return p, "", fmt.Errorf("%s is not pushed: %w", path, err)
	}
	if layer != nil {
		if len(policy.Issuers) > 0 {
			return p, "", cli.Usage("--issuer: %s holds the models of an interface, which nobody signs", path)
		}
		return oci.Push{AllowLatest: o.allowLatest, Force: o.force, Layer: layer, LayerType: artifact.InterfaceLayer, ConfigType: artifact.InterfaceConfig}, "", nil
	}
	a, err := verified(path, policy)
	if err != nil {
		return p, "", err
	}
	return o.push(path, a), a.Version(), nil
}

// models gives the layer of a bundle of models, or nil if path is none or not there.
func models(path string) (oci.Source, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil // what verified says of it will do
	}
	defer f.Close()
	start := make([]byte, bundle.StartSize)
	if _, err := io.ReadFull(f, start); err != nil || !bundle.Is(start) {
		return nil, nil
	}
	if _, err := bundle.Read(io.MultiReader(bytes.NewReader(start), f)); err != nil {
		return nil, err
	}
	return oci.HashFile(path)
}

// push is the push of a verified file, within what the flags allow.
func (o *pushOptions) push(path string, a *artifact.Artifact) oci.Push {
	p := oci.Push{
		AllowLatest: o.allowLatest, Force: o.force, LoopbackOnly: strkey.IsDevelopment(a.Issuer()) && !o.allowDevKey,
		Layer: oci.FileSource(path, a.Digest, a.Size),
	}
	p.LayerType, p.ConfigType = a.MediaTypes()
	return p
}

// told says on standard error what became of a push, and gives its result.
func told(s *cli.IO, url string, done oci.Pushed) *Pushed {
	status := done.Status
	if done.Previous != "" {
		status += " (was " + done.Previous + ")"
	}
	cli.Notef(s, "%s %s", done.Ref, status)
	return &Pushed{URL: url, Digest: done.Digest, Status: done.Status, Previous: done.Previous, Reference: done.Ref + "@" + done.Digest}
}

// verified reads the file once: what it is, its digest, and whether its
// signature holds. wash looks only whether a token is there.
func verified(path string, policy artifact.Policy) (*artifact.Artifact, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("opening the file to push: there is no file %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("opening the file to push: %w", err)
	}
	defer f.Close()
	a, err := readArtifact(f)
	if err == nil {
		err = a.Verify(policy)
	}
	if errors.Is(err, artifact.ErrUnsigned) {
		err = fmt.Errorf("%w: sign it first, with `signer sign`", err) // archives can't be without a token
	}
	if err != nil {
		return nil, fmt.Errorf("%s is not pushed: %w", path, err)
	}
	return a, nil
}

var wasmMagic = []byte("\x00asm")

// readArtifact goes by content, as wash does; names say nothing.
func readArtifact(r io.Reader) (*artifact.Artifact, error) {
	head := make([]byte, par.StartSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if err := checkKind(head[:n]); err != nil {
		return nil, err
	}
	// A file is handed on as one: it is hashed once, where a stream is hashed twice.
	if file, ok := r.(io.ReadSeeker); ok {
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return artifact.Read(file)
	}
	return artifact.Read(io.MultiReader(bytes.NewReader(head[:n]), r))
}

func checkKind(head []byte) error {
	switch {
	case bytes.HasPrefix(head, wasmMagic), par.IsArchive(head):
		return nil
	}
	return errors.New("Unsupported artifact type: want a signed WebAssembly module or component, or a provider archive") //nolint:staticcheck // wash's words
}

func parseAnnotations(list []string) (map[string]string, error) {
	out := map[string]string{}
	for _, a := range list {
		name, value, ok := strings.Cut(a, "=")
		if !ok || name == "" {
			return nil, cli.Usage("--annotation %q: want name=value", a)
		}
		if _, twice := out[name]; twice {
			return nil, cli.Usage("--annotation %q is given twice", name)
		}
		out[name] = value
	}
	return out, nil
}

// readConfig keeps the config in memory, so it may not be large.
func readConfig(path string) ([]byte, error) {
	const most = 4 << 20
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening the config: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the config: %w", err)
	case len(b) > most:
		return nil, fmt.Errorf("the config %s has more than 4 MiB", path)
	case len(b) == 0:
		return nil, fmt.Errorf("the config %s is empty: leave --config out for {}", path)
	}
	return b, nil
}
