package actor_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/messaging"
)

// forwarder sends on what it gets.
type forwarder struct{}

func (forwarder) HandleMessage(ctx *actor.Context, in messaging.SubMessage) error {
	to := messaging.MessagingClient{Call: ctx.Via(messaging.Contract)}
	return to.Publish(messaging.PubMessage{Subject: in.ReplyTo, Body: in.Body})
}

// An actor takes messages by generated code and sends them by it.
func TestGeneratedCodeServesActors(t *testing.T) {
	a := actor.New()
	messaging.RegisterMessageSubscriber(forwarder{}, a.Handle)
	h := actortest.New(t, a)
	var sent messaging.PubMessage
	h.Provide(messaging.Contract, func(operation string, payload []byte) ([]byte, error) {
		if operation != messaging.MessagingPublishOperation {
			t.Errorf("asked for %s", operation)
		}
		return nil, sent.UnmarshalMsgpack(payload)
	})
	c := messaging.MessageSubscriberClient{Call: h.Call}
	if err := c.HandleMessage(messaging.SubMessage{Subject: "a", ReplyTo: "b", Body: []byte("x")}); err != nil || sent.Subject != "b" || string(sent.Body) != "x" {
		t.Errorf("%v, sent %+v", err, sent)
	}
	_, err := h.Call(messaging.MessageSubscriberHandleMessageOperation, []byte{1})
	if !errors.Is(err, msgpack.ErrType) || !strings.HasPrefix(text(err), "reading the message of MessageSubscriber.HandleMessage: ") {
		t.Errorf("a message that is none: %v", err)
	}
}
