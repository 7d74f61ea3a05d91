//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
)

// A request leaves the build, is signed where the key is, and its token comes back.
func TestTokenSignedElsewhere(t *testing.T) {
	w, seed := release(t)
	w.must("build", append(releaseFlags(t), "--output_groups=signing_request", "//actor:actor")...)
	request := filepath.Join(t.TempDir(), "request.json")
	if err := os.WriteFile(request, w.built("actor/actor.request.json"), 0o644); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "release_account.nk")
	if err := os.WriteFile(key, []byte(seed.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	token := tool(t, signer.Command, "sign-request", request, "--issuer", key)
	w.must("build", append(releaseFlags(t), "//actor:actor")...)
	want := w.built("actor/actor_s.wasm")

	w.write("actor/release.jwt", token)
	t.Cleanup(func() { os.Remove(filepath.Join(w.dir, "actor/release.jwt")) })
	w.edit("actor/BUILD.bazel", `src = "probe.wasm",`, `src = "probe.wasm", jwt = "release.jwt",`)
	out := w.must("build", append(releaseFlags(t), "//actor:actor")...)
	for _, s := range out.spawns {
		if s.Mnemonic == "WasmcloudSign" {
			t.Error("a key was asked for")
		}
	}
	if !bytes.Equal(want, w.built("actor/actor_s.wasm")) {
		t.Error("the same token gives another file")
	}

	w.edit("actor/BUILD.bazel", `revision = 3`, `revision = 4`)
	_, err := w.bazel("build", append(releaseFlags(t), "//actor:actor")...)
	if err == nil || !strings.Contains(err.Error(), "revision: wanted 4, signed 3") {
		t.Errorf("a token for other claims: %v", err)
	}
}
