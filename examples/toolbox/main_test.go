package main

import (
	"strconv"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

func TestHTTP(t *testing.T) {
	tests := map[string]struct {
		status uint16
		body   string // begins so
	}{
		"/":              {404, "try "},
		"/log?text=a+b":  {200, "logged"},
		"/roll":          {400, "sides is to be a number"},
		"/roll?sides=-1": {400, "sides is to be a number"},
		"/roll?sides=1":  {400, "a die has at least 2 sides, not 1"},
	}
	for target, want := range tests {
		h := actortest.New(t, newActor())
		if res := h.Get(target); res.Status != want.status || !strings.HasPrefix(string(res.Body), want.body) {
			t.Errorf("%s: got %d %s", target, res.Status, res.Body)
		}
	}
}

func TestLog(t *testing.T) {
	h := actortest.New(t, newActor())
	h.Get("/log?text=hello%20there")
	if log := h.Log(); len(log) != 1 || log[0] != (actortest.Entry{Level: "info", Text: "hello there"}) {
		t.Errorf("log %v", log)
	}
}

func TestRoll(t *testing.T) {
	h := actortest.New(t, newActor())
	seen := map[string]bool{}
	for range 100 {
		seen[string(h.Get("/roll?sides=6").Body)] = true
	}
	for n := 1; n <= 6; n++ {
		if !seen[strconv.Itoa(n)] {
			t.Errorf("no %d in a hundred rolls", n)
		}
	}
	if len(seen) != 6 {
		t.Errorf("rolled %v", seen)
	}
}

func TestRollOperation(t *testing.T) {
	h := actortest.New(t, newActor())
	sides := func(n uint64) []byte {
		return msgpack.AppendUint(msgpack.AppendString(msgpack.AppendMap(nil, 1), "sides"), n)
	}
	reply, err := h.Call("Toolbox.Roll", sides(2))
	if n := msgpack.NewReader(reply).Uint(32); err != nil || n < 1 || n > 2 {
		t.Errorf("rolled %d, %v", n, err)
	}
	for name, payload := range map[string][]byte{"one side": sides(1), "too many": sides(1 << 32), "nothing": nil, "text": []byte("\xa16")} {
		if reply, err := h.Call("Toolbox.Roll", payload); err == nil {
			t.Errorf("%s: got %x", name, reply)
		}
	}
}

func TestGUID(t *testing.T) {
	h := actortest.New(t, newActor())
	if one, other := h.Get("/guid"), h.Get("/guid"); len(one.Body) != 36 || string(one.Body) == string(other.Body) {
		t.Errorf("got %s and %s", one.Body, other.Body)
	}
}

func TestRelay(t *testing.T) {
	h := actortest.New(t, newActor())
	if _, err := h.Call(actor.HandleRequest, actor.Request{Path: "/relay"}.MarshalMsgpack()); err == nil || !strings.Contains(err.Error(), `"echo"`) {
		t.Errorf("without the other actor: %v", err)
	}
	other := actor.New()
	other.HandleHTTP(func(_ *actor.Context, req actor.Request) (actor.Response, error) {
		return actor.Text(202, "echo of "+req.Path+"?"+req.Query), nil
	})
	h.Link(echoActor, other)
	if res := h.Get("/relay?a=1"); res.Status != 202 || string(res.Body) != "echo of /relay?a=1" {
		t.Errorf("got %d %s", res.Status, res.Body)
	}
}

func TestNote(t *testing.T) {
	h := actortest.New(t, newActor())
	if res := h.Get("/note?key=k&value=v"); res.Status != 503 {
		t.Errorf("without a store: %d %s", res.Status, res.Body)
	}
	values := map[string]string{}
	h.Provide(keyvalue.Contract, func(operation string, payload []byte) ([]byte, error) {
		if operation == keyvalue.KeyValueGetOperation {
			key, err := msgpack.DecodeString(payload)
			value, ok := values[key]
			return keyvalue.GetResponse{Value: value, Exists: ok}.MarshalMsgpack(), err
		}
		var r keyvalue.SetRequest
		err := r.UnmarshalMsgpack(payload)
		values[r.Key] = r.Value
		return nil, err
	})
	if res := h.Get("/note?key=k&value=one"); res.Status != 201 || len(res.Body) != 0 {
		t.Errorf("first: %d %s", res.Status, res.Body)
	}
	if res := h.Get("/note?key=k&value=two"); res.Status != 200 || string(res.Body) != "one" {
		t.Errorf("second: %d %s", res.Status, res.Body)
	}
}

// TestSelfTests runs the tests that the actor carries, here without a host.
func TestSelfTests(t *testing.T) {
	actortest.New(t, newActor()).RunTests(t)
}
