//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/spf13/cobra"
)

// tool runs one of our tools as Make would, with no environment.
func tool(t *testing.T, command func(*cli.IO) *cobra.Command, args ...string) string {
	t.Helper()
	stdout, stderr, code := attempt(t, nil, command, args...)
	if code != 0 {
		t.Fatalf("%q: %s%s", args, stdout, stderr)
	}
	return stdout
}

// attempt runs one of our tools in this process, with an environment of its own.
func attempt(t *testing.T, env map[string]string, command func(*cli.IO) *cobra.Command, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(name string) string { return env[name] }, Now: time.Now}
	code = cli.Main(t.Context(), s, args, command)
	return out.String(), errs.String(), code
}

// pack makes the archive of //provider:provider as Make would.
func pack(t *testing.T, w *workspace, more ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "kv.par.gz")
	tool(t, parpack.Command, append([]string{"create", "--name", "kv", "--capid", "wasmcloud:keyvalue", "--vendor", "Acme", "--version", "0.1.0", "--revision", "3",
		"--expires-at", "2127-01-31", "--schema", filepath.Join(w.dir, "provider/schema.json"), "--bin", "arm-linux=" + filepath.Join(w.dir, "provider/kv_arm"),
		"--bin", "x86_64-linux=" + filepath.Join(w.dir, "provider/kv_x86"), "--destination", out}, more...)...)
	return []byte(read(t, out))
}

func TestArchiveIsThatOfParpack(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//provider:signed", "//provider:twin", "//provider:digest", "//provider:provider", "--output_groups=+oci_layout")
	want := pack(t, w)
	for _, file := range []string{"provider/provider.par.gz", "provider/twin.par.gz"} {
		if !bytes.Equal(w.built(file), want) {
			t.Errorf("%s differs from what parpack makes", file)
		}
	}
	layer, err := os.ReadDir(filepath.Join(w.dir, "bazel-bin/provider/provider.oci/blobs/sha256"))
	if err != nil || len(layer) != 3 {
		t.Errorf("the layout has %d blobs, %v", len(layer), err)
	}
	_, address := serve(t)
	flag := "--@rules_wasmcloud//rules/settings:registry=" + address
	pushed := w.must("run", flag, "//provider:push")
	if pushed.stdout != string(w.built("provider/provider.digest")) || !strings.Contains(pushed.stderr, "/kv:0.1.0 pushed") {
		t.Errorf("printed %q, and the build says %s\n%s", pushed.stdout, w.built("provider/provider.digest"), tail(pushed.stderr))
	}
	if out := w.must("run", "//provider:inspect"); !strings.Contains(out.stdout, "wasmcloud:keyvalue") {
		t.Errorf("inspect: %s", out.stdout)
	}
}

// One executable is changed, one claim: nothing else is hashed, and nothing is read by
// the action that has the key.
func TestAChangedExecutable(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//provider:signed", "//provider:digest")
	w.edit("provider/kv_arm", "arm", unseen())
	out := w.must("build", "//provider:signed", "//provider:digest")
	if got := out.ours(); !slices.Equal(got, []string{"Hash", "Manifest", "Pack", "Sign", "Verify"}) {
		t.Errorf("a changed executable ran %q", got)
	}
	for _, s := range out.spawns {
		if size := s.read(t); s.Mnemonic == "WasmcloudSign" && size >= 4096 {
			t.Errorf("%s read %d bytes besides its tool", s.Mnemonic, size)
		}
		if s.Runner != "linux-sandbox" || len(s.EnvironmentVariables) > 0 {
			t.Errorf("%s ran in %q with the environment %v", s.Mnemonic, s.Runner, s.EnvironmentVariables)
		}
	}
	w.edit("provider/BUILD.bazel", `version = "0.1.0"`, `version = "`+unseen()+`"`)
	if got := w.must("build", "//provider:signed").ours(); !slices.Equal(got, []string{"Pack", "Sign", "Verify"}) {
		t.Errorf("a changed claim ran %q", got)
	}
}

