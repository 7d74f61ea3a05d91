// Command echo is an actor that answers every HTTP request with a description of it.
package main

import (
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

func init() { actor.Export(newActor()) }

func main() {} // never runs: a host calls what init exported

func newActor() *actor.Actor {
	a := actor.New()
	a.HandleHTTP(handle)
	return a
}

func handle(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	ctx.Info("echo " + req.Method + " " + req.Path)
	return actor.JSON(200, describe(req)), nil
}

// describe writes a request as JSON, its body as a list of numbers.
func describe(req actor.Request) []byte {
	b := []byte(`{"body":[`)
	for i, c := range req.Body {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(c), 10)
	}
	b = actor.AppendJSONString(append(b, `],"method":`...), req.Method)
	b = actor.AppendJSONString(append(b, `,"path":`...), req.Path)
	b = actor.AppendJSONString(append(b, `,"query_string":`...), req.Query)
	return append(b, '}')
}
