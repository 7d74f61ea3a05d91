package main

import (
	"encoding/json"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
)

func TestEcho(t *testing.T) {
	tests := map[string]struct {
		req  actor.Request
		want string
	}{
		"plain":                  {actor.Request{Method: "GET", Path: "/", Query: "a=1"}, `{"body":[],"method":"GET","path":"/","query_string":"a=1"}`},
		"body":                   {actor.Request{Method: "POST", Path: "/p", Body: []byte{0, 7, 255}}, `{"body":[0,7,255],"method":"POST","path":"/p","query_string":""}`},
		"text that JSON escapes": {actor.Request{Method: "GET", Path: `/"\` + "\n"}, `{"body":[],"method":"GET","path":"/\"\\\n","query_string":""}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			h := actortest.New(t, newActor())
			res := h.HTTP(tt.req)
			if res.Status != 200 || string(res.Body) != tt.want || !json.Valid(res.Body) {
				t.Errorf("got %d %s", res.Status, res.Body)
			}
			if log := h.Log(); len(log) != 1 || log[0].Text != "echo "+tt.req.Method+" "+tt.req.Path {
				t.Errorf("log %v", log)
			}
		})
	}
}
