package ocipush

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// layoutCommand is for build rules: it writes an OCI image layout, which oras, crane
// and skopeo copy to registries without these tools.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
func layoutCommand(*cli.IO) *cobra.Command {
	var l layout
	cmd := &cobra.Command{
		Use:    "layout",
		Short:  "Write an OCI image layout of one artifact",
		Hidden: true, // a step of a build
		Args:   cobra.NoArgs,
		RunE:   func(cmd *cobra.Command, _ []string) error { return l.write(cmd.Context()) },
	}
	fl := cmd.Flags()
	for name, value := range map[string]*string{"manifest": &l.manifest, "config-file": &l.config, "layer": &l.layer, "out": &l.out} {
		fl.StringVar(value, name, "", "`file`")
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// layout names the files that an image layout is made of.
type layout struct{ manifest, config, layer, out string }

// descriptor is what layouts and manifests say of a blob.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

const manifestType = "application/vnd.oci.image.manifest.v1+json"

func (l *layout) write(ctx context.Context) error {
	body, err := os.ReadFile(l.manifest)
	if err != nil {
		return fmt.Errorf("reading the manifest: %w", err)
	}
	var m struct {
		Config descriptor
		Layers []descriptor
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return fmt.Errorf("the manifest in %s: %w", l.manifest, err)
	}
	if len(m.Layers) != 1 {
		return fmt.Errorf("the manifest in %s has %d layers; an artifact has one", l.manifest, len(m.Layers))
	}
	own := descriptor{manifestType, fmt.Sprintf("sha256:%x", sha256.Sum256(body)), int64(len(body))}
	for file, want := range map[string]descriptor{l.manifest: own, l.config: m.Config, l.layer: m.Layers[0]} {
		if err := l.blob(ctx, file, want); err != nil {
			return err
		}
	}
	index, err := json.Marshal(struct {
		SchemaVersion int          `json:"schemaVersion"`
		MediaType     string       `json:"mediaType"`
		Manifests     []descriptor `json:"manifests"`
	}{2, "application/vnd.oci.image.index.v1+json", []descriptor{own}})
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": string(index)} {
		if err := writeText(filepath.Join(l.out, name), text); err != nil {
			return err
		}
	}
	return nil
}

// blob copies a file to where its digest says, and nothing that has another one:
// whatever was cached, a layout is sound.
func (l *layout) blob(ctx context.Context, file string, want descriptor) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	sum, size := sha256.New(), int64(0)
	return fsx.WriteFile(filepath.Join(l.out, "blobs", "sha256", hexOf(want.Digest)), 0o644, func(w io.Writer) error {
		if size, err = io.Copy(io.MultiWriter(w, sum), fsx.Stoppable(ctx, in)); err != nil {
			return err
		}
		if got := fmt.Sprintf("sha256:%x", sum.Sum(nil)); got != want.Digest || size != want.Size {
			return fmt.Errorf("%s has the digest %s and %d bytes; the manifest says %s and %d", file, got, size, want.Digest, want.Size)
		}
		return nil
	})
}

// hexOf gives a digest's hex digits, for a name. What is no digest gives a name inside
// the folder all the same, and no bytes have that digest.
func hexOf(digest string) string { return filepath.Base(strings.TrimPrefix(digest, "sha256:")) }

func writeText(path, text string) error {
	return fsx.WriteFile(path, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	})
}
