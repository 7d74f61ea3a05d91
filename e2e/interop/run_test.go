package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// said is what one step made of a program: the streams are normal, see tidy.
type said struct {
	Step string `json:"step"`
	Exit int    `json:"exit"`
	Out  string `json:"out,omitempty"`
	Err  string `json:"err,omitempty"`
}

// play runs one part of the script against a wash, in a home of its own.
func play(t *testing.T, wash, part string, steps []step, env []string) []said {
	w := newWorldOf(t, wash)
	w.env = append(w.env, env...)
	w.lay(part)
	var all []said
	for _, st := range steps {
		if st.prepare != nil {
			st.prepare(w)
		}
		got := w.step(st.args)
		for tries := 0; st.until != nil && !st.until(w) && tries < 50; tries++ {
			got = w.step(st.args)
		}
		all = append(all, got)
	}
	return all
}

func (w *world) step(line string) said {
	w.t.Helper()
	args := words(line)
	for i := range args {
		args[i] = os.Expand(args[i], w.variable)
	}
	cmd := exec.Command(w.wash, args...)
	cmd.Env, cmd.Dir = w.env, w.dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		w.t.Fatal(err)
	}
	return said{Step: line, Exit: cmd.ProcessState.ExitCode(), Out: w.tidy(out.String()), Err: w.tidy(errs.String())}
}

func (w *world) variable(name string) string {
	if v, ok := w.vars[name]; ok {
		return v
	}
	w.t.Fatalf("the script knows no variable %s", name)
	return ""
}

// words cuts a line as a shell does that knows single quotes alone.
func words(line string) []string {
	var all []string
	word, quoted, any := "", false, false
	for _, r := range line {
		switch {
		case r == '\'':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if any {
				all = append(all, word)
			}
			word, any = "", false
		default:
			word, any = word+string(r), true
		}
	}
	if any {
		all = append(all, word)
	}
	return all
}

// Keys of wash's own tests beside those of interop_test.go, and others made for this one.
const (
	serviceKey = "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF"
	otherKey   = "MDPDJEYIAK6MACO67PRFGOSSLODBISK4SCEYDY3HEOY4P5CVJN6UCWUK"
	nobodyKey  = "MDTU3A4RD3QVHEI5X5WCRTX4H7QBNBKBK3H7JMORTF7QLPHLO7KJ7YXA"
)

// lay puts what the script works on into the world.
func (w *world) lay(part string) {
	w.t.Helper()
	w.vars = map[string]string{"WORK": w.dir, "MODULE": moduleKey, "MODULE2": otherKey, "SERVICE": serviceKey, "NOBODY": nobodyKey}
	probe, err := os.ReadFile(vector(w.t, "probe.wasm"))
	if err != nil {
		w.t.Fatal(err)
	}
	operator, account := seedOf(w.t, 'O'), seedOf(w.t, 'A')
	w.vars["ACCOUNT2"] = account
	w.write("probe.wasm", string(probe))
	w.write("text.txt", "no artifact at all\n")
	w.write("kv", "#!/bin/sh\nexec sleep 1\n")
	w.write("kv2", "#!/bin/sh\nexec sleep 2\n")
	for name, seed := range map[string]string{"account": issuerSeed, "module": moduleSeed, "service": serviceSeed, "newline": issuerSeed + "\n", "operator": operator} {
		w.write("seeds/"+name+".nk", seed)
	}
	for _, dir := range []string{"empty", "out", "tmp", "contexts"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			w.t.Fatal(err)
		}
	}
	w.write("contexts/other.json", `{"name":"other","cluster_seed":"","ctl_jwt":"","ctl_seed":"","rpc_jwt":"","rpc_seed":""}`)
	w.write("home/.wash/.completion_suggested", "") // else the first answer has a greeting
	switch part {
	case "models":
		w.layModels()
	case "build":
		w.layProjects()
	case "reg":
		w.serveRegistry()
		w.layArtifacts()
	case "ctl":
		w.serveRegistry()
		w.serveHost()
		w.layArtifacts()
		w.layRunnable()
		w.answerTests()
	}
	w.vars["REGISTRY"], w.vars["HOST"], w.vars["CONTEXT"] = w.registry, w.host.HostID, w.host.Context
}

