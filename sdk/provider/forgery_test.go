package provider_test

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"context"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// A call that is not what it says it is does not reach the provider, and its sender is told why.
func TestForgedCallsAreRefused(t *testing.T) {
	var reached atomic.Int32
	b := start(t, &sample{call: func(context.Context, provider.Call) ([]byte, error) {
		reached.Add(1)
		return nil, nil
	}}, providerbed.Setup{})
	stranger := providerbed.Seed(strkey.Cluster, 66)
	type forgery struct {
		name   string
		before func(i *wasmbus.Invocation) // then it is signed
		signer *strkey.Seed                // nil = the cluster
		age    time.Duration
		after  func(i *wasmbus.Invocation)
		want   string // "" = accepted
	}
	for _, tt := range []forgery{
		{name: "genuine"},
		{name: "wash's host id", before: func(i *wasmbus.Invocation) { i.HostID = "NwashHostCallerId000000000000000000000000000000000000000" }},
		{name: "an Elixir host's host id", before: func(i *wasmbus.Invocation) { i.HostID = string(providerbed.Cluster().Public()) }},
		{name: "a stranger's signature", signer: stranger, want: "is not among the cluster issuers"},
		{name: "no token", after: func(i *wasmbus.Invocation) { i.EncodedClaims = "" }, want: "refused (token)"},
		{name: "another argument", after: func(i *wasmbus.Invocation) { i.Msg = []byte("evil") }, want: "refused (length)"},
		{name: "another argument of the same length", after: func(i *wasmbus.Invocation) { i.Msg = []byte("mgs") }, want: "refused (hash)"},
		{name: "no argument", after: func(i *wasmbus.Invocation) { i.Msg, i.ContentLength = nil, 0 }, want: "refused (hash)"},
		{name: "another operation", after: func(i *wasmbus.Invocation) { i.Operation = "Sample.Fail" }, want: "refused (target-url)"},
		{name: "another origin", after: func(i *wasmbus.Invocation) { i.Origin = wasmbus.Actor(otherKey) }, want: "refused (origin-url)"},
		{name: "another id", after: func(i *wasmbus.Invocation) { i.ID = "another" }, want: "refused (id)"},
		{name: "an actor without a link", before: func(i *wasmbus.Invocation) { i.Origin = wasmbus.Actor(otherKey) }, want: "is not linked"},
		{name: "a provider as the origin", before: func(i *wasmbus.Invocation) { i.Origin = i.Target }, want: "is not linked"},
		{name: "wash as the origin", before: func(i *wasmbus.Invocation) { i.Origin = wasmbus.Entity{PublicKey: "__WASH__"} }, want: "is not linked"},
		{name: "another provider", before: func(i *wasmbus.Invocation) { i.Target.PublicKey = string(providerbed.Seed(strkey.Service, 9).Public()) }, want: "refused (target)"},
		{name: "another link name", before: func(i *wasmbus.Invocation) { i.Target.LinkName = "other" }, want: "refused (target)"},
		{name: "another contract", before: func(i *wasmbus.Invocation) { i.Target.ContractID = "wasmcloud:other" }, want: "the link for"},
		{name: "no host id", before: func(i *wasmbus.Invocation) { i.HostID = "" }, want: "refused (host-id)"},
		{name: "old", age: time.Hour, want: "refused (window)"},
		{name: "of the future", age: -time.Hour, want: "refused (window)"},
		{name: "a length without chunks", after: func(i *wasmbus.Invocation) { i.ContentLength = 1 << 20 }, want: "object"},
		{name: "more than is accepted", after: func(i *wasmbus.Invocation) { i.ContentLength = 1 << 40 }, want: "at most"},
		{name: "a stranger's chunks", signer: stranger, after: func(i *wasmbus.Invocation) { i.ContentLength = 1 << 20 }, want: "is not among the cluster issuers"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			inv := &wasmbus.Invocation{Origin: wasmbus.Actor(actorKey), Target: b.Target(), Operation: "Sample.Echo", Msg: []byte("msg"), HostID: providerbed.HostKey()}
			if tt.before != nil {
				tt.before(inv)
			}
			signer := tt.signer
			if signer == nil {
				signer = providerbed.Cluster()
			}
			if err := inv.Sign(signer, time.Now().Add(-tt.age)); err != nil {
				t.Fatal(err)
			}
			if tt.after != nil {
				tt.after(inv)
			}
			before := reached.Load()
			r, err := wasmbus.UnmarshalResponse(b.Request(b.Subject(""), inv.Marshal()).Data)
			if err != nil {
				t.Fatal(err)
			}
			if r.InvocationID != inv.ID {
				t.Errorf("the answer is for %q", r.InvocationID)
			}
			if tt.want == "" && r.Error != "" || !strings.Contains(r.Error, tt.want) {
				t.Errorf("error %q, want %q", r.Error, tt.want)
			}
			if got := reached.Load() - before; (got == 1) != (tt.want == "") {
				t.Errorf("the provider was called %d times", got)
			}
		})
	}
}

