package lattice_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func testLink() wasmbus.LinkDefinition {
	return wasmbus.LinkDefinition{
		ActorID: actorKey, ProviderID: provKey, LinkName: "default", ContractID: "wasmcloud:keyvalue",
		Values: map[string]string{"URL": "redis://127.0.0.1:6379"},
	}
}

// The bucket we make has the settings of the one that the real host made.
func TestBucketSettings(t *testing.T) {
	conn := connect(t, newServer(t))
	if _, err := lattice.FindState(testContext(t), conn, "default"); !errors.Is(err, lattice.ErrNoState) {
		t.Errorf("before: %v", err)
	}
	for range 2 { // the second time it is there
		if _, err := lattice.OpenState(testContext(t), conn, "default"); err != nil {
			t.Fatal(err)
		}
	}
	m, err := conn.NATS().Request("$JS.API.STREAM.INFO.KV_LATTICEDATA_default", nil, testLimit)
	if err != nil {
		t.Fatal(err)
	}
	var got, want struct{ Config map[string]any }
	// From the recording of the Rust host 0.80.
	const recorded = `{"config":{"name":"KV_LATTICEDATA_default","subjects":["$KV.LATTICEDATA_default.>"],"retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"max_age":0,"max_msgs_per_subject":1,"max_msg_size":-1,"discard":"new","storage":"file","num_replicas":1,"duplicate_window":120000000000,"allow_direct":true,"mirror_direct":false,"sealed":false,"deny_delete":true,"deny_purge":false,"allow_rollup_hdrs":true}}`
	if err := errors.Join(json.Unmarshal(m.Data, &got), json.Unmarshal([]byte(recorded), &want)); err != nil {
		t.Fatal(err)
	}
	for key, value := range want.Config {
		if diff := cmp.Diff(value, got.Config[key]); diff != "" {
			t.Errorf("%s: %s", key, diff)
		}
	}
}

func TestStateRoundTrip(t *testing.T) {
	ctx := testContext(t)
	s, err := lattice.OpenState(ctx, connect(t, newServer(t)), "default")
	if err != nil {
		t.Fatal(err)
	}
	record := wasmbus.ClaimsRecord{"sub": actorKey, "call_alias": "echo"}
	link := testLink()
	if err := errors.Join(s.PutLink(ctx, link), s.PutClaims(ctx, record), s.PutRefMap(ctx, echoRef, actorKey)); err != nil {
		t.Fatal(err)
	}
	links, err := s.Links(ctx)
	if diff := cmp.Diff([]wasmbus.LinkDefinition{link}, links); err != nil || diff != "" {
		t.Errorf("links: %v %s", err, diff)
	}
	claims, err := s.Claims(ctx)
	if diff := cmp.Diff([]wasmbus.ClaimsRecord{record}, claims); err != nil || diff != "" {
		t.Errorf("claims: %v %s", err, diff)
	}
	if key, ok, err := s.Ref(ctx, echoRef); key != actorKey || !ok || err != nil {
		t.Errorf("ref: %s %v %v", key, ok, err)
	}
	if _, ok, err := s.Ref(ctx, "unknown"); ok || err != nil {
		t.Errorf("unknown ref: %v %v", ok, err)
	}
	for range 2 { // deleting what isn't there is no error
		if err := s.DeleteLink(ctx, link.ActorID, link.ContractID, link.LinkName); err != nil {
			t.Fatal(err)
		}
	}
	if links, err := s.Links(ctx); len(links) != 0 || err != nil {
		t.Errorf("after deletion: %v %v", links, err)
	}
	if err := s.PutClaims(ctx, wasmbus.ClaimsRecord{}); err == nil {
		t.Error("claims without a subject are stored")
	}
}

// changes collects what a watch reports.
type changes struct {
	mu  sync.Mutex
	all []lattice.Change
}

func (c *changes) add(change lattice.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, change)
}

// count says how often the record of a key was told, or its end.
func (c *changes) count(key string, deleted bool) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, change := range c.all {
		if change.ID == key && change.Deleted == deleted {
			n++
		}
	}
	return n
}

func (c *changes) last(n int) (lattice.Change, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) < n {
		return lattice.Change{}, false
	}
	return c.all[n-1], true
}

