package provider_test

import (
	"context"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// clock tells linked actors the time, in the time zone of their link.
type clock struct{}

// Link begins to serve an actor. The link's values are its settings; an error refuses it.
func (clock) Link(_ context.Context, link provider.LinkDefinition) error {
	_, err := time.LoadLocation(link.Values["zone"])
	return err
}

// Unlink ends it.
func (clock) Unlink(context.Context, provider.LinkDefinition) error { return nil }

// Call answers an operation; arguments and results are msgpack.
func (clock) Call(_ context.Context, c provider.Call) ([]byte, error) {
	if c.Operation != "Clock.Now" {
		return nil, provider.UnknownOperation(c.Operation)
	}
	zone, err := time.LoadLocation(c.Link.Values["zone"])
	if err != nil {
		return nil, err
	}
	return msgpack.EncodeString(time.Now().In(zone).Format(time.RFC3339)), nil
}

// A provider's main function. Nothing runs it here: it waits for a host.
func ExampleMain() {
	provider.Main(clock{})
}