func TestReplayedCallsAreRefused(t *testing.T) {
	b := start(t, &sample{}, providerbed.Setup{})
	inv, err := wasmbus.NewInvocation(wasmbus.Actor(actorKey), b.Target(), "Sample.Echo", []byte("once"), providerbed.HostKey(), providerbed.Cluster(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", "refused (replay)", "refused (replay)"} {
		r, err := wasmbus.UnmarshalResponse(b.Request(b.Subject(""), inv.Marshal()).Data)
		if err != nil || !strings.Contains(r.Error, want) || want == "" && r.Error != "" {
			t.Errorf("%d: %+v, %v", i, r, err)
		}
	}
}

// The signature covers the chunks: whoever can write to the object store cannot change an argument.
func TestChangedChunksAreRefused(t *testing.T) {
	b := start(t, &sample{}, providerbed.Setup{})
	msg := bytes.Repeat([]byte{1}, 1<<20)
	inv, err := wasmbus.NewInvocation(wasmbus.Actor(actorKey), b.Target(), "Sample.Echo", msg, providerbed.HostKey(), providerbed.Cluster(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	inv.Msg = nil
	msg[7]++
	if err := lattice.PutChunk(providerbed.Context(t), b.Conn, "default", inv.ID, msg); err != nil {
		t.Fatal(err)
	}
	r, err := wasmbus.UnmarshalResponse(b.Request(b.Subject(""), inv.Marshal()).Data)
	if err != nil || !strings.Contains(r.Error, "refused (hash)") {
		t.Errorf("%+v, %v", r, err)
	}
}

// No message may end the provider, or go without an answer if it asks for one.
func TestHostileMessages(t *testing.T) {
	s := &sample{}
	b := start(t, s, providerbed.Setup{})
	bodies := [][]byte{nil, {0}, {0xc1}, {0x81}, []byte("{"), []byte(`{"actor_id":7}`), bytes.Repeat([]byte{0x81}, 1000), bytes.Repeat([]byte{0xff}, 1<<16)}
	for _, body := range bodies {
		b.Publish(b.Subject(""), body)
		b.Publish(b.Subject(".linkdefs.put"), body)
		b.Publish(b.Subject(".linkdefs.del"), body)
		b.Publish(b.Subject(".linkdefs.other"), body)
		b.Publish(b.Subject(".health"), body)
		b.Publish(b.Subject(".shutdown"), body)
		r, err := wasmbus.UnmarshalResponse(b.Request(b.Subject(""), body).Data)
		if err != nil || r.Error == "" {
			t.Errorf("%.20q: %+v, %v", body, r, err)
		}
		if h := b.Health(); !h.Healthy {
			t.Errorf("%.20q: %+v", body, h)
		}
	}
	if got := s.noted(); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}
