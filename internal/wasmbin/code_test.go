package wasmbin

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// specModules gives the valid modules of a part of WebAssembly's own test suite,
// which wazero carries with it.
func specModules(t *testing.T, part string) map[string][]byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(out)), "internal/integration_test/spectest", part, "testdata")
	scripts, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no test suite in %s: %v", dir, err)
	}
	modules := map[string][]byte{}
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		var s struct {
			Commands []struct{ Type, Filename string }
		}
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		for _, c := range s.Commands {
			if c.Type != "module" || !strings.HasSuffix(c.Filename, ".wasm") {
				continue
			}
			if modules[c.Filename], err = os.ReadFile(filepath.Join(dir, c.Filename)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return modules
}

// Every instruction of WebAssembly 1 and 2 is understood, and none taken for one
// that hosts lack.
func TestSpecModulesAreUnderstood(t *testing.T) {
	for _, part := range []string{"v1", "v2"} {
		modules := specModules(t, part)
		for name, module := range modules {
			out, sum := rewrite(t, module, Edit{})
			if sum.CodeUnread || len(sum.Features) > 0 {
				t.Errorf("%s/%s: code unread: %v, features %q", part, name, sum.CodeUnread, sum.Features)
			}
			if canonical, _ := canonicalOf(t, module); !bytes.Equal(canonical, out) {
				t.Errorf("%s/%s: rewritten without a change, it changed", part, name)
			}
		}
		if len(modules) < 100 {
			t.Errorf("only %d modules", len(modules))
		}
	}
}

func TestSpecModulesOfProposalsAreNoticed(t *testing.T) {
	for part, want := range map[string]string{
		"tail-call": "tail calls", "threads": "threads (atomics)", "exception-handling": "exceptions",
	} {
		noticed := 0
		for name, module := range specModules(t, part) {
			_, sum := rewrite(t, module, Edit{})
			if slices.Contains(sum.Features, want) {
				noticed++
			} else if sum.CodeUnread {
				t.Errorf("%s/%s: code not read, features %q", part, name, sum.Features)
			}
		}
		if noticed == 0 {
			t.Errorf("%s: noticed nowhere", part)
		}
	}
}

func TestCodeFeatures(t *testing.T) {
	for name, tt := range map[string]struct{ code, want string }{
		"tail call":      {"\x01\x04\x00\x12\x00\x0b", "tail calls"},
		"in a block":     {"\x01\x07\x00\x02\x40\x12\x00\x0b\x0b", "tail calls"},
		"second body":    {"\x02\x02\x00\x0b\x04\x00\x12\x00\x0b", "tail calls"},
		"constant 0x12":  {"\x01\x05\x00\x41\x12\x1a\x0b", ""},
		"atomic fence":   {"\x01\x05\x00\xfe\x03\x00\x0b", "threads (atomics)"},
		"gc":             {"\x01\x05\x00\xfb\x00\x00\x0b", "gc"},
		"relaxed simd":   {"\x01\x05\x00\xfd\x80\x02\x0b", "relaxed SIMD"},
		"memory 1":       {"\x01\x08\x00\x41\x00\x28\x42\x01\x00\x0b", "multi-memory"},
		"try":            {"\x01\x05\x00\x06\x40\x0b\x0b", "exceptions"},
		"call_ref":       {"\x01\x04\x00\x14\x00\x0b", "typed function references"},
		"body too long":  {"\x01\x04\x00\x0b\x12\x00", ""},
		"body too short": {"\x01\x02\x00\x41\x00\x12\x00\x0b", ""},
		"4 G of locals":  {"\x01\x07\xff\xff\xff\xff\x0f\x7f\x0b", ""},
	} {
		module := (&builder{}).section(SectionCode, tt.code).bytes()
		sum, err := Rewrite(io.Discard, bytes.NewReader(module), Edit{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := strings.Join(sum.Features, ","); got != tt.want {
			t.Errorf("%s: features %q; want %q", name, got, tt.want)
		}
	}
}

func BenchmarkRewriteCode(b *testing.B) {
	body := "\x00" + strings.Repeat("\x41\x80\x01\x1a", 256<<10) + "\x0b"
	code := string(AppendUint([]byte{1}, uint32(len(body)))) + body
	module := (&builder{}).section(SectionCode, code).bytes()
	b.ReportAllocs()
	b.SetBytes(int64(len(module)))
	for b.Loop() {
		if _, err := Rewrite(io.Discard, bytes.NewReader(module), Edit{}); err != nil {
			b.Fatal(err)
		}
	}
}
