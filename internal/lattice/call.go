package lattice

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// DefaultCallTimeout is every peer's default for an RPC.
const DefaultCallTimeout = 2 * time.Second

// CallOptions describes one call.
type CallOptions struct {
	Lattice   string         // "" = default
	Target    wasmbus.Entity // an actor, or a provider with link name and contract
	Operation string
	Payload   []byte
	Origin    wasmbus.Entity    // zero = the target: the Rust host demands an origin whose claims it knows
	HostKey   *strkey.Seed      // an N… key; its public half goes out as host id, nothing is signed with it
	HostID    string            // in place of HostKey: what a provider was told by its host
	Cluster   *strkey.Seed      // signs the invocation
	Timeout   time.Duration     // 0 = DefaultCallTimeout; chunked calls get ChunkTime more
	Now       time.Time         // for the token; zero = time.Now()
	ID        string            // of the invocation; "" = a fresh one
	Trace     map[string]string // traceContext of the invocation
}

// RemoteError is an error that the called side sent back.
type RemoteError struct{ Text string }

func (e *RemoteError) Error() string { return e.Text }

// ErrNobody is wrapped by Call's error when nobody listens for the target.
var ErrNobody = errors.New("nobody listens")

// Call invokes an actor or provider and returns its result. Payloads and
// results over 900 KiB go through the object store. An error from the other
// side is a *RemoteError; silence wraps context.DeadlineExceeded.
func Call(ctx context.Context, conn *Conn, o CallOptions) ([]byte, error) {
	if o.Lattice == "" {
		o.Lattice = wasmbus.DefaultLattice
	}
	inv, err := o.invocation()
	if err != nil {
		return nil, err
	}
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = DefaultCallTimeout
	}
	if len(inv.Msg) > wasmbus.ChunkThreshold {
		timeout += ChunkTime
	}
	callCtx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if len(inv.Msg) > wasmbus.ChunkThreshold {
		if err := PutChunk(callCtx, conn, o.Lattice, inv.ID, inv.Msg); err != nil {
			return nil, err
		}
		inv.Msg = nil
	}
	reply, err := conn.nc.RequestWithContext(callCtx, o.subject(), inv.Marshal())
	if err != nil {
		return nil, o.explain(err, timeout)
	}
	return o.result(ctx, conn, inv.ID, reply.Data)
}

func (o *CallOptions) invocation() (*wasmbus.Invocation, error) {
	hostID, err := o.hostID()
	if err != nil {
		return nil, err
	}
	inv := &wasmbus.Invocation{
		Origin: o.Origin, Target: o.Target, Operation: o.Operation, Msg: o.Payload,
		ID: o.ID, HostID: hostID, TraceContext: o.Trace,
	}
	if inv.Origin == (wasmbus.Entity{}) {
		inv.Origin = o.Target
	}
	now := o.Now
	if now.IsZero() {
		now = time.Now()
	}
	return inv, inv.Sign(o.Cluster, now)
}

func (o *CallOptions) hostID() (string, error) {
	switch {
	case o.HostID != "":
		return o.HostID, nil
	case o.HostKey == nil || o.HostKey.Kind() != strkey.Server:
		return "", errors.New("a call needs a host key (N…): Rust hosts refuse any other host id")
	}
	return string(o.HostKey.Public()), nil
}

func (o *CallOptions) subject() string {
	if o.Target.ContractID == "" {
		return wasmbus.ActorSubject(o.Lattice, o.Target.PublicKey)
	}
	return wasmbus.ProviderSubject(o.Lattice, o.Target.PublicKey, o.Target.LinkName)
}

func (o *CallOptions) explain(err error, timeout time.Duration) error {
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w for %s on lattice %s", ErrNobody, o.Target.PublicKey, o.Lattice)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("no reply from %s to %s within %s: %w", o.Target.PublicKey, o.Operation, timeout, context.DeadlineExceeded)
	}
	return fmt.Errorf("calling %s: %w", o.Target.PublicKey, err)
}

func (o *CallOptions) result(ctx context.Context, conn *Conn, id string, data []byte) ([]byte, error) {
	r, err := wasmbus.UnmarshalResponse(data)
	if err != nil {
		return nil, fmt.Errorf("reply from %s: %w", o.Target.PublicKey, err)
	}
	if r.Error != "" {
		return nil, &RemoteError{r.Error}
	}
	if r.InvocationID != id {
		return nil, fmt.Errorf("reply from %s: it answers invocation %q, not %s", o.Target.PublicKey, r.InvocationID, id)
	}
	if !r.Chunked() {
		return r.Msg, nil
	}
	ctx, cancel := context.WithTimeout(ctx, ChunkTime)
	defer cancel()
	return GetChunk(ctx, conn, o.Lattice, ReplyChunk(id), r.ContentLength)
}
