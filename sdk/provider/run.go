package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// connectTime bounds the first connection: a host starts providers when its NATS server is there.
const connectTime = 10 * time.Second

// Run serves p until the host asks for its shutdown or ctx ends; neither is an error. It is what
// Main does, inside this process. When it returns p is unlinked and shut down.
func Run(ctx context.Context, hd HostData, p Provider, o Options) error {
	o = o.withDefaults()
	connectCtx, cancel := context.WithTimeout(ctx, connectTime)
	defer cancel()
	h, err := connect(connectCtx, hd, o)
	if err != nil {
		return err
	}
	if o.Conn == nil {
		defer h.conn.Close()
	}
	r := &runner{host: h, p: p, links: newLinkTable(h, p), shutdown: make(chan string, 1)}
	return r.run(ctx)
}

type runner struct {
	host     *Host
	p        Provider
	links    *linkTable
	calls    *server
	subs     []*nats.Subscription
	shutdown chan string // reply subject of the shutdown request
	linking  sync.Mutex  // held until the links of the host data are in
}

func (r *runner) run(ctx context.Context) error {
	if i, ok := r.p.(Initializer); ok {
		if err := guard("Init", func() error { return i.Init(ctx, r.host) }); err != nil {
			return fmt.Errorf("starting the provider: %w", err)
		}
	}
	// Calls outlive ctx for a while: those that run at shutdown may finish.
	callCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	r.calls = newServer(callCtx, r.host, r.p, r.links)
	var reply string
	err := r.start(ctx)
	if err == nil {
		select {
		case reply = <-r.shutdown:
		case <-ctx.Done():
		}
	}
	r.stop(ctx)
	if reply != "" {
		// Hosts take the reply as "done" and may kill right after it.
		_ = r.host.conn.Publish(reply, []byte(wasmbus.ShuttingDown))
	}
	return err
}

// start listens for links before it asks for calls: a call may come with the first link.
func (r *runner) start(ctx context.Context) error {
	d := r.host.data
	r.linking.Lock()
	defer r.linking.Unlock()
	// One subscription for put and del keeps them in the order in which they were sent.
	linkSubject := strings.TrimSuffix(wasmbus.LinkPutSubject(d.LatticeRPCPrefix, d.ProviderKey, d.LinkName), "put") + "*"
	err := errors.Join(
		r.subscribe(linkSubject, "", func(m *nats.Msg) { r.link(ctx, m) }),
		r.subscribe(wasmbus.ShutdownSubject(d.LatticeRPCPrefix, d.ProviderKey, d.LinkName), "", r.stopRequest),
	)
	if err != nil {
		return err
	}
	for _, l := range d.LinkDefinitions {
		r.links.put(ctx, l)
	}
	// Its health comes last: who hears that the provider is well calls it at once.
	err = errors.Join(
		r.subscribe(wasmbus.ProviderSubject(d.LatticeRPCPrefix, d.ProviderKey, d.LinkName), wasmbus.RPCQueue, r.calls.receive),
		r.subscribe(wasmbus.HealthSubject(d.LatticeRPCPrefix, d.ProviderKey, d.LinkName), "", func(m *nats.Msg) { r.health(ctx, m) }),
	)
	if err != nil {
		return err
	}
	if err := r.host.NATS().FlushTimeout(connectTime); err != nil {
		return fmt.Errorf("subscribing: %w", err)
	}
	r.host.log.Info("ready", "provider", d.ProviderKey, "link", d.LinkName, "lattice", d.LatticeRPCPrefix)
	if r.host.opts.Ready != nil {
		r.host.opts.Ready(r.host)
	}
	return nil
}

func (r *runner) subscribe(subject, queue string, handle nats.MsgHandler) error {
	sub, err := r.host.NATS().QueueSubscribe(subject, queue, handle)
	if err != nil {
		return fmt.Errorf("subscribing to %s: %w", subject, err)
	}
	r.subs = append(r.subs, sub)
	return nil
}

