package ocipush

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

const signedProbe = "../../artifact/testdata/probe_s.wasm"

// pushBatch runs the command of a target.
func pushBatch(t *testing.T, b Batch, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	system := cli.System()
	var out, errs bytes.Buffer
	system.Out, system.Err, system.Env = &out, &errs, func(string) string { return "" }
	code = cli.Main(t.Context(), system, args, func(s *cli.IO) *cobra.Command { return BatchCommand(s, b) })
	return out.String(), errs.String(), code
}

func batchRegistry(t *testing.T) (r *registry.Registry, host string) {
	t.Helper()
	r = registry.New(registry.Options{})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, strings.TrimPrefix(server.URL, "http://")
}

// A target with a stamped version knows its tag only when the file is read.
func TestBatchTagsByTheVersionInTheClaims(t *testing.T) {
	_, host := batchRegistry(t)
	probe := Batch{Items: []BatchItem{{File: signedProbe, References: []string{host + "/probe"}}}}
	if out, errs, code := pushBatch(t, probe); code != 0 || !strings.HasPrefix(out, "sha256:") || !strings.Contains(errs, host+"/probe:1.2.3 pushed") {
		t.Errorf("exit %d, %q, %q", code, out, errs)
	}
	if _, errs, code := pushBatch(t, probe, "--reference", host+"/probe:other"); code != 0 || !strings.Contains(errs, "/probe:other retagged") {
		t.Errorf("exit %d, %q", code, errs)
	}
}

// What is asked before a push can stop it, and everything else of the batch.
func TestBatchAsksBeforeAnyPush(t *testing.T) {
	r, host := batchRegistry(t)
	var asked []string
	refuses := func(_ *cobra.Command, client *oci.Client, ref oci.Ref) error {
		if client == nil {
			t.Error("no client")
		}
		asked = append(asked, ref.String())
		return errors.New("no, it breaks")
	}
	out, errs, code := pushBatch(t, Batch{Jobs: 1, Items: []BatchItem{
		{File: signedProbe, References: []string{host + "/fine:1"}},
		{File: signedProbe, References: []string{host + "/probe"}, Before: refuses},
	}})
	if want := "is not pushed to " + host + "/probe:1.2.3: no, it breaks"; code != 1 || !strings.Contains(errs, want) || out != "" {
		t.Errorf("exit %d, %q %q", code, out, errs)
	}
	if !slices.Equal(asked, []string{host + "/probe:1.2.3"}) || len(r.Requests()) > 0 {
		t.Errorf("asked for %q, and the registry got %v", asked, r.Lines())
	}
}

// The signature alone shows nothing: whoever writes the cache may have put another file
// there that is signed as well. Then nothing of the batch is pushed.
func TestBatchHoldsTheFileAgainstTheDigestOfTheBuild(t *testing.T) {
	r, host := batchRegistry(t)
	probe := BatchItem{File: signedProbe, References: []string{host + "/probe:1"}}
	out, errs, code := pushBatch(t, Batch{Items: []BatchItem{probe}})
	if code != 0 {
		t.Fatalf("exit %d, %q", code, errs)
	}
	probe.Digest = strings.TrimSpace(out)
	if _, errs, code := pushBatch(t, Batch{Items: []BatchItem{probe}}); code != 0 {
		t.Errorf("with its own digest: exit %d, %q", code, errs)
	}
	r.ResetLog()
	fine, lied := probe, probe
	fine.References = []string{host + "/fine:1"}
	lied.Digest = registry.Digest([]byte("another manifest"))
	want := lied.File + " is not pushed: its manifest would have the digest " + probe.Digest + ", and the build gave out " + lied.Digest
	if out, errs, code := pushBatch(t, Batch{Items: []BatchItem{fine, lied}}); code != 1 || out != "" || !strings.Contains(errs, want) {
		t.Errorf("exit %d, %q %q; want %q", code, out, errs, want)
	}
	// Its annotations are in the manifest, too.
	noted := probe
	noted.Annotations = map[string]string{"org.example.note": "by somebody else"}
	if _, errs, code := pushBatch(t, Batch{Items: []BatchItem{noted}}); code != 1 || !strings.Contains(errs, "the build gave out "+noted.Digest) {
		t.Errorf("with another annotation: exit %d, %q", code, errs)
	}
	if len(r.Requests()) > 0 {
		t.Errorf("the registry got %v", r.Lines())
	}
}

func TestBatchOfUnchangedCostsARequestEach(t *testing.T) {
	r, host := batchRegistry(t)
	const artifacts = 100
	b := Batch{Jobs: 8}
	var want []string
	for i := range artifacts {
		number := strconv.Itoa(i)
		b.Items = append(b.Items, BatchItem{File: signedProbe, References: []string{host + "/n" + number + ":1"}, Annotations: map[string]string{"org.example.number": number}})
		want = append(want, "HEAD /v2/n"+number+"/manifests/1")
	}
	first, errs, code := pushBatch(t, b)
	if code != 0 {
		t.Fatalf("exit %d, %q", code, errs)
	}
	r.ResetLog()
	again, errs, code := pushBatch(t, b)
	if code != 0 || again != first || strings.Count(errs, " unchanged") != artifacts {
		t.Errorf("exit %d, %q", code, errs)
	}
	var got []string
	for _, req := range r.Requests() {
		got = append(got, req.Method+" "+req.Path)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
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
