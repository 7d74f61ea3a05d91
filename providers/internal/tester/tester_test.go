package tester

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/fakehost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// bench is a lattice with a fake host, and providers in this process.
type bench struct {
	t      *testing.T
	server *embedded.Server
	conn   *lattice.Conn
	host   *fakehost.Host
}

func newBench(t *testing.T, actors map[string]fakehost.Actor) *bench {
	t.Helper()
	server, err := embedded.Start(t.Context(), embedded.Config{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	conn, err := lattice.Connect(t.Context(), lattice.ConnectConfig{InProcess: server})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return &bench{t, server, conn, fakehost.Start(t, server, fakehost.Config{Refs: actors})}
}

const serviceKey = 5

func key(kind strkey.Kind, n byte) string { return string(strkey.FromRaw(kind, [32]byte{n}).Public()) }

// serve runs a provider with a link until stop.
func (b *bench) serve(p provider.Provider, n byte, link provider.LinkDefinition) (stop func()) {
	b.t.Helper()
	link.ProviderID = key(strkey.Service, n)
	link.LinkName = "default"
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() {
		done <- provider.Run(ctx, provider.HostData{
			HostID: b.host.ID, ProviderKey: link.ProviderID, InvocationSeed: b.host.Cluster.Reveal(),
			ClusterIssuers: []string{string(b.host.Cluster.Public())}, LinkDefinitions: []provider.LinkDefinition{link},
		}, p, provider.Options{Log: io.Discard, InProcess: b.server, Ready: func(*provider.Host) { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-done:
		cancel()
		b.t.Fatal(err)
	}
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-done; err != nil {
				b.t.Error(err)
			}
		}
	}
	b.t.Cleanup(stop)
	return stop
}

// ask calls a provider as an actor.
func (b *bench) ask(actor string, n byte, contract, operation, argument string) (string, error) {
	b.t.Helper()
	payload, err := wasmbus.JSONToMsgpack([]byte(argument))
	if err != nil {
		b.t.Fatal(err)
	}
	reply, err := lattice.Call(b.t.Context(), b.conn, lattice.CallOptions{
		Target: wasmbus.Entity{PublicKey: key(strkey.Service, n), LinkName: "default", ContractID: contract}, Origin: wasmbus.Actor(actor),
		Operation: operation, Payload: payload, HostKey: b.host.Key, Cluster: b.host.Cluster, Timeout: 20 * time.Second,
	})
	if err != nil {
		return "", err
	}
	text, err := wasmbus.DecodeReply(reply, wasmbus.BinString)
	return string(text), err
}

func link(actor, contract string, values ...string) provider.LinkDefinition {
	l := provider.LinkDefinition{ActorID: actor, ContractID: contract, Values: map[string]string{}}
	for _, v := range values {
		name, value, _ := strings.Cut(v, "=")
		l.Values[name] = value
	}
	return l
}

// tested is an actor with two tests, which answers in one of the two ways of its kind.
func tested(old bool) func(string, []byte, func(string, string)) ([]byte, error) {
	return func(op string, payload []byte, _ func(string, string)) ([]byte, error) {
		results := &run{done: make(chan struct{}), tests: []contract.TestResult{{Name: "adds", Passed: true}, {Name: "fails", SnapData: []byte(`{"error":"1 is not 2"}`)}}}
		close(results.done)
		switch {
		case old && op == wasmbus.OpStart:
			payload = contract.TestOptions{}.MarshalMsgpack()
		case !old && op == contract.TestingStartOperation:
			payload = contract.TestOptions{}.MarshalCbor() // answered in the same format
		default:
			return nil, errors.New(op + " - unknown method")
		}
		reply, _, err := contract.DispatchTesting(context.Background(), results, contract.TestingStartOperation, payload)
		return reply, err
	}
}

func TestRunsTheTestsOfALinkedActor(t *testing.T) {
	for name, old := range map[string]bool{"CBOR": false, "of 2021": true} {
		t.Run(name, func(t *testing.T) {
			actor := key(strkey.Module, 1)
			b := newBench(t, map[string]fakehost.Actor{"localhost:5000/a:1": {Key: actor, Name: "A", Handle: tested(old)}})
			results, err := b.conn.NATS().SubscribeSync(wasmbus.TestingSubject("default", actor))
			if err != nil || b.conn.NATS().Flush() != nil {
				t.Fatal(err)
			}
			b.serve(New(), serviceKey, link(actor, Contract))
			// The link may be there before the actor is.
			control := lattice.NewControl(b.conn, lattice.ControlConfig{})
			if _, err := control.Start(t.Context(), lattice.StartOptions{Ref: "localhost:5000/a:1"}); err != nil {
				t.Fatal(err)
			}
			msg, err := results.NextMsg(30 * time.Second)
			if err != nil {
				t.Fatal(err)
			}
			want := `{"actor":"` + actor + `","passed":1,"total":2,"tests":[{"name":"adds","passed":true},{"name":"fails","passed":false,"error":"1 is not 2"}]}`
			if string(msg.Data) != want {
				t.Errorf("published\n%s\nwant\n%s", msg.Data, want)
			}
			// It answers the contract's operation itself.
			got, err := b.ask(actor, serviceKey, Contract, contract.TestingStartOperation, `{"patterns":["a.d"],"options":{}}`)
			if err != nil || got != `[{"name":"adds","passed":true}]` {
				t.Errorf("one: %s, %v", got, err)
			}
			if got, err := b.ask(actor, serviceKey, Contract, wasmbus.OpStart, ``); err != nil || strings.Count(got, "passed") != 2 {
				t.Errorf("all: %s, %v", got, err)
			}
			if _, err := b.ask(actor, serviceKey, Contract, contract.TestingStartOperation, `{"patterns":["("],"options":{}}`); err == nil {
				t.Error("a broken pattern is accepted")
			}
			if _, err := b.ask(actor, serviceKey, Contract, "Testing.Other", ``); err == nil {
				t.Error("another operation is answered")
			}
		})
	}
}

func TestSaysThatTheTestsCouldNotRun(t *testing.T) {
	actor := key(strkey.Module, 1)
	b := newBench(t, nil)
	results, err := b.conn.NATS().SubscribeSync(wasmbus.TestingSubject("default", actor))
	if err != nil || b.conn.NATS().Flush() != nil {
		t.Fatal(err)
	}
	b.serve(New(), serviceKey, link(actor, Contract, "timeout_ms=300"))
	msg, err := results.NextMsg(30 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(msg.Data, &got); err != nil || !strings.Contains(got.Error, "the actor did not start within 300ms") {
		t.Errorf("published %s, %v", msg.Data, err)
	}
}

const recorded = `-- fake KeyValue.Get --
"k"
-- answer --
{"exists":true,"value":"v"}
-- fake KeyValue.Get --
"k"
-- answer --
{"exists":true,"value":"w"}
-- fake KeyValue.Set --
{"key":"k","value":"x"}
-- refuse --
read only
`

// What a real provider answered is recorded, and the recording is played to the same
// effect.
func TestRecordsAndReplays(t *testing.T) {
	const contract = "wasmcloud:keyvalue"
	actor, other := key(strkey.Module, 1), key(strkey.Module, 2)
	b := newBench(t, nil)
	file := filepath.Join(t.TempDir(), "recorded.txtar")
	b.serve(New(), 6, link(actor, contract, "mode=replay", "contract="+contract, "cases="+recorded))
	stop := b.serve(New(), serviceKey, link(actor, Contract, "mode=record", "file="+file, "provider="+key(strkey.Service, 6)))
	conversation := func(n byte) {
		t.Helper()
		for _, want := range []string{"v", "w"} {
			if got, err := b.ask(actor, n, contract, "KeyValue.Get", `"k"`); err != nil || !strings.Contains(got, `"value":"`+want+`"`) {
				t.Errorf("Get: %s, %v", got, err)
			}
		}
		if _, err := b.ask(actor, n, contract, "KeyValue.Set", `{"key":"k","value":"x"}`); err == nil || err.Error() != "read only" {
			t.Errorf("Set: %v", err)
		}
	}
	conversation(6)
	// Somebody else's calls are refused by the provider and no part of the recording.
	if _, err := b.ask(other, 6, contract, "KeyValue.Get", `"k"`); err == nil {
		t.Error("an actor without a link is answered")
	}
	testkit.Eventually(t, "the recording", func() bool {
		text, err := os.ReadFile(file)
		return err == nil && strings.Count(string(text), "-- fake") == 3
	})
	stop()
	text, err := os.ReadFile(file)
	if err != nil || string(text) != recorded {
		t.Fatalf("recorded\n%s\nwant\n%s%v", text, recorded, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	b.serve(New(), 7, link(actor, contract, "mode=replay", "file="+file))
	conversation(7)
	if _, err := b.ask(actor, 7, contract, "KeyValue.Del", `"k"`); err == nil || !strings.Contains(err.Error(), "no fake of "+file+" answers KeyValue.Del") {
		t.Errorf("what was not recorded: %v", err)
	}
}

func TestReadSettings(t *testing.T) {
	v := key(strkey.Service, 1)
	for _, tt := range []struct {
		contract string
		values   []string
		want     string // "" = accepted
	}{
		{Contract, nil, ""},
		{Contract, []string{"mode=run", `patterns=["a","b.*"]`, `options={"a":"b"}`, "timeout_ms=5"}, ""},
		{Contract, []string{"mode=dance"}, "mode=dance: want run, replay or record"},
		{Contract, []string{"patern=x"}, "link value patern: mode=run knows options, patterns, timeout_ms"},
		{Contract, []string{"patterns=("}, "link value patterns: error parsing regexp"},
		{Contract, []string{"options=x"}, `link value options: want JSON of the form {"name":"value"}`},
		{Contract, []string{"timeout_ms=0"}, `"0" is no positive number`},
		{Contract, []string{"timeout_ms=99999999999"}, "is no positive number"},
		{"a:b", nil, "mode=replay needs the link value file"},
		{"a:b", []string{"cases=-- fake A.B --\n"}, ""},
		{"a:b", []string{"cases=nothing"}, "cases holds no `-- fake OPERATION --` section"},
		{"a:b", []string{"cases=-- fake --\n"}, "cases:1: which operation"},
		{"a:b", []string{"file=/nowhere/at/all"}, "link value file: open /nowhere/at/all"},
		{"a:b", []string{"contract=c:d", "cases=-- fake A.B --\n"}, "link value contract: it is c:d, and the link is of a:b"},
		{Contract, []string{"mode=record", "file=/tmp/x"}, "mode=record needs the link values file"},
		{Contract, []string{"mode=record", "provider=" + v}, "mode=record needs the link values file"},
		{Contract, []string{"mode=record", "file=x", "provider=V1"}, "link value provider:"},
		{Contract, []string{"mode=record", "file=x", "provider=" + v, "provider_link=other"}, ""},
	} {
		_, err := readSettings(link("M", tt.contract, tt.values...))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s %q: %v, want %q", tt.contract, tt.values, err, tt.want)
		}
	}
}
