package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// linkTable keeps the links by actor: a provider under one link name has at most one per actor, and
// a second is ignored until the first is deleted.
type linkTable struct {
	host *Host
	p    Provider

	change sync.Mutex // held while Link or Unlink runs: they come one after the other

	mu      sync.Mutex // guards what follows
	links   map[string]LinkDefinition
	failed  map[string]error // what Link said
	busy    map[string]int   // actors whose links are waiting for change
	changed chan struct{}    // closed at the next change of the maps
}

func newLinkTable(h *Host, p Provider) *linkTable {
	return &linkTable{
		host: h, p: p, links: map[string]LinkDefinition{}, failed: map[string]error{}, busy: map[string]int{}, changed: make(chan struct{}),
	}
}

// note changes the maps and tells those who wait.
func (t *linkTable) note(change func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change()
	close(t.changed)
	t.changed = make(chan struct{})
}

// readLink reads msgpack, or the JSON of the Rust SDK's test harness; no msgpack map begins with a brace.
func readLink(b []byte) (l LinkDefinition, err error) {
	if len(b) > 0 && b[0] == '{' {
		err = json.Unmarshal(b, &l)
	} else {
		l, err = wasmbus.UnmarshalLinkDefinition(b)
	}
	if l.Values == nil {
		l.Values = map[string]string{}
	}
	return l, err
}

// belongs: the subject has been right, but anybody may publish.
func (t *linkTable) belongs(l LinkDefinition) error {
	switch {
	case l.ActorID == "":
		return errors.New("it names no actor")
	case l.ProviderID != t.host.data.ProviderKey:
		return fmt.Errorf("it is for provider %q", l.ProviderID)
	case l.LinkName != t.host.data.LinkName:
		return fmt.Errorf("it is for link name %q", l.LinkName)
	}
	return nil
}

func (t *linkTable) put(ctx context.Context, l LinkDefinition) {
	t.note(func() { t.busy[l.ActorID]++ })
	defer t.note(func() { t.idle(l.ActorID) })
	t.change.Lock()
	defer t.change.Unlock()
	log := t.host.log.With("actor", l.ActorID, "link", l.LinkName)
	if err := t.belongs(l); err != nil {
		log.Warn("link ignored", "error", err)
		return
	}
	if _, ok := t.find(l.ActorID); ok {
		log.Debug("link ignored: the actor is linked already")
		return
	}
	err := guard("Link", func() error { return t.p.Link(ctx, l) })
	if err != nil {
		log.Error("link refused", "error", err)
		t.note(func() { t.failed[l.ActorID] = err })
		return
	}
	log.Info("linked")
	t.note(func() {
		delete(t.failed, l.ActorID)
		t.links[l.ActorID] = l
	})
}

// idle is called with mu held.
func (t *linkTable) idle(actor string) {
	if t.busy[actor]--; t.busy[actor] == 0 {
		delete(t.busy, actor)
	}
}

func (t *linkTable) del(ctx context.Context, l LinkDefinition) {
	t.change.Lock()
	defer t.change.Unlock()
	log := t.host.log.With("actor", l.ActorID, "link", l.LinkName)
	t.mu.Lock()
	old, ok := t.links[l.ActorID]
	delete(t.links, l.ActorID)
	delete(t.failed, l.ActorID)
	t.mu.Unlock()
	if !ok {
		log.Debug("unlinked, but it was not linked")
		return
	}
	if err := guard("Unlink", func() error { return t.p.Unlink(ctx, old) }); err != nil {
		log.Error("unlinking", "error", err)
		return
	}
	log.Info("unlinked")
}

// clear unlinks every actor.
func (t *linkTable) clear(ctx context.Context) {
	t.mu.Lock()
	var all []LinkDefinition
	for _, l := range t.links {
		all = append(all, l)
	}
	t.mu.Unlock()
	slices.SortFunc(all, func(a, b LinkDefinition) int { return strings.Compare(a.ActorID, b.ActorID) })
	for _, l := range all {
		t.del(ctx, l)
	}
}

func (t *linkTable) find(actor string) (LinkDefinition, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l, ok := t.links[actor]
	return l, ok
}

// linkGrace is how long a call waits for the link that it should have come after: hosts send the link
// first, but they arrive on two subscriptions.
const linkGrace = 500 * time.Millisecond

// await finds the link of an actor, and waits for one that is being made.
func (t *linkTable) await(ctx context.Context, actor string) (LinkDefinition, error) {
	grace := time.NewTimer(linkGrace)
	defer grace.Stop()
	over := false
	for {
		t.mu.Lock()
		l, ok := t.links[actor]
		failed, busy, changed := t.failed[actor], t.busy[actor] > 0, t.changed
		t.mu.Unlock()
		switch {
		case ok:
			return l, nil
		case failed != nil && !busy:
			return l, fmt.Errorf("the link of actor %s was refused: %w", actor, failed)
		case over && !busy:
			return l, fmt.Errorf("actor %s is not linked to this provider", shorten(actor))
		}
		select {
		case <-changed:
		case <-grace.C:
			over = true
		case <-ctx.Done():
			return l, fmt.Errorf("actor %s is not linked to this provider yet", shorten(actor))
		}
	}
}

// failures is nil, or names the links that Link refused.
func (t *linkTable) failures() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var all []error
	for actor, err := range t.failed {
		all = append(all, fmt.Errorf("link of actor %s: %w", actor, err))
	}
	slices.SortFunc(all, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(all...)
}

// guard makes an error of a panic: one actor's fault must not end the others' service.
func guard(what string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s panicked: %v", what, v)
		}
	}()
	return f()
}
