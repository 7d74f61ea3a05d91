package wasmbus

import (
	"encoding/json"

	"github.com/tinylib/msgp/msgp"
)

// Health answers the health subject of a provider.
type Health struct {
	Healthy bool   `json:"healthy"`
	Message string `json:"message,omitempty"`
}

// ShuttingDown is a provider's answer on its shutdown subject.
const ShuttingDown = "shutting down"

// InstanceHeader is the header of a health reply in which providers made with our
// SDK name their instance: the subject is that of all processes of a provider, on
// whatever hosts, and each host wants to know of its own.
const InstanceHeader = "Wasmcloud-Instance-Id"

// HealthProbe is the body of a health request: what Elixir hosts send. Rust
// hosts send nothing, and providers read neither.
func HealthProbe() []byte {
	return msgp.AppendBool(msgp.AppendString(msgp.AppendMapHeader(nil, 1), "placeholder"), true)
}

// Marshal writes the msgpack form.
func (h Health) Marshal() []byte {
	n := uint32(1)
	if h.Message != "" {
		n++
	}
	b := msgp.AppendMapHeader(nil, n)
	b = msgp.AppendBool(msgp.AppendString(b, "healthy"), h.Healthy)
	if h.Message != "" {
		b = appendField(b, "message", h.Message)
	}
	return b
}

// UnmarshalHealth reads msgpack, or the JSON that providers of the Rust SDK
// send in its test harness.
func UnmarshalHealth(b []byte) (Health, error) {
	var h Health
	if len(b) > 0 && b[0] == '{' {
		err := json.Unmarshal(b, &h)
		return h, err
	}
	err := checkWhole("health reply", b, func(b []byte) ([]byte, error) { return readMap(b, h.field) })
	return h, err
}

func (h *Health) field(key string, b []byte) (rest []byte, err error) {
	switch key {
	case "healthy":
		h.Healthy, rest, err = msgp.ReadBoolBytes(b)
	case "message":
		if msgp.NextType(b) == msgp.NilType {
			rest, err = msgp.ReadNilBytes(b)
			break
		}
		h.Message, rest, err = readString(b)
	default:
		rest, err = skip(b, 0)
	}
	return rest, err
}
