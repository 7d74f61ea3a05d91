package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const (
	hostKey     = "NBXHUHG5FGYLPD6RHL2MKWMP572O6KUXCZXDZJXS4T57ZTMAKBN7C574"
	providerKey = "VDWUSKGGFDI4FRXK5EBTRECZSVQSSWJHHJOGH6JWG3AUMFFMQ435CDVS"
	actorKey    = "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL"
)

var noon = time.Date(2023, 5, 1, 12, 0, 0, 0, time.UTC)

// recorder collects what is published, ids blanked because they are random.
type recorder struct {
	subjects []string
	events   []wasmbus.CloudEvent
}

func (r *recorder) publish(subject string, data []byte) error {
	e, err := wasmbus.ParseEvent(data)
	if err != nil {
		return err
	}
	if len(e.ID) != 36 {
		return fmt.Errorf("id %q is no UUID", e.ID)
	}
	e.ID = "…"
	r.subjects = append(r.subjects, subject)
	r.events = append(r.events, *e)
	return nil
}

func all(r *recorder) {
	e := New(Config{Host: hostKey, Lattice: "default", Publish: r.publish, Now: func() time.Time { return noon }, Log: slog.New(slog.DiscardHandler)})
	alias, ver, rev := "demo/echo", "0.1.0", int32(3)
	c := &claims.Claims[claims.Actor]{
		Issuer: "ACFI", Subject: actorKey, Expires: noon.Unix() + 30*86400, NotBefore: noon.Unix() - 7200,
		Metadata: &claims.Actor{Name: "Echo", Caps: []string{"wasmcloud:httpserver"}, CallAlias: &alias, Ver: &ver, Rev: &rev},
	}
	a := Actor{Key: actorKey, Ref: "localhost:5000/echo:0.1.0", Claims: Claims(c, noon)}
	cause := errors.New("because")
	e.ActorsStarted(a, []string{"i1", "i2"})
	e.ActorStartFailed(Actor{Ref: a.Ref}, cause)
	e.ActorsStopped(a, []string{"i2"}, 1)
	e.ActorStopFailed(actorKey, cause)
	e.ActorUpdated(a, []string{"i1"})
	e.ActorUpdateFailed(actorKey, 3, cause)
	e.ActorScaled(a, 5)
	e.ActorScaleFailed(a, 5, cause)
	name := "Keyvalue"
	pc := &claims.Claims[claims.Provider]{
		Issuer: "ACFI", Subject: providerKey, NotBefore: noon.Unix() - 7200,
		Metadata: &claims.Provider{Name: &name, CapID: "wasmcloud:keyvalue", Ver: &ver},
	}
	p := Provider{
		Entity: wasmbus.Entity{PublicKey: providerKey, LinkName: "cache", ContractID: "wasmcloud:keyvalue"},
		Ref:    "localhost:5000/keyvalue:0.1.0", Instance: "i3", Claims: ProviderClaims(pc, noon),
	}
	e.ProviderStarted(p)
	e.ProviderStartFailed(p.Ref, "cache", cause)
	e.ProviderStopped(p, "stopped")
	e.ProviderStopFailed(p.Entity, cause)
	e.Emit(wasmbus.EventHostStarted, wasmbus.HostStarted{FriendlyName: "n", Labels: map[string]string{"k": "v"}, Version: "1"})
	e.Emit(wasmbus.EventHostStopped, wasmbus.HostStopped{Labels: map[string]string{}})
	e.Emit(wasmbus.EventLinkSet, wasmbus.NewLinkChanged(wasmbus.LinkDefinition{ActorID: "M", ProviderID: "V", LinkName: "default", ContractID: "c", Values: map[string]string{}}))
}

func TestEventsGolden(t *testing.T) {
	r := &recorder{}
	all(r)
	var out bytes.Buffer
	for i, e := range r.events {
		if r.subjects[i] != "wasmbus.evt.default" || e.Source != hostKey {
			t.Errorf("event on %s from %s", r.subjects[i], e.Source)
		}
		fmt.Fprintf(&out, "%s %s\n", e.Name(), e.Data)
	}
	testkit.Golden(t, "events.golden", out.Bytes())
}

// TestEventsHaveTheMembersOfTheRustHost's: consumers are written against those.
func TestEventsHaveTheMembersOfTheRustHost(t *testing.T) {
	text, err := os.ReadFile("testdata/rust-host-0.80.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		e, err := wasmbus.ParseEvent([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		theirs[e.Name()] = members(t, e.Data)
	}
	r := &recorder{}
	all(r)
	compared := 0
	for _, e := range r.events {
		if want, ok := theirs[e.Name()]; ok {
			compared++
			if got := members(t, e.Data); !slices.Equal(got, want) {
				t.Errorf("%s has %q, the Rust host's has %q", e.Name(), got, want)
			}
		}
	}
	if compared < 8 {
		t.Errorf("only %d events were compared", compared)
	}
}

// members lists the keys of an object and of its claims.
func members(t *testing.T, data []byte) []string {
	t.Helper()
	var m, inner map[string]json.RawMessage
	if err := json.Unmarshal(data, &m); err != nil {
		t.Fatal(err)
	}
	keys := slices.Collect(maps.Keys(m))
	if c, ok := m["claims"]; ok {
		if err := json.Unmarshal(c, &inner); err != nil {
			t.Fatal(err)
		}
		for k := range inner {
			keys = append(keys, "claims."+k)
		}
	}
	slices.Sort(keys)
	return keys
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 seconds", time.Second: "1 second", 59 * time.Second: "59 seconds", time.Minute: "1 minute",
		119 * time.Minute: "1 hour", 25 * time.Hour: "1 day", 72 * time.Hour: "3 days",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	if got := distance(-2 * time.Hour); got != "2 hours ago" {
		t.Errorf("in the past: %q", got)
	}
}

func TestUnpublishedEventIsLogged(t *testing.T) {
	var log bytes.Buffer
	e := New(Config{
		Publish: func(string, []byte) error { return errors.New("no connection") },
		Now:     time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	e.Emit(wasmbus.EventHostHeartbeat, nil)
	if !strings.Contains(log.String(), "host_heartbeat") || !strings.Contains(log.String(), "no connection") {
		t.Errorf("log: %s", log.String())
	}
}
