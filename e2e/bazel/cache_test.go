//go:build bazel

package bazel

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
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

// poisoned is a workspace with a release key, and the remote cache that somebody else may write to.
type poisoned struct {
	*workspace
	t             *testing.T
	seed          *strkey.Seed
	cache         *bazelcache.Cache
	flags         []string
	plain, unlike [2]string // what is signed and packed: as in the repository, and as no other test has it
}

// poison takes the tools that the targets need from the disk, where other tests look for them, too.
func poison(t *testing.T, w *workspace, seed *strkey.Seed, targets ...string) *poisoned {
	w.must("build", targets...)
	p := &poisoned{workspace: w, t: t, seed: seed, cache: warm(t)}
	p.flags = append(releaseFlags(t), "--remote_cache="+p.cache.Serve(t), "--disk_cache=")
	p.plain = [2]string{w.read(spoiltModule), w.read(spoiltBinary)}
	p.unlike = [2]string{p.plain[0] + customSection(unseen()), unseen()}
	t.Cleanup(func() { p.inputs(p.plain) })
	return p
}

const spoiltModule, spoiltBinary = "actor/probe.wasm", "provider/kv_arm"

func (p *poisoned) inputs(texts [2]string) {
	p.write(spoiltModule, texts[0])
	p.write(spoiltBinary, texts[1])
}

// elsewhere makes the next build ask the cache: Bazel knows the state before this one alone, and so
// not this one when other inputs have been built meanwhile.
func (p *poisoned) elsewhere() {
	p.inputs(p.plain)
	p.must("build", append(p.flags, "//actor:signed", "//provider:signed")...)
	p.inputs(p.unlike)
}

// with runs f while the cache lies about a file.
func (p *poisoned) with(file, lie string, f func()) {
	p.t.Helper()
	found := outputOf(p.t, p.cache, file, p.built(file))
	truth, err := p.cache.Get(bazelcache.Action, found.Action)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cache.Poison(found, []byte(lie)); err != nil {
		p.t.Fatal(err)
	}
	p.elsewhere()
	f()
	if err := p.cache.Replace(bazelcache.Action, found.Action, truth); err != nil {
		p.t.Fatal(err)
	}
}

// Who may write to the cache may put anything into it. A release key's token and hash
// are held against each other by an action that no cache answers.
func TestPoisonedCacheIsCaught(t *testing.T) {
	w, seed := release(t)
	p := poison(t, w, seed, "//actor:signed", "//provider:signed")
	build := func(more ...string) error {
		_, err := p.bazel("build", append(append(p.flags, "//actor:signed", "//provider:signed"), more...)...)
		return err
	}
	whole := func() {
		t.Helper()
		p.elsewhere()
		if err := build(); err != nil {
			t.Fatal(err)
		}
	}
	whole()
	other := strings.Repeat("A", 64) + "\n"
	const full, byToken = "--@rules_wasmcloud//rules/settings:verify=full", "--@rules_wasmcloud//rules/settings:verify=token"
	for _, tt := range []struct {
		file string
		lie  func() string
		how  string // of verification
		want string
	}{
		{"actor/actor.hash", func() string { return other }, full, "and that of the module is"},
		{"actor/actor.jwt", p.otherCaps, full, "is not what was to be signed"},
		{"actor/actor.jwt", p.otherCaps, byToken, "is not what was to be signed"},
		{"actor/actor_s.wasm", func() string { return stub }, full, "it holds another token"},
		{"provider/provider.arm-linux.hash", func() string { return other }, full, "its bytes are not those that were signed"},
		{"provider/provider.jwt", p.otherContract, full, "is not what was to be signed"},
		{"provider/provider.jwt", p.otherContract, byToken, "is not what was to be signed"},
		{"provider/provider.par.gz", func() string { return string(p.built("provider/provider.par.gz")[:100]) }, full, "decompressing it"},
	} {
		p.with(tt.file, tt.lie(), func() {
			if err := build(tt.how); err == nil {
				t.Errorf("a lie about %s went through", tt.file)
			} else if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("a lie about %s: want %q in %s", tt.file, tt.want, reason(err))
			}
		})
		whole()
	}
}

// A file that somebody else signed, and well: by default the build does not read it once more. Who
// uses it does.
func TestPoisonedFileIsCaughtByItsUsers(t *testing.T) {
	w, seed := release(t)
	w.write("poisoned/BUILD.bazel", `load("@rules_wasmcloud//rules:testing.bzl", "wasmcloud_actor_test")

wasmcloud_actor_test(
    name = "test",
    size = "small",
    actor = "//actor",
    cases = ["any.txtar"],
)
`)
	w.write("poisoned/any.txtar", "It answers, whatever it is asked.\n-- call Actor.HealthRequest --\n{}\n")
	t.Cleanup(func() { w.write("poisoned/BUILD.bazel", "") })
	p := poison(t, w, seed, "--check_visibility=false", "//poisoned:test", "//actor:push")
	_, address := serve(t)
	p.flags = append(p.flags, "--@rules_wasmcloud//rules/settings:verify=token", "--@rules_wasmcloud//rules/settings:registry="+address, "--check_visibility=false")
	p.elsewhere()
	p.must("build", append(p.flags, "//actor:signed", "//actor:digest")...)
	p.must("test", append(p.flags, "//poisoned:test")...)

	key, theirs := filepath.Join(t.TempDir(), "their.nk"), filepath.Join(t.TempDir(), "their.wasm")
	stranger, err := strkey.Generate(strkey.Account, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte(stranger.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, signer.Command, append([]string{"sign", filepath.Join(p.dir, spoiltModule), "--issuer", key, "--destination", theirs}, probeFlags...)...)
	p.with("actor/actor_s.wasm", read(t, theirs), func() {
		p.must("build", append(p.flags, "//actor:signed", "//actor:digest")...)
		if string(p.built("actor/actor_s.wasm")) != read(t, theirs) {
			t.Fatal("the cache's file is not there: nothing is shown")
		}
		if _, err := p.bazel("run", append(p.flags, "//actor:push")...); err == nil || !strings.Contains(err.Error(), "and the build gave out") {
			t.Errorf("pushed: %v", err)
		}
		if out, err := p.bazel("test", append(p.flags, "//poisoned:test", "--test_output=errors")...); err == nil || !strings.Contains(out.stdout+out.stderr, "issuer") {
			t.Errorf("the test's host ran it: %v\n%s", err, tail(out.stdout+out.stderr))
		}
		_, stderr, code := attempt(t, nil, signer.Command, "verify", filepath.Join(p.dir, "bazel-bin/actor/actor_s.wasm"), "--issuer", string(p.seed.Public()))
		if code != 1 || !strings.Contains(stderr, "issuer") {
			t.Errorf("signer verify: exit %d, %s", code, stderr)
		}
	})
}

func (p *poisoned) otherCaps() string {
	return resigned(p.t, p.workspace, "actor/actor.jwt", p.seed, func(c *claims.Claims[claims.Actor]) { c.Metadata.Caps = append(c.Metadata.Caps, "wasmcloud:messaging") })
}

func (p *poisoned) otherContract() string {
	return resigned(p.t, p.workspace, "provider/provider.jwt", p.seed, func(c *claims.Claims[claims.Provider]) { c.Metadata.CapID = "wasmcloud:messaging" })
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
