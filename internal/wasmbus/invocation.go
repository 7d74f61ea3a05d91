package wasmbus

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// ChunkThreshold is the largest argument or result, in bytes, that travels
// inside its message; larger ones go through the object store. The value is
// wasmbus-rpc's, and the Rust host relies on it exactly.
const ChunkThreshold = 900 << 10

// Invocation is a call on the bus.
type Invocation struct {
	Origin, Target Entity
	Operation      string            // "Interface.Method"
	Msg            []byte            // the encoded argument; empty on the wire when it is chunked
	ID             string            // opaque, usually a UUID
	EncodedClaims  string            // token that binds the members above, see Verify
	HostID         string            // N… key of the sending host
	ContentLength  uint64            // bytes of the whole argument; 0 from old peers
	TraceContext   map[string]string // nil = not sent
}

// NewInvocation makes a signed invocation: a fresh id, the hash of msg and a
// token signed by the cluster seed. ContentLength is set; chunking is up to
// the sender, who may clear Msg after this.
func NewInvocation(origin, target Entity, op string, msg []byte, hostID string, cluster *strkey.Seed, now time.Time) (*Invocation, error) {
	inv := &Invocation{Origin: origin, Target: target, Operation: op, Msg: msg, HostID: hostID}
	return inv, inv.Sign(cluster, now)
}

// Sign sets ContentLength and EncodedClaims, and ID if it is empty. It is for
// senders that need to know the id beforehand; others use NewInvocation.
func (i *Invocation) Sign(cluster *strkey.Seed, now time.Time) error {
	if cluster == nil || cluster.Kind() != strkey.Cluster {
		return errors.New("invocations are signed by a cluster seed (SC…)")
	}
	if i.ID == "" {
		i.ID = NewUUID()
	}
	i.ContentLength = uint64(len(i.Msg))
	originURL, targetURL := i.Origin.URL(), TargetURL(i.Target, i.Operation)
	token, err := claims.Sign(claims.Claims[claims.Invocation]{
		IssuedAt: now.Unix(),
		Subject:  i.ID,
		Revision: claims.Revision,
		Metadata: &claims.Invocation{
			TargetURL: targetURL,
			OriginURL: originURL,
			Hash:      hashURLs(originURL, targetURL, i.Operation, i.Msg),
		},
	}, cluster)
	if err != nil {
		return fmt.Errorf("signing the invocation: %w", err)
	}
	i.EncodedClaims = token
	return nil
}

// Chunked says whether the argument has to be fetched from the object store.
func (i *Invocation) Chunked() bool { return i.ContentLength > uint64(len(i.Msg)) }

// Marshal writes the map in the key order of wasmbus-rpc and the Rust host.
func (i *Invocation) Marshal() []byte {
	n := uint32(8)
	if i.TraceContext != nil {
		n++
	}
	b := make([]byte, 0, 512+len(i.Msg)+len(i.EncodedClaims))
	b = msgp.AppendMapHeader(b, n)
	b = appendEntity(msgp.AppendString(b, "origin"), i.Origin)
	b = appendEntity(msgp.AppendString(b, "target"), i.Target)
	b = appendField(b, "operation", i.Operation)
	b = msgp.AppendBytes(msgp.AppendString(b, "msg"), i.Msg)
	b = appendField(b, "id", i.ID)
	b = appendField(b, "encoded_claims", i.EncodedClaims)
	b = appendField(b, "host_id", i.HostID)
	b = msgp.AppendUint64(msgp.AppendString(b, "content_length"), i.ContentLength)
	return appendTrace(b, i.TraceContext)
}

