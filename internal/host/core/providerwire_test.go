package core

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

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

// A link that is made while the provider starts reaches it too: it is neither
// in the host data nor heard on a subject that nobody listens to yet.
func TestLinkDuringTheStart(t *testing.T) {
	w := start(t, func(c *Config) { c.HealthFirst = time.Hour }) // which would tell it late
	gate := filepath.Join(t.TempDir(), "open")
	w.sendProvider(parFile(t, archive(t, "kv", nil)), "default", `{"WaitFor":"`+gate+`"}`)
	key := w.providerKey("kv")
	testkit.Eventually(t, "its process", func() bool {
		return w.host.capabilityOf(key, "default") != nil && w.host.capabilityOf(key, "default").running()
	})
	l := w.link(key, "default")
	testkit.Eventually(t, "the host to know", func() bool { _, ok := w.host.know.provider(l.ActorID, l.ContractID, l.LinkName); return ok })
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var p wasmbus.ProviderStarted
	w.event(wasmbus.EventProviderStarted, &p)
	testkit.Eventually(t, "the link", func() bool { _, err := w.ask(p, "Test.Echo", nil); return err == nil })
}

func (p *capability) running() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run != nil
}
