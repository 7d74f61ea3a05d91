// Package actor lets Go programs be wasmCloud actors.
//
// An actor is a package main that exports one Actor from an init function:
//
//	func init() { actor.Export(newActor()) }
//
//	func main() {} // never runs
//
//	func newActor() *actor.Actor {
//		a := actor.New()
//		a.HandleHTTP(func(ctx *actor.Context, req actor.Request) (actor.Response, error) {
//			ctx.Info("asked for " + req.Path)
//			return actor.Text(200, "hello"), nil
//		})
//		return a
//	}
//
// It is compiled by
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags='-s -w' -o hello_raw.wasm .
//
// and made loadable for hosts by wasmfix. In this build mode the module is a library for the host:
// its start-up runs the init functions and stops there, so handlers that main registers would never
// be found. Handlers run one at a time. Real hosts start each call with fresh memory; package
// variables do not carry anything from one call to the next.
//
// The package compiles for every GOOS, so that handlers can be tested by plain "go test": see the
// package actortest.
package actor

import (
	"errors"
	"strings"
)

// Handler answers one operation. Payload and reply are msgpack; none is an empty slice. An error's
// text is what the caller gets.
type Handler func(ctx *Context, payload []byte) ([]byte, error)

// Host is what an actor can reach: real hosts have their host functions behind it, tests a fake.
type Host interface {
	// Call makes an outgoing call: binding is a link's name, namespace a contract id, an actor's key
	// or its call alias, operation an "Interface.Method".
	Call(binding, namespace, operation string, payload []byte) ([]byte, error)
	// Log writes a line to the host's own log.
	Log(line string)
}

// Actor is a set of handlers. Make it by New; it is not to be changed any more once it is called.
type Actor struct {
	handlers map[string]Handler
	tests    []test
}

// New makes an actor that answers nothing but Actor.HealthRequest, by which hosts ask whether it is
// alive. Handle can replace that answer.
func New() *Actor {
	a := &Actor{handlers: map[string]Handler{}}
	a.Handle("Actor.HealthRequest", healthy)
	return a
}

// Handle registers the handler of an operation, such as "Converter.Convert". A second one for the
// same operation replaces the first.
func (a *Actor) Handle(operation string, h Handler) { a.handlers[operation] = h }

// Invoke answers one call. A handler's panic is logged and becomes an error.
func (a *Actor) Invoke(host Host, operation string, payload []byte) (reply []byte, err error) {
	// Some callers put the contract before the operation: "wasmcloud:httpserver/HttpServer.HandleRequest".
	operation = operation[strings.LastIndexByte(operation, '/')+1:]
	h, ok := a.handlers[operation]
	if !ok {
		return nil, errors.New("actor does not answer " + operation)
	}
	ctx := &Context{host: host, operation: operation}
	defer func() {
		if v := recover(); v != nil {
			text := operation + " panicked: " + panicText(v)
			ctx.Error(text)
			reply, err = nil, errors.New(text)
		}
	}()
	return h(ctx, payload)
}