// UnmarshalInvocation reads an invocation leniently: any key order, unknown
// keys, and every form of msg that peers write. Msg may share memory with b.
func UnmarshalInvocation(b []byte) (*Invocation, error) {
	i := new(Invocation)
	err := checkWhole("invocation", b, func(b []byte) ([]byte, error) { return readMap(b, i.field) })
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (i *Invocation) field(key string, b []byte) (rest []byte, err error) {
	switch key {
	case "origin":
		i.Origin, rest, err = readEntity(b)
	case "target":
		i.Target, rest, err = readEntity(b)
	case "operation":
		i.Operation, rest, err = readString(b)
	case "msg":
		i.Msg, rest, err = readBytes(b)
	case "id":
		i.ID, rest, err = readString(b)
	case "encoded_claims":
		i.EncodedClaims, rest, err = readString(b)
	case "host_id":
		i.HostID, rest, err = readString(b)
	case "content_length":
		i.ContentLength, rest, err = readUint(b)
	case "traceContext":
		i.TraceContext, rest, err = readStringMap(b)
	default:
		rest, err = skip(b, 0)
	}
	return rest, err
}

func readEntity(b []byte) (e Entity, rest []byte, err error) {
	rest, err = readMap(b, func(key string, b []byte) (rest []byte, err error) {
		switch key {
		case "public_key":
			e.PublicKey, rest, err = readString(b)
		case "link_name":
			e.LinkName, rest, err = readString(b)
		case "contract_id":
			e.ContractID, rest, err = readString(b)
		default:
			rest, err = skip(b, 0)
		}
		return rest, err
	})
	return e, rest, err
}

func appendEntity(b []byte, e Entity) []byte {
	b = msgp.AppendMapHeader(b, 3)
	b = appendField(b, "public_key", e.PublicKey)
	b = appendField(b, "link_name", e.LinkName)
	return appendField(b, "contract_id", e.ContractID)
}

func appendField(b []byte, key, value string) []byte {
	return msgp.AppendString(msgp.AppendString(b, key), value)
}

func appendTrace(b []byte, trace map[string]string) []byte {
	if trace == nil {
		return b
	}
	return appendStringMap(msgp.AppendString(b, "traceContext"), trace)
}

// appendStringMap sorts the keys: equal maps give equal bytes.
func appendStringMap(b []byte, m map[string]string) []byte {
	b = msgp.AppendMapHeader(b, uint32(len(m)))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		b = appendField(b, k, m[k])
	}
	return b
}

// Response answers an Invocation.
type Response struct {
	Msg           []byte // the encoded result; empty on the wire when it is chunked
	InvocationID  string
	Error         string // "" = success
	ContentLength uint64 // bytes of the whole result
	InstanceID    string // only the Elixir host sends one
	TraceContext  map[string]string
}

// Chunked says whether the result has to be fetched from the object store.
func (r *Response) Chunked() bool { return r.Error == "" && r.ContentLength > uint64(len(r.Msg)) }

// Marshal writes msg and content_length always, error only when there is one.
func (r *Response) Marshal() []byte {
	n := uint32(3)
	for _, present := range []bool{r.Error != "", r.InstanceID != "", r.TraceContext != nil} {
		if present {
			n++
		}
	}
	b := make([]byte, 0, 160+len(r.Msg)+len(r.Error))
	b = msgp.AppendMapHeader(b, n)
	b = msgp.AppendBytes(msgp.AppendString(b, "msg"), r.Msg)
	b = appendField(b, "invocation_id", r.InvocationID)
	if r.Error != "" {
		b = appendField(b, "error", r.Error)
	}
	b = msgp.AppendUint64(msgp.AppendString(b, "content_length"), r.ContentLength)
	if r.InstanceID != "" {
		b = appendField(b, "instance_id", r.InstanceID)
	}
	return appendTrace(b, r.TraceContext)
}

// UnmarshalResponse reads a response as leniently as UnmarshalInvocation does.
// An empty error string counts as none: old Go providers always send the key.
// With an error, Msg is nil whatever was sent. Msg may share memory with b.
func UnmarshalResponse(b []byte) (*Response, error) {
	r := new(Response)
	err := checkWhole("invocation response", b, func(b []byte) ([]byte, error) { return readMap(b, r.field) })
	if err != nil {
		return nil, err
	}
	if r.Error != "" {
		r.Msg = nil
	}
	return r, nil
}

func (r *Response) field(key string, b []byte) (rest []byte, err error) {
	switch key {
	case "msg":
		r.Msg, rest, err = readBytes(b)
	case "invocation_id":
		r.InvocationID, rest, err = readString(b)
	case "error":
		r.Error, rest, err = readString(b)
	case "content_length":
		r.ContentLength, rest, err = readUint(b)
	case "instance_id":
		r.InstanceID, rest, err = readString(b)
	case "traceContext":
		r.TraceContext, rest, err = readStringMap(b)
	default:
		rest, err = skip(b, 0)
	}
	return rest, err
}
