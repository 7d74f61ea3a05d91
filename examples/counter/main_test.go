package main

import (
	"context"
	"errors"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

// numbers is as much of a store as the actor uses.
type numbers struct {
	keyvalue.KeyValue[context.Context]
	n map[string]int32
}

func (s numbers) Increment(_ context.Context, r keyvalue.IncrementRequest) (int32, error) {
	s.n[r.Key] += r.Value
	return s.n[r.Key], nil
}

func (s numbers) Del(_ context.Context, key string) (bool, error) {
	_, existed := s.n[key]
	delete(s.n, key)
	return existed, nil
}

func TestCounter(t *testing.T) {
	h := actortest.New(t, newActor())
	s := numbers{n: map[string]int32{}}
	h.Provide(keyvalue.Contract, func(operation string, payload []byte) ([]byte, error) {
		reply, known, err := keyvalue.DispatchKeyValue(t.Context(), s, operation, payload)
		if !known {
			t.Errorf("it asks for %s", operation)
		}
		return reply, err
	})
	for _, tt := range []struct {
		method, path string
		status       uint16
		want         string
	}{
		{"GET", "/a", 200, "/a was asked for 1 times\n"},
		{"GET", "/a", 200, "/a was asked for 2 times\n"},
		{"GET", "/b", 200, "/b was asked for 1 times\n"},
		{"DELETE", "/a", 200, "/a starts again\n"},
		{"GET", "/a", 200, "/a was asked for 1 times\n"},
		{"PUT", "/a", 405, "GET counts, DELETE starts again\n"},
	} {
		res := h.HTTP(actor.Request{Method: tt.method, Path: tt.path})
		if got := string(res.Body); res.Status != tt.status || got != tt.want {
			t.Errorf("%s %s: %d %q, want %q", tt.method, tt.path, res.Status, got, tt.want)
		}
	}
}

func TestStoreFails(t *testing.T) {
	h := actortest.New(t, newActor())
	h.Provide(keyvalue.Contract, func(string, []byte) ([]byte, error) { return nil, errors.New("no store") })
	if _, err := h.Call(actor.HandleRequest, actor.Request{Method: "GET", Path: "/"}.MarshalMsgpack()); err == nil || err.Error() != "no store" {
		t.Errorf("got %v", err)
	}
}
