package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/scaffold"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// rust is a cargo that compiles to wasm, and what it needs in its environment.
type rust struct {
	cargo string // words
	env   []string
}

// oldestCargo reads Cargo.lock files of version 4.
const oldestCargo = 78 // of Rust 1

// findRust finds a Rust with the standard library of wasm32: on PATH; the system's, where rustup's hides it; else
// Debian's in the offline root that bazelw makes. Of the latter REQUIRE_RUST says that it is to be made, if it can be.
func findRust(t *testing.T) rust {
	t.Helper()
	cache, err := fsx.UserCacheDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(cache, "e2e-rust") // compiling the crates takes minutes
	// The first folder on PATH has the stand-ins, a cargo among them.
	standIns, path, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	r := rust{env: rustEnv(t, standIns)}
	for _, path := range []string{path, "/usr/bin:/bin"} {
		env := append(r.env, "PATH="+path, "CARGO_TARGET_DIR="+filepath.Join(kept, "host"),
			"CARGO_HOME="+or(os.Getenv("CARGO_HOME"), filepath.Join(home, ".cargo")), "RUSTUP_HOME="+or(os.Getenv("RUSTUP_HOME"), filepath.Join(home, ".rustup")))
		if compilesWasm(env) {
			return rust{cargo: "cargo", env: env}
		}
	}
	bazelw, err := filepath.Abs("../bazelw")
	if err != nil {
		t.Fatal(err)
	}
	at := or(os.Getenv("BAZELW_HOME"), filepath.Join(cache, "bazel"))
	if _, err := os.Stat(filepath.Join(at, "root.made")); err != nil && os.Getenv("REQUIRE_RUST") == "" {
		t.Skip("no Rust here has the standard library of wasm32: type `rustup target add wasm32-unknown-unknown`, or `./bazelw provision` on Debian")
	}
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	r.cargo = bazelw + " inside cargo"
	r.env = append(r.env, "PATH="+path, "BAZELW_HOME="+at, "BAZELW_BIND="+kept,
		"CARGO_TARGET_DIR="+filepath.Join(kept, "offline"), "CARGO_HOME="+filepath.Join(kept, "cargo"))
	cmd := exec.Command(bazelw, "inside", "cargo", "--version")
	cmd.Env = r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("no Rust here has the standard library of wasm32, and none can be had: %v\n%s", err, out)
	}
	return r
}

func rustEnv(t *testing.T, tools string) []string {
	env := []string{"HOME=" + t.TempDir(), "TMPDIR=" + t.TempDir(), "WASMCLOUD_TOOLS=" + tools, realTools + "=1"}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE", "CARGO_HTTP_CAINFO", "GOPROXY", "RUSTUP_TOOLCHAIN", "BAZEL"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func compilesWasm(env []string) bool {
	minor := 0
	if _, err := fmt.Sscanf(output(env, "cargo", "--version"), "cargo 1.%d.", &minor); err != nil || minor < oldestCargo {
		return false
	}
	dir := strings.TrimSpace(output(env, "rustc", "--print", "target-libdir", "--target", "wasm32-unknown-unknown"))
	found, _ := filepath.Glob(filepath.Join(dir, "libstd-*"))
	return dir != "" && len(found) > 0
}

// output runs a command by the PATH of its own environment; "" if it cannot be run.
func output(env []string, args ...string) string {
	cmd := exec.Command("/usr/bin/env", args...)
	cmd.Env = env
	out, err := cmd.Output()
	if err != nil {
		return ""
	}
	return string(out)
}

