package provider_test

import (
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/messaging"
)

// subscriber is an actor's side of the contract.
type subscriber struct{ got []messaging.SubMessage }

func (s *subscriber) HandleMessage(_ string, in messaging.SubMessage) error {
	s.got = append(s.got, in)
	return nil
}

// What a generated client sends through a host, a generated dispatcher takes at the actor.
func TestGeneratedClientsReachActors(t *testing.T) {
	link := providerbed.Link(messaging.Contract, providerbed.Actor(0), nil)
	b := providerbed.Start(t, &sample{}, providerbed.Setup{Contract: messaging.Contract})
	s := &subscriber{}
	b.ServeActor(providerbed.Actor(0), func(op string, msg []byte) ([]byte, error) {
		reply, known, err := messaging.DispatchMessageSubscriber("", s, op, msg)
		if !known {
			t.Errorf("the actor was asked for %s", op)
		}
		return reply, err
	})
	c := messaging.MessageSubscriberClient{Call: b.Host.Via(providerbed.Context(t), link)}
	if err := c.HandleMessage(messaging.SubMessage{Subject: "orders", Body: []byte("one")}); err != nil {
		t.Fatal(err)
	}
	if len(s.got) != 1 || s.got[0].Subject != "orders" || s.got[0].ReplyTo != "" || string(s.got[0].Body) != "one" {
		t.Errorf("the actor got %+v", s.got)
	}
}
