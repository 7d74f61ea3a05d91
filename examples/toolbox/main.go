// Command toolbox is an actor that shows what actors can do beside answering: log, draw random
// numbers, call another actor or a store, and carry tests that run inside the host.
package main

import (
	"errors"
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

func init() { actor.Export(newActor()) }

func main() {} // never runs: a host calls what init exported

// echoActor is the call alias of the actor that /relay calls: examples/echo.
const echoActor = "echo"

func newActor() *actor.Actor {
	a := actor.New()
	a.HandleHTTP(serve)
	a.Handle("Toolbox.Roll", roll)
	a.Test("dice_stay_in_range", testDice)
	a.Test("guids_differ", testGUIDs)
	a.Test("bad_dice_are_refused", testBadDice)
	return a
}

func serve(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	switch req.Path {
	case "/log":
		ctx.Info(req.QueryValue("text"))
		return actor.Text(200, "logged"), nil
	case "/guid":
		id, err := ctx.GUID()
		return actor.Text(200, id), err
	case "/roll":
		sides, err := strconv.ParseUint(req.QueryValue("sides"), 10, 32)
		if err != nil {
			return actor.Text(400, "sides is to be a number: /roll?sides=6"), nil
		}
		n, err := rollDie(ctx, uint32(sides))
		if err != nil {
			return actor.Text(400, err.Error()), nil
		}
		return actor.Text(200, strconv.FormatUint(uint64(n), 10)), nil
	case "/relay":
		return ctx.CallHTTP(echoActor, req)
	case "/note":
		return note(ctx, req)
	}
	return actor.Text(404, "try /log?text=…, /guid, /roll?sides=6, /relay, /note?key=…&value=…"), nil
}

// note keeps a value in the store that the link named notes leads to, and answers with the one before.
func note(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	key := req.QueryValue("key")
	store := keyvalue.Client{Call: func(operation string, payload []byte) ([]byte, error) {
		return ctx.CallLink("notes", keyvalue.Contract, operation, payload)
	}}
	old, err := store.Get(key)
	if err != nil {
		return actor.Text(503, err.Error()), nil
	}
	if err := store.Set(keyvalue.SetRequest{Key: key, Value: req.QueryValue("value")}); err != nil {
		return actor.Text(503, err.Error()), nil
	}
	if !old.Exists {
		return actor.Text(201, ""), nil
	}
	return actor.Text(200, old.Value), nil
}

// roll answers Toolbox.Roll: {"sides": 6} in, a number out.
func roll(ctx *actor.Context, payload []byte) ([]byte, error) {
	var sides uint64
	r := msgpack.NewReader(payload)
	r.Map(func(key string) {
		if key == "sides" {
			sides = r.Uint(32)
		}
	})
	if err := r.Err(); err != nil {
		return nil, err
	}
	n, err := rollDie(ctx, uint32(sides))
	if err != nil {
		return nil, err
	}
	return msgpack.AppendUint(nil, uint64(n)), nil
}

func rollDie(ctx *actor.Context, sides uint32) (uint32, error) {
	if sides < 2 {
		return 0, errors.New("a die has at least 2 sides, not " + strconv.FormatUint(uint64(sides), 10))
	}
	n, err := ctx.RandomInRange(1, sides)
	if err != nil {
		return 0, err
	}
	ctx.Debug("rolled " + strconv.FormatUint(uint64(n), 10))
	return n, nil
}
