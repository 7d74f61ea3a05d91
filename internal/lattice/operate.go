package lattice

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// How long the operations below wait for a host's event, unless told otherwise.
// wash gives a start 5 s, and users know it for timing out while the actor
// comes up after all: a fetch over a slow line takes longer. Failures have
// events of their own, so waiting costs nothing but where a host dies.
const (
	StartWait = 30 * time.Second
	StopWait  = 2 * time.Second
)

// StartOptions says what Start starts.
type StartOptions struct {
	Ref         string            // OCI reference or file:// URL
	HostID      string            // "" = the first that bids
	Constraints map[string]string // labels that a bidding host must have
	Annotations map[string]string
	Count       uint16        // instances; 0 = 1
	Add         bool          // add instances even if the actor runs already
	SkipWait    bool          // return after the ack
	Wait        time.Duration // for the event; 0 = StartWait
}

// Started is what became of a start.
type Started struct {
	HostID    string
	PublicKey string // "" with SkipWait
	Instances int
	Replaced  string // reference of the code that ran before; "" if none did
}

// Start starts an actor and waits until it runs. If the host runs the actor
// already, its code is replaced (unless Add): running old and new side by side
// is never what somebody wants who has just pushed. The old code keeps running
// when the new one cannot be started.
func (c *Control) Start(ctx context.Context, o StartOptions) (*Started, error) {
	if o.Wait <= 0 {
		o.Wait = StartWait
	}
	o.Count = max(o.Count, 1)
	host := o.HostID
	if host == "" {
		var err error
		if host, err = c.Auction(ctx, o.Ref, o.Constraints); err != nil {
			return nil, err
		}
	}
	if o.Add {
		return c.launch(ctx, host, o)
	}
	inv, err := c.Inventory(ctx, host)
	if err != nil {
		return nil, err
	}
	if old, was := findActor(inv, func(ref string) bool { return sameRepository(ref, o.Ref) }); old != nil {
		started, err := c.replace(ctx, host, old, was, o)
		if !isOtherIdentity(err) {
			return started, err
		}
	}
	started, err := c.launch(ctx, host, o)
	if old, was := c.namedIn(inv, err); old != nil {
		return c.replace(ctx, host, old, was, o)
	}
	return started, err
}

// findActor looks for an actor one of whose references matches.
func findActor(inv *wasmbus.HostInventory, match func(ref string) bool) (*wasmbus.ActorDescription, string) {
	for i, a := range inv.Actors {
		refs := []string{a.ImageRef}
		for _, in := range a.Instances {
			refs = append(refs, in.ImageRef)
		}
		for _, ref := range refs {
			if ref != "" && match(ref) {
				return &inv.Actors[i], ref
			}
		}
	}
	return nil, ""
}

// sameRepository compares references without tag and digest: the next version
// of an actor comes from the same repository. A file is only itself.
func sameRepository(a, b string) bool {
	return a == b || (!strings.HasPrefix(a, "file:") && repository(a) == repository(b))
}

func repository(ref string) string {
	ref, _, _ = strings.Cut(ref, "@")
	if colon := strings.LastIndexByte(ref, ':'); colon > strings.LastIndexByte(ref, '/') {
		ref = ref[:colon]
	}
	return ref
}

// namedIn finds the running actor that a refusal to start names: its code came
// from another reference, so only the host could tell that it is the same.
func (c *Control) namedIn(inv *wasmbus.HostInventory, err error) (*wasmbus.ActorDescription, string) {
	var failed *StartFailed
	if !errors.As(err, &failed) || !strings.Contains(failed.Text, "already") {
		return nil, ""
	}
	key := regexp.MustCompile(`\bM[A-Z2-7]{55}\b`).FindString(failed.Text)
	for i, a := range inv.Actors {
		if a.ID == key {
			return &inv.Actors[i], a.ImageRef
		}
	}
	return nil, ""
}

