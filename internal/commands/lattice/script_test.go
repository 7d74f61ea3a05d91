package lattice

import (
	"context"
	"errors"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/fakehost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

func TestMain(m *testing.M) {
	testkit.Main(m, withSubjects(map[string]func(*cli.IO) *cobra.Command{"lattice": Command}))
}

const (
	echoKey  = "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL"
	testsKey = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
)

// echo is an actor that answers with what it was given.
func echo(op string, payload []byte, log func(level, text string)) ([]byte, error) {
	switch op {
	case "Echo.Nothing":
		if len(payload) != 0 {
			return nil, errors.New("there is an argument")
		}
		return nil, nil
	case "Echo.Fail":
		return nil, errors.New("echo refuses: no such luck")
	case "Echo.Silent":
		return nil, fakehost.ErrSilent
	case "Echo.Bytes": // {"body": bin "hi"}
		return []byte{0x81, 0xa4, 'b', 'o', 'd', 'y', 0xc4, 2, 'h', 'i'}, nil
	case "Echo.CBOR": // {"text": "from cbor"}
		return append([]byte{0x7f, 0xa1, 0x64}, "text\x69from cbor"...), nil
	case "Echo.Garbage":
		return []byte("this is no msgpack"), nil
	case "Echo.Echo":
		log("info", "echoed with care")
		return payload, nil
	}
	return nil, errors.New(op + " - unknown method")
}

// tested is an actor with tests of its own, in the new way or the old.
func tested(results []contract.TestResult, old bool) func(string, []byte, func(string, string)) ([]byte, error) {
	return func(op string, payload []byte, _ func(string, string)) ([]byte, error) {
		var o contract.TestOptions
		if err := o.UnmarshalCbor(payload); err != nil {
			return nil, err
		}
		var picked testResults
		for _, r := range results {
			if len(o.Patterns) > 0 && (o.Patterns[0] == ".*" || strings.Contains(r.Name, o.Patterns[0])) {
				picked = append(picked, r)
			}
		}
		switch {
		case old && op == wasmbus.OpStart:
			payload = o.MarshalMsgpack()
		case !old && op == contract.TestingStartOperation:
			payload = o.MarshalCbor() // answered in the same format
		default:
			return nil, errors.New(op + " - unknown method")
		}
		reply, _, err := contract.DispatchTesting(0, picked, contract.TestingStartOperation, payload)
		return reply, err
	}
}

// testResults answers Testing.Start.
type testResults []contract.TestResult

func (r testResults) Start(int, contract.TestOptions) ([]contract.TestResult, error) { return r, nil }

func scriptRefs() map[string]fakehost.Actor {
	good := contract.TestResult{Name: "adds_up", Passed: true}
	bad := contract.TestResult{Name: "kv_roundtrip", SnapData: []byte(`{"error":"check failed: 1 == 2"}`)}
	return map[string]fakehost.Actor{
		"localhost:5000/echo:0.1.0": {Key: echoKey, Name: "Echo", Alias: "demo/echo", Revision: 1, Handle: echo},
		"localhost:5000/echo:0.2.0": {Key: echoKey, Name: "Echo", Alias: "demo/echo", Revision: 2, Handle: echo},
		"localhost:5000/good:1":     {Key: testsKey, Name: "Good", Handle: tested([]contract.TestResult{good}, true)},
		"localhost:5000/bad:1":      {Key: testsKey, Name: "Bad", Handle: tested([]contract.TestResult{good, bad}, false)},
		"localhost:5000/none:1":     {Key: testsKey, Name: "None", Handle: tested(nil, false)},
	}
}

// setup gives each script a server of its own with three lattices: on `default`
// a host as ours, on `elixir` one as the Elixir host, on `refusing` one that
// refuses every command.
func setup(t *testing.T) func(*testscript.Env) error {
	return func(env *testscript.Env) error {
		server, err := embedded.Start(t.Context(), embedded.Config{Port: -1, StoreDir: filepath.Join(env.WorkDir, ".nats")})
		if err != nil {
			return err
		}
		env.Defer(server.Shutdown)
		h := fakehost.Start(t, server, fakehost.Config{Refs: scriptRefs(), Labels: map[string]string{"zone": "a"}})
		fakehost.Start(t, server, fakehost.Config{Lattice: "elixir", Refs: scriptRefs(), Elixir: true})
		fakehost.Start(t, server, fakehost.Config{Lattice: "refusing", Refs: scriptRefs(), Refuse: "the moon is wrong"})
		address, err := url.Parse(server.URL())
		if err != nil {
			return err
		}
		if err := os.CopyFS(env.WorkDir, os.DirFS("testdata/files")); err != nil {
			return err
		}
		home := filepath.Join(env.WorkDir, "home")
		hello, err := filepath.Abs("../../par/testdata/hello.par.gz")
		if err != nil {
			return err
		}
		probe, err := filepath.Abs("../../artifact/testdata/probe_s.wasm")
		if err != nil {
			return err
		}
		for key, value := range map[string]string{
			"HOME": home, "XDG_STATE_HOME": filepath.Join(home, "state"), "HOST": h.ID, "ECHO": echoKey, "PORT": address.Port(), "HELLO": hello, "PROBE": probe,
			"WASMCLOUD_RPC_PORT": address.Port(), "WASMCLOUD_CTL_PORT": address.Port(),
			"WASMCLOUD_CLUSTER_SEED": h.Cluster.Reveal(),
		} {
			env.Setenv(key, value)
		}
		if err := writeState(filepath.Join(home, "host.json"), server.URL(), h, os.Getpid()); err != nil {
			return err
		}
		// With a line end, as an editor leaves it.
		if err := os.WriteFile(filepath.Join(home, "cluster.nk"), []byte(h.Cluster.Reveal()+"\n"), 0o600); err != nil {
			return err
		}
		return writeState(filepath.Join(home, "gone.json"), server.URL(), h, 1<<30)
	}
}

// writeState writes what devhost would: a state file and the context beside it.
func writeState(path, natsURL string, h *fakehost.Host, pid int) error {
	context := strings.TrimSuffix(path, ".json") + "-context.json"
	address, err := url.Parse(natsURL)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(address.Port())
	if err != nil {
		return err
	}
	err = bus.WriteHostConfig(context, bus.HostConfig{
		LatticePrefix: "default", RPCHost: "127.0.0.1", RPCPort: port, CtlHost: "127.0.0.1", CtlPort: port, ClusterSeed: h.Cluster.Reveal(),
	})
	if err != nil {
		return err
	}
	b, err := wasmbus.EncodeJSON(bus.HostState{PID: pid, Started: time.Now(), HostID: h.ID, LatticePrefix: "default", NATSURL: natsURL, Context: context})
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o600)
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", Setup: setup(t), RequireUniqueNames: true, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"usage": wrongUsage, "listened": listened},
	})
}

// listened waits until somebody listens on the subjects.
func listened(ts *testscript.TestScript, _ bool, subjects []string) {
	conn, err := bus.Connect(context.Background(), bus.ConnectConfig{URL: "127.0.0.1:" + ts.Getenv("PORT")})
	ts.Check(err)
	defer conn.Close()
	end := time.Now().Add(20 * time.Second)
	for _, subject := range subjects {
		for {
			// With nobody there the server says so at once; a listener just
			// doesn't reply to noise.
			_, err := conn.NATS().Request(subject, []byte("noise"), 50*time.Millisecond)
			if !errors.Is(err, nats.ErrNoResponders) {
				break
			}
			if time.Now().After(end) {
				ts.Fatalf("nobody listens on %s", subject)
			}
		}
	}
}

// wrongUsage runs a command that must end with exit code 2, say how to learn
// more on standard error, and nothing on standard output.
func wrongUsage(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[0], args[1:]...)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 {
		ts.Fatalf("want exit code 2, got %v", err)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("on standard output: %s", out)
	}
	if text := ts.ReadFile("stderr"); !strings.Contains(text, "for usage") {
		ts.Fatalf("on standard error: %s", text)
	}
}
