//go:build bazel

package bazel

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/bazelcache"
)

// release makes an account in the home's folder of keys, and a workspace that signs
// with it.
func release(t *testing.T) (*workspace, *strkey.Seed) {
	t.Helper()
	w := open(t, "rules")
	seed, err := strkey.Generate(strkey.Account, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(home, ".wash", "keys")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	// Those of runs that were killed.
	if left, err := filepath.Glob(filepath.Join(folder, "e2e_*_account.nk")); err == nil {
		for _, file := range left {
			os.Remove(file)
		}
	}
	// Actions have no HOME: the key must lie where the user's account says.
	file := filepath.Join(folder, "e2e_"+string(seed.Public())[1:9]+"_account.nk")
	if err := os.WriteFile(file, []byte(seed.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(file) })
	w.write("keys/BUILD.bazel", `load("@rules_wasmcloud//rules:keys.bzl", "wasmcloud_keys")

wasmcloud_keys(
    name = "release",
    account = "`+string(seed.Public())+`",
    visibility = ["//visibility:public"],
)

# Another action, of whatever dependency.
genrule(
    name = "spy",
    outs = ["spy.txt"],
    cmd = "cat `+file+` > $@ 2>/dev/null || echo hidden > $@",
)
`)
	return w, seed
}

func releaseFlags(t *testing.T) []string {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	return []string{"--@rules_wasmcloud//rules/settings:keys=//keys:release", "--@rules_wasmcloud//rules/settings:deny_development_key",
		"--@rules_wasmcloud//rules/settings:verify=full", "--strategy=WasmcloudSign=local", "--sandbox_block_path=" + filepath.Join(home, ".wash")}
}

func TestSeedLeavesNoTrace(t *testing.T) {
	w, seed := release(t)
	cache, err := bazelcache.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	targets := []string{"//actor:signed", "//actor:digest", "//provider:signed", "//provider:digest"}
	// Tools that an earlier build left in a cache which is not asked below.
	w.must("build", append(targets, "--remote_download_outputs=all")...)
	flags := append(releaseFlags(t), "--remote_cache="+cache.Serve(t), "--disk_cache=", "--remote_upload_local_results")
	out := w.must("build", append(append(flags, targets...), "//keys:spy")...)
	if !slices.Contains(out.ours(), "Sign") {
		t.Fatalf("nothing was signed: %q", out.ours())
	}
	if got := strings.TrimSpace(string(w.built("keys/spy.txt"))); got != "hidden" {
		t.Errorf("another action reads the keys: %d bytes", len(got))
	}
	for _, file := range []string{"actor/actor.jwt", "provider/provider.jwt"} {
		if token := string(w.built(file)); strings.Count(token, ".") != 2 {
			t.Errorf("no token: %s", token)
		}
	}
	text, err := bazelcache.NewSecret("seed", []byte(seed.Reveal()))
	if err != nil {
		t.Fatal(err)
	}
	query := filepath.Join(t.TempDir(), "aquery")
	if err := os.WriteFile(query, []byte(w.must("aquery", append(releaseFlags(t), "deps(//actor:all) + deps(//provider:all)")...).stdout), 0o644); err != nil {
		t.Fatal(err)
	}
	// What is not looked at holds no seed either: the cache has the tokens, and their account is found in it.
	for _, token := range []string{"actor/actor.jwt", "provider/provider.jwt"} {
		outputOf(t, cache, token, w.built(token))
	}
	account, err := bazelcache.NewSecret("account", []byte(seed.Public()))
	if err != nil {
		t.Fatal(err)
	}
	if found, err := cache.Search(account); err != nil || len(found) == 0 {
		t.Errorf("the account is not found in the cache: %v", err)
	}
	for _, place := range []string{query, out.log} {
		if !strings.Contains(read(t, place), "WasmcloudSign") {
			t.Errorf("%s says nothing of the signing", place)
		}
	}
	found, err := cache.Search(text)
	if err != nil {
		t.Fatal(err)
	}
	bin, err := filepath.EvalSymlinks(filepath.Join(w.dir, "bazel-bin"))
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range []string{query, out.events, out.log, filepath.Join(bin, "actor"), filepath.Join(bin, "provider"), filepath.Join(bin, "keys")} {
		more, err := bazelcache.SearchFiles(place, text)
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, more...)
	}
	for _, f := range found {
		t.Errorf("the seed (%s) is in %s", f.Form, f.File)
	}
}

func TestReleaseSigningStaysHere(t *testing.T) {
	w, _ := release(t)
	for target, file := range map[string]string{"//actor:actor": "probe.wasm", "//provider:provider": "kv_arm"} {
		text := w.must("aquery", append(releaseFlags(t), "--output=text", `mnemonic("WasmcloudSign", `+target+`)`)...).stdout
		for _, want := range []string{"no-remote-exec", "block-network"} {
			if !strings.Contains(text, want) {
				t.Errorf("the signing action lacks %s:\n%s", want, text)
			}
		}
		if strings.Contains(text, ".nk") || strings.Contains(text, file) {
			t.Errorf("the signing action knows too much:\n%s", text)
		}
		text = w.must("aquery", append(releaseFlags(t), "--output=text", `mnemonic("WasmcloudVerify", `+target+`)`)...).stdout
		for _, want := range []string{"no-cache", "no-remote-exec"} {
			if !strings.Contains(text, want) {
				t.Errorf("the verdict may come from a cache, it lacks %s:\n%s", want, text)
			}
		}
	}
}

func TestMissingKeyIsNamed(t *testing.T) {
	w, _ := release(t)
	const stranger = "ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU"
	w.write("keys/BUILD.bazel", `load("@rules_wasmcloud//rules:keys.bzl", "wasmcloud_keys")
wasmcloud_keys(name = "release", account = "`+stranger+`", visibility = ["//visibility:public"])
`)
	_, err := w.bazel("build", append(releaseFlags(t), "//actor:signed")...)
	if err == nil || !strings.Contains(err.Error(), "no seed of the account "+stranger) {
		t.Errorf("got %v", err)
	}
}
