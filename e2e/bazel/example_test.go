//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
)

// example gives a copy of the workspace that users copy.
func example(t *testing.T) *workspace {
	t.Helper()
	from := filepath.Join(repository(t), "examples/bazel-actor")
	w := openAs(t, from, "example")
	w.write("MODULE.bazel", strings.ReplaceAll(read(t, filepath.Join(from, "MODULE.bazel")), `path = "../.."`, `path = "`+repository(t)+`"`))
	return w
}

// The commands of the README, word for word; the host is run by TestHostRunsActorsAndProviders.
func TestExampleWorkspace(t *testing.T) {
	w := example(t)
	w.must("build", "//actor:signed")
	w.must("test", "//actor/...")
	out := w.must("run", "//actor:inspect")
	if !strings.Contains(out.stdout, "hello") {
		t.Errorf("inspect: %s", out.stdout)
	}
	_, address := serve(t)
	pushed := w.must("run", "//actor:push", "--", "--reference", address+"/hello:0.1.0")
	w.must("build", "//actor:digest")
	if pushed.stdout != string(w.built("actor/actor.digest")) {
		t.Errorf("pushed %q", pushed.stdout)
	}
	t.Run("a changed line", func(t *testing.T) { changedLine(t, w) })
	t.Run("twins", func(t *testing.T) { twins(t, w) })
}

// changedLine: from Go source to a verified file by five short actions of ours.
func changedLine(t *testing.T, w *workspace) {
	w = &workspace{t: t, dir: w.dir}
	w.edit("actor/main.go", `"greeting "`, `"greeting `+unseen()+` "`)
	out := w.must("build", "//actor:signed")
	ours := out.ours()
	if len(ours) == 0 || len(ours) > 5 {
		t.Errorf("%d actions of ours: %q", len(ours), ours)
	}
	for _, s := range out.spawns {
		if size := s.read(t); s.Mnemonic == "WasmcloudSign" && size >= 4096 {
			t.Errorf("Sign read %d bytes besides its tool", size)
		}
		if s.Mnemonic == "GoCompilePkg" && !strings.Contains(strings.Join(s.CommandArgs, " "), "actor/main.go") {
			t.Errorf("compiled anew: %.300q", s.CommandArgs)
		}
	}
}

// twins: what Make makes of the same.
func twins(t *testing.T, w *workspace) {
	w = &workspace{t: t, dir: w.dir}
	w.must("build", "//actor:actor", "//actor:unsigned", "//actor:digest")
	bazels := w.built("actor/actor_s.wasm")
	for _, dir := range []string{"finished", "compiled"} {
		w.write("make/"+dir+"/Makefile", `PROJECT = hello
VERSION = 0.1.0
CLAIMS = wasmcloud:httpserver wasmcloud:keyvalue wasmcloud:builtin:logging
ACTOR_ALIAS = hello
include `+repository(t)+"/rules/make/actor.mk\n")
	}

	// The same unsigned bytes: equal files, equal digests.
	unsigned := strings.TrimSpace(w.must("cquery", "--output=files", "//actor:unsigned").stdout)
	w.write("make/finished/unsigned.wasm", read(t, filepath.Join(w.dir, unsigned)))
	_, address := serve(t)
	finished := w.make("finished", "push", "UNSIGNED_WASM=unsigned.wasm", "REG_URL="+address+"/hello:0.1.0")
	if !bytes.Equal([]byte(read(t, filepath.Join(w.dir, "make/finished/build/hello_s.wasm"))), bazels) {
		t.Error("Make signs the same wasm otherwise")
	}
	if digest := strings.TrimSpace(string(w.built("actor/actor.digest"))); !strings.Contains(finished, digest) {
		t.Errorf("make push says\n%sand the build's digest is %s", finished, digest)
	}

	// The same source by another build: other bytes, the same actor.
	w.write("make/compiled/main.go", read(t, filepath.Join(w.dir, "actor/main.go")))
	cases, err := filepath.Glob(filepath.Join(w.dir, "actor/cases/*.txtar"))
	if err != nil || len(cases) < 2 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, file := range cases {
		w.write("make/compiled/cases/"+filepath.Base(file), read(t, file))
	}
	w.write("make/compiled/go.mod", "module twin\n\ngo 1.26\n\nrequire github.com/rules-wasmcloud/rules_wasmcloud v0.0.0\n\nreplace github.com/rules-wasmcloud/rules_wasmcloud => "+repository(t)+"\n")
	w.write("make/compiled/go.sum", read(t, filepath.Join(repository(t), "go.sum")))
	w.make("compiled", "test") // the cases that //actor:actor_test runs
	made, err := artifact.Read(strings.NewReader(read(t, filepath.Join(w.dir, "make/compiled/build/hello_s.wasm"))))
	if err != nil {
		t.Fatal(err)
	}
	built, err := artifact.Read(bytes.NewReader(bazels))
	if err != nil {
		t.Fatal(err)
	}
	if made.Hash == built.Hash {
		t.Log("go build and rules_go compile to the same bytes: the two halves of this test are one")
	}
	for _, a := range []*artifact.Artifact{made, built} {
		a.Actor.ID, a.Actor.Metadata.Hash = "", "" // which follow from the bytes
	}
	if diff := cmp.Diff(made.Actor, built.Actor); diff != "" {
		t.Errorf("other claims by Make (-) than by Bazel (+):\n%s", diff)
	}
}

// make runs Make in the folder make/DIR, with an empty home, and so without keys.
func (w *workspace) make(dir string, args ...string) string {
	w.t.Helper()
	env, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOPATH").Output()
	if err != nil {
		w.t.Fatal(err)
	}
	caches := strings.Fields(string(env))
	cmd := exec.CommandContext(w.t.Context(), "make", append([]string{"-C", filepath.Join(w.dir, "make", dir)}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+w.t.TempDir(), "CI=", "WASH_ISSUER_KEY=", "WASH_SUBJECT_KEY=", "WASH_KEYS=", "GOFLAGS=-mod=mod", "MAKEFLAGS=",
		"GOCACHE="+caches[0], "GOMODCACHE="+caches[1], "GOPATH="+caches[2])
	out, err := cmd.CombinedOutput()
	if err != nil {
		w.t.Fatalf("make %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
