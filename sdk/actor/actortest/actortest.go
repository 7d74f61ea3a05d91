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
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
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
	reply, err := h.Call("Testing.Start", nil)
	if err != nil {
		t.Fatalf("Testing.Start: %v", err)
	}
	r := msgpack.NewReader(reply)
	r.Array(func(int) {
		var name, snap string
		var passed bool
		r.Map(func(key string) {
			switch key {
			case "name":
				name = r.String()
			case "passed":
				passed = r.Bool()
			case "snapData":
				snap = string(r.Bytes())
			}
		})
		t.Run(name, func(t *testing.T) {
			if !passed {
				t.Error(snap)
			}
		})
	})
	if err := r.Done(); err != nil {
		t.Fatalf("results of the tests: %v", err)
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

func (h *Harness) logging(operation string, payload []byte) ([]byte, error) {
	if operation != "Logging.WriteLog" {
		return nil, fmt.Errorf("logging does not answer %s", operation)
	}
	var e Entry
	r := msgpack.NewReader(payload)
	r.Map(func(key string) {
		switch key {
		case "level":
			e.Level = r.String()
		case "text":
			e.Text = r.String()
		}
	})
	if r.Err() == nil {
		h.record(e)
	}
	return nil, r.Err()
}

func (h *Harness) numbers(operation string, payload []byte) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch operation {
	case "NumberGen.GenerateGuid":
		hi, lo := h.random.Uint64(), h.random.Uint64()
		id := fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, lo>>48&0xfff, lo&0xffffffffffff)
		return msgpack.AppendString(nil, id), nil
	case "NumberGen.Random32":
		return msgpack.AppendUint(nil, uint64(h.random.Uint32())), nil
	case "NumberGen.RandomInRange":
		var low, high uint64
		r := msgpack.NewReader(payload)
		r.Map(func(key string) {
			switch key {
			case "min":
				low = r.Uint(32)
			case "max":
				high = r.Uint(32)
			}
		})
		if r.Err() != nil {
			return nil, r.Err()
		}
		if low > high {
			return nil, fmt.Errorf("no number is at least %d and at most %d", low, high)
		}
		return msgpack.AppendUint(nil, low+h.random.Uint64N(high-low+1)), nil
	}
	return nil, fmt.Errorf("numbergen does not answer %s", operation)
}
