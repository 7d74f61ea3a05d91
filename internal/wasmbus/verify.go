package wasmbus

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// DefaultWindow is how far an invocation's iat may lie from the receiver's
// clock. Calls live for seconds; the rest is for clocks that disagree.
const DefaultWindow = 2 * time.Minute

// Verification says what an invocation is checked against.
type Verification struct {
	Now            time.Time
	ClusterIssuers []strkey.PublicKey // who may sign; none = nobody
	// Bound knows issuers that may sign too, each for one origin only: the keys
	// that a host gives to its providers. nil = there are none.
	Bound  func(issuer strkey.PublicKey) (origin Entity, ok bool)
	Target Entity             // the receiver; a zero PublicKey checks no target
	Window time.Duration      // for iat; 0 = DefaultWindow, negative = not checked
	Seen   *Replay            // ids already accepted; nil = replays are not noticed
	Origin func(Entity) error // further conditions on the origin, such as a link; nil = none
}

// VerifyError names the condition that an invocation did not meet.
type VerifyError struct {
	Check string // "target", "host-id", "id", "token", "issuer", "dates", "window", "origin-url", "target-url", "origin", "length", "hash" or "replay"
	Err   error
}

func (e *VerifyError) Error() string {
	return fmt.Sprintf("invocation refused (%s): %v", e.Check, e.Err)
}

func (e *VerifyError) Unwrap() error { return e.Err }

// Verify checks that an invocation is genuine. Msg must be the whole argument:
// peers that skip the hash of an empty message leave every chunked body unbound
// to its signature, so call this after fetching chunks.
//
// The checks that cost least come first; the id is remembered only when all
// others passed, so that nobody without a cluster seed can fill the memory.
func (i *Invocation) Verify(v Verification) error {
	c, err := i.checkSender(v)
	if err != nil {
		return err
	}
	if i.ContentLength != 0 && i.ContentLength != uint64(len(i.Msg)) {
		return &VerifyError{"length", fmt.Errorf("%d bytes announced, %d present", i.ContentLength, len(i.Msg))}
	}
	if c.Metadata.Hash != hashURLs(i.Origin.URL(), TargetURL(i.Target, i.Operation), i.Operation, i.Msg) {
		return &VerifyError{"hash", errors.New("the token does not match the message")}
	}
	if v.Seen != nil && !v.Seen.add(i.ID, c.IssuedAt) {
		return &VerifyError{"replay", fmt.Errorf("id %s was used before", shorten(i.ID))}
	}
	return nil
}

// VerifyAnnounced checks an invocation whose argument is still to be fetched:
// everything that does not need it. Fetching first would let anybody on the bus,
// without a cluster seed, choose what the receiver loads. Verify comes after.
func (i *Invocation) VerifyAnnounced(v Verification) error {
	_, err := i.checkSender(v)
	return err
}

func (i *Invocation) checkSender(v Verification) (*claims.Claims[claims.Invocation], error) {
	if err := i.checkEnvelope(v); err != nil {
		return nil, err
	}
	c, err := claims.Parse[claims.Invocation](i.EncodedClaims)
	if err != nil {
		return nil, &VerifyError{"token", err}
	}
	if err := i.checkClaims(c, v); err != nil {
		return nil, err
	}
	if v.Origin != nil {
		if err := v.Origin(i.Origin); err != nil {
			return nil, &VerifyError{"origin", err}
		}
	}
	return c, nil
}

func (i *Invocation) checkEnvelope(v Verification) error {
	if v.Target.PublicKey != "" && i.Target != v.Target {
		return &VerifyError{"target", fmt.Errorf("it is for %s, this is %s", shorten(i.Target.URL()), v.Target.URL())}
	}
	// The rule of every released receiver, which wash 0.17's invalid host id
	// and the Elixir host's cluster key both pass. It proves nothing: what
	// counts is the cluster issuer.
	if len(i.HostID) != 56 && (i.HostID == "" || i.HostID[0] != 'N') {
		return &VerifyError{"host-id", fmt.Errorf("%q is no host key (56 characters, beginning with N)", shorten(i.HostID))}
	}
	if i.ID == "" {
		return &VerifyError{"id", errors.New("it has none")}
	}
	return nil
}