func (r *runner) link(ctx context.Context, m *nats.Msg) {
	r.linking.Lock()
	defer r.linking.Unlock()
	l, err := readLink(m.Data)
	switch {
	case err != nil:
		r.host.log.Warn("link message ignored", "subject", m.Subject, "error", err)
	case strings.HasSuffix(m.Subject, ".put"):
		r.links.put(ctx, l)
	case strings.HasSuffix(m.Subject, ".del"):
		r.links.del(ctx, l)
	}
}

func (r *runner) health(ctx context.Context, m *nats.Msg) {
	ctx, cancel := context.WithTimeout(ctx, lattice.DefaultCallTimeout)
	defer cancel()
	err := r.links.failures()
	if c, ok := r.p.(Checker); ok {
		err = errors.Join(err, guard("Health", func() error { return c.Health(ctx) }))
	}
	h := wasmbus.Health{Healthy: err == nil}
	if err != nil {
		h.Message = err.Error()
	}
	body := h.Marshal()
	if r.host.isTest() {
		body, _ = json.Marshal(h) // two plain members
	}
	reply := nats.NewMsg(m.Reply)
	reply.Data = body
	// Every process of this provider hears the question, whichever host asks it.
	reply.Header.Set(wasmbus.InstanceHeader, r.host.data.InstanceID)
	if err := m.RespondMsg(reply); err != nil {
		r.host.log.Debug("health not sent", "error", err)
	}
}

// respond fails only without a reply subject, or when the connection is gone for good.
func (r *runner) respond(m *nats.Msg, body []byte) {
	if err := m.Respond(body); err != nil {
		r.host.log.Debug("reply not sent", "subject", m.Subject, "error", err)
	}
}

// stopRequest follows the Rust SDK: without a reply subject it is ignored, and so is another host's.
func (r *runner) stopRequest(m *nats.Msg) {
	if m.Reply == "" {
		r.host.log.Warn("shutdown ignored: the message asks for no reply")
		return
	}
	var req wasmbus.ShutdownRequest
	if len(m.Data) > 0 && json.Unmarshal(m.Data, &req) != nil {
		r.host.log.Warn("shutdown ignored: its body is not the JSON that hosts send")
		return
	}
	if req.HostID != "" && req.HostID != r.host.data.HostID {
		r.host.log.Debug("shutdown ignored: it is for a provider of another host", "host", req.HostID)
		return
	}
	select {
	case r.shutdown <- m.Reply:
	default: // it is on its way
	}
}

// stop takes no more calls, lets those that run finish, and unlinks.
func (r *runner) stop(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.host.opts.DrainTime)
	defer cancel()
	for _, sub := range r.subs {
		r.drained(ctx, sub)
	}
	if r.calls.drain(ctx) != nil {
		r.host.log.Warn("calls cut off by the shutdown")
	}
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		r.finish(ctx)
	}()
	select {
	case <-finished:
		r.host.log.Info("stopped")
	case <-time.After(r.host.opts.DrainTime + hangTime):
		r.host.log.Error("the provider hangs in its shutdown and is left behind")
	}
}

// hangTime is what Unlink and Shutdown get to notice that their context has ended.
const hangTime = 500 * time.Millisecond

func (r *runner) finish(ctx context.Context) {
	r.links.clear(ctx)
	s, ok := r.p.(Stopper)
	if !ok {
		return
	}
	if err := guard("Shutdown", func() error { return s.Shutdown(ctx) }); err != nil {
		r.host.log.Error("shutting down", "error", err)
	}
}

// drained ends a subscription when the messages that are here already are handled: to drop them
// would leave their senders without an answer.
func (r *runner) drained(ctx context.Context, sub *nats.Subscription) {
	if !r.host.NATS().IsConnected() {
		_ = sub.Unsubscribe() // nothing comes, and a drain would wait for the server
		return
	}
	closed := make(chan struct{})
	sub.SetClosedHandler(func(string) { close(closed) })
	if sub.Drain() != nil {
		return // the connection is gone, and the subscription with it
	}
	select {
	case <-closed:
	case <-ctx.Done():
	}
}
