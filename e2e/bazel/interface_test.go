//go:build bazel

package bazel

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/smithy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// smithyTool runs smithy as Make would, with a cache of its own.
func smithyTool(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := attempt(t, map[string]string{"HOME": t.TempDir()}, smithy.Command, args...)
	if code != 0 {
		t.Fatalf("smithy %q: %s%s", args, stdout, stderr)
	}
	return stdout
}

// The whole of examples/payments: code from a model in an actor and in a
// provider, each tested against fakes of the other, and both in one host.
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

	t.Run("together", func(t *testing.T) { shopAndPurseMeet(t, &workspace{t: t, dir: w.dir}) })
	t.Run("published", func(t *testing.T) { interfaceIsPushed(t, &workspace{t: t, dir: w.dir}, from) })
	t.Run("pulled", func(t *testing.T) { interfaceIsPulled(t, &workspace{t: t, dir: w.dir}) })
	t.Run("changed", func(t *testing.T) { changedModel(t, &workspace{t: t, dir: w.dir}) })
	t.Run("verdicts", func(t *testing.T) { verdictsAreHeard(t, &workspace{t: t, dir: w.dir}) })
	t.Run("invalid", func(t *testing.T) { invalidModel(t, &workspace{t: t, dir: w.dir}) })
	t.Run("deps", func(t *testing.T) { modelsOfOthers(t, &workspace{t: t, dir: w.dir}) })
}

// A changed model runs what reads models, nothing else of ours, and alone with them.
func changedModel(t *testing.T, w *workspace) {
	w.must("build", "//interface:payments", "//interface:payments.digest")
	w.edit("interface/payments.smithy", "/// ", "/// "+unseen()+" ")
	out := w.must("build", "//interface:payments", "//interface:payments.digest")
	if got := out.ours(); !slices.Equal(got, []string{"Bundle", "Generate", "Lint", "Manifest", "Validate"}) {
		t.Errorf("a changed model ran %q", got)
	}
	for _, s := range out.spawns {
		if strings.HasPrefix(s.Mnemonic, "Wasmcloud") && (s.Runner != "linux-sandbox" || len(s.EnvironmentVariables) > 0) {
			t.Errorf("%s ran in %q with the environment %v", s.Mnemonic, s.Runner, s.EnvironmentVariables)
		}
	}
	w.must("build", "//interface:payments", "//interface:payments.digest").idle(t)
}

// Who builds what uses the code hears of the model.
func verdictsAreHeard(t *testing.T, w *workspace) {
	w.edit("interface/payments.smithy", "    @n(1)\n    @required\n    currency", "    @n(0)\n    @required\n    currency")
	if _, err := w.bazel("build", "//actor:actor"); err == nil || !strings.Contains(err.Error(), "FieldNumber") || !strings.Contains(err.Error(), "interface/payments.smithy:") {
		t.Errorf("a field number is there twice, and the build says %v", err)
	}
	w.must("build", "//actor:actor", "--norun_validations")
}

// A model that is wrong stops what is compiled of it.
func invalidModel(t *testing.T, w *workspace) {
	w.edit("interface/payments.smithy", "    amount: Amount", "    amount: Amuont")
	if _, err := w.bazel("build", "//interface:payments_go"); err == nil || !strings.Contains(err.Error(), "Amuont") {
		t.Errorf("a shape that is not there: %v", err)
	}
}

// Models of another interface come by deps, and by way of others.
func modelsOfOthers(t *testing.T, w *workspace) {
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
	w.must("build", "//uses:mall_go", "//uses:mall", "//uses:mall.bundle", "//uses:bare")
	// Published alone: who uses the mall need not know of the others.
	w.write("elsewhere/mall.tar", string(w.built("uses/mall.tar")))
	if out := smithyTool(t, "diff", filepath.Join(w.dir, "elsewhere/mall.tar"), filepath.Join(w.dir, "elsewhere/mall.tar")); !strings.Contains(out, "Nothing breaks") {
		t.Errorf("the bundle is not whole: %s", out)
	}
	code := string(w.built("uses/mall.go"))
	for _, want := range []string{"package hall\n", "type Sale struct", "type Order struct", "type Amount struct"} {
		if !strings.Contains(code, want) {
			t.Errorf("mall.go has no %q", want)
		}
	}
	if _, err := w.bazel("build", "//uses:strict"); err == nil || !strings.Contains(err.Error(), "bare.smithy:") {
		t.Errorf("a bare message is valid: %v", err)
	}
}

