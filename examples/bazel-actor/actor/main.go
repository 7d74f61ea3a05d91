// Command actor greets whoever asks by HTTP.
package main

import "github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"

func init() { actor.Export(newActor()) }

func main() {} // never runs: a host calls what init exported

func newActor() *actor.Actor {
	a := actor.New()
	a.HandleHTTP(greet)
	return a
}

func greet(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	ctx.Info("greeting " + req.Path)
	body := actor.AppendJSONString([]byte(`{"hello":`), req.Path)
	return actor.JSON(200, append(body, '}')), nil
}
