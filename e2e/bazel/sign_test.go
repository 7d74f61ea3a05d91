//go:build bazel

package bazel

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
)

// probeFlags are the claims of //actor:actor for the signer.
var probeFlags = []string{"--name", "probe", "--cap", "wasmcloud:httpserver", "--cap", "wasmcloud:keyvalue", "--ver", "0.1.0", "--rev", "3",
	"--call-alias", "example/probe", "--tag", "wide open", "--expires-at", "2127-01-31"}

func TestSignedFileIsThatOfTheSigner(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//actor:signed", "//actor:twin")
	want := filepath.Join(t.TempDir(), "probe_s.wasm")
	tool(t, signer.Command, append([]string{"sign", filepath.Join(w.dir, "actor/probe.wasm"), "--destination", want}, probeFlags...)...)
	text, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"actor/actor_s.wasm", "actor/twin_s.wasm"} {
		if !bytes.Equal(w.built(file), text) {
			t.Errorf("%s differs from what the signer makes", file)
		}
	}
}

func TestNothingIsDoneTwice(t *testing.T) {
	w := open(t, "rules")
	targets := []string{"//actor:signed", "//actor:digest", "//actor:claims", "//actor:unsigned"}
	w.must("build", targets...)
	w.must("build", targets...).idle(t)
}

func TestAChangedClaimHashesNothing(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//actor:signed")
	// A value that no cache has seen.
	w.edit("actor/BUILD.bazel", `version = "0.1.0"`, `version = "`+unseen()+`"`)
	out := w.must("build", "//actor:signed")
	if got := out.ours(); !slices.Equal(got, []string{"Embed", "Sign", "Verify"}) {
		t.Errorf("ran %q", got)
	}
}

func TestAChangedModule(t *testing.T) {
	w := open(t, "rules")
	w.must("build", "//actor:signed", "//actor:digest")
	// What no cache has seen.
	module, err := os.ReadFile(filepath.Join(w.dir, "actor/probe.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("actor/probe.wasm", string(module)+customSection(unseen()))
	t.Cleanup(func() { w.write("actor/probe.wasm", string(module)) })
	out := w.must("build", "//actor:signed", "//actor:digest")
	if got := out.ours(); !slices.Equal(got, []string{"Embed", "Hash", "Manifest", "Sign", "Verify"}) {
		t.Errorf("ran %q", got)
	}
	for _, s := range out.spawns {
		if s.Runner != "linux-sandbox" {
			t.Errorf("%s ran in %q: the sandbox that cuts off the network was wanted", s.Mnemonic, s.Runner)
		}
		if s.Mnemonic == "WasmcloudSign" || s.Mnemonic == "WasmcloudVerify" || s.Mnemonic == "WasmcloudManifest" {
			if size := s.read(t); size >= 4096 {
				t.Errorf("%s read %d bytes besides its tool", s.Mnemonic, size)
			}
		}
	}
}

// read is the size of what the action read, without its tool.
func (s spawn) read(t *testing.T) int {
	t.Helper()
	sum := 0
	for _, in := range s.Inputs {
		if in.IsTool || in.Path == s.CommandArgs[0] || strings.HasPrefix(in.Path, s.CommandArgs[0]) {
			continue
		}
		if in.Digest.SizeBytes != "" {
			n, err := strconv.Atoi(in.Digest.SizeBytes)
			if err != nil {
				t.Fatal(err)
			}
			sum += n
		}
	}
	return sum
}

// The actions' environment is empty but for what Bazel sets itself, and no shell is in it.
func TestActionsDeclareEverything(t *testing.T) {
	w := open(t, "rules")
	w.edit("actor/BUILD.bazel", `version = "0.1.0"`, `version = "`+unseen()+`"`)
	out := w.must("build", "//actor:signed", "//actor:digest")
	for _, s := range out.spawns {
		for _, v := range s.EnvironmentVariables {
			t.Errorf("%s has %s in its environment", s.Mnemonic, v.Name)
		}
		if strings.Contains(s.CommandArgs[0], "bash") || strings.HasSuffix(s.CommandArgs[0], "/sh") {
			t.Errorf("%s runs a shell", s.Mnemonic)
		}
	}
}

// A listener of this machine, which every process outside of a sandbox reaches.
func TestActionsHaveNoNetwork(t *testing.T) {
	w := open(t, "rules")
	_, address := serve(t)
	host, port, _ := strings.Cut(address, ":")
	w.write("network/BUILD.bazel", `genrule(
    name = "reach",
    outs = ["reach.txt"],
    cmd = "(exec 3<>/dev/tcp/`+host+`/`+port+`) 2>/dev/null && echo reached > $@ || echo cut > $@",
)
`)
	t.Cleanup(func() { w.write("network/BUILD.bazel", "") })
	w.must("build", "//network:reach")
	if got := string(w.built("network/reach.txt")); got != "cut\n" {
		t.Errorf("an action's network: %s", got)
	}
	w.must("build", "--sandbox_default_allow_network", "--spawn_strategy=local", "//network:reach", "--action_env=AGAIN=1")
	if got := string(w.built("network/reach.txt")); got != "reached\n" {
		t.Errorf("outside of the sandbox: %s", got)
	}
}

func TestStamping(t *testing.T) {
	w := open(t, "rules")
	status := filepath.Join(w.dir, "status.sh")
	if err := os.WriteFile(status, []byte("#!/bin/sh\necho STABLE_VERSION 7.8.9\necho STABLE_REVISION 42\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	with := []string{"--workspace_status_command=" + status, "--output_groups=claims,jwt", "//actor:stamped"}
	w.must("build", with...)
	if claims := w.built("actor/stamped.claims.json"); !bytes.Contains(claims, []byte(`"0.0.0"`)) {
		t.Errorf("not stamped: %s", claims)
	}
	if got := stampedClaims(t, w); got != "0.0.0, revision 1, tags [plain]" {
		t.Errorf("not stamped: %s", got)
	}
	query := w.must("aquery", "--output=text", "mnemonic(Wasmcloud, //actor:stamped)")
	if strings.Contains(query.stdout, "-status.txt") {
		t.Error("an unstamped build has the workspace status among its inputs")
	}
	w.must("build", append([]string{"--stamp"}, with...)...)
	if got := stampedClaims(t, w); got != "7.8.9, revision 42, tags [plain at 7.8.9]" {
		t.Errorf("stamped: %s", got)
	}
	_, address := serve(t)
	stamped := []string{"--stamp", with[0], "--@rules_wasmcloud//rules/settings:registry=" + address, "//actor:stamped.push"}
	if out := w.must("run", stamped...); !strings.Contains(out.stderr, ":7.8.9 pushed") {
		t.Errorf("pushed as %s", tail(out.stderr))
	}
	if out := w.must("run", append(stamped, "--", "--sign")...); !strings.Contains(out.stderr, "/probe:7.8.9 ") {
		t.Errorf("signed at the push, pushed as %s", tail(out.stderr))
	}
}

// stampedClaims are those of //actor:stamped that may be stamped.
func stampedClaims(t *testing.T, w *workspace) string {
	t.Helper()
	c, err := claims.Parse[claims.Actor](strings.TrimSpace(string(w.built("actor/stamped.jwt"))))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s, revision %d, tags %v", *c.Metadata.Ver, *c.Metadata.Rev, c.Metadata.Tags)
}
