package provider_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestCallsAreAnswered(t *testing.T) {
	b := start(t, &sample{}, providerbed.Setup{})
	got, err := b.Call(actorKey, "Sample.Echo", []byte("hello"))
	if err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v\n%s", got, err, b.Log)
	}
	// Some hosts put the contract before the operation.
	got, err = b.Call(actorKey, contract+"/Sample.Echo", []byte("hello"))
	if err != nil || string(got) != "hello" {
		t.Errorf("with a contract: %q, %v", got, err)
	}
	for op, want := range map[string]string{
		"Sample.Fail":  "sample refuses",
		"Sample.Panic": "Sample.Panic panicked: sample panics",
		"Sample.None":  `unknown operation "Sample.None"`,
	} {
		var remote *lattice.RemoteError
		if _, err := b.Call(actorKey, op, nil); !errors.As(err, &remote) || !strings.Contains(remote.Text, want) {
			t.Errorf("%s: %v, want %q", op, err, want)
		}
	}
}

func TestLargeBodiesTravelThroughTheObjectStore(t *testing.T) {
	b := start(t, &sample{}, providerbed.Setup{})
	for _, size := range []int{wasmbus.ChunkThreshold, wasmbus.ChunkThreshold + 1, 3_000_000} {
		want := bytes.Repeat([]byte{7}, size)
		got, err := b.Call(actorKey, "Sample.Echo", want)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
}

func TestLinksComeAndGo(t *testing.T) {
	s := &sample{}
	b := start(t, s, providerbed.Setup{})
	put, del := b.Subject(".linkdefs.put"), b.Subject(".linkdefs.del")
	changed := linkOf(actorKey)
	changed.Values = map[string]string{"k": "w"}
	b.Publish(put, changed.Marshal()) // ignored: it is linked
	b.Publish(put, linkOf(otherKey).Marshal())
	b.Publish(del, linkOf(actorKey).Marshal())
	b.Publish(put, changed.Marshal())
	b.Publish(del, linkOf(otherKey).Marshal())
	b.Publish(del, linkOf(otherKey).Marshal()) // nothing to do
	a, o := actorKey[:4], otherKey[:4]
	want := []string{"init", "link " + a + " v", "link " + o + " v", "unlink " + a + " v", "link " + a + " w", "unlink " + o + " v"}
	providerbed.Eventually(t, "all links", func() bool { return len(s.noted()) >= len(want) })
	if diff := cmp.Diff(want, s.noted()); diff != "" {
		t.Error(diff)
	}
	if _, err := b.Call(otherKey, "Sample.Echo", nil); err == nil || !strings.Contains(err.Error(), "is not linked") {
		t.Errorf("an unlinked actor: %v", err)
	}
	_ = b.Stop()
	if diff := cmp.Diff(append(want, "unlink "+a+" w", "shutdown"), s.noted()); diff != "" {
		t.Error(diff)
	}
}

func TestStrayLinksAreIgnored(t *testing.T) {
	s := &sample{}
	b := start(t, s, providerbed.Setup{Data: func(d *provider.HostData) { d.LinkDefinitions = nil }})
	put := b.Subject(".linkdefs.put")
	for _, change := range []func(*provider.LinkDefinition){
		func(l *provider.LinkDefinition) { l.ProviderID = "VOTHER" },
		func(l *provider.LinkDefinition) { l.LinkName = "other" },
		func(l *provider.LinkDefinition) { l.ActorID = "" },
	} {
		l := linkOf(actorKey)
		change(&l)
		b.Publish(put, l.Marshal())
	}
	b.Publish(put, []byte("\xc1 no msgpack"))
	b.Publish(put, nil)
	b.Publish(put, linkOf(otherKey).Marshal())
	providerbed.Eventually(t, "the good link", func() bool { return slices.Contains(s.noted(), "link "+otherKey[:4]+" v") })
	if got := s.noted(); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestShutdownRequests(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		stops      bool
	}{
		{"its host", `{"host_id":"` + providerbed.HostKey() + `"}`, true},
		{"no host", `{"host_id":""}`, true},
		{"empty body", "", true},
		{"another host", `{"host_id":"NOTHER"}`, false},
		{"no JSON", "\x81", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &sample{}
			b := start(t, s, providerbed.Setup{})
			subject := b.Subject(".shutdown")
			b.Publish(subject, []byte(tt.body)) // without a reply subject: ignored
			if !tt.stops {
				if m, err := b.Conn.NATS().Request(subject, []byte(tt.body), 300*time.Millisecond); err == nil {
					t.Fatalf("answered %q", m.Data)
				}
				if _, err := b.Call(actorKey, "Sample.Echo", nil); err != nil {
					t.Errorf("it stopped: %v", err)
				}
				return
			}
			if got := string(b.Request(subject, []byte(tt.body)).Data); got != "shutting down" {
				t.Errorf("answered %q", got)
			}
			if err := b.Wait(); err != nil {
				t.Error(err)
			}
			if got := s.noted(); got[len(got)-1] != "shutdown" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestRunningCallsFinishBeforeShutdown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := &sample{call: func(context.Context, provider.Call) ([]byte, error) {
		close(entered)
		<-leave
		return []byte("done"), nil
	}}
	b := start(t, s, providerbed.Setup{Options: provider.Options{DrainTime: providerbed.Patience}})
	answer := make(chan string, 1)
	go func() {
		got, err := b.Call(actorKey, "Sample.Wait", nil)
		answer <- fmt.Sprint(string(got), err)
	}()
	<-entered
	b.Cancel()
	// While it drains the provider takes no more calls, and then nobody listens.
	providerbed.Eventually(t, "nobody takes calls", func() bool {
		_, err := b.Conn.NATS().Request(b.Subject(""), nil, providerbed.Patience)
		return err != nil
	})
	close(leave)
	if got := <-answer; got != "done<nil>" {
		t.Errorf("got %s", got)
	}
	if got := s.noted(); slices.Contains(got, "shutdown") && b.Wait() != nil {
		t.Errorf("got %q", got)
	}
}

func TestHealth(t *testing.T) {
	s := &sample{link: func(l provider.LinkDefinition) error {
		if l.ActorID == otherKey {
			return errors.New("port 80 is taken")
		}
		return nil
	}}
	b := start(t, s, providerbed.Setup{})
	ask := b.Health
	if h := ask(); !h.Healthy || h.Message != "" {
		t.Errorf("got %+v", h)
	}
	b.Publish(b.Subject(".linkdefs.put"), linkOf(otherKey).Marshal())
	providerbed.Eventually(t, "the failed link shows", func() bool {
		h := ask()
		return !h.Healthy && strings.Contains(h.Message, otherKey) && strings.Contains(h.Message, "port 80 is taken")
	})
	b.Publish(b.Subject(".linkdefs.del"), linkOf(otherKey).Marshal())
	providerbed.Eventually(t, "health again", func() bool { return ask().Healthy })
	s.mu.Lock()
	s.unhealth = errors.New("no disk")
	s.mu.Unlock()
	if h := ask(); h.Healthy || h.Message != "no disk" {
		t.Errorf("got %+v", h)
	}
}

// A host calls a provider that says that it is well: until its calls arrive it must not say so.
func TestHealthIsSilentUntilCallsAreServed(t *testing.T) {
	server := providerbed.StartServer(t)
	conn, err := lattice.Connect(providerbed.Context(t), lattice.ConnectConfig{URL: server.URL(), Name: t.Name()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	s := &sample{}
	s.link = func(provider.LinkDefinition) error {
		if err := s.host.NATS().Flush(); err != nil { // what is subscribed so far is known to the server
			return err
		}
		subject := wasmbus.HealthSubject("default", providerbed.ProviderKey(), providerbed.LinkName)
		if _, err := conn.NATS().RequestWithContext(providerbed.Context(t), subject, wasmbus.HealthProbe()); !errors.Is(err, nats.ErrNoResponders) {
			t.Errorf("while its first link is made: got %v, want no responders", err)
		}
		return nil
	}
	b := start(t, s, providerbed.Setup{Server: server, Links: []provider.LinkDefinition{linkOf(actorKey)}})
	if h := b.Health(); !h.Healthy || len(s.noted()) < 2 {
		t.Errorf("got %+v after %q", h, s.noted())
	}
}

func TestBusyIsSaid(t *testing.T) {
	leave := make(chan struct{})
	var running atomic.Int32
	s := &sample{call: func(context.Context, provider.Call) ([]byte, error) {
		running.Add(1)
		<-leave
		return nil, nil
	}}
	b := start(t, s, providerbed.Setup{Options: provider.Options{MaxCalls: 2, MaxQueued: 1}})
	results := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := b.Call(actorKey, "Sample.Wait", nil)
			results <- err
		}()
	}
	for range 5 {
		if err := <-results; err == nil || !strings.Contains(err.Error(), "busy: 3 calls of ") {
			t.Errorf("got %v", err)
		}
	}
	providerbed.Eventually(t, "two run", func() bool { return running.Load() == 2 })
	close(leave)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

// A host sends a link and then the actor's first call; the call must not fail because Link takes time.
func TestACallWaitsForItsLink(t *testing.T) {
	linking, finish := make(chan struct{}), make(chan struct{})
	s := &sample{link: func(l provider.LinkDefinition) error {
		if l.ActorID == otherKey {
			close(linking)
			<-finish
		}
		return nil
	}}
	b := start(t, s, providerbed.Setup{})
	b.Publish(b.Subject(".linkdefs.put"), linkOf(otherKey).Marshal())
	<-linking
	answer := make(chan error, 1)
	go func() {
		_, err := b.Call(otherKey, "Sample.Echo", nil)
		answer <- err
	}()
	select {
	case err := <-answer:
		t.Errorf("answered before it was linked: %v", err)
	case <-time.After(time.Second): // longer than a call waits for a link that nobody makes
	}
	close(finish)
	if err := <-answer; err != nil {
		t.Error(err)
	}
}

// Calls that wait hold their messages: those are bounded too.
func TestBusyByBytes(t *testing.T) {
	leave := make(chan struct{})
	s := &sample{call: func(context.Context, provider.Call) ([]byte, error) {
		<-leave
		return nil, nil
	}}
	b := start(t, s, providerbed.Setup{Options: provider.Options{MaxCalls: 1}})
	payload := make([]byte, wasmbus.ChunkThreshold)
	results := make(chan error, 80) // 70 MiB and more
	for range cap(results) {
		go func() {
			_, err := b.Call(actorKey, "Sample.Wait", payload)
			results <- err
		}()
	}
	if err := <-results; err == nil || !strings.Contains(err.Error(), "busy: ") {
		t.Errorf("got %v", err)
	}
	close(leave)
	answered := 0
	for range cap(results) - 1 {
		if err := <-results; err == nil {
			answered++
		}
	}
	if answered < 60 {
		t.Errorf("only %d calls were answered", answered)
	}
}