// shopAndPurseMeet: what the build pushes answers in a host as the README shows it of what Make pushes.
func shopAndPurseMeet(t *testing.T, w *workspace) {
	_, address := serve(t)
	push := func(target, name string) (reference string) {
		pushed := w.must("run", target, "--", "--reference", address+"/"+name+":0.1.0")
		return address + "/" + name + "@" + strings.TrimSpace(pushed.stdout)
	}
	shop, purse := push("//actor:push", "shop"), push("//provider:push", "purse")
	host := runHost(t)
	on := func(args ...string) string { return tool(t, lattice.Command, append(args, "--state-file", host)...) }
	on("start", "provider", purse)
	on("start", "actor", shop)
	on("link", "put", shop, purse, "example:payments", "cents=300")
	for _, want := range []string{"paid 250 cents EUR to baker", "only 50 cents are left"} {
		if got := on("call", shop, "HttpServer.HandleRequest", `{"method":"POST","path":"/pay","queryString":"payee=baker&cents=250","header":{},"body":""}`); !strings.Contains(got, want) {
			t.Errorf("the shop answers %s; want %q", got, want)
		}
	}
}

// runHost runs a host until the test ends, and gives its state file.
func runHost(t *testing.T) (state string) {
	t.Helper()
	home := t.TempDir()
	state = filepath.Join(home, "host.json")
	var log bytes.Buffer
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	s := &cli.IO{In: strings.NewReader(""), Out: &log, Err: &log, Env: env, Now: time.Now}
	ended := make(chan int, 1)
	go func() {
		args := []string{"run", "--nats-port", "0", "--no-dashboard", "--no-host-config", "--interpreter", "--state-file", state}
		ended <- cli.Main(t.Context(), s, args, devhost.Command)
	}()
	t.Cleanup(func() {
		if code := <-ended; code != 0 || t.Failed() {
			t.Errorf("the host ended with %d:\n%s", code, log.String())
		}
	})
	testkit.Eventually(t, "a host", func() bool {
		_, err := os.Stat(state)
		return err == nil
	})
	return state
}

