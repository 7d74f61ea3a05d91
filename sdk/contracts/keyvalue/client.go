package keyvalue

import "github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"

// Client sends the contract's operations. An actor makes it of its context:
//
//	kv := keyvalue.Client{Call: ctx.Via(keyvalue.Contract)}
type Client struct {
	Call func(operation string, payload []byte) ([]byte, error)
}

// Get reads a value.
func (c Client) Get(key string) (GetResponse, error) {
	reply, err := c.Call(OpGet, msgpack.EncodeString(key))
	if err != nil {
		return GetResponse{}, err
	}
	var r GetResponse
	err = r.UnmarshalMsgpack(reply)
	return r, err
}

// Set writes a value.
func (c Client) Set(r SetRequest) error {
	_, err := c.Call(OpSet, r.MarshalMsgpack())
	return err
}

// Del removes a value and says whether there was one.
func (c Client) Del(key string) (bool, error) { return c.ask(OpDel, msgpack.EncodeString(key)) }

// Contains says whether there is a value.
func (c Client) Contains(key string) (bool, error) {
	return c.ask(OpContains, msgpack.EncodeString(key))
}

// Increment adds to a number, which begins at 0, and gives the sum.
func (c Client) Increment(key string, by int32) (int32, error) {
	reply, err := c.Call(OpIncrement, IncrementRequest{Key: key, Value: by}.MarshalMsgpack())
	if err != nil {
		return 0, err
	}
	return msgpack.DecodeInt32(reply)
}

// ListAdd appends a value to a list and gives the list's length.
func (c Client) ListAdd(list, value string) (uint32, error) {
	return c.count(OpListAdd, ListRequest{list, value}.MarshalMsgpack())
}

// ListDel removes the first such value from a list and says whether there was one.
func (c Client) ListDel(list, value string) (bool, error) {
	return c.ask(OpListDel, ListRequest{list, value}.MarshalMsgpack())
}

// ListRange gives the values of a list from index start to index stop, both included.
func (c Client) ListRange(list string, start, stop int32) ([]string, error) {
	return c.strings(OpListRange, ListRangeRequest{list, start, stop}.MarshalMsgpack())
}

// ListClear removes a list and says whether there was one.
func (c Client) ListClear(list string) (bool, error) {
	return c.ask(OpListClear, msgpack.EncodeString(list))
}

// SetAdd adds a value to a set and gives the number of values added, 0 or 1.
func (c Client) SetAdd(set, value string) (uint32, error) {
	return c.count(OpSetAdd, SetValueRequest{set, value}.MarshalMsgpack())
}

// SetDel removes a value from a set and gives the number of values removed, 0 or 1.
func (c Client) SetDel(set, value string) (uint32, error) {
	return c.count(OpSetDel, SetValueRequest{set, value}.MarshalMsgpack())
}

// SetQuery gives the values of a set.
func (c Client) SetQuery(set string) ([]string, error) {
	return c.strings(OpSetQuery, msgpack.EncodeString(set))
}

// SetUnion gives the values that are in any of the sets.
func (c Client) SetUnion(sets ...string) ([]string, error) {
	return c.strings(OpSetUnion, msgpack.EncodeStrings(sets))
}

// SetIntersection gives the values that are in all of the sets.
func (c Client) SetIntersection(sets ...string) ([]string, error) {
	return c.strings(OpSetIntersection, msgpack.EncodeStrings(sets))
}

// SetClear removes a set and says whether there was one.
func (c Client) SetClear(set string) (bool, error) {
	return c.ask(OpSetClear, msgpack.EncodeString(set))
}

func (c Client) ask(op string, payload []byte) (bool, error) {
	reply, err := c.Call(op, payload)
	if err != nil {
		return false, err
	}
	return msgpack.DecodeBool(reply)
}

func (c Client) count(op string, payload []byte) (uint32, error) {
	reply, err := c.Call(op, payload)
	if err != nil {
		return 0, err
	}
	return msgpack.DecodeUint32(reply)
}

func (c Client) strings(op string, payload []byte) ([]string, error) {
	reply, err := c.Call(op, payload)
	if err != nil {
		return nil, err
	}
	return msgpack.DecodeStrings(reply)
}
