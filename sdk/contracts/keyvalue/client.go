package keyvalue

// Client calls the contract's operations, as KeyValueClient does, with arguments in place of most
// messages. An actor makes it of its context:
//
//	kv := keyvalue.Client{Call: ctx.Via(keyvalue.Contract)}
type Client struct {
	Call func(operation string, payload []byte) ([]byte, error)
}

// Get reads a value.
func (c Client) Get(key string) (GetResponse, error) { return KeyValueClient(c).Get(key) }

// Set writes a value.
func (c Client) Set(r SetRequest) error { return KeyValueClient(c).Set(r) }

// Del removes a value and says whether there was one.
func (c Client) Del(key string) (bool, error) { return KeyValueClient(c).Del(key) }

// Contains says whether there is a value.
func (c Client) Contains(key string) (bool, error) { return KeyValueClient(c).Contains(key) }

// Increment adds to a number, which begins at 0, and gives the sum.
func (c Client) Increment(key string, by int32) (int32, error) {
	return KeyValueClient(c).Increment(IncrementRequest{Key: key, Value: by})
}

// ListAdd appends a value to a list and gives the list's length.
func (c Client) ListAdd(list, value string) (uint32, error) {
	return KeyValueClient(c).ListAdd(ListAddRequest{ListName: list, Value: value})
}

// ListDel removes the first such value from a list and says whether there was one.
func (c Client) ListDel(list, value string) (bool, error) {
	return KeyValueClient(c).ListDel(ListDelRequest{ListName: list, Value: value})
}

// ListRange gives the values of a list from index start to index stop, both included.
func (c Client) ListRange(list string, start, stop int32) ([]string, error) {
	return KeyValueClient(c).ListRange(ListRangeRequest{ListName: list, Start: start, Stop: stop})
}

// ListClear removes a list and says whether there was one.
func (c Client) ListClear(list string) (bool, error) { return KeyValueClient(c).ListClear(list) }

// SetAdd adds a value to a set and gives the number of values added, 0 or 1.
func (c Client) SetAdd(set, value string) (uint32, error) {
	return KeyValueClient(c).SetAdd(SetAddRequest{SetName: set, Value: value})
}

// SetDel removes a value from a set and gives the number of values removed, 0 or 1.
func (c Client) SetDel(set, value string) (uint32, error) {
	return KeyValueClient(c).SetDel(SetDelRequest{SetName: set, Value: value})
}

// SetQuery gives the values of a set.
func (c Client) SetQuery(set string) ([]string, error) { return KeyValueClient(c).SetQuery(set) }

// SetUnion gives the values that are in any of the sets.
func (c Client) SetUnion(sets ...string) ([]string, error) { return KeyValueClient(c).SetUnion(sets) }

// SetIntersection gives the values that are in all of the sets.
func (c Client) SetIntersection(sets ...string) ([]string, error) {
	return KeyValueClient(c).SetIntersection(sets)
}

// SetClear removes a set and says whether there was one.
func (c Client) SetClear(set string) (bool, error) { return KeyValueClient(c).SetClear(set) }
