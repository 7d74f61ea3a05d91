package actor_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestActorsStaySmall holds what may come into every actor: neither fmt nor encoding/json, each of
// which makes it a quarter larger, nor anything from outside of the standard library and the SDK.
func TestActorsStaySmall(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{else}}std {{.ImportPath}}{{end}}", ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		pkg, std := strings.CutPrefix(line, "std ")
		if std && slices.Contains([]string{"fmt", "encoding/json", "reflect", "os", "time", "net/url", "log"}, pkg) {
			t.Errorf("imports %s", pkg)
		}
		if !std && !strings.Contains(pkg, "/rules_wasmcloud/sdk/") {
			t.Errorf("imports %s", pkg)
		}
	}
}

// TestEveryPlatformHasOneABI holds that exactly one of the two files that define Export is compiled,
// wherever that is. The rest of the package does not depend on the platform.
func TestEveryPlatformHasOneABI(t *testing.T) {
	for platform, want := range map[string]string{
		"linux/amd64": "abi_other.go", "darwin/arm64": "abi_other.go", "windows/amd64": "abi_other.go",
		"js/wasm": "abi_other.go", "wasip1/wasm": "abi_wasip1.go",
	} {
		goos, goarch, _ := strings.Cut(platform, "/")
		cmd := exec.Command("go", "list", "-f", "{{join .GoFiles \"\\n\"}}", ".")
		cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+goarch, "CGO_ENABLED=0")
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		files := slices.DeleteFunc(strings.Fields(string(out)), func(f string) bool { return !strings.HasPrefix(f, "abi_") })
		if !slices.Equal(files, []string{want}) {
			t.Errorf("%s compiles %v", platform, files)
		}
	}
}
