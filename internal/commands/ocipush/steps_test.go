package ocipush

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ggcr "github.com/google/go-containerregistry/pkg/v1/layout"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// step runs a hidden command of build rules.
func step(t *testing.T, args ...string) (stderr string, code int) {
	t.Helper()
	system := cli.System()
	var out, errs bytes.Buffer
	system.Out, system.Err = &out, &errs
	code = cli.Main(t.Context(), system, args, Command)
	return errs.String(), code
}

func file(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// The three bytes abc, as signing describes them.
const abc = `{"mediaType":"application/vnd.module.wasm.content.layer.v1+wasm","configType":"application/vnd.wasmcloud.actor.archive.config",` +
	`"digest":"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","size":3}`

// made writes manifest, config and digest of abc with annotations.
func made(t *testing.T, dir, annotations string) (stderr string, code int) {
	t.Helper()
	return step(t, "manifest", "--descriptor", file(t, dir, "layer.json", abc), "--annotations", file(t, dir, "annotations.json", annotations),
		"--manifest", filepath.Join(dir, "manifest.json"), "--config-out", filepath.Join(dir, "config.json"), "--digest", filepath.Join(dir, "digest"))
}

func TestManifestTakesAnnotations(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]string{`{}`: `"annotations":{}`, `{"b":"{x}","a":"& <"}`: `"annotations":{"a":"& <","b":"{x}"}`} {
		errs, code := made(t, dir, text)
		body, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
		if code != 0 || err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: exit %d, %s, %s, %v", text, code, errs, body, err)
		}
	}
	for text, want := range map[string]string{`[]`: "the annotations in", `{"a":1}`: "the annotations in", `{"":"x"}`: "has no name"} {
		if errs, code := made(t, dir, text); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s", text, code, errs)
		}
	}
}

// What is written is read back by somebody else's library, which knows of layouts
// what crane does.
func TestLayoutIsAnImageLayout(t *testing.T) {
	dir := t.TempDir()
	if errs, code := made(t, dir, "{}"); code != 0 {
		t.Fatal(errs)
	}
	args := func(layer, out string) []string {
		return []string{"layout", "--manifest", filepath.Join(dir, "manifest.json"), "--config-file", filepath.Join(dir, "config.json"),
			"--layer", file(t, dir, "layer", layer), "--out", filepath.Join(dir, out)}
	}
	for _, out := range []string{"oci", "again"} {
		if errs, code := step(t, args("abc", out)...); code != 0 {
			t.Fatal(errs)
		}
	}
	if one, two := tree(t, filepath.Join(dir, "oci")), tree(t, filepath.Join(dir, "again")); one != two || strings.Count(one, "\n") != 5 {
		t.Errorf("files, then others:\n%s\n%s", one, two)
	}
	index, err := ggcr.ImageIndexFromPath(filepath.Join(dir, "oci"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil || len(m.Manifests) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	digest, err := os.ReadFile(filepath.Join(dir, "digest"))
	if err != nil || m.Manifests[0].Digest.String()+"\n" != string(digest) {
		t.Errorf("the layout holds %s, and the digest is %s, %v", m.Manifests[0].Digest, digest, err)
	}
	image, err := index.Image(m.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("%d layers, %v", len(layers), err)
	}
	if size, err := layers[0].Size(); err != nil || size != 3 {
		t.Errorf("a layer of %d bytes, %v", size, err)
	}
	if config, err := image.RawConfigFile(); err != nil || string(config) != "{}" {
		t.Errorf("config %s, %v", config, err)
	}
}

// A cache may hand a layer to the action that is not the manifest's.
func TestLayoutRefusesOtherBytes(t *testing.T) {
	for name, tt := range map[string]struct{ manifest, layer, want string }{
		"other bytes":     {"", "abd", "the manifest says sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad and 3"},
		"fewer bytes":     {"", "ab", "and 2 bytes; the manifest says"},
		"no layer":        {`{"layers":[]}`, "abc", "has 0 layers; an artifact has one"},
		"no JSON":         {`{`, "abc", "the manifest in"},
		"a digest's path": {`{"config":{"digest":"sha256:../../../x","size":2},"layers":[{}]}`, "abc", "the manifest says"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if errs, code := made(t, dir, "{}"); code != 0 {
				t.Fatal(errs)
			}
			if tt.manifest != "" {
				file(t, dir, "manifest.json", tt.manifest)
			}
			errs, code := step(t, "layout", "--manifest", filepath.Join(dir, "manifest.json"), "--config-file", filepath.Join(dir, "config.json"),
				"--layer", file(t, dir, "layer", tt.layer), "--out", filepath.Join(dir, "a/b/oci"))
			if code != 1 || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d, %s", code, errs)
			}
			if text := tree(t, dir); strings.Contains(text, "index.json") || strings.Contains(text, "/x ") {
				t.Errorf("left behind:\n%s", text)
			}
		})
	}
}

// tree lists files with their content.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		lines = append(lines, strings.TrimPrefix(path, dir)+" "+string(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
