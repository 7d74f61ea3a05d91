package lattice

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ErrNoState says that a lattice has no KV bucket: no host was ever there, or
// its NATS server has no JetStream.
var ErrNoState = errors.New("the lattice has no key-value bucket")

// State is the KV bucket in which the hosts of a lattice share links, claims
// and references. wash writes links into it directly, so the bucket, not the
// control interface, is the truth; hosts watch it.
type State struct {
	nc *nats.Conn
	kv jetstream.KeyValue
}

// OpenState opens the bucket, making it if it is missing with the settings of
// the Elixir host (which are the client library's own for a bucket).
func OpenState(ctx context.Context, conn *Conn, lattice string) (*State, error) {
	s, err := FindState(ctx, conn, lattice)
	if !errors.Is(err, ErrNoState) {
		return s, err
	}
	js, err := conn.JetStream()
	if err != nil {
		return nil, err
	}
	kv, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: wasmbus.KVBucket(lattice), History: 1, Storage: jetstream.FileStorage, Replicas: 1,
	})
	if errors.Is(err, jetstream.ErrBucketExists) { // another host was faster, with other settings
		return FindState(ctx, conn, lattice)
	}
	if err != nil {
		return nil, fmt.Errorf("making bucket %s: %w", wasmbus.KVBucket(lattice), err)
	}
	return &State{conn.NATS(), kv}, nil
}

// FindState opens the bucket if it exists, else the error is ErrNoState.
func FindState(ctx context.Context, conn *Conn, lattice string) (*State, error) {
	js, err := conn.JetStream()
	if err != nil {
		return nil, err
	}
	kv, err := js.KeyValue(ctx, wasmbus.KVBucket(lattice))
	switch {
	case err == nil:
		return &State{conn.NATS(), kv}, nil
	case errors.Is(err, jetstream.ErrBucketNotFound), errors.Is(err, jetstream.ErrJetStreamNotEnabled),
		errors.Is(err, jetstream.ErrJetStreamNotEnabledForAccount), errors.Is(err, nats.ErrNoResponders):
		return nil, ErrNoState
	}
	return nil, fmt.Errorf("opening bucket %s: %w", wasmbus.KVBucket(lattice), err)
}

// HasJetStream asks the server for JetStream in the connection's domain; without it there
// are no links, claims and chunks.
func HasJetStream(ctx context.Context, conn *Conn) error {
	js, err := conn.JetStream()
	if err == nil {
		_, err = js.AccountInfo(ctx)
	}
	if err != nil {
		return fmt.Errorf("asking for JetStream: %w", err)
	}
	return nil
}

// Lattices names the lattices that have a bucket on the server, sorted: those that a host
// was ever on.
func Lattices(ctx context.Context, conn *Conn) ([]string, error) {
	js, err := conn.JetStream()
	if err != nil {
		return nil, err
	}
	list, names := js.KeyValueStoreNames(ctx), []string{}
	for bucket := range list.Name() {
		if name, ok := strings.CutPrefix(bucket, wasmbus.KVBucket("")); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, list.Error()
}

// PutLink stores a link definition under its id.
func (s *State) PutLink(ctx context.Context, l wasmbus.LinkDefinition) error {
	if l.Values == nil {
		l.Values = map[string]string{} // peers' decoders need the member
	}
	return s.put(ctx, wasmbus.KeyLink+l.ID(), l)
}

// DeleteLink removes a link. It writes a DEL marker, because Rust hosts ignore
// PURGE. A link that isn't there is no error.
func (s *State) DeleteLink(ctx context.Context, actor, contract, link string) error {
	if err := s.kv.Delete(ctx, wasmbus.KeyLink+wasmbus.LinkID(actor, contract, link)); err != nil {
		return fmt.Errorf("deleting the link: %w", err)
	}
	return nil
}

// PutClaims stores a claims record under its subject.
func (s *State) PutClaims(ctx context.Context, r wasmbus.ClaimsRecord) error {
	if r[wasmbus.ClaimSubject] == "" {
		return errors.New("claims record without a subject")
	}
	return s.put(ctx, wasmbus.KeyClaims+r[wasmbus.ClaimSubject], r)
}

// PutRefMap remembers which key an image reference stands for.
func (s *State) PutRefMap(ctx context.Context, ref, key string) error {
	return s.put(ctx, wasmbus.RefMapKey(ref), wasmbus.RefMap{OCIURL: ref, PublicKey: key})
}

func (s *State) put(ctx context.Context, key string, value any) error {
	b, err := wasmbus.EncodeJSON(value)
	if err != nil {
		return err
	}
	if _, err := s.kv.Put(ctx, key, b); err != nil {
		return fmt.Errorf("storing %s: %w", key, err)
	}
	return nil
}

// Ref looks an image reference up; ok is false when it is unknown.
func (s *State) Ref(ctx context.Context, ref string) (key string, ok bool, err error) {
	entry, err := s.kv.Get(ctx, wasmbus.RefMapKey(ref))
	if errors.Is(err, jetstream.ErrKeyNotFound) || errors.Is(err, jetstream.ErrInvalidKey) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("looking up %s: %w", ref, err)
	}
	var m wasmbus.RefMap
	if err := wasmbus.DecodeJSON(entry.Value(), &m); err != nil {
		return "", false, fmt.Errorf("looking up %s: %w", ref, err)
	}
	return m.PublicKey, m.PublicKey != "", nil
}

