package ctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const (
	hostKey  = "NBVHNUTWO7FONN332LCFIVRHNASPFJIKE7IJTBJVNJEDHUITPEYPEQ6K" // of the recording
	probeKey = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
	base     = "wasmbus.ctl.default."

	serviceKey = "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF"
	me         = base + "cmd." + hostKey + "."
)

// fake is a host and a bus that remember what was asked of them.
type fake struct {
	mu       sync.Mutex
	did      []string
	replies  map[string][]byte
	families []string
	handle   func(subject, reply string, data []byte)
	broken   bool
}

func (f *fake) note(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.did = append(f.did, fmt.Sprintf(format, args...))
}

func (f *fake) Subscribe(subject, queue string, handle func(subject, reply string, data []byte)) (func(), error) {
	f.families = append(f.families, strings.TrimSuffix(subject+" "+queue, " "))
	f.handle = handle
	return func() { f.note("unsubscribe %s", subject) }, nil
}

func (f *fake) Publish(subject string, data []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.replies[subject] = data
	return nil
}

func (f *fake) err() error {
	if f.broken {
		return errors.New("the bucket is gone")
	}
	return nil
}

func (f *fake) Describe() wasmbus.Host { return wasmbus.Host{ID: hostKey} }
func (f *fake) Inventory() wasmbus.HostInventory {
	return wasmbus.HostInventory{HostID: hostKey, Actors: []wasmbus.ActorDescription{}, Providers: []wasmbus.ProviderDescription{}}
}
func (f *fake) Claims(context.Context) ([]wasmbus.ClaimsRecord, error)  { return nil, f.err() }
func (f *fake) Links(context.Context) ([]wasmbus.LinkDefinition, error) { return nil, f.err() }
func (f *fake) PutLink(_ context.Context, l wasmbus.LinkDefinition) error {
	f.note("put link %+v", l)
	return f.err()
}
func (f *fake) DeleteLink(_ context.Context, actor, contract, link string) error {
	f.note("delete link %s %s %s", actor, contract, link)
	return f.err()
}
func (f *fake) Bids(constraints map[string]string) bool { return constraints["zone"] != "moon" }
func (f *fake) SetLabel(k, v string) error              { f.note("label %s=%s", k, v); return f.err() }
func (f *fake) DeleteLabel(k string) error              { f.note("no label %s", k); return f.err() }
func (f *fake) SetRegistries(m map[string]wasmbus.RegistryCredential) {
	f.note("registries %v", m)
}
func (f *fake) StartActor(_ context.Context, c wasmbus.StartActorCommand) { f.note("start %+v", c) }
func (f *fake) ScaleActor(_ context.Context, c wasmbus.ScaleActorCommand) { f.note("scale %+v", c) }
func (f *fake) StopActor(_ context.Context, c wasmbus.StopActorCommand)   { f.note("stop %+v", c) }
func (f *fake) UpdateActor(_ context.Context, c wasmbus.UpdateActorCommand) error {
	f.note("update %+v", c)
	return f.err()
}
func (f *fake) BidsProvider(r wasmbus.ProviderAuctionRequest) bool {
	return r.ProviderRef != "running:1" && f.Bids(r.Constraints)
}
func (f *fake) ProviderConflict(c wasmbus.StartProviderCommand) error {
	if c.ProviderRef == "running:1" {
		return errors.New("it runs already")
	}
	return nil
}
func (f *fake) StartProvider(_ context.Context, c wasmbus.StartProviderCommand) {
	f.note("start provider %+v", c)
}
func (f *fake) StopProvider(_ context.Context, c wasmbus.StopProviderCommand) {
	f.note("stop provider %+v", c)
}
func (f *fake) Emit(event string, data any) { f.note("event %s %+v", event, data) }
func (f *fake) Heartbeat()                  { f.note("heartbeat") }
func (f *fake) Stop()                       { f.note("stop host") }