// run runs a command in a folder, by a shell that has CARGO.
func (r rust) run(t *testing.T, dir, command string, env ...string) string {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir, cmd.Env = dir, append(append(r.env, "CARGO="+r.cargo), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	t.Logf("$ %s\n%s", command, out)
	return string(out)
}

// The actor in Rust is made of real crates, and gives the answers of the one in Go: their cases are the same.
func TestRustExample(t *testing.T) {
	r := findRust(t)
	const dir = "../examples/echo-rust"
	out := r.run(t, dir, "make test")
	if !strings.Contains(out, "2/2 Passed") {
		t.Errorf("two cases were to pass:\n%s", out)
	}
	// Asked again, cargo compiles nothing and the signer signs nothing.
	if out := r.run(t, dir, "make"); !strings.Contains(out, "(unchanged)") {
		t.Errorf("signed again:\n%s", out)
	}
	for _, name := range []string{"get.txtar", "post.txtar"} {
		ours, err := os.ReadFile(filepath.Join(dir, "cases", name))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join("../examples/echo/cases", name))
		if err != nil || string(ours) != string(theirs) {
			t.Errorf("%s is not that of examples/echo: %v", name, err)
		}
	}
}

// What a project says to cargo, cargo says to us: a workspace whose members are built elsewhere, for a target that a
// file above them names, each by a Makefile of its own or from the top.
func TestRustWorkspace(t *testing.T) {
	r := findRust(t)
	top := t.TempDir()
	files := map[string]string{
		".cargo/config.toml":        "[build]\ntarget = \"wasm32-unknown-unknown\"\ntarget-dir = \"made/here\"\n",
		"ws/Cargo.toml":             "[workspace]\nmembers = [\"actors/*\", \"native\"]\nresolver = \"2\"\n",
		"ws/actors/one/Cargo.toml":  "[package]\nname = \"one-actor\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n",
		"ws/actors/one/src/lib.rs":  "#[no_mangle]\npub extern \"C\" fn one() {}\n",
		"ws/actors/two/Cargo.toml":  "[package]\nname = \"two\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n[dependencies]\none-actor = { path = \"../one\" }\n",
		"ws/actors/two/src/lib.rs":  "#[no_mangle]\npub extern \"C\" fn two() { one_actor::one() }\n",
		"ws/native/Cargo.toml":      "[package]\nname = \"native\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\none-actor = { path = \"../actors/one\" }\n",
		"ws/native/src/main.rs":     "fn main() { compile_error!(\"nobody asked for this\") }\n",
		"ws/actors/two/Makefile":    "PROJECT = two\nVERSION = 1\ninclude $(MK)/actor.mk\n",
		"ws/Makefile":               "PROJECT = one_actor\nVERSION = 1\ninclude $(MK)/actor.mk\n",
		"ws/actors/two/misnamed.mk": "PROJECT = three\nVERSION = 1\ninclude $(MK)/actor.mk\n",
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(top, name), text)
	}
	includes, err := filepath.Abs("../rules/make")
	if err != nil {
		t.Fatal(err)
	}
	env := []string{"MK=" + includes, "BAZELW_BIND=" + top + ":" + filepath.Join(filepath.Dir(includes), "..")}
	for i, kv := range r.env { // the project's own target folder, unless the environment says otherwise
		if strings.HasPrefix(kv, "CARGO_TARGET_DIR=") {
			r.env[i] = "UNUSED="
		}
	}
	r.run(t, filepath.Join(top, "ws/actors/two"), "make", env...)
	r.run(t, filepath.Join(top, "ws/actors/two"), "make -f misnamed.mk", env...)
	r.run(t, filepath.Join(top, "ws"), "make", env...)
	r.run(t, filepath.Join(top, "ws"), "make PROJECT=two", append(env, "CARGO_TARGET_DIR="+filepath.Join(top, "else where"))...)
	for _, name := range []string{
		"ws/actors/two/build/two_s.wasm", "ws/actors/two/build/three_s.wasm", "ws/build/one_actor_s.wasm", "ws/build/two_s.wasm",
		"made/here/wasm32-unknown-unknown/release/two.wasm", "else where/wasm32-unknown-unknown/release/two.wasm",
	} {
		if _, err := os.Stat(filepath.Join(top, name)); err != nil {
			t.Error(err)
		}
	}
	cmd := "make PROJECT=none 2>&1; true"
	if out := r.run(t, filepath.Join(top, "ws"), cmd, env...); !strings.Contains(out, "one_actor (package one-actor), two") {
		t.Errorf("no choice is given: %s", out)
	}
}