// isOtherIdentity recognises that an update was refused because the new code is
// another actor, which then can run beside the old one.
func isOtherIdentity(err error) bool {
	var refused *Refused
	return errors.As(err, &refused) && strings.Contains(refused.Text, "signed for")
}

// wantsHigherRevision recognises a refusal for the actor's revision. The revision
// of a token's format ("wascap revision") is another thing: that code would not
// start either, and the running one is to be kept.
func wantsHigherRevision(err error) bool {
	var refused *Refused
	if !errors.As(err, &refused) {
		return false
	}
	text := strings.ToLower(refused.Text)
	return strings.Contains(text, "revision") && !strings.Contains(text, "wascap")
}

// replace swaps a running actor's code. Hosts of others insist on a higher
// revision; there the old instances are stopped and the new code is started.
func (c *Control) replace(ctx context.Context, host string, old *wasmbus.ActorDescription, was string, o StartOptions) (*Started, error) {
	err := c.updateWithin(ctx, max(c.cfg.Timeout, o.Wait), wasmbus.UpdateActorCommand{
		ActorID: old.ID, NewActorRef: o.Ref, HostID: host, Annotations: o.Annotations,
	})
	if wantsHigherRevision(err) {
		if err := c.Stop(ctx, StopOptions{HostID: host, ActorID: old.ID}); err != nil {
			return nil, fmt.Errorf("replacing %s: %w", old.ID, err)
		}
		started, err := c.launch(ctx, host, o)
		if err != nil {
			return nil, fmt.Errorf("%s (%s) was stopped, but its replacement did not start: %w", old.ID, was, err)
		}
		started.Replaced = was
		return started, nil
	}
	if err != nil {
		return nil, fmt.Errorf("replacing %s (%s), which keeps running: %w", old.ID, was, err)
	}
	return &Started{HostID: host, PublicKey: old.ID, Instances: len(old.Instances), Replaced: was}, nil
}

// StartFailed is a host's event that a start failed.
type StartFailed struct{ Ref, HostID, Text string }

func (e *StartFailed) Error() string {
	return fmt.Sprintf("failed to start actor %s on host %s: %s", e.Ref, e.HostID, e.Text)
}

// launch sends the start command and waits for as many singular events as
// instances, or one plural event, whichever the host publishes.
func (c *Control) launch(ctx context.Context, host string, o StartOptions) (*Started, error) {
	sub, err := c.Events(ctx)
	if err != nil {
		return nil, err
	}
	defer sub.Close()
	started := &Started{HostID: host, Instances: int(o.Count)}
	cmd := wasmbus.StartActorCommand{ActorRef: o.Ref, Annotations: o.Annotations, Count: o.Count, HostID: host}
	if err := c.StartActor(ctx, cmd); err != nil || o.SkipWait {
		return started, err
	}
	left := int(o.Count)
	err = waitEvent(ctx, sub, host, o.Wait, func(name string, d eventData) (bool, error) {
		switch {
		case name == wasmbus.EventActorStarted && d.ImageRef == o.Ref:
			started.PublicKey = d.PublicKey
			left--
			return left == 0, nil
		case name == wasmbus.EventActorsStarted && d.ImageRef == o.Ref:
			started.PublicKey = d.PublicKey
			return true, nil
		case name == wasmbus.EventActorStartFailed && d.ActorRef == o.Ref,
			name == wasmbus.EventActorsStartFailed && d.ImageRef == o.Ref:
			return true, &StartFailed{o.Ref, host, d.Error}
		}
		return false, nil
	})
	if err != nil {
		return nil, waited(err, "actor "+o.Ref+" to start on host "+host, o.Wait)
	}
	return started, nil
}

// StopOptions says what Stop stops.
type StopOptions struct {
	HostID, ActorID string
	Count           uint16 // instances; 0 = all
	SkipWait        bool
	Wait            time.Duration // 0 = StopWait
}

