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

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestCallsAreAnswered(t *testing.T) {
	b := start(t, &sample{}, setup{})
	got, err := b.call(actorKey, "Sample.Echo", []byte("hello"))
	if err != nil || string(got) != "hello" {
		t.Fatalf("got %q, %v\n%s", got, err, b.log)
	}
	// Some hosts put the contract before the operation.
	got, err = b.call(actorKey, contract+"/Sample.Echo", []byte("hello"))
	if err != nil || string(got) != "hello" {
		t.Errorf("with a contract: %q, %v", got, err)
	}
	for op, want := range map[string]string{
		"Sample.Fail":  "sample refuses",
		"Sample.Panic": "Sample.Panic panicked: sample panics",
		"Sample.None":  `unknown operation "Sample.None"`,
	} {
		var remote *lattice.RemoteError
		if _, err := b.call(actorKey, op, nil); !errors.As(err, &remote) || !strings.Contains(remote.Text, want) {
			t.Errorf("%s: %v, want %q", op, err, want)
		}
	}
}

func TestLargeBodiesTravelThroughTheObjectStore(t *testing.T) {
	b := start(t, &sample{}, setup{})
	for _, size := range []int{wasmbus.ChunkThreshold, wasmbus.ChunkThreshold + 1, 3_000_000} {
		want := bytes.Repeat([]byte{7}, size)
		got, err := b.call(actorKey, "Sample.Echo", want)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes: got %d, %v", size, len(got), err)
		}
	}
}

func TestLinksComeAndGo(t *testing.T) {
	s := &sample{}
	b := start(t, s, setup{})
	put, del := b.subject(".linkdefs.put"), b.subject(".linkdefs.del")
	changed := linkOf(actorKey)
	changed.Values = map[string]string{"k": "w"}
	b.publish(put, changed.Marshal()) // ignored: it is linked
	b.publish(put, linkOf(otherKey).Marshal())
	b.publish(del, linkOf(actorKey).Marshal())
	b.publish(put, changed.Marshal())
	b.publish(del, linkOf(otherKey).Marshal())
	b.publish(del, linkOf(otherKey).Marshal()) // nothing to do
	a, o := actorKey[:4], otherKey[:4]
	want := []string{"init", "link " + a + " v", "link " + o + " v", "unlink " + a + " v", "link " + a + " w", "unlink " + o + " v"}
	eventually(t, "all links", func() bool { return len(s.noted()) >= len(want) })
	if diff := cmp.Diff(want, s.noted()); diff != "" {
		t.Error(diff)
	}
	if _, err := b.call(otherKey, "Sample.Echo", nil); err == nil || !strings.Contains(err.Error(), "is not linked") {
		t.Errorf("an unlinked actor: %v", err)
	}
	b.stop()
	if diff := cmp.Diff(append(want, "unlink "+a+" w", "shutdown"), s.noted()); diff != "" {
		t.Error(diff)
	}
}

func TestStrayLinksAreIgnored(t *testing.T) {
	s := &sample{}
	b := start(t, s, setup{data: func(d *provider.HostData) { d.LinkDefinitions = nil }})
	put := b.subject(".linkdefs.put")
	for _, change := range []func(*provider.LinkDefinition){
		func(l *provider.LinkDefinition) { l.ProviderID = "VOTHER" },
		func(l *provider.LinkDefinition) { l.LinkName = "other" },
		func(l *provider.LinkDefinition) { l.ActorID = "" },
	} {
		l := linkOf(actorKey)
		change(&l)
		b.publish(put, l.Marshal())
	}
	b.publish(put, []byte("\xc1 no msgpack"))
	b.publish(put, nil)
	b.publish(put, linkOf(otherKey).Marshal())
	eventually(t, "the good link", func() bool { return slices.Contains(s.noted(), "link "+otherKey[:4]+" v") })
	if got := s.noted(); len(got) != 2 {
		t.Errorf("got %q", got)
	}
}

func TestShutdownRequests(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		stops      bool
	}{
		{"its host", `{"host_id":"` + hostKey + `"}`, true},
		{"no host", `{"host_id":""}`, true},
		{"empty body", "", true},
		{"another host", `{"host_id":"NOTHER"}`, false},
		{"no JSON", "\x81", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &sample{}
			b := start(t, s, setup{})
			subject := b.subject(".shutdown")
			b.publish(subject, []byte(tt.body)) // without a reply subject: ignored
			if !tt.stops {
				if m, err := b.conn.NATS().Request(subject, []byte(tt.body), 300*time.Millisecond); err == nil {
					t.Fatalf("answered %q", m.Data)
				}
				if _, err := b.call(actorKey, "Sample.Echo", nil); err != nil {
					t.Errorf("it stopped: %v", err)
				}
				return
			}
			if got := string(b.request(subject, []byte(tt.body)).Data); got != "shutting down" {
				t.Errorf("answered %q", got)
			}
			if err := b.wait(); err != nil {
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
	b := start(t, s, setup{opts: provider.Options{DrainTime: patience}})
	answer := make(chan string, 1)
	go func() {
		got, err := b.call(actorKey, "Sample.Wait", nil)
		answer <- fmt.Sprint(string(got), err)
	}()
	<-entered
	b.cancel()
	// While it drains the provider takes no more calls, and then nobody listens.
	eventually(t, "nobody takes calls", func() bool {
		_, err := b.conn.NATS().Request(b.subject(""), nil, patience)
		return err != nil
	})
	close(leave)
	if got := <-answer; got != "done<nil>" {
		t.Errorf("got %s", got)
	}
	if got := s.noted(); slices.Contains(got, "shutdown") && b.wait() != nil {
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
	b := start(t, s, setup{})
	ask := func() wasmbus.Health {
		t.Helper()
		h, err := wasmbus.UnmarshalHealth(b.request(b.subject(".health"), wasmbus.HealthProbe()).Data)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	if h := ask(); !h.Healthy || h.Message != "" {
		t.Errorf("got %+v", h)
	}
	b.publish(b.subject(".linkdefs.put"), linkOf(otherKey).Marshal())
	eventually(t, "the failed link shows", func() bool {
		h := ask()
		return !h.Healthy && strings.Contains(h.Message, otherKey) && strings.Contains(h.Message, "port 80 is taken")
	})
	b.publish(b.subject(".linkdefs.del"), linkOf(otherKey).Marshal())
	eventually(t, "health again", func() bool { return ask().Healthy })
	s.mu.Lock()
	s.unhealth = errors.New("no disk")
	s.mu.Unlock()
	if h := ask(); h.Healthy || h.Message != "no disk" {
		t.Errorf("got %+v", h)
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
	b := start(t, s, setup{opts: provider.Options{MaxCalls: 2, MaxQueued: 1}})
	results := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := b.call(actorKey, "Sample.Wait", nil)
			results <- err
		}()
	}
	for range 5 {
		if err := <-results; err == nil || !strings.Contains(err.Error(), "busy: 3 calls") {
			t.Errorf("got %v", err)
		}
	}
	eventually(t, "two run", func() bool { return running.Load() == 2 })
	close(leave)
	for range 3 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
