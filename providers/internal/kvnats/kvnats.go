// Package kvnats is the capability provider of wasmcloud:keyvalue on NATS JetStream: the values of a
// link lie in a key-value bucket of the lattice.
package kvnats

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// openTime bounds the opening of a bucket: JetStream may still be electing its leaders.
const openTime = 10 * time.Second

// Provider stores values. Make it by New.
type Provider struct {
	host *provider.Host
	js   jetstream.JetStream
	now  func() time.Time

	mu      sync.Mutex
	buckets map[string]*bucket // by name: actors that share one share its locks
	links   map[string]view    // by actor
}

// New makes the provider.
func New() *Provider {
	return &Provider{now: time.Now, buckets: map[string]*bucket{}, links: map[string]view{}}
}

// Init opens JetStream.
func (p *Provider) Init(_ context.Context, h *provider.Host) (err error) {
	p.host = h
	p.js, err = h.JetStream()
	return err
}

// Link opens the bucket of a link, and makes it if there is none.
func (p *Provider) Link(ctx context.Context, link provider.LinkDefinition) error {
	name, prefix, err := place(link.Values, p.host.Data().LatticeRPCPrefix)
	if err != nil {
		return err
	}
	b, err := p.open(ctx, name)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[link.ActorID] = view{b, prefix}
	return nil
}

// Unlink forgets a link; its values stay.
func (p *Provider) Unlink(_ context.Context, link provider.LinkDefinition) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, link.ActorID)
	return nil
}

// Call answers the operations of the contract.
func (p *Provider) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	reply, err := p.dispatch(ctx, c)
	if errors.Is(err, errGone) {
		// The NATS server has come back without its files. Nothing was done yet.
		if err := p.reopen(ctx, c.Link); err != nil {
			return nil, err
		}
		return p.dispatch(ctx, c)
	}
	return reply, err
}

func (p *Provider) dispatch(ctx context.Context, c provider.Call) ([]byte, error) {
	p.mu.Lock()
	v, ok := p.links[c.Link.ActorID]
	p.mu.Unlock()
	if !ok {
		return nil, errors.New("the link has just been removed")
	}
	reply, known, err := keyvalue.DispatchKeyValue(ctx, v, c.Operation, c.Msg)
	if !known {
		return nil, provider.UnknownOperation(c.Operation)
	}
	return reply, err
}

// reopen makes the bucket of a link anew. Other links of it find it when their calls come here.
func (p *Provider) reopen(ctx context.Context, link provider.LinkDefinition) error {
	name, _, err := place(link.Values, p.host.Data().LatticeRPCPrefix)
	if err != nil {
		return err
	}
	p.mu.Lock()
	delete(p.buckets, name)
	p.mu.Unlock()
	p.host.Logger().Warn("the bucket is gone and is made anew", "bucket", name)
	return p.Link(ctx, link)
}

// Health fails while the NATS server is away.
func (p *Provider) Health(ctx context.Context) error {
	if _, err := p.js.AccountInfo(ctx); err != nil {
		return fmt.Errorf("JetStream does not answer: %w", err)
	}
	return nil
}

// place reads the values of a link: bucket and prefix. Names may be in capitals.
func place(values map[string]string, lattice string) (name, prefix string, err error) {
	name = "KEYVALUE_" + lattice
	for key, value := range values {
		switch strings.ToLower(key) {
		case "bucket":
			name = value
		case "prefix":
			prefix = value
		}
	}
	if !bucketName.MatchString(name) {
		return "", "", fmt.Errorf("bucket %q: want letters, digits, _ and -", name)
	}
	if strings.HasPrefix(name, "LATTICEDATA_") || strings.HasPrefix(name, "CONFIGDATA_") {
		return "", "", fmt.Errorf("bucket %s is the lattice's own; give another name", name)
	}
	return name, prefix, nil
}

var bucketName = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)

func (p *Provider) open(ctx context.Context, name string) (*bucket, error) {
	p.mu.Lock()
	b := p.buckets[name]
	p.mu.Unlock()
	if b != nil {
		return b, nil
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	kv, err := p.js.KeyValue(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) {
		kv, err = p.js.CreateKeyValue(ctx, jetstream.KeyValueConfig{
			Bucket: name, Description: "values of the provider wasmcloud:keyvalue", History: 1, Storage: jetstream.FileStorage,
		})
		if errors.Is(err, jetstream.ErrBucketExists) { // made by another provider meanwhile
			kv, err = p.js.KeyValue(ctx, name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("opening JetStream's key-value bucket %s: %w", name, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.buckets[name]; b != nil {
		return b, nil
	}
	b = &bucket{kv: kv, now: p.now}
	p.buckets[name] = b
	return b, nil
}