// Stop stops instances of an actor and waits until they are gone.
func (c *Control) Stop(ctx context.Context, o StopOptions) error {
	if o.Wait <= 0 {
		o.Wait = StopWait
	}
	sub, err := c.Events(ctx)
	if err != nil {
		return err
	}
	defer sub.Close()
	cmd := wasmbus.StopActorCommand{ActorRef: o.ActorID, Count: o.Count, HostID: o.HostID}
	if err := c.StopActor(ctx, cmd); err != nil || o.SkipWait {
		return err
	}
	err = waitEvent(ctx, sub, o.HostID, o.Wait, func(name string, d eventData) (bool, error) {
		switch {
		case d.PublicKey != o.ActorID:
			return false, nil
		case name == wasmbus.EventActorStopFailed:
			return true, fmt.Errorf("failed to stop actor %s: %s", o.ActorID, d.Error)
		}
		// The plural event follows the singular ones, but the oldest hosts
		// publish no plural.
		return name == wasmbus.EventActorsStopped || name == wasmbus.EventActorStopped, nil
	})
	return waited(err, "actor "+o.ActorID+" to stop on host "+o.HostID, o.Wait)
}

// Scale brings an actor to count instances and waits for the host's event.
// Rust hosts 0.80 publish none but those of starting and stopping, and nothing
// when the number is right already, so the inventory is asked as well.
func (c *Control) Scale(ctx context.Context, cmd wasmbus.ScaleActorCommand, wait time.Duration) error {
	if wait <= 0 {
		wait = StartWait
	}
	sub, err := c.Events(ctx)
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := c.ScaleActor(ctx, cmd); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		if inv, err := c.Inventory(ctx, cmd.HostID); err == nil && instances(inv, cmd.ActorID) == int(cmd.Count) {
			return nil
		}
		err := nextOrPause(ctx, sub, cmd)
		if err != nil {
			return waited(err, fmt.Sprintf("actor %s to be scaled to %d on host %s", cmd.ActorID, cmd.Count, cmd.HostID), wait)
		}
	}
}

// scalePause bounds how long Scale waits for an event before asking again.
const scalePause = 250 * time.Millisecond

func nextOrPause(ctx context.Context, sub *Subscription, cmd wasmbus.ScaleActorCommand) error {
	err := waitEvent(ctx, sub, cmd.HostID, scalePause, func(name string, d eventData) (bool, error) {
		if name == wasmbus.EventActorScaleFailed && d.PublicKey == cmd.ActorID {
			return true, fmt.Errorf("failed to scale actor %s: %s", cmd.ActorID, d.Error)
		}
		return d.PublicKey == cmd.ActorID, nil
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return nil
	}
	return err
}

func instances(inv *wasmbus.HostInventory, actor string) int {
	n := 0
	for _, a := range inv.Actors {
		if a.ID != actor {
			continue
		}
		for _, in := range a.Instances {
			n += max(1, int(in.MaxConcurrent))
		}
	}
	return n
}

// eventData are the members by which events are matched.
type eventData struct {
	PublicKey string `json:"public_key"`
	ImageRef  string `json:"image_ref"`
	ActorRef  string `json:"actor_ref"`
	Error     string `json:"error"`

	ProviderRef string `json:"provider_ref"`
	LinkName    string `json:"link_name"`
	ContractID  string `json:"contract_id"`
}

// waitEvent reads the events of one host until match is done or wait is over.
func waitEvent(ctx context.Context, sub *Subscription, host string, wait time.Duration, match func(name string, d eventData) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		e, err := sub.Next(ctx)
		if err != nil {
			return err
		}
		var d eventData
		if e.Source != host || e.Decode(&d) != nil {
			continue
		}
		if done, err := match(e.Name(), d); done || err != nil {
			return err
		}
	}
}

// waited explains the end of patience.
func waited(err error, what string, wait time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("waited %s for %s, and no event says that it did; the host's log may say more: %w", wait, what, err)
	}
	return err
}
