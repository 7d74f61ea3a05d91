//go:build bazel

package bazel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// stub is an actor without any code of its own.
const stub = testkit.Silent

// hosted gives a workspace whose package hosted tests the stub by the example's cases.
func hosted(t *testing.T) *workspace {
	t.Helper()
	w := open(t, "rules")
	w.write("hosted/stub.wasm", stub)
	w.takeCases("hosted/cases", "examples/bazel-actor/actor/cases", 2)
	w.write("hosted/cases/answers.txtar", "It answers, whatever it is asked.\n-- call Any.Thing --\n")
	w.write("hosted/BUILD.bazel", `load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")
load("@rules_wasmcloud//rules:testing.bzl", "wasmcloud_actor_test")

wasmcloud_actor(
    name = "hosted",
    src = "stub.wasm",
    version = "0.1.0",
)

wasmcloud_actor_test(
    name = "test",
    size = "small",
    actor = ":hosted",
    cases = glob(["cases/*.txtar"]),
)
`)
	return w
}

// takeCases copies the cases of an example, of which there are at least some.
func (w *workspace) takeCases(to, from string, least int) {
	w.t.Helper()
	cases, err := filepath.Glob(filepath.Join(repository(w.t), from, "*.txtar"))
	if err != nil || len(cases) < least {
		w.t.Fatalf("%d cases, %v", len(cases), err)
	}
	for _, file := range cases {
		w.write(to+"/"+filepath.Base(file), read(w.t, file))
	}
}

func TestStubFailsTheExamplesTests(t *testing.T) {
	w := hosted(t)
	out, err := w.bazel("test", "//hosted:test", "--test_output=all")
	if err == nil {
		t.Fatal("a stub passes the example's tests")
	}
	for _, want := range []string{"Fail: greets", "Fail: unknown", "Fail: visits", "Pass: answers", "1/4 Passed"} {
		if !strings.Contains(out.stdout+out.stderr, want) {
			t.Errorf("want %q in\n%s", want, tail(out.stdout+out.stderr))
		}
	}
}

func TestFilterShardsAndReport(t *testing.T) {
	w := hosted(t)
	w.must("test", "//hosted:test", "--test_filter=answers")
	report, err := os.ReadFile(filepath.Join(w.dir, "bazel-testlogs/hosted/test/test.xml"))
	if err != nil || !strings.Contains(string(report), `name="answers"`) || strings.Contains(string(report), "greets") {
		t.Errorf("the report: %v\n%s", err, report)
	}
	if out, err := w.bazel("test", "//hosted:test", "--test_filter=nothing_like_this", "--test_output=errors"); err == nil ||
		!strings.Contains(out.stdout+out.stderr, "matches none of the cases") {
		t.Error("a filter that matches nothing passes")
	}
	out, err := w.bazel("test", "//hosted:test", "--test_sharding_strategy=forced=5", "--test_output=all")
	if err == nil {
		t.Error("no shard has the failing cases")
	}
	if n := strings.Count(out.stdout+out.stderr, "Test results: "); n != 4 {
		t.Errorf("%d of 5 shards ran tests, want 4: each case in one", n)
	}
}
