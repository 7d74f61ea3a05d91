// Package provider lets Go programs be capability providers of wasmCloud 0.x lattices.
//
// A provider is a program whose main hands a Provider to Main:
//
//	func main() { provider.Main(&clock{}) }
//
//	type clock struct{}
//
//	func (*clock) Link(context.Context, provider.LinkDefinition) error   { return nil }
//	func (*clock) Unlink(context.Context, provider.LinkDefinition) error { return nil }
//
//	func (*clock) Call(ctx context.Context, c provider.Call) ([]byte, error) {
//		if c.Operation != "Clock.Now" {
//			return nil, provider.UnknownOperation(c.Operation)
//		}
//		return msgpack.AppendString(nil, time.Now().Format(time.RFC3339)), nil
//	}
//
// It is built as any Go program, packed into a provider archive, and started by a host, which tells
// it on standard input where the lattice is. The same program runs on the Elixir and Rust hosts and
// on devhost.
//
// The package answers health and shutdown, keeps the links, refuses calls that no host of the
// lattice has signed or that come from an actor without a link, and moves large payloads through
// the lattice's object store. Calls run at the same time; Link and Unlink one after the other.
package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// HostData is what a host tells a provider at its start. See ReadHostData.
type HostData = wasmbus.HostData

// LinkDefinition connects an actor to a provider, with values that are the provider's settings for
// that actor.
type LinkDefinition = wasmbus.LinkDefinition

// ReadHostData reads the line that a host writes to a provider's standard input.
func ReadHostData(r io.Reader) (HostData, error) { return wasmbus.ReadHostData(r) }

// Call is one operation that a linked actor asks for.
type Call struct {
	Link      LinkDefinition    // between the calling actor and this provider
	Operation string            // "Interface.Method"
	Msg       []byte            // the encoded argument, whole; empty if there is none
	ID        string            // of the invocation
	Trace     map[string]string // W3C trace context; nil if there is none
}

// Provider is what a capability provider does. Methods may be called at the same time, except that
// Link and Unlink come one after the other, in the order of the lattice's messages.
type Provider interface {
	// Link begins to serve an actor. Its error is logged and shown by the health check, and the actor
	// is not served; a later link of that actor is tried afresh.
	Link(ctx context.Context, link LinkDefinition) error
	// Unlink ends it. It is called for every link that Link accepted, at shutdown too.
	Unlink(ctx context.Context, link LinkDefinition) error
	// Call answers an operation. An error's text is what the actor gets. At the end of ctx nobody
	// waits for the answer any more.
	Call(ctx context.Context, c Call) ([]byte, error)
}

// Initializer is a Provider that wants the Host: to call actors, log, or read its configuration.
// Init comes before everything else; its error ends the provider.
type Initializer interface {
	Init(ctx context.Context, h *Host) error
}

// Checker is a Provider that has something to say about its health. An error makes the health
// check fail with its text.
type Checker interface {
	Health(ctx context.Context) error
}

// Stopper is a Provider that cleans up: Shutdown comes last, after every Unlink.
type Stopper interface {
	Shutdown(ctx context.Context) error
}

// Options change how Run works; the zero value is right for a provider's main.
type Options struct {
	Log       io.Writer        // nil = os.Stderr
	MaxCalls  int              // calls that run at the same time; 0 = 128
	MaxQueued int              // calls that wait beyond those, more are refused; 0 = 4096
	DrainTime time.Duration    // for calls that run at shutdown; 0 = 1.5 s
	Now       func() time.Time // nil = time.Now; tokens of calls are dated and checked by it
	Ready     func(h *Host)    // called when calls and links are taken; nil = nothing
	// InProcess connects to a NATS server inside this process; the host data's address is ignored.
	InProcess interface{ InProcessConn() (net.Conn, error) }
	// Conn is a connection to use, and to leave open, in place of one of the provider's own: for
	// programs of this module, whose connections have settings that host data cannot hold.
	Conn *lattice.Conn
}

func (o Options) withDefaults() Options {
	if o.MaxCalls <= 0 {
		o.MaxCalls = 128
	}
	if o.MaxQueued <= 0 {
		o.MaxQueued = 4096
	}
	if o.DrainTime <= 0 {
		// An Elixir host waits 2 s for the answer to its shutdown request.
		o.DrainTime = 1500 * time.Millisecond
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// ErrUnknownOperation is wrapped by UnknownOperation's errors.
var ErrUnknownOperation = errors.New("unknown operation")

// UnknownOperation is the error of a Call for an operation that the provider does not have.
func UnknownOperation(name string) error {
	return fmt.Errorf("%w %q: this provider does not answer it", ErrUnknownOperation, name)
}

// Levels of the lattice beside slog's own.
const (
	LevelTrace    = slog.Level(-8)
	LevelCritical = slog.Level(12)
)
