//go:build bazel

package bazel

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const toolboxBuild = `load("@rules_go//go:def.bzl", "go_binary")
load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")
load("@rules_wasmcloud//rules:testing.bzl", "wasmcloud_actor_test")

go_binary(
    name = "compiled",
    srcs = [
        "main.go",
        "selftest.go",
    ],
    out = "compiled.wasm",
    goarch = "wasm",
    goos = "wasip1",
    linkmode = "c-shared",
    deps = [
        "@rules_wasmcloud//sdk/actor",
        "@rules_wasmcloud//sdk/actor/msgpack",
        "@rules_wasmcloud//sdk/contracts/keyvalue",
    ],
)

wasmcloud_actor(
    name = "toolbox",
    src = ":compiled",
    call_alias = "toolbox",
    caps = [
        "wasmcloud:httpserver",
        "wasmcloud:keyvalue",
        "wasmcloud:builtin:logging",
        "wasmcloud:builtin:numbergen",
    ],
    fix = True,
    version = "0.1.0",
)

wasmcloud_actor_test(
    name = "test",
    size = "medium",
    actor = ":toolbox",
    cases = glob(["cases/*.txtar"]),
    compile = True,
    options = "test-options.json",
)
`

// toolbox gives a workspace whose package toolbox is examples/toolbox, an actor with cases and with tests of its own.
func toolbox(t *testing.T) *workspace {
	t.Helper()
	w := open(t, "rules")
	from := filepath.Join(repository(t), "examples/toolbox")
	w.takeCases("toolbox/cases", "examples/toolbox/cases", 4)
	for _, file := range []string{"main.go", "selftest.go", "test-options.json"} {
		w.write("toolbox/"+file, read(t, filepath.Join(from, file)))
	}
	w.write("toolbox/BUILD.bazel", toolboxBuild)
	t.Cleanup(func() { w.write("toolbox/BUILD.bazel", "") })
	return w
}

// ran lists the tests in a report of //toolbox:test, sorted.
func ran(t *testing.T, w *workspace, file string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "bazel-testlogs/toolbox/test", file))
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		Cases []struct {
			Name string `xml:"name,attr"`
		} `xml:"testsuite>testcase"`
	}
	if err := xml.Unmarshal(text, &report); err != nil {
		t.Fatalf("%s: %v\n%s", file, err, text)
	}
	var names []string
	for _, c := range report.Cases {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// A filter chooses from an actor's own tests as from its cases; a shard has each once.
func TestActorsOwnTests(t *testing.T) {
	w := toolbox(t)
	all := []string{"bad_dice_are_refused", "dice_stay_in_range", "guids_differ", "log", "note", "relay", "roll"}
	for filter, want := range map[string][]string{"": all, "guids": {"guids_differ"}, "^note$": {"note"}, "dice|roll": {"bad_dice_are_refused", "dice_stay_in_range", "roll"}} {
		w.must("test", "//toolbox:test", "--test_filter="+filter)
		if got := ran(t, w, "test.xml"); !slices.Equal(got, want) {
			t.Errorf("--test_filter=%s ran %q, want %q", filter, got, want)
		}
	}
	if spec := string(w.built("toolbox/test.spec.json")); !strings.Contains(spec, `"compile": true`) {
		t.Errorf("the test does not compile the actor: %s", spec)
	}
	out, err := w.bazel("test", "//toolbox:test", "--test_filter=nothing_like_this", "--test_output=errors")
	if err == nil || !strings.Contains(out.stdout+out.stderr, "no test ran: none has a name that matches nothing_like_this") {
		t.Errorf("a filter that matches nothing: %v\n%s", err, tail(out.stdout+out.stderr))
	}
	w.must("test", "//toolbox:test", "--test_sharding_strategy=forced=2")
	for shard, want := range map[string][]string{
		"shard_1_of_2": {"bad_dice_are_refused", "dice_stay_in_range", "guids_differ", "log", "relay"}, "shard_2_of_2": {"note", "roll"},
	} {
		if got := ran(t, w, shard+"/test.xml"); !slices.Equal(got, want) {
			t.Errorf("%s ran %q, want %q", shard, got, want)
		}
	}
}
