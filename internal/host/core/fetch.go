package core

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/ocicache"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// load fetches what ref names and verifies it: nothing unverified is compiled
// or kept in memory. The module is still to be compiled, from the same bytes.
func (h *Host) load(ctx context.Context, ref string) (*code, []byte, error) {
	data, err := h.fetch(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	art, err := artifact.Read(bytes.NewReader(data))
	if err != nil {
		return nil, nil, fmt.Errorf("%s is not an actor: %w", ref, err)
	}
	if art.Kind != artifact.Actor {
		return nil, nil, fmt.Errorf("%s is a %s: this host runs actors that are core modules", ref, art.Kind)
	}
	err = art.Verify(artifact.Policy{Now: h.cfg.Now(), Issuers: h.cfg.Issuers, AllowLegacyHash: h.cfg.AllowLegacyHash})
	if errors.Is(err, artifact.ErrUnsigned) {
		return nil, nil, fmt.Errorf("%s is not signed: sign it first (signer sign)", ref)
	} else if err != nil {
		return nil, nil, fmt.Errorf("%s is refused: %w", ref, err)
	}
	if art.Hash != art.Actor.Metadata.Hash {
		h.log.Warn("the token's hash is not this module's, and is accepted because of the setting", "ref", ref, "actor", art.Subject())
	}
	return &code{ref: ref, digest: art.Digest, art: art}, data, nil
}

// fetch reads what ref names into memory.
func (h *Host) fetch(ctx context.Context, ref string) ([]byte, error) {
	f, err := h.openArtifact(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, ocicache.MaxArtifact+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", ref, err)
	}
	if len(data) > ocicache.MaxArtifact {
		return nil, fmt.Errorf("%s has more than the %d bytes that a host loads", ref, ocicache.MaxArtifact)
	}
	return data, nil
}

// openArtifact opens what ref names, fetching it if need be.
func (h *Host) openArtifact(ctx context.Context, ref string) (*os.File, error) {
	if path, ok := filePath(ref); ok {
		if !h.cfg.AllowFile && !h.uploaded(path) {
			return nil, fmt.Errorf("%s is a file, and this host loads none: allow it by --allow-file-load or WASMCLOUD_ALLOW_FILE_LOAD=true", ref)
		}
		return openFile(path)
	}
	parsed, err := oci.ParseRef(withoutScheme(ref))
	if err != nil {
		return nil, err
	}
	if parsed.Digest == "" && (parsed.Tag == "" || parsed.Tag == "latest") && !h.cfg.OCI.AllowLatest {
		return nil, fmt.Errorf("%s has the tag latest, which names something else tomorrow: "+
			"name a version, or allow it by --allow-latest or WASMCLOUD_OCI_ALLOW_LATEST=true", ref)
	}
	f, a, err := h.cache.Open(ctx, h.registry(parsed.Registry), parsed)
	if err != nil {
		return nil, err
	}
	h.log.Debug("artifact at hand", "ref", ref, "digest", a.Digest, "cached", a.Cached)
	return f, nil
}

// withoutScheme: the Rust host strips http:// and https:// too. They decide
// nothing, a registry is spoken to as the settings say.
func withoutScheme(ref string) string {
	for _, scheme := range []string{"oci://", "https://", "http://"} {
		if rest, ok := strings.CutPrefix(ref, scheme); ok {
			return rest
		}
	}
	return ref
}

// filePath recognises file://PATH and what can only be a path.
func filePath(ref string) (string, bool) {
	if rest, ok := strings.CutPrefix(ref, "file://"); ok {
		if runtime.GOOS == "windows" { // file:///C:/folder/actor.wasm
			rest = strings.TrimPrefix(rest, "/")
		}
		return filepath.FromSlash(rest), true
	}
	for _, start := range []string{"/", "./", "../"} {
		if strings.HasPrefix(ref, start) {
			return ref, true
		}
	}
	return ref, filepath.IsAbs(ref)
}

func openFile(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// registry is the client for one registry, with the credentials of the last
// registries.put if that named it.
func (h *Host) registry(host string) *oci.Client {
	cfg := h.cfg.OCI
	h.mu.Lock()
	defer h.mu.Unlock()
	if cred, ok := h.registries[host]; ok && cred.Username != "" {
		cfg.User, cfg.Password, cfg.LoginName = cred.Username, cred.Password, "registries.put"
	}
	return oci.New(cfg)
}
