//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// withBazelrc gives the workspace the .bazelrc that users are told to import in CI.
func withBazelrc(t *testing.T, w *workspace) {
	t.Helper()
	rc := read(t, "../../docs/ci/ci.bazelrc")
	w.write(".bazelrc", strings.ReplaceAll(rc, "//:release_keys", "//keys:release"))
	t.Cleanup(func() { os.Remove(filepath.Join(w.dir, ".bazelrc")) })
}

// Flags that this Bazel does not know end a build at once.
func TestPipelinesFlagsAreBazels(t *testing.T) {
	w, _ := release(t)
	withBazelrc(t, w)
	config := regexp.MustCompile(`(?m)^\w+:([\w-]+)`)
	seen := map[string]bool{}
	for _, m := range config.FindAllStringSubmatch(read(t, "../../docs/ci/ci.bazelrc"), -1) {
		if !seen[m[1]] {
			seen[m[1]] = true
			w.must("build", "--nobuild", "--config="+m[1], "//actor:actor")
		}
	}
	if len(seen) < 5 {
		t.Errorf("ci.bazelrc has the configurations %v only", seen)
	}
}

// The release of the pipelines: the build has no key, a process after it signs and pushes.
func TestPipelineSignsAfterTheBuild(t *testing.T) {
	w, seed := release(t)
	withBazelrc(t, w)
	store, address := serve(t)
	script := filepath.Join(w.dir, "push.sh")
	// The caches that this configuration leaves out are put back: to compile the tools once more takes minutes.
	w.must("run", "--config=clean", "--remote_accept_cached", "--disk_cache="+filepath.Join(cacheDir(t), "disk"), "--script_path="+script, "//actor:push")
	if n := len(store.Requests()); n > 0 {
		t.Errorf("--script_path pushed: %d requests", n)
	}
	// As after `bazel shutdown`: the script is all that is run.
	cmd := exec.CommandContext(t.Context(), script, "--sign", "--issuer", string(seed.Public()), "--reference", address+"/hello:1.2.3")
	cmd.Env = append(os.Environ(), "WASH_ISSUER_KEY="+seed.Reveal())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || !strings.HasPrefix(string(out), "sha256:") {
		t.Errorf("%q, %v\n%s", out, err, stderr.String())
	}
	if strings.Contains(stderr.String(), seed.Reveal()) {
		t.Error("the seed is shown")
	}
}

// A key folder that the sandbox hides; the build fails where there is no such sandbox.
func TestReleaseConfiguration(t *testing.T) {
	w, seed := release(t)
	withBazelrc(t, w)
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	w.must("build", "--config=release", "--sandbox_block_path="+filepath.Join(home, ".wash"), "//actor:signed", "//keys:spy")
	a, err := artifact.Read(bytes.NewReader(w.built("actor/actor_s.wasm")))
	if err != nil || a.Issuer() != seed.Public() || strkey.IsDevelopment(a.Issuer()) {
		t.Errorf("signed by %s, %v", a.Issuer(), err)
	}
	if got := strings.TrimSpace(string(w.built("keys/spy.txt"))); got != "hidden" {
		t.Errorf("another action reads the keys: %d bytes", len(got))
	}
}
