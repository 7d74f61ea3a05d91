// Command actor greets whoever asks by HTTP, and counts who comes to /visits.
package main

import (
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

func init() { actor.Export(newActor()) }

func main() {} // never runs: a host calls what init exported

func newActor() *actor.Actor {
	a := actor.New()
	a.HandleHTTP(greet)
	return a
}

func greet(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	if req.Path == "/visits" {
		return visit(ctx)
	}
	ctx.Info("greeting " + req.Path)
	body := actor.AppendJSONString([]byte(`{"hello":`), req.Path)
	return actor.JSON(200, append(body, '}')), nil
}

// visit counts in whatever key-value store the actor is linked to.
func visit(ctx *actor.Context) (actor.Response, error) {
	store := keyvalue.Client{Call: ctx.Via(keyvalue.Contract)}
	n, err := store.Increment("visits", 1)
	if err != nil {
		return actor.Text(503, "not counted: "+err.Error()), nil
	}
	return actor.Text(200, "visitor "+strconv.Itoa(int(n))), nil
}
