package lattice_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/fakehost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// echo answers with its payload, and knows a few tricks.
func echo(op string, payload []byte, log func(level, text string)) ([]byte, error) {
	switch op {
	case "Echo.Fail":
		return nil, errors.New("echo refuses")
	case "Echo.Big":
		return bytes.Repeat([]byte("x"), 3_000_000), nil
	case "Echo.Count":
		return []byte(fmt.Sprint(len(payload))), nil
	}
	log("info", "echoed "+op)
	return payload, nil
}

func refs() map[string]fakehost.Actor {
	return map[string]fakehost.Actor{
		echoRef:  {Key: actorKey, Name: "Echo", Alias: "echo", Revision: 1, Handle: echo},
		echoRef2: {Key: actorKey, Name: "Echo", Alias: "echo", Revision: 2, Handle: echo},
		otherRef: {Key: otherKey, Name: "Other", Handle: echo},
	}
}

// started is a host that runs the echo actor, and a client of it.
func started(t *testing.T, cfg fakehost.Config) (*fakehost.Host, *lattice.Conn) {
	t.Helper()
	server := newServer(t)
	cfg.Refs = refs()
	h := fakehost.Start(t, server, cfg)
	conn := connect(t, server)
	c := lattice.NewControl(conn, lattice.ControlConfig{Lattice: cfg.Lattice})
	if _, err := c.Start(testContext(t), lattice.StartOptions{Ref: echoRef}); err != nil {
		t.Fatal(err)
	}
	return h, conn
}

func callOptions(h *fakehost.Host) lattice.CallOptions {
	return lattice.CallOptions{
		Target: wasmbus.Actor(actorKey), Operation: "Echo.Echo", Payload: []byte("hello"),
		HostKey: seedOf(strkey.Server, 5), Cluster: h.Cluster, Timeout: 5 * time.Second,
	}
}

func TestCall(t *testing.T) {
	for _, elixir := range []bool{false, true} {
		h, conn := started(t, fakehost.Config{Elixir: elixir})
		ctx := testContext(t)
		got, err := lattice.Call(ctx, conn, callOptions(h))
		if err != nil || string(got) != "hello" {
			t.Errorf("%q, %v", got, err)
		}
		o := callOptions(h)
		o.Operation = "Echo.Fail"
		var remote *lattice.RemoteError
		if _, err := lattice.Call(ctx, conn, o); !errors.As(err, &remote) || remote.Text != "echo refuses" {
			t.Errorf("%v", err)
		}
		o.Operation = "Echo.Big"
		if got, err := lattice.Call(ctx, conn, o); err != nil || len(got) != 3_000_000 {
			t.Errorf("a big result: %d bytes, %v", len(got), err)
		}
		for _, size := range []int{wasmbus.ChunkThreshold, wasmbus.ChunkThreshold + 1, 3_000_000} {
			o.Operation, o.Payload = "Echo.Count", make([]byte, size)
			if got, err := lattice.Call(ctx, conn, o); err != nil || string(got) != fmt.Sprint(size) {
				t.Errorf("an argument of %d bytes: %s, %v", size, got, err)
			}
		}
	}
}

func TestCallFailures(t *testing.T) {
	h, conn := started(t, fakehost.Config{})
	mute := connect(t, newServer(t))
	sub, err := mute.NATS().SubscribeSync(wasmbus.ActorSubject("default", actorKey))
	if err != nil {
		t.Fatal(err)
	}
	defer sub.Unsubscribe()
	for _, c := range []struct {
		name   string
		conn   *lattice.Conn
		change func(o *lattice.CallOptions)
		want   error
		text   string
	}{
		{"nobody", conn, func(o *lattice.CallOptions) { o.Target = wasmbus.Actor(otherKey) }, lattice.ErrNobody, otherKey},
		{"another lattice", conn, func(o *lattice.CallOptions) { o.Lattice = "else" }, lattice.ErrNobody, "else"},
		{"silence", mute, func(o *lattice.CallOptions) { o.Timeout = 50 * time.Millisecond }, context.DeadlineExceeded, "50ms"},
		{"another cluster", conn, func(o *lattice.CallOptions) { o.Cluster = seedOf(strkey.Cluster, 9) }, nil, "issuer"},
		{"no cluster seed", conn, func(o *lattice.CallOptions) { o.Cluster = nil }, nil, "cluster seed"},
		{"no host key", conn, func(o *lattice.CallOptions) { o.HostKey = nil }, nil, "host key"},
		{"old clock", conn, func(o *lattice.CallOptions) { o.Now = time.Unix(1, 0) }, nil, "clocks"},
	} {
		o := callOptions(h)
		c.change(&o)
		_, err := lattice.Call(testContext(t), c.conn, o)
		if err == nil || (c.want != nil && !errors.Is(err, c.want)) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A reply to some other invocation is no answer.
func TestCallForeignReply(t *testing.T) {
	conn := connect(t, newServer(t))
	replies := [][]byte{
		(&wasmbus.Response{InvocationID: "other"}).Marshal(),
		[]byte("garbage"),
		{},
		(&wasmbus.Response{InvocationID: "fixed", ContentLength: 1 << 50}).Marshal(),
	}
	for _, reply := range replies {
		sub, err := conn.NATS().Subscribe(wasmbus.ActorSubject("default", actorKey), responder(reply))
		if err != nil {
			t.Fatal(err)
		}
		_, err = lattice.Call(testContext(t), conn, lattice.CallOptions{
			Target: wasmbus.Actor(actorKey), Operation: "A.B", HostKey: seedOf(strkey.Server, 5), Cluster: seedOf(strkey.Cluster, 4), ID: "fixed",
		})
		if err == nil {
			t.Errorf("%q was taken for an answer", reply)
		}
		if err := sub.Unsubscribe(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLogLines(t *testing.T) {
	h, conn := started(t, fakehost.Config{})
	ctx := testContext(t)
	logs, err := lattice.SubscribeLogs(ctx, conn, "default")
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	o := callOptions(h)
	o.ID = "call-1"
	if _, err := lattice.Call(ctx, conn, o); err != nil {
		t.Fatal(err)
	}
	line, err := logs.NextLog(ctx)
	if err != nil || line.Call != "call-1" || line.Actor != actorKey || line.Text != "echoed Echo.Echo" {
		t.Errorf("%+v, %v", line, err)
	}
}

func BenchmarkCall(b *testing.B) {
	server := newServer(b)
	h := fakehost.Start(b, server, fakehost.Config{Refs: refs()})
	conn := connect(b, server)
	ctx := context.Background()
	if _, err := lattice.NewControl(conn, lattice.ControlConfig{}).Start(ctx, lattice.StartOptions{Ref: echoRef}); err != nil {
		b.Fatal(err)
	}
	o := callOptions(h)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := lattice.Call(ctx, conn, o); err != nil {
			b.Fatal(err)
		}
	}
}