func (w *world) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		w.t.Fatal(err)
	}
}

const goodModel = `$version: "2"
metadata package = [{ namespace: "org.example.greet", crate: "greet" }]
namespace org.example.greet

/// Greets.
service Greeter {
  version: "0.1",
  operations: [Greet]
}

/// Greets somebody.
operation Greet {
  input: GreetInput,
  output: GreetOutput
}

/// Who.
structure GreetInput {
  @required
  name: String
}

/// How.
structure GreetOutput {
  @required
  text: String
}
`

func (w *world) layModels() {
	w.write("good.smithy", strings.Replace(goodModel, `$version: "2"`, `$version: "1.0"`, 1))
	w.write("syntax.smithy", "namespace org.example\nstructure {\n")
	w.write("unresolved.smithy", "$version: \"1.0\"\nnamespace org.example\nstructure Box { content: Nothing }\n")
}

const wasmcloudToml = `language = "rust"
type = "actor"

[actor]
claims = ["wasmcloud:httpserver"]
call_alias = "vector/hello"
`

func (w *world) layProjects() {
	w.write("project/wasmcloud.toml", wasmcloudToml)
	w.write("project/Cargo.toml", "[package]\nname = \"hello\"\nversion = \"0.3.0\"\nedition = \"2021\"\n[lib]\ncrate-type = [\"cdylib\"]\n")
	w.write("project/src/lib.rs", "")
	w.write("provider/wasmcloud.toml", "language = \"rust\"\ntype = \"provider\"\nname = \"kv\"\nversion = \"0.1.0\"\n[provider]\ncapability_id = \"a:b\"\n")
	w.env = append(w.env, "CARGO_MAKES=target/wasm32-unknown-unknown/release/hello.wasm", "CARGO_FROM="+filepath.Join(w.dir, "probe.wasm"))
}

// withSettings names what wash takes and does not heed.
func withSettings(w *world) {
	w.write("project/wasmcloud.toml", wasmcloudToml+"key_directory = \"./mykeys\"\nfilename = \"greeting.wasm\"\n")
}

func (w *world) layArtifacts() {
	w.t.Helper()
	const claims = "--name Probe -q -c wasmcloud:keyvalue -l -c wasmcloud:builtin:numbergen --rev 3 --call-alias vector/probe"
	for out, version := range map[string]string{"signed.wasm": "1.2.3", "second.wasm": "1.2.4"} {
		w.ours("signer", append([]string{"sign", filepath.Join(w.dir, "probe.wasm"), "--ver", version, "-d", filepath.Join(w.dir, out),
			"-i", filepath.Join(w.dir, "seeds/account.nk"), "-s", filepath.Join(w.dir, "seeds/module.nk")}, words(claims)...)...)
	}
	w.ours("signer", append([]string{"sign", filepath.Join(w.dir, "probe.wasm"), "--nbf", "30", "-d", filepath.Join(w.dir, "early.wasm"),
		"-i", filepath.Join(w.dir, "seeds/account.nk"), "-s", filepath.Join(w.dir, "seeds/module.nk")}, words(claims)...)...)
	w.pack("kv", "x86_64-linux")
	w.changeByte("signed.wasm", "forged.wasm", tokenEnd)
}

// pack packs an executable as the provider of the script.
func (w *world) pack(executable, target string) {
	w.t.Helper()
	w.ours("parpack", "create", "--capid", kvContract, "--vendor", "Acme", "--name", "KV", "--version", "0.1.0", "--bin", target+"="+filepath.Join(w.dir, executable),
		"--destination", filepath.Join(w.dir, "kv.par.gz"), "-i", filepath.Join(w.dir, "seeds/account.nk"), "-s", filepath.Join(w.dir, "seeds/service.nk"))
}

