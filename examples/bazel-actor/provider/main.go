// Command provider says what time it is in the words that its links ask for.
package main

import (
	"context"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func main() { provider.Main(&clock{layouts: map[string]string{}}) }

// clock gives each linked actor the time in the layout of its link.
type clock struct {
	mu      sync.Mutex
	layouts map[string]string // by actor
}

func (c *clock) Link(_ context.Context, link provider.LinkDefinition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.layouts[link.ActorID] = link.Values["layout"]
	return nil
}

func (c *clock) Unlink(_ context.Context, link provider.LinkDefinition) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.layouts, link.ActorID)
	return nil
}

func (c *clock) Call(_ context.Context, call provider.Call) ([]byte, error) {
	if call.Operation != "Clock.Now" {
		return nil, provider.UnknownOperation(call.Operation)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return msgpack.AppendString(nil, time.Now().UTC().Format(c.layouts[call.Link.ActorID])), nil
}
