//go:build bazel

package bazel

import (
	"bytes"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

// machines are what Go calls the targets, and the first bytes of an executable for each:
// of ELF, up to its class.
var machines = map[string]struct{ system, magic string }{
	"aarch64-linux":  {"linux/arm64", "\x7fELF\x02"},
	"arm-linux":      {"linux/arm", "\x7fELF\x01"},
	"x86_64-linux":   {"linux/amd64", "\x7fELF\x02"},
	"aarch64-macos":  {"darwin/arm64", "\xcf\xfa\xed\xfe\x0c\x00\x00\x01"},
	"x86_64-macos":   {"darwin/amd64", "\xcf\xfa\xed\xfe\x07\x00\x00\x01"},
	"x86_64-windows": {"windows/amd64", "MZ"},
}

// A Go provider for every machine that hosts run on, by one target. Each is a minute of
// compiling Go's library: all are looked at as Bazel would make them, and two, which are
// unlike this machine in their processor and their system, are made.
func TestProviderForEveryTarget(t *testing.T) {
	w := open(t, "rules")
	w.write("every/main.go", "package main\n\nimport \"runtime\"\n\nfunc main() { println(runtime.GOOS, runtime.GOARCH) }\n")
	w.write("every/BUILD.bazel", `load("@rules_go//go:def.bzl", "go_binary")
load("@rules_wasmcloud//rules:provider.bzl", "ALL_TARGETS", "wasmcloud_provider")

go_binary(
    name = "compiled",
    srcs = ["main.go"],
)

wasmcloud_provider(
    name = "every",
    binary = ":compiled",
    capid = "example:machine",
    targets = ALL_TARGETS,
    vendor = "Acme",
    version = "0.1.0",
)

wasmcloud_provider(
    name = "two",
    binary = ":compiled",
    capid = "example:machine",
    targets = ["arm-linux", "x86_64-windows"],
    vendor = "Acme",
    version = "0.1.0",
)

wasmcloud_provider(
    name = "here",
    binary = ":compiled",
    capid = "example:machine",
    vendor = "Acme",
    version = "0.1.0",
)
`)
	t.Cleanup(func() { w.write("every/BUILD.bazel", "") })
	everyTarget(t, w)
	w.must("build", "//every:two", "//every:here")
	for file, want := range map[string][]string{
		"every/two.par.gz":  {"arm-linux", "x86_64-windows"},
		"every/here.par.gz": {string(par.HostTarget())},
	} {
		a, err := par.Read(t.Context(), bytes.NewReader(w.built(file)), par.Limits{})
		if err != nil || !slices.Equal(a.Targets(), want) {
			t.Fatalf("%s: %v, %v", file, a, err)
		}
		for _, target := range want {
			var out bytes.Buffer
			if _, err := par.Extract(t.Context(), bytes.NewReader(w.built(file)), par.Target(target), &out, par.Limits{}); err != nil {
				t.Fatal(err)
			}
			if magic := machines[target].magic; !bytes.HasPrefix(out.Bytes(), []byte(magic)) {
				t.Errorf("%s: the executable for %s begins with %q, want %q", file, target, out.Bytes()[:20], magic)
			}
		}
	}
}

// everyTarget follows the executables from where they are linked, and for what, to the
// target that they are hashed and packed for.
func everyTarget(t *testing.T, w *workspace) {
	t.Helper()
	out := w.must("aquery", "--include_param_files", `mnemonic("GoLink|WasmcloudHash|WasmcloudPack", deps(//every:every))`).stdout
	field := func(action, name string) []string {
		m := regexp.MustCompile(`(?m)^  ` + name + `: \[(.*)\]$`).FindStringSubmatch(action)
		if m == nil {
			return nil
		}
		return strings.Split(m[1], ", ")
	}
	variable := func(action, name string) string {
		m := regexp.MustCompile(`\b` + name + `=(\w+)`).FindStringSubmatch(strings.Join(field(action, "Environment"), " "))
		if m == nil {
			return ""
		}
		return m[1]
	}
	linked, hashed, packed := map[string]string{}, map[string]string{}, ""
	for _, action := range strings.Split(strings.TrimSpace(out), "\n\n") {
		switch mnemonic, _, _ := strings.Cut(strings.TrimPrefix(action, "action "), "\n"); {
		case strings.Contains(action, "  Mnemonic: GoLink\n"):
			for _, file := range field(action, "Outputs") {
				linked[file] = variable(action, "GOOS") + "/" + variable(action, "GOARCH")
			}
		case strings.Contains(action, "  Mnemonic: WasmcloudHash\n"):
			target := strings.Split(filepath.Base(field(action, "Outputs")[0]), ".")[1]
			for _, file := range field(action, "Inputs") {
				if strings.HasSuffix(file, "/every/compiled_/compiled") || strings.HasSuffix(file, "/every/compiled_/compiled.exe") {
					hashed[target] = file
				}
			}
		case strings.Contains(action, "  Mnemonic: WasmcloudPack\n"):
			packed = action
		default:
			t.Fatalf("what is %s?", mnemonic)
		}
	}
	if got, want := slices.Sorted(maps.Keys(hashed)), slices.Sorted(maps.Keys(machines)); !slices.Equal(got, want) {
		t.Errorf("executables are hashed for %q, want %q\n%s", got, want, tail(out))
	}
	for target, file := range hashed {
		if linked[file] != machines[target].system {
			t.Errorf("%s gets %s, which is linked for %q", target, file, linked[file])
		}
		if !strings.Contains(packed, target+"="+file) {
			t.Errorf("the archive has something else than %s for %s", file, target)
		}
	}
}
