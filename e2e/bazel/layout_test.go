//go:build bazel

package bazel

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/layout"
)

// The output group oci_layout is what crane, oras and skopeo copy to a registry, and
// the digest that they push is the one that is built.
func TestImageLayout(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//actor:actor", "//actor:digest", "--output_groups=+oci_layout,+manifest")
	index, err := layout.ImageIndexFromPath(filepath.Join(w.dir, "bazel-bin/actor/actor.oci"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil || len(m.Manifests) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	if want := string(w.built("actor/actor.digest")); m.Manifests[0].Digest.String()+"\n" != want {
		t.Errorf("the layout holds %s, and the digest is %s", m.Manifests[0].Digest, want)
	}
	image, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := image.RawManifest()
	if err != nil || !bytes.Equal(raw, w.built("actor/actor.manifest.json")) {
		t.Errorf("manifest %s, %v", raw, err)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	r, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	file, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(file, w.built("actor/actor_s.wasm")) {
		t.Errorf("the layer has %d bytes, %v", len(file), err)
	}
}
