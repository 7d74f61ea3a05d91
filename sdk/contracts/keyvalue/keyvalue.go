// Package keyvalue has the messages of the contract wasmcloud:keyvalue and a Client by which actors
// send them. Providers answer them by the package store.
package keyvalue

import "github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"

// Contract is the contract's id.
const Contract = "wasmcloud:keyvalue"

// Operations of the contract.
const (
	OpGet             = "KeyValue.Get"
	OpSet             = "KeyValue.Set"
	OpDel             = "KeyValue.Del"
	OpContains        = "KeyValue.Contains"
	OpIncrement       = "KeyValue.Increment"
	OpListAdd         = "KeyValue.ListAdd"
	OpListDel         = "KeyValue.ListDel"
	OpListRange       = "KeyValue.ListRange"
	OpListClear       = "KeyValue.ListClear"
	OpSetAdd          = "KeyValue.SetAdd"
	OpSetDel          = "KeyValue.SetDel"
	OpSetQuery        = "KeyValue.SetQuery"
	OpSetUnion        = "KeyValue.SetUnion"
	OpSetIntersection = "KeyValue.SetIntersection"
	OpSetClear        = "KeyValue.SetClear"
)

// GetResponse is the result of Get.
type GetResponse struct {
	Value  string
	Exists bool
}

// SetRequest is the argument of Set.
type SetRequest struct {
	Key, Value string
	Expires    uint32 // seconds; 0 = never
}

// IncrementRequest is the argument of Increment.
type IncrementRequest struct {
	Key   string
	Value int32 // is added
}

// ListRequest is the argument of ListAdd and ListDel.
type ListRequest struct{ ListName, Value string }

// ListRangeRequest is the argument of ListRange. Both ends are inclusive and count from 0.
type ListRangeRequest struct {
	ListName    string
	Start, Stop int32
}

// SetValueRequest is the argument of SetAdd and SetDel.
type SetValueRequest struct{ SetName, Value string }

// MarshalMsgpack writes the message.
func (r GetResponse) MarshalMsgpack() []byte {
	b := stringMember(msgpack.AppendMap(nil, 2), "value", r.Value)
	return msgpack.AppendBool(msgpack.AppendString(b, "exists"), r.Exists)
}

// UnmarshalMsgpack reads the message. Members may be missing, here and in all the others.
func (r *GetResponse) UnmarshalMsgpack(b []byte) error {
	*r = GetResponse{}
	return members("GetResponse", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "value":
			r.Value = m.String()
		case "exists":
			r.Exists = m.Bool()
		}
	})
}

// MarshalMsgpack writes the message.
func (r SetRequest) MarshalMsgpack() []byte {
	b := stringMember(msgpack.AppendMap(nil, 3), "key", r.Key)
	b = stringMember(b, "value", r.Value)
	return msgpack.AppendUint(msgpack.AppendString(b, "expires"), uint64(r.Expires))
}

// UnmarshalMsgpack reads the message.
func (r *SetRequest) UnmarshalMsgpack(b []byte) error {
	*r = SetRequest{}
	return members("SetRequest", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "key":
			r.Key = m.String()
		case "value":
			r.Value = m.String()
		case "expires":
			r.Expires = uint32(m.Uint(32))
		}
	})
}

// MarshalMsgpack writes the message.
func (r IncrementRequest) MarshalMsgpack() []byte {
	b := stringMember(msgpack.AppendMap(nil, 2), "key", r.Key)
	return msgpack.AppendInt(msgpack.AppendString(b, "value"), int64(r.Value))
}

// UnmarshalMsgpack reads the message.
func (r *IncrementRequest) UnmarshalMsgpack(b []byte) error {
	*r = IncrementRequest{}
	return members("IncrementRequest", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "key":
			r.Key = m.String()
		case "value":
			r.Value = int32(m.Int(32))
		}
	})
}

// MarshalMsgpack writes the message.
func (r ListRequest) MarshalMsgpack() []byte {
	return stringMember(stringMember(msgpack.AppendMap(nil, 2), "listName", r.ListName), "value", r.Value)
}

// UnmarshalMsgpack reads the message.
func (r *ListRequest) UnmarshalMsgpack(b []byte) error {
	*r = ListRequest{}
	return members("a list request", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "listName":
			r.ListName = m.String()
		case "value":
			r.Value = m.String()
		}
	})
}

// MarshalMsgpack writes the message.
func (r ListRangeRequest) MarshalMsgpack() []byte {
	b := stringMember(msgpack.AppendMap(nil, 3), "listName", r.ListName)
	b = msgpack.AppendInt(msgpack.AppendString(b, "start"), int64(r.Start))
	return msgpack.AppendInt(msgpack.AppendString(b, "stop"), int64(r.Stop))
}

// UnmarshalMsgpack reads the message.
func (r *ListRangeRequest) UnmarshalMsgpack(b []byte) error {
	*r = ListRangeRequest{}
	return members("ListRangeRequest", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "listName":
			r.ListName = m.String()
		case "start":
			r.Start = int32(m.Int(32))
		case "stop":
			r.Stop = int32(m.Int(32))
		}
	})
}

// MarshalMsgpack writes the message.
func (r SetValueRequest) MarshalMsgpack() []byte {
	return stringMember(stringMember(msgpack.AppendMap(nil, 2), "setName", r.SetName), "value", r.Value)
}

// UnmarshalMsgpack reads the message.
func (r *SetValueRequest) UnmarshalMsgpack(b []byte) error {
	*r = SetValueRequest{}
	return members("a set request", b, func(key string, m *msgpack.Reader) {
		switch key {
		case "setName":
			r.SetName = m.String()
		case "value":
			r.Value = m.String()
		}
	})
}

func stringMember(b []byte, key, value string) []byte {
	return msgpack.AppendString(msgpack.AppendString(b, key), value)
}

func members(what string, b []byte, entry func(key string, m *msgpack.Reader)) error {
	m := msgpack.NewReader(b)
	m.Map(func(key string) { entry(key, m) })
	return msgpack.Explain("reading "+what, m.Done())
}