func (i *Invocation) checkClaims(c *claims.Claims[claims.Invocation], v Verification) error {
	if err := i.checkIssuer(c.Issuer, v); err != nil {
		return &VerifyError{"issuer", err}
	}
	if c.Metadata == nil {
		return &VerifyError{"token", errors.New("it holds no invocation claims")}
	}
	if err := c.CheckTime(v.Now); err != nil {
		return &VerifyError{"dates", err}
	}
	if err := checkWindow(c.IssuedAt, v); err != nil {
		return &VerifyError{"window", err}
	}
	if c.Subject != i.ID {
		return &VerifyError{"id", fmt.Errorf("the token is for %s, the invocation is %s", shorten(c.Subject), shorten(i.ID))}
	}
	originURL, targetURL := i.Origin.URL(), TargetURL(i.Target, i.Operation)
	if c.Metadata.OriginURL != originURL {
		return &VerifyError{"origin-url", fmt.Errorf("the token says %s, the invocation %s", shorten(c.Metadata.OriginURL), shorten(originURL))}
	}
	if c.Metadata.TargetURL != targetURL {
		return &VerifyError{"target-url", fmt.Errorf("the token says %s, the invocation %s", shorten(c.Metadata.TargetURL), shorten(targetURL))}
	}
	return nil
}

func (i *Invocation) checkIssuer(issuer strkey.PublicKey, v Verification) error {
	if slices.Contains(v.ClusterIssuers, issuer) {
		return nil
	}
	if v.Bound != nil {
		if origin, ok := v.Bound(issuer); ok {
			if i.Origin == origin {
				return nil
			}
			return fmt.Errorf("%s may sign for %s alone, and the call says that it comes from %s", issuer, origin.URL(), shorten(i.Origin.URL()))
		}
	}
	return fmt.Errorf("%s is not among the cluster issuers of this lattice", issuer)
}

func checkWindow(iat int64, v Verification) error {
	window := v.Window
	if window == 0 {
		window = DefaultWindow
	}
	if window < 0 {
		return nil
	}
	age := v.Now.Sub(time.Unix(iat, 0))
	if age > window || age < -window {
		return fmt.Errorf("issued %s from now, at most %s is accepted: compare the machines' clocks", (-age).Round(time.Second), window)
	}
	return nil
}

// Replay remembers the ids of accepted invocations in bounded memory. When it
// is full the oldest id is forgotten, and everything issued up to that id's
// second is refused from then on: memory pressure narrows the accepted window
// and never reopens a replay.
type Replay struct {
	mu    sync.Mutex
	seed  maphash.Seed
	size  int
	ids   map[uint64]struct{}
	ring  []seenID
	next  int
	floor int64 // greatest iat forgotten so far
}

type seenID struct {
	hash uint64
	iat  int64
}

// defaultReplay outlasts a second of calls on any machine we can think of:
// each costs its receiver a signature check, about 50 µs of a core.
const defaultReplay = 1 << 18

// NewReplay makes a memory for size ids, about 40 bytes each when in use;
// 0 means a quarter of a million.
func NewReplay(size int) *Replay {
	if size <= 0 {
		size = defaultReplay
	}
	return &Replay{seed: maphash.MakeSeed(), size: size, ids: map[uint64]struct{}{}, floor: math.MinInt64}
}

// add reports whether id is new. A keyed 64-bit hash stands for the id: with a
// full memory one call in 2^46 is refused by mistake.
func (r *Replay) add(id string, iat int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := maphash.String(r.seed, id)
	if _, seen := r.ids[h]; seen || iat <= r.floor {
		return false
	}
	entry := seenID{h, iat}
	if len(r.ring) < r.size {
		r.ring = append(r.ring, entry)
	} else {
		old := r.ring[r.next]
		delete(r.ids, old.hash)
		r.floor = max(r.floor, old.iat)
		r.ring[r.next] = entry
		r.next = (r.next + 1) % len(r.ring)
	}
	r.ids[h] = struct{}{}
	return true
}
