package core

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// overheard is a message on a provider's subjects.
type overheard struct {
	subject string // after the link name
	wants   bool   // a reply
	data    []byte
}

// What the host says to a provider, to the byte as formats have it: real
// providers and the recording of the Rust host were held against those.
func TestWordsToAProvider(t *testing.T) {
	w := start(t, func(c *Config) { c.HealthFirst = time.Millisecond })
	var mu sync.Mutex
	var heard []overheard
	stop, err := w.conn.Subscribe("wasmbus.rpc.default.>", "", func(subject, reply string, data []byte) {
		mu.Lock()
		defer mu.Unlock()
		if _, tail, ok := strings.Cut(subject, ".default."); ok {
			if _, tail, ok = strings.Cut(tail, ".default."); ok {
				heard = append(heard, overheard{tail, reply != "", bytes.Clone(data)})
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := w.conn.NATS().Flush(); err != nil {
		t.Fatal(err)
	}
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	l := w.link(p.PublicKey, "default")
	has := func(subject string) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, m := range heard {
				if m.subject == subject {
					return true
				}
			}
			return false
		}
	}
	testkit.Eventually(t, "the link", has("linkdefs.put"))
	if err := w.ctl.DeleteLink(context.Background(), l.ActorID, l.ContractID, l.LinkName); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "its end", has("linkdefs.del"))
	w.stopProvider(p)
	testkit.Eventually(t, "the shutdown", has("shutdown"))

	want := map[string]overheard{
		"linkdefs.put": {"linkdefs.put", false, l.Marshal()},
		"linkdefs.del": {"linkdefs.del", false, l.Marshal()},
		"health":       {"health", true, wasmbus.HealthProbe()},
		"shutdown":     {"shutdown", true, []byte(`{"host_id":"` + w.host.Info().HostID + `"}`)},
	}
	mu.Lock()
	defer mu.Unlock()
	for _, m := range heard {
		if x, ok := want[m.subject]; !ok || x.wants != m.wants || !bytes.Equal(x.data, m.data) {
			t.Errorf("%s (reply wanted: %v): %q", m.subject, m.wants, m.data)
		}
	}
}

// Links that were there before the provider come with its host data; one that
// lies between another host's provider and this one's is not its own.
func TestLinksBeforeTheStart(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	key := w.providerKey("kv")
	mine := w.link(key, "default")
	w.link(key, "cache")                // another link name
	w.link(w.providerKey("other"), "x") // another provider
	other := mine
	other.ContractID = "wasmcloud:httpserver"
	if err := w.ctl.PutLink(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		w.event(wasmbus.EventLinkSet, &wasmbus.LinkChanged{})
	}
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	d := w.describe(p)
	if len(d.Data.LinkDefinitions) != 1 || d.Data.LinkDefinitions[0].ID() != mine.ID() {
		t.Errorf("host data has the links %+v", d.Data.LinkDefinitions)
	}
	w.counts("count=1")
}

// A link that is made or changed while the provider starts reaches it too: it is neither
// in the host data nor heard on a subject that nobody listens to yet.
func TestLinksDuringTheStart(t *testing.T) {
	w := start(t, func(c *Config) { c.HealthFirst = time.Hour }) // which would tell it late
	provider := w.providerKey("kv")
	knows := func(l wasmbus.LinkDefinition) func() bool {
		return func() bool {
			got, ok := w.host.know.provider(l.ActorID, l.ContractID, l.LinkName)
			return ok && sameLink(got, l)
		}
	}
	l := w.link(provider, "default")
	gone, made := l, l
	gone.ActorID, made.ActorID = actorKey("gone"), actorKey("made")
	w.putLink(gone)
	testkit.Eventually(t, "the host to know", knows(gone))

	gate := filepath.Join(t.TempDir(), "open")
	w.sendProvider(parFile(t, archive(t, "kv", nil)), "default", `{"WaitFor":"`+gate+`"}`)
	testkit.Eventually(t, "its process", func() bool {
		return w.host.capabilityOf(provider, "default") != nil && w.host.capabilityOf(provider, "default").running()
	})
	l.Values = map[string]string{"a": "changed"}
	w.putLink(l)
	if err := w.ctl.DeleteLink(context.Background(), gone.ActorID, gone.ContractID, gone.LinkName); err != nil {
		t.Fatal(err)
	}
	w.putLink(made)
	testkit.Eventually(t, "the host to know", knows(made))
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var p wasmbus.ProviderStarted
	w.event(wasmbus.EventProviderStarted, &p)
	w.linked(p, l, made)
}

// An edited link takes effect at once: the provider is unlinked from the old values and
// linked with the new. One that the link does not name any more is unlinked.
func TestChangedLinkReachesItsProvider(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	a, b := w.startProvider(parFile(t, archive(t, "kv", nil)), ""), w.startProvider(parFile(t, archive(t, "other", nil)), "")
	l := w.link(a.PublicKey, "default")
	w.linked(a, l)
	l.Values = map[string]string{"by": "10"}
	w.putLink(l)
	w.linked(a, l)
	if got, err := w.get(probeKey, "/count"); err != nil || got != "count=10" {
		t.Errorf("%q, %v", got, err)
	}
	l.ProviderID = b.PublicKey
	w.putLink(l)
	w.linked(b, l)
	w.linked(a)
	// And back, for a provider that was told to forget it.
	l.ProviderID = a.PublicKey
	w.putLink(l)
	w.linked(a, l)
	w.linked(b)
}

func (p *capability) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run != nil
}

func actorKey(name string) string { return string(key(strkey.Module, name).Public()) }

func (w *world) putLink(l wasmbus.LinkDefinition) {
	w.t.Helper()
	if err := w.ctl.PutLink(context.Background(), l); err != nil {
		w.t.Fatal(err)
	}
}

// linked waits until a provider has these links, the probe's among them, or
// none for the probe.
func (w *world) linked(p wasmbus.ProviderStarted, want ...wasmbus.LinkDefinition) {
	w.t.Helper()
	testkit.Eventually(w.t, fmt.Sprintf("%s to have %d links", p.ImageRef, len(want)), func() bool {
		reply, err := w.ask(p, "Test.Describe", nil)
		if len(want) == 0 {
			return err != nil && strings.Contains(err.Error(), "is not linked")
		}
		var got told
		if err != nil || json.Unmarshal(reply, &got) != nil {
			return false
		}
		slices.SortFunc(got.Links, func(a, b wasmbus.LinkDefinition) int { return cmp.Compare(a.ActorID, b.ActorID) })
		slices.SortFunc(want, func(a, b wasmbus.LinkDefinition) int { return cmp.Compare(a.ActorID, b.ActorID) })
		return slices.EqualFunc(got.Links, want, sameLink)
	})
}
