//go:build bazel

package bazel

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An actor whose annotation and tags hold keys of the workspace status.
func annotated(t *testing.T) (w *workspace, status string) {
	t.Helper()
	w = open(t, "rules")
	status = filepath.Join(w.dir, "status.sh")
	if err := os.WriteFile(status, []byte("#!/bin/sh\necho STABLE_VERSION 7.8.9\necho STABLE_TEAM 'a \"b\" c'\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.write("stamped/BUILD.bazel", `load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")
load("@rules_wasmcloud//rules:push.bzl", "wasmcloud_push_all")

wasmcloud_actor(
    name = "stamped",
    src = "//actor:probe.wasm",
    annotations = {
        "org.example.team": "{STABLE_TEAM}",
        "org.example.plain": "plain",
    },
    remote_tags = ["1.0", "v{STABLE_VERSION}"],
    version = "0.1.0",
)

wasmcloud_push_all(
    name = "push_all",
    pushes = [":push"],
)
`)
	w.write("actor/BUILD.bazel", w.read("actor/BUILD.bazel")+"\nexports_files([\"probe.wasm\"])\n")
	t.Cleanup(func() { w.write("stamped/BUILD.bazel", "") })
	return w, "--workspace_status_command=" + status
}

func (w *workspace) read(file string) string {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// Values of the status are in tags and annotations of a stamped build; another build
// has neither them nor the status files in its actions.
func TestStampedTagsAndAnnotations(t *testing.T) {
	w, status := annotated(t)
	store, address := serve(t)
	flags := []string{status, "--@rules_wasmcloud//rules/settings:registry=" + address}
	w.must("build", append(flags, "//stamped:stamped", "--output_groups=manifest")...)
	if got := string(w.built("stamped/stamped.manifest.json")); !strings.Contains(got, `"annotations":{"org.example.plain":"plain"}`) {
		t.Errorf("an unstamped manifest: %s", got)
	}
	for _, target := range []string{"//stamped:stamped", "//stamped:push", "//stamped:push_all"} {
		query := w.must("aquery", append(flags, "--output=text", `mnemonic("Wasmcloud|FileWrite", `+target+`)`)...)
		if strings.Contains(query.stdout, "-status.txt") || strings.Contains(query.stdout, "STABLE_") {
			t.Errorf("an unstamped build knows the workspace status: %s", query.stdout)
		}
	}
	if out := w.must("run", append(flags, "//stamped:push")...); !strings.Contains(out.stderr, ":1.0 pushed") || strings.Contains(out.stderr, ":v") {
		t.Errorf("unstamped, pushed as %s", tail(out.stderr))
	}
	for _, target := range []string{"//stamped:push", "//stamped:push_all"} {
		out := w.must("run", append(flags, "--stamp", target)...)
		if !strings.Contains(out.stderr, ":v7.8.9 ") || !strings.Contains(out.stderr, ":1.0 ") {
			t.Errorf("%s: stamped, pushed as %s", target, tail(out.stderr))
		}
		digest := strings.Fields(out.stdout)[0]
		w.must("build", append(flags, "--stamp", "//stamped:digest", "//stamped:stamped", "--output_groups=+manifest")...)
		if digest != strings.TrimSpace(string(w.built("stamped/stamped.digest"))) {
			t.Errorf("%s: pushed %s", target, digest)
		}
		if got := string(w.built("stamped/stamped.manifest.json")); !strings.Contains(got, `{"org.example.plain":"plain","org.example.team":"a \"b\" c"}`) {
			t.Errorf("a stamped manifest: %s", got)
		}
	}
	if len(store.Requests()) == 0 {
		t.Error("nothing was pushed")
	}
}

// A token that expires in so many days is made anew where a cache would keep it.
func TestRelativeExpiryIsNotCached(t *testing.T) {
	w := open(t, "rules")
	w.edit("actor/BUILD.bazel", `expires = "2127-01-31"`, `expires_in = 30`)
	text := w.must("aquery", "--output=text", `mnemonic("WasmcloudSign", //actor:actor)`).stdout
	if !strings.Contains(text, "no-cache") {
		t.Errorf("the signing action lacks no-cache:\n%s", text)
	}
	w.must("build", "//actor:signed")
	w.must("clean")
	out := w.must("build", "//actor:signed")
	// The disk answers for all else, but for no verdict.
	hits := map[string]bool{"WasmcloudHash": true, "WasmcloudSign": false, "WasmcloudVerify": false}
	for _, s := range out.spawns {
		if want, is := hits[s.Mnemonic]; is && s.CacheHit != want {
			t.Errorf("%s of a token that expires in so many days: cache hit is %v", s.Mnemonic, s.CacheHit)
		}
		delete(hits, s.Mnemonic)
	}
	if len(hits) > 0 {
		t.Errorf("not in the build: %v", hits)
	}
	if text = w.must("aquery", "--output=text", `mnemonic("WasmcloudSign", //actor:twin)`).stdout; strings.Contains(text, "no-cache") {
		t.Errorf("a token that expires at a time is not cached:\n%s", text)
	}
}

// What is checked in and what a genrule makes are wasm as any other.
func TestAnyWasm(t *testing.T) {
	w := open(t, "rules")
	w.write("actor/BUILD.bazel", w.read("actor/BUILD.bazel")+"\nexports_files([\"probe.wasm\"])\n")
	w.write("any/BUILD.bazel", `load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")

genrule(
    name = "made",
    srcs = ["//actor:probe.wasm"],
    outs = ["made.wasm"],
    cmd = "cat $< > $@",
)

[
    wasmcloud_actor(
        name = name,
        src = src,
        claim_name = "any",
        version = "0.1.0",
    )
    for name, src in {"file": "//actor:probe.wasm", "genrule": ":made", "group": ":grouped"}.items()
]

filegroup(
    name = "grouped",
    srcs = ["made.wasm", "BUILD.bazel"],
)
`)
	t.Cleanup(func() { w.write("any/BUILD.bazel", "") })
	w.must("build", "//any/...")
	for _, name := range []string{"genrule", "group"} {
		if string(w.built("any/"+name+"_s.wasm")) != string(w.built("any/file_s.wasm")) {
			t.Errorf("the %s's wasm is signed otherwise", name)
		}
	}
}
