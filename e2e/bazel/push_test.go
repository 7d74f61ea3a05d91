//go:build bazel

package bazel

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// serve runs the strict registry; the address is on this machine, which Bazel's root shares.
func serve(t *testing.T) (*registry.Registry, string) {
	t.Helper()
	r := registry.New(registry.Options{})
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	return r, strings.TrimPrefix(server.URL, "http://")
}

func TestPushPrintsTheDigestOfTheBuild(t *testing.T) {
	w := open(t, "rules")
	_, address := serve(t)
	w.must("build", "//actor:digest")
	want := string(w.built("actor/actor.digest"))
	out := w.must("run", "//actor:push", "--@rules_wasmcloud//rules/settings:registry="+address)
	if out.stdout != want {
		t.Errorf("printed %q, and the build says %q", out.stdout, want)
	}
	again := w.must("run", "//actor:push", "--@rules_wasmcloud//rules/settings:registry="+address)
	if again.stdout != want || !strings.Contains(again.stderr, "unchanged") {
		t.Errorf("pushed again: %q\n%s", again.stdout, tail(again.stderr))
	}
}

func TestPushAllCostsOneRequestForEachUnchanged(t *testing.T) {
	w := open(t, "rules")
	r, address := serve(t)
	flag := "--@rules_wasmcloud//rules/settings:registry=" + address
	first := w.must("run", flag, "//actor:push_all")
	before := len(r.Requests())
	again := w.must("run", flag, "//actor:push_all")
	if first.stdout != again.stdout || strings.Count(again.stdout, "sha256:") != 2 {
		t.Errorf("digests %q, then %q", first.stdout, again.stdout)
	}
	if n := len(r.Requests()) - before; n != 2 {
		t.Errorf("two unchanged artifacts cost %d requests", n)
	}
}

func TestPushSignsWithAKeyOfTheRun(t *testing.T) {
	w, seed := release(t)
	_, address := serve(t)
	w.env = []string{"WASH_ISSUER_KEY=" + seed.Reveal()}
	out := w.must("run", "//actor:push", "--@rules_wasmcloud//rules/settings:registry="+address, "--", "--sign", "--issuer", string(seed.Public()))
	if !strings.HasPrefix(out.stdout, "sha256:") {
		t.Errorf("printed %q", out.stdout)
	}
	w.must("build", "//actor:digest")
	if out.stdout == string(w.built("actor/actor.digest")) {
		t.Error("what was pushed is signed by the development key")
	}
}
