package lattice

import (
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// drainTime bounds the wait for a subscription's last messages.
const drainTime = 2 * time.Second

// Subscribe calls handle for each message, one at a time and in order; it must
// not block for long. With a queue, one of its members gets each message. The
// subscription is in force for everything published on this connection after
// this returns. stop ends it and returns when the messages that had arrived
// are handled; it must not be called by handle.
func (c *Conn) Subscribe(subject, queue string, handle func(subject, reply string, data []byte)) (stop func(), err error) {
	sub, err := c.nc.QueueSubscribe(subject, queue, func(m *nats.Msg) { handle(m.Subject, m.Reply, m.Data) })
	if err != nil {
		return nil, fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	closed := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(closed) })
	return sync.OnceFunc(func() {
		// Draining asks the server for what is still on its way, and waits for one that is
		// away: a host has several subscriptions, and its end would take as many waits.
		end := sub.Drain
		if !c.nc.IsConnected() {
			end = sub.Unsubscribe
		}
		if end() != nil {
			return // the connection is gone, and the subscription with it
		}
		timeout := time.NewTimer(drainTime)
		defer timeout.Stop()
		select {
		case <-closed:
		case <-timeout.C:
		}
	}), nil
}

// Publish sends a message without waiting for it to arrive.
func (c *Conn) Publish(subject string, data []byte) error { return c.nc.Publish(subject, data) }
