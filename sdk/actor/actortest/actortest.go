// Package actortest calls actors in plain Go tests, without WebAssembly or a host.
//
//	func TestHello(t *testing.T) {
//		h := actortest.New(t, newActor())
//		res := h.Get("/")
//		if res.Status != 200 {
//			t.Errorf("status %d", res.Status)
//		}
//	}
//
// A Harness has the two capabilities that every host has built in, logging and random numbers, and
// those that the test gives it by Provide and Link. Unlike a host, it does not give each call fresh
// memory: package variables of an actor keep their values.
package actortest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/logging"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/numbergen"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// Provider answers the calls that an actor makes to one capability or one other actor. Payload and
// reply are msgpack.
type Provider func(operation string, payload []byte) ([]byte, error)

// Entry is a line of the log.
type Entry struct {
	Level string // "debug", "info", "warn", "error", or what else the actor gave
	Text  string
}

// Harness calls an actor and records what it does. It may be used by several goroutines.
type Harness struct {
	t         testing.TB
	actor     *actor.Actor
	mu        sync.Mutex
	providers map[string]Provider // by contract id, key or call alias
	log       []Entry
	random    *rand.Rand
}

// New makes a harness for an actor. What the actor logs appears in the log of the test.
func New(t testing.TB, a *actor.Actor) *Harness {
	h := &Harness{
		t: t, actor: a,
		providers: map[string]Provider{},
		// The same numbers in each run, so that a test that fails can be made to fail again.
		random: rand.New(rand.NewPCG(1, 2)),
	}
	h.providers[actor.LoggingContract] = h.logging
	h.providers[actor.NumberGenContract] = h.numbers
	return h
}

// Provide lets p answer the calls to a contract id, such as "wasmcloud:keyvalue", whatever the link
// is called. It can replace the built-in capabilities.
func (h *Harness) Provide(contract string, p Provider) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.providers[contract] = p
}

// Link lets another actor answer the calls to a call alias or a key. It shares this harness.
func (h *Harness) Link(alias string, other *actor.Actor) {
	h.Provide(alias, func(operation string, payload []byte) ([]byte, error) {
		return other.Invoke(host{h}, operation, payload)
	})
}

// Call calls an operation of the actor.
func (h *Harness) Call(operation string, payload []byte) ([]byte, error) {
	return h.actor.Invoke(host{h}, operation, payload)
}

// HTTP sends a request to the actor. The test fails if the actor answers with an error.
func (h *Harness) HTTP(req actor.Request) actor.Response {
	h.t.Helper()
	reply, err := h.Call(actor.HandleRequest, req.MarshalMsgpack())
	if err != nil {
		h.t.Fatalf("%s %s: %v", req.Method, req.Path, err)
	}
	var res actor.Response
	if err := res.UnmarshalMsgpack(reply); err != nil {
		h.t.Fatalf("%s %s: %v", req.Method, req.Path, err)
	}
	return res
}

// Get sends a GET request for a target such as "/path?name=value".
func (h *Harness) Get(target string) actor.Response {
	h.t.Helper()
	path, query, _ := strings.Cut(target, "?")
	return h.HTTP(actor.Request{Method: "GET", Path: path, Query: query})
}

// Log gives what has been logged so far, oldest first.
func (h *Harness) Log() []Entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]Entry(nil), h.log...)
}

// RunTests runs the tests that the actor registered by Actor.Test, each as a subtest of t.
func (h *Harness) RunTests(t *testing.T) {
	t.Helper()
	results, err := contract.TestingClient{Call: h.Call}.Start(contract.TestOptions{})
	if err != nil {
		t.Fatalf("%s: %v", contract.TestingStartOperation, err)
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			if !r.Passed {
				t.Error(string(r.SnapData))
			}
		})
	}
}

// host is the actor's view of a harness.
type host struct{ h *Harness }

func (host host) Call(_, namespace, operation string, payload []byte) ([]byte, error) {
	host.h.mu.Lock()
	p, ok := host.h.providers[namespace]
	host.h.mu.Unlock()
	if !ok {
		return nil, fmt.Errorf("nothing is linked to %q in this test: see Harness.Provide and Harness.Link", namespace)
	}
	return p(operation, payload)
}

func (host host) Log(line string) { host.h.record(Entry{Text: line}) }

func (h *Harness) record(e Entry) {
	h.mu.Lock()
	h.log = append(h.log, e)
	h.mu.Unlock()
	h.t.Logf("actor: %s: %s", e.Level, e.Text)
}

// logging and numbers are the built-in capabilities.
func (h *Harness) logging(operation string, payload []byte) ([]byte, error) {
	reply, known, err := logging.DispatchLogging(h, builtin{}, operation, payload)
	return answer(logging.Contract, operation, reply, known, err)
}

func (h *Harness) numbers(operation string, payload []byte) ([]byte, error) {
	reply, known, err := numbergen.DispatchNumberGen(h, builtin{}, operation, payload)
	return answer(numbergen.Contract, operation, reply, known, err)
}

func answer(contract, operation string, reply []byte, known bool, err error) ([]byte, error) {
	if !known {
		return nil, fmt.Errorf("%s does not answer %s", contract, operation)
	}
	return reply, err
}

// builtin implements the two contracts for a harness.
type builtin struct{}

func (builtin) WriteLog(h *Harness, e logging.LogEntry) error {
	h.record(Entry{Level: e.Level, Text: e.Text})
	return nil
}

func (builtin) GenerateGuid(h *Harness) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	hi, lo := h.random.Uint64(), h.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0xfff, lo&0xffffffffffff), nil
}

func (builtin) Random32(h *Harness) (uint32, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.Uint32(), nil
}

func (builtin) RandomInRange(h *Harness, r numbergen.RangeLimit) (uint32, error) {
	if r.Min > r.Max {
		return 0, fmt.Errorf("no number is at least %d and at most %d", r.Min, r.Max)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return r.Min + uint32(h.random.Uint64N(uint64(r.Max-r.Min)+1)), nil
}