func router(t *testing.T) (*fake, *Router) {
	t.Helper()
	f := &fake{replies: map[string][]byte{}}
	r, err := Start(t.Context(), Config{
		Host: hostKey, Control: wasmbus.Control{Lattice: "default"}, Bus: f, Backend: f, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return f, r
}

// ask sends a request and returns the reply, "" for silence, and what was done.
func (f *fake) ask(r *Router, subject, data string) (reply string, did []string) {
	f.handle(subject, "inbox", []byte(data))
	r.work.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	reply, did = string(f.replies["inbox"]), f.did
	f.did = nil
	delete(f.replies, "inbox")
	return reply, did
}

func TestRepliesGolden(t *testing.T) {
	f, r := router(t)
	link := `{"actor_id":"M","provider_id":"V","link_name":"default","contract_id":"c"}`
	var out bytes.Buffer
	for _, q := range []struct{ subject, data string }{
		{base + "ping.hosts", ""},
		{base + "ping.nonsense", ""},
		{base + "get.claims", ""},
		{base + "get.links", ""},
		{base + "get.nonsense", ""},
		{base + "get." + hostKey + ".inv", ""},
		{base + "get." + hostKey + ".nonsense", ""},
		{base + "auction.actor", `{"actor_ref":"a:1","constraints":{"zone":"earth"}}`},
		{base + "auction.actor", `{"actor_ref":"a:1"}`},
		{base + "auction.actor", `{"actor_ref":"a:1","constraints":{"zone":"moon"}}`},
		{base + "auction.actor", `{"constraints":{}}`},
		{base + "auction.provider", `{"provider_ref":"p:1","link_name":"default","constraints":{}}`},
		{base + "auction.provider", `{"provider_ref":"p:1"}`},
		{base + "auction.provider", `{"provider_ref":"p:1","link_name":"default","constraints":{"zone":"moon"}}`},
		{base + "auction.provider", `{"provider_ref":"running:1","link_name":"default"}`},
		{base + "auction.provider", `{"link_name":"default"}`},
		{base + "linkdefs.put", link},
		{base + "linkdefs.put", "{"},
		{base + "linkdefs.del", link},
		{base + "linkdefs.del", `{"actor_id":"M"}`},
		{base + "linkdefs.nonsense", "{}"},
		{base + "registries.put", `{"localhost:5000":{"registryType":"oci","username":"u","password":null}}`},
		{base + "labels." + hostKey + ".put", `{"key":"a","value":"b"}`},
		{base + "labels." + hostKey + ".del", `{"key":"a"}`},
		{me + "la", `{"actor_ref":"a:1","host_id":"` + hostKey + `"}`},
		{me + "la", `{"actor_ref":"a:1","count":3,"annotations":{"k":"v"}}`},
		{me + "la", `{"actor_ref":"a:1","count":0}`},
		{me + "la", `{"actor_ref":"a:1","count":5000}`},
		{me + "la", `{"actor_ref":"a:1","count":70000}`},
		{me + "la", `{"actor_ref":""}`},
		{me + "la", `{"actor_ref":"a:1","host_id":"Nother"}`},
		{me + "la", ``},
		{me + "la", `[]`},
		{me + "la", `{"actor_ref":"a:1"} {}`},
		{me + "scale", `{"actor_id":"` + probeKey + `","actor_ref":"a:1","count":2}`},
		{me + "scale", `{"actor_id":"short","actor_ref":"a:1","count":2}`},
		{me + "scale", `{"actor_id":"` + probeKey + `","actor_ref":"a:1","count":5000}`},
		{me + "sa", `{"actor_ref":"` + probeKey + `","count":1}`},
		{me + "sa", `{"actor_ref":"a:1","count":1}`},
		{me + "upd", `{"actor_id":"` + probeKey + `","new_actor_ref":"a:2"}`},
		{me + "upd", `{"actor_id":"` + probeKey + `"}`},
		{me + "lp", `{"provider_ref":"p:1","link_name":"cache","configuration":"{}","annotations":{"a":"b"}}`},
		{me + "lp", `{"provider_ref":"p:1"}`},
		{me + "lp", `{"link_name":"default"}`},
		{me + "lp", `{"provider_ref":"p:1","host_id":"Nother"}`},
		{me + "lp", `{"provider_ref":"running:1","link_name":"default"}`},
		{me + "sp", `{"provider_ref":"` + serviceKey + `","link_name":"cache","contract_id":"c"}`},
		{me + "sp", `{"provider_ref":"` + serviceKey + `"}`},
		{me + "sp", `{"provider_ref":"` + probeKey + `","link_name":"default","contract_id":"c"}`},
		{me + "sp", `{"provider_ref":"` + serviceKey + `","host_id":"Nother"}`},
		{me + "stop", `{"host_id":"` + hostKey + `","timeout":2000}`},
		{me + "stop", `{"host_id":"Nother"}`},
		{me + "nonsense", `{}`},
	} {
		reply, did := f.ask(r, q.subject, q.data)
		fmt.Fprintf(&out, "? %s %s\n", strings.ReplaceAll(strings.TrimPrefix(q.subject, base), hostKey, "HOST"), q.data)
		fmt.Fprintf(&out, "= %s\n", reply)
		for _, d := range did {
			fmt.Fprintf(&out, "> %s\n", d)
		}
	}
	testkit.Golden(t, "replies.golden", out.Bytes())
}

// What the backend refuses is refused, not swallowed.
func TestBackendErrorsAreRefusals(t *testing.T) {
	f, r := router(t)
	f.broken = true
	for subject, data := range map[string]string{
		base + "get.claims":                 "",
		base + "get.links":                  "",
		base + "linkdefs.put":               `{}`,
		base + "linkdefs.del":               `{"actor_id":"M","contract_id":"c","link_name":"l"}`,
		base + "labels." + hostKey + ".put": `{"key":"a"}`,
		base + "labels." + hostKey + ".del": `{"key":"a"}`,
		me + "upd":                          `{"actor_id":"` + probeKey + `","new_actor_ref":"a:2"}`,
	} {
		reply, _ := f.ask(r, subject, data)
		var ack wasmbus.Ack
		if err := json.Unmarshal([]byte(reply), &ack); err != nil || ack.Accepted || !strings.Contains(ack.Error, "the bucket is gone") {
			t.Errorf("%s: %s", subject, reply)
		}
	}
}

// Wash's own requests are answered as the Rust host answered them: acks to the
// byte, answers by their members.
func TestRecordedRequests(t *testing.T) {
	text, err := os.ReadFile("testdata/rust-host-0.80.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	f, r := router(t)
	for line := range strings.Lines(string(text)) {
		var q struct{ Subject, Data, Reply string }
		if err := json.Unmarshal([]byte(line), &q); err != nil {
			t.Fatal(err)
		}
		reply, _ := f.ask(r, q.Subject, q.Data)
		var ack wasmbus.Ack
		if json.Unmarshal([]byte(q.Reply), &ack) == nil && ack.Accepted && reply != q.Reply {
			t.Errorf("%s: %s, want %s", q.Subject, reply, q.Reply)
		}
		if reply == "" || strings.Contains(reply, `"accepted":false`) {
			t.Errorf("%s: %q", q.Subject, reply)
		}
	}
}

func TestSubscriptions(t *testing.T) {
	f, r := router(t)
	want := []string{
		"wasmbus.ctl.default.ping.*",
		"wasmbus.ctl.default.get.* wasmbus.ctl.default.get",
		"wasmbus.ctl.default.linkdefs.* wasmbus.ctl.default.linkdefs",
		"wasmbus.ctl.default.auction.*",
		"wasmbus.ctl.default.registries.*",
		"wasmbus.ctl.default.get." + hostKey + ".*",
		"wasmbus.ctl.default.labels." + hostKey + ".*",
		"wasmbus.ctl.default.cmd." + hostKey + ".*",
	}
	if got := strings.Join(f.families, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("subscriptions:\n%s", got)
	}
	r.Close()
	if n := strings.Count(strings.Join(f.did, "\n"), "unsubscribe"); n != len(want) {
		t.Errorf("%d of %d subscriptions ended", n, len(want))
	}
}

func TestRequestWithoutReplySubject(t *testing.T) {
	f, r := router(t)
	f.handle(base+"registries.put", "", []byte(`{}`))
	r.work.Wait()
	if len(f.replies) != 0 || len(f.did) != 1 {
		t.Errorf("replies %v, did %v", f.replies, f.did)
	}
}
