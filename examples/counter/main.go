// Command counter is an actor that counts the requests of each path, in whatever key-value store it
// is linked to.
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
	a.HandleHTTP(handle)
	return a
}

func handle(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	kv := keyvalue.Client{Call: ctx.Via(keyvalue.Contract)}
	key := "counter:" + req.Path
	switch req.Method {
	case "GET":
		n, err := kv.Increment(key, 1)
		if err != nil {
			return actor.Response{}, err
		}
		ctx.Info("counted " + req.Path)
		return actor.Text(200, req.Path+" was asked for "+strconv.Itoa(int(n))+" times\n"), nil
	case "DELETE":
		if _, err := kv.Del(key); err != nil {
			return actor.Response{}, err
		}
		return actor.Text(200, req.Path+" starts again\n"), nil
	}
	return actor.Text(405, "GET counts, DELETE starts again\n"), nil
}
