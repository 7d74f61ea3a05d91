package drain

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

const keyLength = 56

// one clears what is cached of a single provider or reference. It is asked for
// by name while a host runs, so only files in use are spared.
func (s *sweeper) one(l layout, arg string) ([]cleared, error) {
	if len(arg) == keyLength && !strings.ContainsAny(arg, "/:.") {
		key, err := strkey.ParsePublic(arg, strkey.Service)
		if err != nil {
			return nil, cli.Usage("%s is no provider's key (V…): %v; actors are cached by their reference", arg, err)
		}
		return s.only(setLib, l.hostLib(), string(key)), nil
	}
	if !strings.Contains(arg, "/") || strings.ContainsAny(arg, "\\ \t\n\x00") {
		return nil, cli.Usage("%q is no cache, reference or provider key: want %s, a reference like localhost:5000/echo:0.1.0, or a key V…",
			arg, strings.Join(setNames(), ", "))
	}
	done := s.only(setOCI, l.hostOCI(), hostNames(arg)...)
	return append(done, s.onlyOurs(l.ourOCI(), arg)...), nil
}

// hostNames lists the file names under which hosts keep a reference. OTP before
// 0.60 kept its upper case; hosts from 1.4 on write the bytes without a suffix.
func hostNames(ref string) []string {
	flat := strings.NewReplacer(":", "_", "/", "_", ".", "_")
	var names []string
	for _, n := range []string{flat.Replace(strings.ToLower(ref)), flat.Replace(ref)} {
		if len(names) == 0 || names[0] != n+".bin" {
			names = append(names, n+".bin", n+".digest", n)
		}
	}
	return names
}

// only clears the named entries of a folder; entries that are not there are
// passed over. Each entry cleared is reported by its own path.
func (s *sweeper) only(set, dir string, names ...string) []cleared {
	if dir == "" {
		return nil
	}
	root, err := s.open(dir)
	if err != nil {
		s.errs = append(s.errs, err)
	}
	if root == nil {
		return nil
	}
	defer root.Close()
	var done []cleared
	for _, name := range names {
		c := cleared{Set: set, Path: filepath.Join(dir, name)}
		if _, err := root.Lstat(name); err == nil && (s.remove(root, name, &c) || c.Files > 0) {
			done = append(done, c)
		}
	}
	return done
}

// onlyOurs clears a reference from devhost's cache (laid out by
// internal/host/ocicache, which this does not import: it would bring a registry
// client along). Nothing there can be stale, so this only frees its space; bytes
// that another tag names too stay.
func (s *sweeper) onlyOurs(dir, ref string) []cleared {
	tag := filepath.Join("tags", hashName(ref))
	digest, err := os.ReadFile(filepath.Join(dir, tag))
	if dir == "" || err != nil { // no home, or not held
		return nil
	}
	names := []string{tag}
	if manifest, ok := hexDigest(string(digest)); ok && !s.sharedTag(dir, tag, string(digest)) {
		record := filepath.Join("manifests", manifest+".json")
		names = append(names, record)
		if layer, ok := layerOf(filepath.Join(dir, record)); ok {
			names = append(names, filepath.Join("blobs", layer))
		}
	}
	return s.only(setOCI, dir, names...)
}

// sharedTag reports whether another tag names the same manifest.
func (s *sweeper) sharedTag(dir, tag, digest string) bool {
	others, _ := filepath.Glob(filepath.Join(dir, "tags", "*"))
	for _, other := range others {
		text, err := os.ReadFile(other)
		if err == nil && string(text) == digest && other != filepath.Join(dir, tag) {
			return true
		}
	}
	return false
}

// layerOf is the file name of the layer that a manifest's record names.
func layerOf(record string) (name string, ok bool) {
	var r struct {
		Layer string `json:"layer"`
	}
	text, err := os.ReadFile(record)
	if err != nil || json.Unmarshal(text, &r) != nil {
		return "", false
	}
	return hexDigest(r.Layer)
}

// hexDigest is the part of a digest that files are named by; ok is false for
// text that is none, such as a path.
func hexDigest(digest string) (name string, ok bool) {
	name, found := strings.CutPrefix(digest, "sha256:")
	_, err := hex.DecodeString(name)
	return name, found && err == nil
}

func hashName(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return hex.EncodeToString(sum[:])
}
