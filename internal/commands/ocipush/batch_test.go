package ocipush

import (
	"bytes"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// A target with a stamped version knows its tag only when the file is read.
func TestBatchTagsByTheVersionInTheClaims(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Options{}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	push := func(args ...string) (string, string, int) {
		system := cli.System()
		var out, errs bytes.Buffer
		system.Out, system.Err = &out, &errs
		system.Env = func(string) string { return "" }
		code := cli.Main(t.Context(), system, args, func(s *cli.IO) *cobra.Command {
			return BatchCommand(s, Batch{Items: []BatchItem{{File: "../../artifact/testdata/probe_s.wasm", References: []string{host + "/probe"}}}})
		})
		return out.String(), errs.String(), code
	}
	if out, errs, code := push(); code != 0 || !strings.HasPrefix(out, "sha256:") || !strings.Contains(errs, host+"/probe:1.2.3 pushed") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if _, errs, code := push("--reference", host+"/probe:other"); code != 0 || !strings.Contains(errs, "/probe:other retagged") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

func TestVersionTag(t *testing.T) {
	for version, want := range map[string]string{"1.2.3": "1.2.3", "1.0.0-RC.1+Build 7": "1.0.0-rc.1-build-7"} {
		if got, err := versionTag(version); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", version, got, err, want)
		}
	}
	if got, err := versionTag(""); err == nil || !strings.Contains(err.Error(), "--reference") {
		t.Errorf("%q, %v", got, err)
	}
}