func TestWatch(t *testing.T) {
	ctx := testContext(t)
	server := newServer(t)
	conn := connect(t, server)
	s, err := lattice.OpenState(ctx, conn, "default")
	if err != nil {
		t.Fatal(err)
	}
	link := testLink()
	if err := s.PutLink(ctx, link); err != nil {
		t.Fatal(err)
	}
	var got changes
	stop, err := s.Watch(ctx, got.add)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if c, ok := got.last(1); !ok || !c.Initial || c.Kind != lattice.ChangeLink || !cmp.Equal(c.Link, link) {
		t.Fatalf("what exists is there when Watch returns; got %+v", c)
	}
	key := "$KV.LATTICEDATA_default.LINKDEF_" + link.ID()
	raw := func(subject, operation string, data []byte) {
		m := nats.NewMsg(subject)
		m.Data = data
		if operation != "" {
			m.Header.Set("KV-Operation", operation)
		}
		if _, err := conn.NATS().RequestMsg(m, testLimit); err != nil {
			t.Fatal(err)
		}
	}
	foreign, _ := wasmbus.EncodeJSON(wasmbus.LinkDefinition{ActorID: "Mother"})
	for i, step := range []struct {
		name string
		do   func()
		ok   func(c lattice.Change) bool
	}{
		{"DEL, as wash and Rust hosts", func() { raw(key, "DEL", nil) }, func(c lattice.Change) bool { return c.Deleted && c.ID == link.ID() && !c.Initial }},
		{"put", func() { _ = s.PutLink(ctx, link) }, func(c lattice.Change) bool { return !c.Deleted && c.Err == nil }},
		{"PURGE, as the Elixir host", func() { raw(key, "PURGE", nil) }, func(c lattice.Change) bool { return c.Deleted && c.Kind == lattice.ChangeLink }},
		{"a link under another's id", func() { raw(key, "", foreign) }, func(c lattice.Change) bool { return c.Err != nil }},
		{"no JSON", func() { raw(key, "", []byte("{")) }, func(c lattice.Change) bool { return c.Err != nil }},
		{"an empty value without header", func() { raw(key, "", nil) }, func(c lattice.Change) bool { return c.Deleted }},
		{"claims", func() { _ = s.PutClaims(ctx, wasmbus.ClaimsRecord{"sub": "M1"}) }, func(c lattice.Change) bool { return c.Kind == lattice.ChangeClaims && c.ID == "M1" }},
		{"reference", func() { _ = s.PutRefMap(ctx, echoRef, actorKey) }, func(c lattice.Change) bool { return c.Kind == lattice.ChangeRef && c.Ref.PublicKey == actorKey }},
	} {
		step.do()
		eventually(t, step.name, func() bool { _, ok := got.last(i + 2); return ok })
		if c, _ := got.last(i + 2); !step.ok(c) {
			t.Errorf("%s: %+v", step.name, c)
		}
	}
}

func TestChunks(t *testing.T) {
	ctx := testContext(t)
	conn := connect(t, newServer(t))
	data := make([]byte, 3_000_000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	if err := lattice.PutChunk(ctx, conn, "default", "id-r", data); err != nil {
		t.Fatal(err)
	}
	// The subject under which the Rust host stored an object of its own.
	if _, err := conn.NATS().Request("$JS.API.STREAM.INFO.OBJ_default", nil, testLimit); err != nil {
		t.Fatal(err)
	}
	for name, size := range map[string]uint64{"id-r": 2_999_999, "unknown": 1, "huge": lattice.MaxChunked + 1} {
		if _, err := lattice.GetChunk(ctx, conn, "default", name, size); err == nil {
			t.Errorf("%s with %d bytes: no error", name, size)
		}
	}
	got, err := lattice.GetChunk(ctx, conn, "default", "id-r", uint64(len(data)))
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	if _, err := lattice.GetChunk(ctx, conn, "default", "id-r", uint64(len(data))); !errors.Is(err, jetstream.ErrObjectNotFound) {
		t.Errorf("a payload is fetched once; the second time: %v", err)
	}
}

func TestChunkWithoutJetStreamSaysSo(t *testing.T) {
	ctx, url := testContext(t), nkeyServer(t, seedOf('U', 7))
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: url, Seed: seedOf('U', 7).Reveal()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	began := time.Now()
	if err := lattice.PutChunk(ctx, conn, "default", "x", []byte("y")); err == nil {
		t.Error("no error")
	}
	if _, err := lattice.FindState(ctx, conn, "default"); !errors.Is(err, lattice.ErrNoState) {
		t.Errorf("state: %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}
