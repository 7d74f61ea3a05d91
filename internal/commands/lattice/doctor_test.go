package lattice

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func writeFiles(t *testing.T, dir string, mode os.FileMode, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
}

// TestToolchains: what a project does not need is not asked for, and what it needs and is not
// there has a line to type.
func TestToolchains(t *testing.T) {
	const rustc = "#!/bin/sh\ncase $2 in target-list) echo wasm32-wasip1;; *) echo $LIBS/$4;; esac\n"
	cargo := map[string]string{"cargo": "#!/bin/sh\necho cargo 1.90.0\n", "rustc": rustc}
	goTool := func(version string) map[string]string {
		return map[string]string{"go": "#!/bin/sh\necho go version " + version + " linux/amd64\n"}
	}
	actor := "[lib]\ncrate-type = [\"cdylib\"]\n"
	for name, tt := range map[string]struct {
		files, tools map[string]string
		status       status
		text, cure   string
	}{
		"nothing":                {nil, nil, skipped, "no sources", ""},
		"Go":                     {map[string]string{"main.go": ""}, goTool("go1.26.8"), good, "go1.26.8 linux/amd64", ""},
		"no Go":                  {map[string]string{"main.go": ""}, nil, broken, "no working compiler", "https://go.dev/dl"},
		"an old Go":              {map[string]string{"main.go": ""}, goTool("go1.23.4"), broken, "go1.23 is too old", "Go 1.24"},
		"Rust":                   {map[string]string{"Cargo.toml": actor}, cargo, good, "cargo 1.90.0 with wasm32-unknown-unknown", ""},
		"no cargo":               {map[string]string{"Cargo.toml": actor}, nil, broken, "cargo is not installed", "https://rustup.rs"},
		"no target":              {map[string]string{"Cargo.toml": actor, ".cargo/config.toml": "[build]\ntarget = \"wasm32-wasip1\"\n"}, cargo, broken, "for wasm32-wasip1", "rustup target add wasm32-wasip1"},
		"a Rust provider":        {map[string]string{"Cargo.toml": "[package]\n"}, map[string]string{"cargo": cargo["cargo"]}, good, "cargo 1.90.0", ""},
		"TinyGo, not there":      {map[string]string{"Makefile": "GO = tinygo"}, nil, broken, "no working one", "tinygo.org"},
		"a tool that fails":      {map[string]string{"main.go": ""}, map[string]string{"go": "#!/bin/sh\necho broken install >&2\nexit 3\n"}, broken, "broken install", "https://go.dev/dl"},
		"Go, which Rust is not":  {map[string]string{"main.go": "", "Cargo.toml": actor}, goTool("go1.26.8"), broken, "cargo is not installed", "rustup.rs"},
		"Rust's target's folder": {map[string]string{"Cargo.toml": actor, ".cargo/config": "[build]\ntarget=\"wasm32-none\"\n"}, cargo, broken, "for wasm32-none", "rustup target add wasm32-none"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, tools, libs := t.TempDir(), t.TempDir(), t.TempDir()
			writeFiles(t, dir, 0o644, tt.files)
			writeFiles(t, tools, 0o755, tt.tools)
			writeFiles(t, libs, 0o644, map[string]string{"wasm32-unknown-unknown/libstd-1.rlib": ""})
			t.Setenv("PATH", tools)
			t.Setenv("LIBS", libs)
			f := checkToolchains(t.Context(), &patient{dir: dir, io: &cli.IO{Env: func(string) string { return "" }}})
			if f.Status != tt.status || !strings.Contains(f.Text, tt.text) || !strings.Contains(f.Cure, tt.cure) || tt.cure == "" && f.Cure != "" {
				t.Errorf("%+v; want %+v", f, tt)
			}
		})
	}
}

func TestDoctorKeys(t *testing.T) {
	seed := strkey.FromRaw(strkey.Account, [32]byte{1})
	file := filepath.Join(t.TempDir(), "me_account.nk")
	if err := os.WriteFile(file, []byte(seed.Reveal()), 0o600); err != nil {
		t.Fatal(err)
	}
	check := func(env map[string]string) finding {
		return checkKeys(t.Context(), &patient{io: &cli.IO{Env: func(name string) string { return env[name] }}})
	}
	if f := check(map[string]string{"WASH_ISSUER_KEY": file}); f.Status != good || !strings.Contains(f.Text, string(seed.Public())+" signs (environment "+file) {
		t.Errorf("%+v", f)
	}
	if f := check(map[string]string{"WASH_ISSUER_KEY": "nowhere"}); f.Status != broken || !strings.Contains(f.Text, "nowhere") {
		t.Errorf("%+v", f)
	}
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if f := check(map[string]string{"WASH_ISSUER_KEY": file}); f.Status != warned || f.Cure != "chmod 600 "+file {
		t.Errorf("%+v", f)
	}
}

// TestDoctorDoesNotHang: a check that heeds no context is left behind, and cannot disturb
// those after it.
func TestDoctorDoesNotHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := patient{dir: "here"}
		began := time.Now()
		f := p.check(t.Context(), func(_ context.Context, late *patient) finding {
			<-release
			late.dir = "elsewhere"
			return ok("late")
		})
		if f.Status != broken || !strings.Contains(f.Text, "did not end within") || f.Cure == "" {
			t.Errorf("%+v", f)
		}
		if took := time.Since(began); took > 2*checkTime {
			t.Errorf("it took %v", took)
		}
		close(release)
		synctest.Wait()
		if p.dir != "here" {
			t.Error("a check that was too late changed the patient")
		}
	})
}

// TestComparesWithWhatRuns: the four ways a built file can differ from what runs.
func TestComparesWithWhatRuns(t *testing.T) {
	actor, err := readBuilt("../../artifact/testdata/probe_s.wasm")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := readBuilt("../../par/testdata/hello.par.gz")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"hostcore.arch": "x86_64", "hostcore.os": "linux"}
	if d := provider.digest(wasmbus.HostInventory{Labels: labels}); !strings.HasPrefix(d, "sha256:") || d == provider.Digest {
		t.Errorf("the provider's digest is %q; want that of its executable", d)
	}
	if d := provider.digest(wasmbus.HostInventory{Labels: map[string]string{"hostcore.arch": "mips"}}); d != "" {
		t.Errorf("the provider's digest for a machine that it is not for is %q", d)
	}
	for name, tt := range map[string]struct {
		digest string
		status status
		text   string
	}{
		"the same":  {actor.Digest, good, "is what runs on N1"},
		"another":   {"sha256:00", warned, "host N1 runs sha256:00 of "},
		"not said":  {"", warned, "does not say which bytes"},
		"not there": {"-", warned, "no host runs"},
	} {
		inv := &wasmbus.HostInventory{HostID: "N1", Actors: []wasmbus.ActorDescription{{ID: actor.Subject(), Digest: tt.digest, ImageRef: "reg/x:1"}}}
		if tt.digest == "-" {
			inv.Actors = nil
		}
		f := compare(actor, []*wasmbus.HostInventory{inv})
		if f.Status != tt.status || !strings.Contains(f.Text, tt.text) || (f.Status == warned) != (f.Cure != "") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