// findCargo finds a cargo for this machine, whatever else it compiles for.
func findCargo(t *testing.T) rust {
	t.Helper()
	cache, err := fsx.UserCacheDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(cache, "e2e-rust") // compiling the crates takes minutes
	standIns, path, _ := strings.Cut(os.Getenv("PATH"), string(os.PathListSeparator))
	env := append(rustEnv(t, standIns), "PATH="+path, "CARGO_TARGET_DIR="+filepath.Join(kept, "native"), "XDG_CACHE_HOME="+t.TempDir(),
		"CARGO_HOME="+or(os.Getenv("CARGO_HOME"), filepath.Join(home, ".cargo")), "RUSTUP_HOME="+or(os.Getenv("RUSTUP_HOME"), filepath.Join(home, ".rustup")))
	minor := 0
	if _, err := fmt.Sscanf(output(env, "cargo", "--version"), "cargo 1.%d.", &minor); err != nil || minor < oldestCargo {
		t.Skipf("no cargo 1.%d or later is on PATH", oldestCargo)
	}
	return rust{cargo: "cargo", env: env}
}

// A new interface in Rust is compiled, tested and published as it stands, by the generator and the crates that
// wasmCloud's own interfaces have. The model that the generator fetches comes from this machine.
func TestRustInterface(t *testing.T) {
	r := findCargo(t)
	dir := newRustProject(t, "interface", "My-Greetings")
	models := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		text := string(core.Read(filepath.Base(q.URL.Path)))
		fmt.Fprint(w, strings.Replace(text, `$version: "2.0"`, `$version: "1.0"`, 1)) // the only version that it reads
	}))
	t.Cleanup(models.Close)
	replaceIn(t, filepath.Join(dir, "codegen.toml"), "https://cdn.jsdelivr.net/gh/wasmcloud/interfaces", models.URL)
	artifacts := registry.New(registry.Options{})
	server := httptest.NewServer(artifacts)
	t.Cleanup(server.Close)
	release := strings.TrimPrefix(server.URL, "http://") + "/my_greetings-interface:0.1.0"

	out := r.run(t, dir, "make lint validate test && make publish CARGO_PUBLISH_FLAGS=--dry-run REG_URL="+release)
	for _, want := range []string{"test greet_request ... ok", "Nothing breaks.", release + " pushed", "aborting upload due to dry run"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	// An edit of the model reaches the crate: what is there of it does not compile before it is edited, too.
	replaceIn(t, filepath.Join(dir, "my_greetings.smithy"), "    text: String", "    words: String")
	if out := r.run(t, dir, "if make test 2>&1; then echo it passed; fi"); !strings.Contains(out, "no field named `text`") {
		t.Errorf("a renamed member is not noticed:\n%s", out)
	}
}

// So is a new actor.
func TestRustActor(t *testing.T) {
	dir := newRustProject(t, "actor", "Ferris-1")
	if out := findRust(t).run(t, dir, "make test", "BAZELW_BIND="+dir); !strings.Contains(out, "1/1 Passed") {
		t.Error(out)
	}
}

// newRustProject begins a project that uses this checkout, and gives its folder.
func newRustProject(t *testing.T, kind, name string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: io.Discard, Err: &errs, Env: os.Getenv, Now: time.Now}
	if code := cli.Main(t.Context(), s, []string{"new", kind, name, "--lang", "rust", "--dir", dir, "--checkout", checkout}, scaffold.Command); code != 0 {
		t.Fatal(errs.String())
	}
	return dir
}

func replaceIn(t *testing.T, file, old, now string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%s has no %q (%v)", file, old, err)
	}
	write(t, file, strings.ReplaceAll(string(text), old, now))
}
