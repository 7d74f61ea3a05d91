//go:build bazel

package bazel

import (
	"path/filepath"
	"strings"
	"testing"
)

// The whole of examples/payments: code from a model in an actor and in a
// provider, each tested against fakes of the other.
func TestInterface(t *testing.T) {
	from := filepath.Join(repository(t), "examples/payments")
	w := openAs(t, from, "payments")
	w.write("MODULE.bazel", strings.ReplaceAll(read(t, filepath.Join(from, "MODULE.bazel")), `path = "../.."`, `path = "`+repository(t)+`"`))
	// The Go code that Make wrote is not what Bazel compiles.
	out := w.must("test", "//...")
	for _, target := range []string{"//interface:payments_test", "//actor:actor_test", "//provider:provider_test"} {
		if !strings.Contains(out.stderr+out.stdout, target) {
			t.Errorf("%s was not run:\n%s", target, tail(out.stderr))
		}
	}

	t.Run("code", func(t *testing.T) {
		w := &workspace{t: t, dir: w.dir}
		w.must("build", "//interface:payments", "--output_groups=+tests")
		for _, file := range []string{"payments.go", "payments_test.go"} {
			if string(w.built("interface/"+file)) != read(t, filepath.Join(from, "interface/payments", file)) {
				t.Errorf("%s: Make and Bazel write other code from one model", file)
			}
		}
	})

	// Who builds what uses the code hears of the model.
	t.Run("verdicts", func(t *testing.T) {
		w := &workspace{t: t, dir: w.dir}
		w.edit("interface/payments.smithy", "    @n(1)\n    @required\n    currency", "    @n(0)\n    @required\n    currency")
		if _, err := w.bazel("build", "//actor:actor"); err == nil || !strings.Contains(err.Error(), "FieldNumber") || !strings.Contains(err.Error(), "interface/payments.smithy:") {
			t.Errorf("a field number is there twice, and the build says %v", err)
		}
		w.must("build", "//actor:actor", "--norun_validations")
	})
	t.Run("invalid", func(t *testing.T) {
		w := &workspace{t: t, dir: w.dir}
		w.edit("interface/payments.smithy", "    amount: Amount", "    amount: Amuont")
		if _, err := w.bazel("build", "//interface:payments_go"); err == nil || !strings.Contains(err.Error(), "Amuont") {
			t.Errorf("a shape that is not there: %v", err)
		}
	})

	// Models of another interface come by deps, and by way of others.
	t.Run("deps", func(t *testing.T) {
		w := &workspace{t: t, dir: w.dir}
		w.write("uses/BUILD.bazel", `load("@rules_go//go:def.bzl", "go_library")
load("@rules_wasmcloud//rules:interface.bzl", "wasmcloud_interface")

wasmcloud_interface(name = "orders", srcs = ["orders.smithy"], deps = ["//interface:payments"])

wasmcloud_interface(name = "mall", srcs = ["mall.smithy"], package = "hall", deps = [":orders"])

wasmcloud_interface(name = "bare", srcs = ["bare.smithy"], bare_messages = True, disable_lints = ["MissingDocs"])

wasmcloud_interface(name = "strict", srcs = ["bare.smithy"])

go_library(name = "mall_go", srcs = [":mall"], importpath = "example.org/hall", deps = ["@rules_wasmcloud//sdk/actor/msgpack"])
`)
		head := "$version: \"2\"\n\nmetadata package = [{ namespace: \"org.example.%\", crate: \"%\" }]\n\nnamespace org.example.%\n\n"
		w.write("uses/orders.smithy", strings.ReplaceAll(head, "%", "orders")+"/// An order.\nstructure Order {\n    @required\n    price: org.example.payments#Amount\n}\n")
		w.write("uses/mall.smithy", strings.ReplaceAll(head, "%", "mall")+"/// A sale.\nstructure Sale {\n    @required\n    order: org.example.orders#Order\n}\n")
		w.write("uses/bare.smithy", strings.ReplaceAll(head, "%", "bare")+"use org.wasmcloud.model#wasmbus\n\n@wasmbus(contractId: \"example:bare\", providerReceive: true)\nservice Bare {\n    version: \"1\"\n    operations: [\n        Get\n    ]\n}\n\noperation Get {\n    input: String\n}\n")
		// With a warm disk cache Bazel fetches only what is asked for by name.
		w.must("build", "//uses:mall_go", "//uses:mall", "//uses:bare")
		code := string(w.built("uses/mall.go"))
		for _, want := range []string{"package hall\n", "type Sale struct", "type Order struct", "type Amount struct"} {
			if !strings.Contains(code, want) {
				t.Errorf("mall.go has no %q", want)
			}
		}
		if _, err := w.bazel("build", "//uses:strict"); err == nil || !strings.Contains(err.Error(), "bare.smithy:") {
			t.Errorf("a bare message is valid: %v", err)
		}
	})
}
