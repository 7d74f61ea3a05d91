package core

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// handleCount is a request that makes the probe use its key-value provider.
func handleCount(t *testing.T) []byte {
	t.Helper()
	b, err := wasmbus.JSONToMsgpack([]byte(`{"method":"GET","path":"/count","queryString":"","header":{},"body":""}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One call leaves a trace of the actor, the link it used and the provider that
// answered, each within the one before.
func TestTraceOfACall(t *testing.T) {
	traces := dash.NewTraces()
	w := start(t, func(c *Config) { c.Traces = traces })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	p := w.startProvider(parFile(t, archive(t, "store", nil)), "")
	w.link(p.PublicKey, "default")
	v := w.host.View()
	ctx := context.Background()

	// By its alias, and untraced by a dashboard of its own.
	if _, err := v.Call(ctx, dash.Call{ID: wasmbus.NewUUID(), Target: "vector/probe", Operation: "HttpServer.HandleRequest", Payload: handleCount(t)}); err != nil {
		t.Fatal(err)
	}
	list := traces.List()
	if len(list) != 1 || list[0].Target != probeKey || list[0].Error != "" {
		t.Fatalf("%+v", list)
	}
	got, _ := traces.Get(list[0].ID)
	var kinds []string
	for i, s := range got.Spans {
		kinds = append(kinds, s.Kind)
		if s.Parent != i || s.Running || s.TookUS <= 0 || i > 0 && s.StartUS+s.TookUS > got.TookUS {
			t.Errorf("span %d: %+v", i, s)
		}
	}
	if !slices.Equal(kinds, []string{dash.SpanActor, dash.SpanLink, dash.SpanProvider}) {
		t.Fatalf("%v", kinds)
	}
	if s := got.Spans[1]; s.Contract != kvContract || s.Link != "default" || s.Target != p.PublicKey || s.Operation != "KeyValue.Increment" {
		t.Errorf("link %+v", s)
	}
	if s := got.Spans[2]; s.Target != p.PublicKey || s.Name != "store" || s.In == 0 || s.Out == 0 {
		t.Errorf("provider %+v", s)
	}

	// A failure is told where it arose.
	if err := v.DeleteLink(ctx, probeKey, kvContract, "default"); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the link is gone", func() bool { _, ok := w.host.know.provider(probeKey, kvContract, "default"); return !ok })
	if _, err := v.Call(ctx, dash.Call{ID: "second", Target: probeKey, Operation: "HttpServer.HandleRequest", Payload: handleCount(t)}); err == nil {
		t.Fatal("a call without its link succeeded")
	}
	got, ok := traces.Get("second")
	if !ok || len(got.Spans) != 2 || got.Spans[1].Kind != dash.SpanHostCall || !strings.Contains(got.Spans[1].Error, "missing link definition") || !strings.Contains(got.Error, "missing link definition") {
		t.Errorf("%+v", got)
	}
	if _, err := v.Call(ctx, dash.Call{ID: "third", Target: "no/body", Operation: "A.B"}); err == nil || !strings.Contains(err.Error(), "start it first") {
		t.Errorf("an unknown alias: %v", err)
	}
}

// A provider that calls an actor while it serves a call does so within that
// call's trace.
func TestTraceGoesThroughProviders(t *testing.T) {
	traces := dash.NewTraces()
	w := start(t, func(c *Config) { c.Traces = traces })
	a := w.startLinkedRelay(kvContract)
	// Test.CallBack has the provider call a, which then calls the built-in.
	_, err := w.host.View().Call(context.Background(), dash.Call{
		ID: "whole", Target: a, Operation: "Test.CallBack", Payload: []byte(kvContract + ";wasmcloud:builtin:numbergen"),
	})
	if err != nil {
		t.Fatal(err)
	}
	if list := traces.List(); len(list) != 1 {
		t.Errorf("%d traces of one call: %+v", len(list), list)
	}
	got, _ := traces.Get("whole")
	var kinds []string
	for _, s := range got.Spans {
		kinds = append(kinds, s.Kind)
	}
	if want := []string{dash.SpanActor, dash.SpanLink, dash.SpanProvider, dash.SpanActor, dash.SpanBuiltin}; !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// The dashboard commands every host of the lattice, and sees all of them.
func TestViewOfTheLattice(t *testing.T) {
	w := start(t, nil)
	second := start(t, func(c *Config) {
		c.Server = nil
		c.Connect = lattice.ConnectConfig{URL: w.host.Info().NATSURL}
	})
	v, ctx := w.host.View(), context.Background()
	messages := make(chan dash.Message, 1000)
	watching, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = v.Watch(watching, func(m dash.Message) { messages <- m }) // ends with the context's error
	}()
	defer func() { cancel(); <-ended }()
	if err := v.Ready(ctx); err != nil {
		t.Fatal(err)
	}

	other := second.host.Info().HostID
	ref := w.push("1", read(t, "probe_s.wasm"))
	second.push("1", read(t, "probe_s.wasm"))
	started, err := v.StartActor(ctx, dash.StartActor{Host: other, Ref: ref, Count: 2})
	if err != nil || started.Key != probeKey || started.Host != other {
		t.Fatalf("%+v %v", started, err)
	}
	if err := v.PutLink(ctx, wasmbus.LinkDefinition{ActorID: probeKey, ProviderID: w.providerKey("store"), ContractID: kvContract, LinkName: "default"}); err != nil {
		t.Fatal(err)
	}
	if err := v.PutLink(ctx, wasmbus.LinkDefinition{ActorID: "M"}); err == nil {
		t.Error("a link of nothing was accepted")
	}
	l := v.Lattice(ctx)
	if len(l.Hosts) != 2 || !l.Hosts[0].Self || l.Hosts[0].ID != w.host.Info().HostID || l.Hosts[1].Self || len(l.Problems) != 0 {
		t.Fatalf("%+v", l)
	}
	if a := l.Hosts[1].Actors; len(a) != 1 || a[0].ID != probeKey || len(a[0].Instances) != 2 || len(l.Hosts[0].Actors) != 0 {
		t.Errorf("actors %+v", l.Hosts)
	}
	if len(l.Links) != 1 || len(l.Claims) != 1 {
		t.Errorf("%d links, %d claims", len(l.Links), len(l.Claims))
	}
	for event := ""; event != wasmbus.EventActorsStarted; {
		m := <-messages
		if event = m.Name; event == wasmbus.EventActorsStarted && (m.Host != other || m.From != probeKey) {
			t.Errorf("%+v", m)
		}
		if event == wasmbus.EventHostHeartbeat && m.Host == w.host.Info().HostID {
			t.Error("the host's own heartbeats, which looking makes, are shown")
		}
	}
	if err := v.ScaleActor(ctx, other, probeKey, ref, 1); err != nil {
		t.Error(err)
	}
	if err := v.UpdateActor(ctx, other, probeKey, "localhost:5000/none:1"); err == nil {
		t.Error("updated to nothing")
	}
	if err := v.StopActor(ctx, other, probeKey); err != nil {
		t.Error(err)
	}
	if err := v.StopActor(ctx, "", probeKey); err == nil || !strings.Contains(err.Error(), "does not run on this host") {
		t.Errorf("stopping what does not run: %v", err)
	}
	if a := v.Lattice(ctx).Hosts[1].Actors; len(a) != 0 {
		t.Errorf("still there: %+v", a)
	}
}

// A host that loads no files loads what its dashboard has verified, and only here.
func TestUploadsMayBeLoaded(t *testing.T) {
	uploads := t.TempDir()
	w := start(t, func(c *Config) { c.AllowFile, c.UploadDir = false, uploads })
	v, ctx := w.host.View(), context.Background()
	path := filepath.Join(uploads, "abc", "probe_s.wasm")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, read(t, "probe_s.wasm"), 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := v.StartActor(ctx, dash.StartActor{Ref: "file://" + path, Count: 1}); err != nil {
		t.Error(err)
	}
	outside := file(t, read(t, "probe_s.wasm"))
	for _, ref := range []string{outside, "file://" + uploads + "/../" + strings.TrimPrefix(outside, "file:///tmp/")} {
		if _, err := v.StartActor(ctx, dash.StartActor{Ref: ref, Count: 1}); err == nil || !strings.Contains(err.Error(), "--allow-file-load") {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if _, err := v.StartActor(ctx, dash.StartActor{Host: "NOTHER", Ref: "file://" + path, Count: 1}); err == nil || !strings.Contains(err.Error(), "this host's machine alone") {
		t.Errorf("on another host: %v", err)
	}
	// A provider, too.
	par := filepath.Join(uploads, "abc", "store.par.gz")
	if err := os.WriteFile(par, archive(t, "store", nil), 0o400); err != nil {
		t.Fatal(err)
	}
	started, err := v.StartProvider(ctx, dash.StartProvider{Ref: "file://" + par, Link: "default"})
	if err != nil || started.Key != w.providerKey("store") {
		t.Fatalf("%+v %v", started, err)
	}
	if err := v.StopProvider(ctx, "", started.Key, kvContract, "default"); err != nil {
		t.Error(err)
	}
}
