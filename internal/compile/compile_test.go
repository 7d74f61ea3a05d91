package compile

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The line to type is that of the system's packages.
func TestPackagesOfEachSystem(t *testing.T) {
	for release, want := range map[string][2]string{
		"NAME=\"Debian GNU/Linux\"\nID=debian\n":    {"apt-get install cargo ", "apt-get install libstd-rust-dev-wasm32 "},
		"ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n": {"apt-get install cargo ", "apt-get install libstd-rust-dev-wasm32 "},
		"ID=fedora\n":                       {"dnf install cargo ", "dnf install rust-std-static-wasm32-wasip1"},
		"ID=\"rhel\"\nID_LIKE=\"fedora\"\n": {"dnf install cargo ", "dnf install rust-std-static-wasm32-wasip1"},
		"ID=arch\n":                         {"pacman -S rust ", "pacman -S rust-wasm "},
		"ID=alpine\n":                       {"apk add cargo ", "apk add rust-wasm "},
		"ID=debianish\n":                    {"a package called cargo", "the system's package with"},
		"":                                  {"a package called cargo", "the system's package with"},
	} {
		for i, what := range []string{"cargo", "wasm32-wasip1"} {
			if got := packagesOf(release, what); !strings.HasPrefix(got, want[i]) {
				t.Errorf("%q, %s: %q; want %q…", release, what, got, want[i])
			}
		}
	}
}

// cross names files as its container has them.
func TestFileOfAContainer(t *testing.T) {
	dir := t.TempDir()
	made := filepath.Join(dir, "armv7", "release", "kv")
	if err := os.MkdirAll(filepath.Dir(made), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(made, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	o := &RustOptions{Executable: true, Target: "armv7"}
	if got, err := o.pick(&metadata{TargetDirectory: dir}, &crate{}, []string{"/target/armv7/release/kv"}); err != nil || got != made {
		t.Errorf("%q, %v; want %q", got, err, made)
	}
	if got, err := o.pick(&metadata{TargetDirectory: dir}, &crate{}, []string{"/target/other/release/kv"}); err == nil {
		t.Errorf("a file that is not there was found: %q", got)
	}
}

// What cargo's wrappers and build scripts print reaches the user, and nothing else does.
func FuzzMessages(f *testing.F) {
	f.Add([]byte(`{"reason":"compiler-artifact","package_id":"a","target":{"name":"x","kind":["cdylib"]},"filenames":["/x.wasm"],"executable":null}` + "\n"))
	f.Add([]byte("{\nno message\n{\"reason\":\"build-finished\"}\n{\"filenames\":{}}"))
	f.Add([]byte("\n\x00{}\r\n"))
	want := &crate{id: "a", target: cargoTarget{Name: "x", Kind: []string{"cdylib"}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		var people bytes.Buffer
		made, err := readMessages(bytes.NewReader(text), &people, want)
		if err != nil {
			t.Fatal(err)
		}
		if people.Len() > len(text) || len(made) > 0 && !bytes.Contains(text, []byte("compiler-artifact")) && !bytes.Contains(text, []byte(`\`)) {
			t.Errorf("%q: files %q, lines %q", text, made, people.Bytes())
		}
	})
}