// interfaceIsPushed: what the build publishes is what `make publish` would, another project can name it, and nothing
// goes out that breaks those who use the last release.
func interfaceIsPushed(t *testing.T, w *workspace, from string) {
	r, address := serve(t)
	flag := "--@rules_wasmcloud//rules/settings:registry=" + address
	w.must("build", "//interface:payments.bundle", "//interface:payments.digest")
	makes := filepath.Join(t.TempDir(), "payments.tar")
	smithyTool(t, "bundle", "--config", filepath.Join(from, "interface/codegen.toml"), "--out", makes)
	if !bytes.Equal(w.built("interface/payments.tar"), []byte(read(t, makes))) {
		t.Error("Make and Bazel publish other bytes of one model")
	}
	digest := string(w.built("interface/payments.digest"))
	pushed := w.must("run", flag, "//interface:payments.push")
	if pushed.stdout != digest || !strings.Contains(pushed.stderr, "/payments-interface:0.1.0 pushed") || !strings.Contains(pushed.stderr, "nothing was released yet") {
		t.Errorf("printed %q, and the build says %q\n%s", pushed.stdout, digest, tail(pushed.stderr))
	}
	if again := w.must("run", flag, "//interface:payments.push"); again.stdout != digest || !strings.Contains(again.stderr, "unchanged") {
		t.Errorf("pushed again: %q\n%s", again.stdout, tail(again.stderr))
	}

	folder := t.TempDir()
	for name, text := range map[string]string{
		"codegen.toml": "[[models]]\npath = \".\"\n\n[[models]]\noci = \"" + address + "/payments-interface:0.1.0\"\n",
		"uses.smithy":  "namespace org.example.uses\n\nuse org.example.payments#Amount\n\n/// A price.\nstructure Price {\n    @required\n    is: Amount\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	smithyTool(t, "validate", "--config", filepath.Join(folder, "codegen.toml"))

	w.edit("interface/payments.smithy", "    currency: String", "    coin: String")
	before := len(r.Requests())
	writes := func() (n int) {
		for _, request := range r.Requests()[before:] {
			if request.Method == "PUT" || request.Method == "POST" {
				n++
			}
		}
		return n
	}
	if _, err := w.bazel("run", flag, "//interface:payments.push"); err == nil || !strings.Contains(err.Error(), "is not pushed to") || !strings.Contains(err.Error(), "currency") || writes() > 0 {
		t.Errorf("a model that breaks its users is pushed (%d writes): %v", writes(), err)
	}
	if _, err := w.bazel("run", flag, "//interface:payments.push", "--", "--reference", address+"/payments-interface:dev"); err == nil || !strings.Contains(err.Error(), "the tag is no version") || writes() > 0 {
		t.Errorf("a tag that is no version (%d writes): %v", writes(), err)
	}
	out := w.must("run", flag, "//interface:payments.push", "--", "--reference", address+"/payments-interface:0.2.0")
	if !strings.Contains(out.stderr, "may break") || !strings.Contains(out.stderr, "currency") || writes() == 0 {
		t.Errorf("a version that may break: %s", tail(out.stderr))
	}

	// What lint refuses is not pushed, though nothing in the push needs lint.
	before = len(r.Requests())
	w.edit("interface/payments.smithy", "    @n(1)\n    @required\n    coin", "    @n(0)\n    @required\n    coin")
	if _, err := w.bazel("run", flag, "//interface:payments.push", "--", "--reference", address+"/payments-interface:0.3.0"); err == nil || !strings.Contains(err.Error(), "FieldNumber") || writes() > 0 {
		t.Errorf("a bad model is pushed (%d writes): %v", writes(), err)
	}
}

// interfaceIsPulled: what others published is an interface like those that are built here.
func interfaceIsPulled(t *testing.T, w *workspace) {
	_, address := serve(t)
	digest := strings.TrimSpace(w.must("run", "//interface:payments.push", "--", "--reference", address+"/payments-interface:0.1.0").stdout)
	module := read(t, filepath.Join(w.dir, "MODULE.bazel"))
	t.Cleanup(func() { w.write("MODULE.bazel", module) })
	w.write("MODULE.bazel", module+`
wasmcloud = use_extension("@rules_wasmcloud//rules:extensions.bzl", "wasmcloud")
wasmcloud.pull(name = "theirs", digest = "`+digest+`", registry = "`+address+`", repository = "payments-interface")
use_repo(wasmcloud, "theirs")
`)
	w.write("pulled/BUILD.bazel", `load("@rules_wasmcloud//rules:interface.bzl", "wasmcloud_interface")

wasmcloud_interface(name = "orders", srcs = ["orders.smithy"], deps = ["@theirs"], disable_lints = ["MissingDocs", "PackageMetadata"])
`)
	w.write("pulled/orders.smithy", "namespace org.example.orders\n\nstructure Order {\n    @required\n    price: org.example.payments#Amount\n}\n")
	t.Cleanup(func() { w.write("pulled/BUILD.bazel", "") })
	w.must("build", "//pulled:orders", "//pulled:orders.bundle")
	if code := string(w.built("pulled/orders.go")); !strings.Contains(code, "type Amount struct") {
		t.Error("the code has nothing of what was pulled")
	}
	w.write("elsewhere/orders.tar", string(w.built("pulled/orders.tar")))
	smithyTool(t, "diff", filepath.Join(w.dir, "elsewhere/orders.tar"), filepath.Join(w.dir, "elsewhere/orders.tar"))
}
