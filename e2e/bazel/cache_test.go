//go:build bazel

package bazel

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/bazelcache"
)

// warm gives a remote cache that is kept between runs, and holds what other tests have
// compiled: filling it takes as long as compiling the tools.
func warm(t *testing.T) *bazelcache.Cache {
	t.Helper()
	cache, err := bazelcache.New(filepath.Join(cacheDir(t), "remote-cache"))
	if err == nil {
		err = cache.Adopt(filepath.Join(cacheDir(t), "disk"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

// customSection is a section "x" of a module, with a short text.
func customSection(text string) string { return "\x00" + string(rune(2+len(text))) + "\x01x" + text }

// A second machine, as far as Bazel can tell: nothing of the first build is left here.
func TestWarmCacheAnswersAllOurActions(t *testing.T) {
	w := open(t, "rules")
	cache := warm(t)
	for _, file := range []string{"actor/BUILD.bazel", "provider/BUILD.bazel"} {
		w.edit(file, `version = "0.1.0"`, `version = "`+unseen()+`"`)
	}
	flags := []string{"--remote_cache=" + cache.Serve(t), "--disk_cache="}
	targets := []string{"//actor:signed", "//actor:digest", "//provider:signed", "//provider:digest"}
	w.must("clean")
	w.must("build", append(flags, targets...)...)
	w.must("clean")
	cache.Reset()
	out := w.must("build", append(append(flags, "--remote_download_minimal"), targets...)...)
	ours := 0
	for _, s := range out.spawns {
		if !strings.HasPrefix(s.Mnemonic, "Wasmcloud") {
			continue
		}
		ours++
		// A verdict is never taken from a cache.
		if want := s.Mnemonic != "WasmcloudVerify"; s.CacheHit != want {
			t.Errorf("%s: cache hit is %v", s.Mnemonic, s.CacheHit)
		}
	}
	if ours != 5+6 { // a provider has a hash for each of its two executables
		t.Errorf("%d actions of ours: %q", ours, out.ours())
	}
	outputs, err := cache.Outputs("")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, f := range []string{"_s.wasm", ".par.gz", ".hash", ".arm-linux.hash", ".x86_64-linux.hash", ".jwt", ".layer.json", ".manifest.json", ".config.json", ".digest", ".verified"} {
		names["actor"+f], names["provider"+f] = true, true
	}
	artifacts := map[string]string{} // digest to path
	for _, o := range outputs {
		if names[filepath.Base(o.Path)] {
			artifacts[o.Digest] = o.Path
		}
	}
	moved := int64(0)
	for _, r := range cache.Log() {
		if path, is := artifacts[r.Key]; is && r.Method == http.MethodGet && r.Hit() {
			t.Logf("downloaded %s, %d bytes", path, r.Bytes)
			moved += r.Bytes
		}
	}
	if len(artifacts) < 14 || moved > 8<<10 { // the config is the same for both
		t.Errorf("%d bytes of %d files were downloaded for an unchanged actor and provider", moved, len(artifacts))
	}
}

// Who may write to the cache may put anything into it. A release key's token and hash
// are held against each other by an action that no cache answers.
func TestPoisonedCacheIsCaught(t *testing.T) {
	w, seed := release(t)
	cache := warm(t)
	// Entries that no other test has: these are spoilt.
	const module, arm = "actor/probe.wasm", "provider/kv_arm"
	plain := [2]string{read(t, filepath.Join(w.dir, module)), read(t, filepath.Join(w.dir, arm))}
	own := [2]string{plain[0] + customSection(unseen()), unseen()}
	inputs := func(texts [2]string) {
		w.write(module, texts[0])
		w.write(arm, texts[1])
	}
	t.Cleanup(func() { inputs(plain) })
	flags := append(releaseFlags(t), "--remote_cache="+cache.Serve(t), "--disk_cache=", "//actor:signed", "//provider:signed")
	// Bazel knows the state before this one alone, so it asks the cache when other inputs have been built meanwhile.
	elsewhere := func() {
		inputs(plain)
		w.must("build", flags...)
		inputs(own)
	}
	elsewhere()
	w.must("build", flags...)
	other := strings.Repeat("A", 64) + "\n"
	for _, tt := range []struct {
		suffix string
		lie    func() string
	}{
		{"actor/actor.hash", func() string { return other }},
		{"actor/actor.jwt", func() string {
			return resigned(t, w, "actor/actor.jwt", seed, func(c *claims.Claims[claims.Actor]) { c.Metadata.Caps = append(c.Metadata.Caps, "wasmcloud:messaging") })
		}},
		{"actor/actor_s.wasm", func() string { return stub }},
		{"provider/provider.arm-linux.hash", func() string { return other }},
		{"provider/provider.jwt", func() string {
			return resigned(t, w, "provider/provider.jwt", seed, func(c *claims.Claims[claims.Provider]) { c.Metadata.CapID = "wasmcloud:messaging" })
		}},
		{"provider/provider.par.gz", func() string { return string(w.built("provider/provider.par.gz")[:100]) }},
	} {
		found := outputOf(t, cache, tt.suffix, w.built(tt.suffix))
		truth, err := cache.Get(bazelcache.Action, found.Action)
		if err != nil {
			t.Fatal(err)
		}
		if err := cache.Poison(found, []byte(tt.lie())); err != nil {
			t.Fatal(err)
		}
		elsewhere()
		_, buildErr := w.bazel("build", flags...)
		if err := buildErr; err == nil {
			t.Errorf("a lie about %s went through", tt.suffix)
		} else {
			t.Logf("%s: %s", tt.suffix, reason(err))
		}
		if err := cache.Replace(bazelcache.Action, found.Action, truth); err != nil {
			t.Fatal(err)
		}
		elsewhere()
		w.must("build", flags...)
	}
}

// outputOf finds an action's output by name and content.
func outputOf(t *testing.T, cache *bazelcache.Cache, suffix string, content []byte) bazelcache.Output {
	t.Helper()
	found, err := cache.Outputs(suffix)
	if err != nil {
		t.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(content))
	for _, o := range found {
		if o.Digest == digest {
			return o
		}
	}
	t.Fatalf("the cache has no output %s with digest %s", suffix, digest)
	return bazelcache.Output{}
}

// resigned gives a token by the same account that claims something else.
func resigned[M any](t *testing.T, w *workspace, file string, seed *strkey.Seed, change func(*claims.Claims[M])) string {
	t.Helper()
	c, err := claims.Parse[M](strings.TrimSpace(string(w.built(file))))
	if err != nil {
		t.Fatal(err)
	}
	change(c)
	c.ID = ""
	token, err := claims.Sign(*c, seed)
	if err != nil {
		t.Fatal(err)
	}
	return token + "\n"
}

// reason is the line in which one of our tools says what is wrong.
func reason(err error) string {
	for line := range strings.Lines(err.Error()) {
		if strings.HasPrefix(line, "signer: ") || strings.HasPrefix(line, "parpack: ") || strings.Contains(line, ": error: ") {
			return strings.TrimSpace(line)
		}
	}
	return tail(err.Error())
}
