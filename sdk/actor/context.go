package actor

import (
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/logging"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/numbergen"
)

// DefaultLink is the name of a link that was not given another.
const DefaultLink = "default"

// Contract ids of what every host has built in.
const (
	LoggingContract   = logging.Contract
	NumberGenContract = numbergen.Contract
)

// Context is a handler's way out. It is valid until the handler returns.
type Context struct {
	host      Host
	operation string
}

// Operation is what was called: "Interface.Method".
func (c *Context) Operation() string { return c.operation }

// Call calls another actor, by its call alias or its key (M…), or the provider that is linked to
// this actor by the default link, by its contract id. The result is msgpack.
func (c *Context) Call(target, operation string, payload []byte) ([]byte, error) {
	return c.host.Call(DefaultLink, target, operation, payload)
}

// CallLink calls the provider that is linked by a link of another name.
func (c *Context) CallLink(link, contract, operation string, payload []byte) ([]byte, error) {
	return c.host.Call(link, contract, operation, payload)
}

// Via gives the way to a target for the clients of contracts:
//
//	kv := keyvalue.Client{Call: ctx.Via(keyvalue.Contract)}
func (c *Context) Via(target string) func(operation string, payload []byte) ([]byte, error) {
	return func(operation string, payload []byte) ([]byte, error) { return c.Call(target, operation, payload) }
}

// CallHTTP lets another actor answer an HTTP request, as if a web server had called it.
func (c *Context) CallHTTP(target string, req Request) (Response, error) {
	return httpserver.HttpServerClient{Call: c.Via(target)}.HandleRequest(req)
}

// Debug logs text that helps to find faults.
func (c *Context) Debug(text string) { c.log("debug", text) }

// Info logs text.
func (c *Context) Info(text string) { c.log("info", text) }

// Warn logs text about something that may be wrong.
func (c *Context) Warn(text string) { c.log("warn", text) }

// Error logs text about something that went wrong.
func (c *Context) Error(text string) { c.log("error", text) }

func (c *Context) log(level, text string) {
	to := logging.LoggingClient{Call: c.Via(LoggingContract)}
	if err := to.WriteLog(logging.LogEntry{Level: level, Text: text}); err != nil {
		// A host may demand the capability in the actor's claims. Its own log is always open.
		c.host.Log(level + ": " + text)
	}
}

// GUID makes a random identifier, as in 8b3a3d1c-9d7e-4d1e-8f5c-2f6f4f0a7b11.
func (c *Context) GUID() (string, error) { return c.numbers().GenerateGuid() }

// Random32 makes a random number of 32 bits.
func (c *Context) Random32() (uint32, error) { return c.numbers().Random32() }

// RandomInRange makes a random number that is at least low and at most high.
func (c *Context) RandomInRange(low, high uint32) (uint32, error) {
	return c.numbers().RandomInRange(numbergen.RangeLimit{Min: low, Max: high})
}

func (c *Context) numbers() numbergen.NumberGenClient {
	return numbergen.NumberGenClient{Call: c.Via(NumberGenContract)}
}

// healthy is what an actor says of itself unless it has another handler for that.
func healthy(*Context, []byte) ([]byte, error) {
	b := msgpack.AppendMap(nil, 1)
	return msgpack.AppendBool(msgpack.AppendString(b, "healthy"), true), nil
}