// The key modes of a provider: a folder of keys, a token that was signed elsewhere, and
// a key of the push.
func TestProviderKeys(t *testing.T) {
	w, seed := release(t)
	w.must("build", append(releaseFlags(t), "//provider:provider", "--output_groups=+signing_request")...)
	key := filepath.Join(t.TempDir(), "release_account.nk")
	if err := os.WriteFile(key, []byte(seed.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	want := pack(t, w, "--issuer", key)
	if !bytes.Equal(w.built("provider/provider.par.gz"), want) {
		t.Error("with a folder of keys: other bytes")
	}

	request := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(request, w.built("provider/provider.request.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	w.write("provider/release.jwt", tool(t, signer.Command, "sign-request", request, "--issuer", key))
	t.Cleanup(func() { os.Remove(filepath.Join(w.dir, "provider/release.jwt")) })
	w.edit("provider/BUILD.bazel", `capid = "wasmcloud:keyvalue",`, `capid = "wasmcloud:keyvalue", jwt = "release.jwt",`)
	out := w.must("build", append(releaseFlags(t), "//provider:provider")...)
	if slices.Contains(out.ours(), "Sign") || !bytes.Equal(w.built("provider/provider.par.gz"), want) {
		t.Errorf("with a token signed elsewhere: ran %q, or other bytes", out.ours())
	}
	w.edit("provider/kv_arm", "arm", "other")
	_, err := w.bazel("build", append(releaseFlags(t), "//provider:provider")...)
	if err == nil || !strings.Contains(err.Error(), "was signed for something else:\n  hashes of the executables: wanted") {
		t.Errorf("a token for another executable: %v", err)
	}
	w.edit("provider/kv_arm", "other", "arm")

	_, address := serve(t)
	w.env = []string{"WASH_ISSUER_KEY=" + seed.Reveal()}
	w.must("run", "//provider:twin.push", "--", "--sign", "--issuer", string(seed.Public()), "--reference", address+"/kv:1")
	pulled := filepath.Join(t.TempDir(), "pulled.par.gz")
	tool(t, ocipush.Command, "pull", address+"/kv:1", "--destination", pulled)
	if a, err := artifact.Read(strings.NewReader(read(t, pulled))); err != nil || a.Issuer() != seed.Public() {
		t.Errorf("signed at the push by %v, %v", a, err)
	}
}

// Providers are tested as a host runs them; one that is broken fails.
func TestProviderTests(t *testing.T) {
	w := example(t)
	w.must("test", "//provider/...")
	t.Run("twin", func(t *testing.T) { providerTwin(t, w) })
	w.edit("provider/main.go", `"Clock.Now"`, `"Clock.Then"`)
	out, err := w.bazel("test", "//provider:provider_test", "--test_output=all")
	if err == nil || !strings.Contains(out.stdout+out.stderr, "now") {
		t.Errorf("a provider without the operation: %v\n%s", err, tail(out.stdout+out.stderr))
	}
}

// providerTwin: Make packs the same executable into the same bytes, with the same digest.
func providerTwin(t *testing.T, w *workspace) {
	w = &workspace{t: t, dir: w.dir}
	w.must("build", "//provider:signed", "//provider:unsigned", "//provider:digest")
	unsigned := strings.TrimSpace(w.must("cquery", "--output=files", "//provider:unsigned").stdout)
	w.write("make/packed/clock", read(t, filepath.Join(w.dir, unsigned)))
	w.write("make/packed/Makefile", `PROJECT = clock
CAPABILITY_ID = example:clock
VENDOR = Example
VERSION = 0.1.0
BIN = clock
include `+repository(t)+"/rules/make/provider.mk\n")
	_, address := serve(t)
	out := w.make("packed", "push", "oci_url="+address+"/clock:0.1.0")
	if !bytes.Equal([]byte(read(t, filepath.Join(w.dir, "make/packed/build/clock.par.gz"))), w.built("provider/provider.par.gz")) {
		t.Error("Make packs the same executable otherwise")
	}
	if digest := strings.TrimSpace(string(w.built("provider/provider.digest"))); !strings.Contains(out, digest) {
		t.Errorf("make push says\n%sand the build's digest is %s", out, digest)
	}
}
