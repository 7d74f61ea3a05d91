package oci

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	mediaTypeManifest       = "application/vnd.oci.image.manifest.v1+json"
	mediaTypeDockerManifest = "application/vnd.docker.distribution.manifest.v2+json"
	mediaTypeIndex          = "application/vnd.oci.image.index.v1+json"
	mediaTypeDockerList     = "application/vnd.docker.distribution.manifest.list.v2+json"
)

// blob is a descriptor inside a manifest.
type blob struct {
	Digest    string `json:"digest"`
	MediaType string `json:"mediaType"`
	Size      int64  `json:"size"`
}

// manifest is what is read of a manifest.
type manifest struct {
	SchemaVersion int               `json:"schemaVersion"`
	MediaType     string            `json:"mediaType"`
	Config        blob              `json:"config"`
	Layers        []blob            `json:"layers"`
	Manifests     []json.RawMessage `json:"manifests"`
	Annotations   map[string]string `json:"annotations"`
}

// encodeManifest writes the manifest byte for byte as wash does: canonical
// JSON (keys sorted, no white space, only " and \ escaped), annotations
// always there, no mediaType member. encoding/json escapes <, > and & or
// U+2028, which would change the digest.
func encodeManifest(config, layer blob, annotations map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(`{"annotations":{`)
	for i, key := range slices.Sorted(maps.Keys(annotations)) {
		if err := checkAnnotation(key, annotations[key]); err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(&b, key)
		b.WriteByte(':')
		writeString(&b, annotations[key])
	}
	b.WriteString(`},"config":`)
	writeBlob(&b, config)
	b.WriteString(`,"layers":[`)
	writeBlob(&b, layer)
	b.WriteString(`],"schemaVersion":2}`)
	if b.Len() > maxManifest {
		return nil, fmt.Errorf("the manifest would have %d bytes, and registries take at most %d: use shorter annotations", b.Len(), maxManifest)
	}
	return b.Bytes(), nil
}

// checkAnnotation refuses what canonical JSON would write as invalid JSON.
func checkAnnotation(key, value string) error {
	if key == "" {
		return fmt.Errorf("an annotation has no name: want name=value")
	}
	for _, s := range []string{key, value} {
		if !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 }) {
			return fmt.Errorf("annotation %q has control characters or is not UTF-8", key)
		}
	}
	return nil
}

func writeBlob(b *bytes.Buffer, d blob) {
	b.WriteString(`{"digest":`)
	writeString(b, d.Digest)
	b.WriteString(`,"mediaType":`)
	writeString(b, d.MediaType)
	b.WriteString(`,"size":`)
	b.WriteString(strconv.FormatInt(d.Size, 10))
	b.WriteByte('}')
}

func writeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	b.WriteString(strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s))
	b.WriteByte('"')
}

// decodeManifest reads a manifest whose digest was checked, and refuses what
// is not one artifact of one layer. wash joins several layers end to end,
// which makes a file that nobody signed.
func decodeManifest(body []byte) (*manifest, error) {
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("the manifest is not valid JSON: %w", err)
	}
	switch {
	case len(m.Manifests) > 0 || m.MediaType != "" && m.MediaType != mediaTypeManifest && m.MediaType != mediaTypeDockerManifest:
		return nil, fmt.Errorf("it is an index or something else than an image manifest (%q); wasmCloud artifacts are single manifests", m.MediaType)
	case m.SchemaVersion != 2:
		return nil, fmt.Errorf("the manifest has schemaVersion %d, want 2", m.SchemaVersion)
	case len(m.Layers) != 1:
		return nil, fmt.Errorf("the manifest has %d layers, and a wasmCloud artifact has exactly one", len(m.Layers))
	case !isDigest(m.Layers[0].Digest):
		return nil, fmt.Errorf("the layer's digest %q is not a sha256 digest", m.Layers[0].Digest)
	case m.Layers[0].Size < 0:
		return nil, fmt.Errorf("the layer's size is %d", m.Layers[0].Size)
	}
	return &m, nil
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
