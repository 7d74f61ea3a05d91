package ocipush

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
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

// What is asked before a push can stop it, and everything else of the batch.
func TestBatchAsksBeforeAnyPush(t *testing.T) {
	r := registry.New(registry.Options{})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	var asked []string
	refuses := func(_ *cobra.Command, client *oci.Client, ref oci.Ref) error {
		if client == nil {
			t.Error("no client")
		}
		asked = append(asked, ref.String())
		return errors.New("no, it breaks")
	}
	var out, errs bytes.Buffer
	system := cli.System()
	system.Out, system.Err, system.Env = &out, &errs, func(string) string { return "" }
	const file = "../../artifact/testdata/probe_s.wasm"
	code := cli.Main(t.Context(), system, nil, func(s *cli.IO) *cobra.Command {
		return BatchCommand(s, Batch{Jobs: 1, Items: []BatchItem{{File: file, References: []string{host + "/fine:1"}}, {File: file, References: []string{host + "/probe"}, Before: refuses}}})
	})
	if want := "is not pushed to " + host + "/probe:1.2.3: no, it breaks"; code != 1 || !strings.Contains(errs.String(), want) || out.Len() > 0 {
		t.Errorf("exit %d, %q %q", code, out.String(), errs.String())
	}
	if !slices.Equal(asked, []string{host + "/probe:1.2.3"}) || len(r.Requests()) > 0 {
		t.Errorf("asked for %q, and the registry got %v", asked, r.Lines())
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