// layRunnable pushes the actor in two versions, and a provider that runs.
func (w *world) layRunnable() {
	w.t.Helper()
	w.keyvalue()
	w.pack("keyvalue", string(par.HostTarget()))
	for ref, file := range map[string]string{"probe:1.2.3": "signed.wasm", "probe:1.2.4": "second.wasm", "kv:0.1.0": "kv.par.gz"} {
		w.ours("ocipush", "push", w.registry+"/vectors/"+ref, filepath.Join(w.dir, file))
	}
}

// answerTests answers for an actor that none of our hosts runs: wash decodes results
// of tests in one encoding alone, that of actors of old.
func (w *world) answerTests() {
	w.t.Helper()
	conn, err := nats.Connect(w.host.NATSURL)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(conn.Close)
	results := []byte{0x92} // MessagePack: a list of two
	for _, result := range []contract.TestResult{{Name: "adds", Passed: true}, {Name: "divides", SnapData: []byte(`{"error":"division by zero"}`)}} {
		results = result.AppendMsgpack(results)
	}
	_, err = conn.Subscribe(wasmbus.ActorSubject("default", otherKey), func(m *nats.Msg) {
		call, err := wasmbus.UnmarshalInvocation(m.Data)
		if err != nil {
			return
		}
		answer := wasmbus.Response{Msg: results, InvocationID: call.ID, ContentLength: uint64(len(results))}
		_ = m.Respond(answer.Marshal())
	})
	if err == nil {
		err = conn.Flush()
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func noLinks(w *world) bool {
	return !strings.Contains(w.ours("lattice", "get", "links", "--output", "json"), "contract_id")
}

// tokenEnd changes the signature that a signed module ends in.
func tokenEnd(b []byte) int { return len(b) - 10 }

func (w *world) changeByte(from, to string, where func([]byte) int) {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.dir, from))
	if err != nil {
		w.t.Fatal(err)
	}
	at := where(body)
	if body[at] == 'A' { // it stays a letter: of a token too
		body[at] = 'B'
	} else {
		body[at] = 'A'
	}
	w.write(to, string(body))
}

func forgeSignature(w *world) { w.changeByte("out/full.wasm", "out/forged.wasm", tokenEnd) }

// alterModule changes a letter of a text in the module's data.
func alterModule(w *world) {
	w.changeByte("out/full.wasm", "out/altered.wasm", func(b []byte) int { return bytes.Index(b, []byte("HttpServer")) })
}

// fillCaches lays a file into each cache that wash clears.
func fillCaches(w *world) {
	for _, dir := range []string{"tmp/wasmcloudcache/KEY/0", "tmp/wasmcloud_ocicache", "home/.cache/smithy", "home/.wash/downloads"} {
		w.write(dir+"/file.bin", "old")
	}
}

// fillOtherCaches lays a file into a cache that hosts after wash 0.17 have.
func fillOtherCaches(w *world) { w.write("tmp/wasmcloud_bindlecache/parcel", "old") }

// linkCache puts a link to a folder with something of the user's in a cache's place.
func linkCache(w *world) {
	w.t.Helper()
	w.write("outside/precious", "not in a cache")
	cache := filepath.Join(w.dir, "tmp/wasmcloudcache")
	if err := errors.Join(os.RemoveAll(cache), os.Symlink(filepath.Join(w.dir, "outside"), cache)); err != nil {
		w.t.Fatal(err)
	}
}

// readSaid reads a recording.
func readSaid(t *testing.T, path string) map[string]said {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all map[string][]said
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	byStep := map[string]said{}
	for part, list := range all {
		for i, s := range list {
			byStep[key(part, i, s.Step)] = s
		}
	}
	return byStep
}