// Links lists the link definitions, in order of their ids. Broken entries are
// left out, as hosts leave them out.
func (s *State) Links(ctx context.Context) ([]wasmbus.LinkDefinition, error) {
	links := []wasmbus.LinkDefinition{}
	err := s.list(ctx, func(c Change) {
		if c.Kind == ChangeLink {
			links = append(links, c.Link)
		}
	})
	slices.SortFunc(links, func(a, b wasmbus.LinkDefinition) int { return cmp.Compare(a.ID(), b.ID()) })
	return links, err
}

// Claims lists the claims records, in order of their subjects.
func (s *State) Claims(ctx context.Context) ([]wasmbus.ClaimsRecord, error) {
	records := []wasmbus.ClaimsRecord{}
	err := s.list(ctx, func(c Change) {
		if c.Kind == ChangeClaims {
			records = append(records, c.Claims)
		}
	})
	slices.SortFunc(records, func(a, b wasmbus.ClaimsRecord) int {
		return cmp.Compare(a[wasmbus.ClaimSubject], b[wasmbus.ClaimSubject])
	})
	return records, err
}

func (s *State) list(ctx context.Context, put func(Change)) error {
	// The client library keeps a goroutine until its context ends.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.kv.WatchAll(ctx, jetstream.IgnoreDeletes())
	if err != nil {
		return fmt.Errorf("reading bucket %s: %w", s.kv.Bucket(), err)
	}
	defer func() { _ = w.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("reading bucket %s: %w", s.kv.Bucket(), ctx.Err())
		case e, ok := <-w.Updates():
			if !ok {
				return fmt.Errorf("reading bucket %s: the connection was closed", s.kv.Bucket())
			}
			if e == nil {
				return nil
			}
			if c := newChange(e); c.Err == nil {
				put(c)
			}
		}
	}
}

// ChangeKind says what a Change is about.
type ChangeKind int

// Kinds of changes.
const (
	ChangeOther  ChangeKind = iota // a key of nobody we know
	ChangeLink                     // Link, or with Deleted only ID
	ChangeClaims                   // Claims, or with Deleted only ID
	ChangeRef                      // Ref
)

// Change is one entry of the bucket, as it is or as it became.
type Change struct {
	Kind    ChangeKind
	ID      string // link id, public key, or encoded reference: the key without its prefix
	Deleted bool   // by DEL (wash, Rust hosts, us) or PURGE (the Elixir host)
	Initial bool   // it was there when the watch began
	Link    wasmbus.LinkDefinition
	Claims  wasmbus.ClaimsRecord
	Ref     wasmbus.RefMap
	Err     error // the entry makes no sense, or the bucket cannot be watched: say so and leave it
}

func changeOf(key string) Change {
	for prefix, kind := range map[string]ChangeKind{
		wasmbus.KeyLink: ChangeLink, wasmbus.KeyClaims: ChangeClaims, wasmbus.KeyRef: ChangeRef,
	} {
		if id, ok := strings.CutPrefix(key, prefix); ok {
			return Change{Kind: kind, ID: id}
		}
	}
	return Change{ID: key}
}

func newChange(e jetstream.KeyValueEntry) Change {
	c := changeOf(e.Key())
	c.Deleted = e.Operation() != jetstream.KeyValuePut
	// The Elixir host deletes by an empty value with a PURGE header; some of
	// its versions leave the header out.
	if len(e.Value()) == 0 {
		c.Deleted = true
	}
	if !c.Deleted {
		c.Err = c.decode(e.Value())
	}
	return c
}

func (c *Change) decode(value []byte) (err error) {
	switch c.Kind {
	case ChangeLink:
		err = json.Unmarshal(value, &c.Link)
		if err == nil && c.Link.ID() != c.ID {
			err = fmt.Errorf("its members belong to link %s", c.Link.ID())
		}
	case ChangeClaims:
		c.Claims, err = wasmbus.UnmarshalClaimsRecord(value)
	case ChangeRef:
		err = json.Unmarshal(value, &c.Ref)
	}
	if err != nil {
		return fmt.Errorf("entry %s of the lattice's bucket: %w", c.ID, err)
	}
	return nil
}
