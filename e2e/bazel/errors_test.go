//go:build bazel

package bazel

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// unseen gives a text that no earlier build had.
func unseen() string { return "0.0." + strconv.FormatInt(time.Now().UnixNano(), 10) }

func TestErrorsAreSentencesWithACure(t *testing.T) {
	w := open(t, "rules")
	const head = `load("@rules_wasmcloud//rules:actor.bzl", "wasmcloud_actor")
load("@rules_wasmcloud//rules:keys.bzl", "wasmcloud_keys")
`
	for name, tt := range map[string]struct{ build, want string }{
		"no version": {`wasmcloud_actor(name = "x", src = "//actor:probe.wasm")`, `has no version. Hosts update actors by version, and tags are named after it: add version = "0.1.0"`},
		"no wasm":    {`wasmcloud_actor(name = "x", src = "BUILD.bazel", version = "1")`, "yields no .wasm file but wrong/BUILD.bazel"},
		"for this machine": {"load(\"@rules_go//go:def.bzl\", \"go_binary\")\n" + `go_binary(name = "g", srcs = ["main.go"])` + "\n" + `wasmcloud_actor(name = "x", src = "g", version = "1")`,
			`yields no .wasm file but wrong/g_/g. If it is a go_binary, give it goos = "wasip1", goarch = "wasm", linkmode = "c-shared" and out = "NAME.wasm"; ` +
				"if it follows the platform, set `platform` here to one of wasm32."},
		"several wasm":   {`genrule(name = "g", outs = ["a.wasm", "b.wasm"], cmd = "touch $(OUTS)")` + "\n" + `wasmcloud_actor(name = "x", src = "g", version = "1")`, "yields several .wasm files: wrong/a.wasm, wrong/b.wasm. Name one of them"},
		"a seed":         {`wasmcloud_keys(name = "x", account = "SAANSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRETSECRET")`, "holds what looks like a seed. Take it out of the BUILD file"},
		"no key":         {`wasmcloud_keys(name = "x", account = "me")`, "is no account's public key"},
		"bad subject":    {`wasmcloud_actor(name = "x", src = "//actor:probe.wasm", version = "1", subject = "me")`, "is no module's public key"},
		"a taken name":   {`genrule(name = "push", outs = ["p"], cmd = "touch $@")` + "\n" + `wasmcloud_actor(name = "wrong", src = "//actor:probe.wasm", version = "1")`, "Rename that one, or set short_names = False and use wrong.push"},
		"unknown stamp":  {`wasmcloud_actor(name = "x", src = "//actor:probe.wasm", version = "1", stamp = 1, stamped = {"subject": "{X}"})`, "what can be stamped is name, version, revision"},
		"bad call alias": {`wasmcloud_actor(name = "x", src = "//actor:probe.wasm", version = "1", call_alias = "No Way")`, "alias"},
		"latest":         {"load(\"@rules_wasmcloud//rules:push.bzl\", \"wasmcloud_push\")\n" + `wasmcloud_push(name = "x", artifact = "//actor", remote_tags = ["latest"])`, "the tag latest names something else tomorrow"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &workspace{t: t, dir: w.dir}
			w.write("wrong/BUILD.bazel", head+tt.build+"\n")
			out, err := w.bazel("build", "//wrong/...", "--check_visibility=false")
			if err == nil {
				t.Fatal("built")
			}
			if !strings.Contains(out.stderr, tt.want) {
				t.Errorf("want %q in\n%s", tt.want, tail(out.stderr))
			}
			if strings.Contains(out.stderr, "SAANSECRET") {
				t.Error("the seed is shown")
			}
		})
	}
	w.write("wrong/BUILD.bazel", "")
}
