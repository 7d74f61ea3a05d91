package keyvalue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

// spy is a store that notes what it is asked and answers something that can be told from zero.
type spy struct {
	asked string
	err   error
}

func (s *spy) note(op string, args any) { s.asked = fmt.Sprintf("%s %+v", op, args) }

func (s *spy) Get(_ context.Context, key string) (keyvalue.GetResponse, error) {
	s.note("Get", key)
	return keyvalue.GetResponse{Value: "v", Exists: true}, s.err
}
func (s *spy) Set(_ context.Context, r keyvalue.SetRequest) error { s.note("Set", r); return s.err }
func (s *spy) Del(_ context.Context, key string) (bool, error) {
	s.note("Del", key)
	return true, s.err
}
func (s *spy) Contains(_ context.Context, key string) (bool, error) {
	s.note("Contains", key)
	return true, s.err
}
func (s *spy) Increment(_ context.Context, r keyvalue.IncrementRequest) (int32, error) {
	s.note("Increment", r)
	return -7, s.err
}
func (s *spy) ListAdd(_ context.Context, r keyvalue.ListAddRequest) (uint32, error) {
	s.note("ListAdd", r)
	return 300, s.err
}
func (s *spy) ListDel(_ context.Context, r keyvalue.ListDelRequest) (bool, error) {
	s.note("ListDel", r)
	return true, s.err
}
func (s *spy) ListRange(_ context.Context, r keyvalue.ListRangeRequest) ([]string, error) {
	s.note("ListRange", r)
	return []string{"a", "b"}, s.err
}
func (s *spy) ListClear(_ context.Context, list string) (bool, error) {
	s.note("ListClear", list)
	return true, s.err
}
func (s *spy) SetAdd(_ context.Context, r keyvalue.SetAddRequest) (uint32, error) {
	s.note("SetAdd", r)
	return 1, s.err
}
func (s *spy) SetDel(_ context.Context, r keyvalue.SetDelRequest) (uint32, error) {
	s.note("SetDel", r)
	return 1, s.err
}
func (s *spy) SetQuery(_ context.Context, set string) ([]string, error) {
	s.note("SetQuery", set)
	return []string{"q"}, s.err
}
func (s *spy) SetUnion(_ context.Context, sets []string) ([]string, error) {
	s.note("SetUnion", sets)
	return nil, s.err
}
func (s *spy) SetIntersection(_ context.Context, sets []string) ([]string, error) {
	s.note("SetIntersection", sets)
	return []string{"i"}, s.err
}
func (s *spy) SetClear(_ context.Context, set string) (bool, error) {
	s.note("SetClear", set)
	return true, s.err
}

// Each operation says the same on both sides, in the bytes of the contract.
func TestClientAndStoreAgree(t *testing.T) {
	s := &spy{}
	var sent, answered string
	kv := keyvalue.Client{Call: func(op string, payload []byte) ([]byte, error) {
		reply, known, err := keyvalue.DispatchKeyValue(t.Context(), s, op, payload)
		if !known {
			return nil, errors.New("unknown: " + op)
		}
		sent, answered = string(payload), string(reply)
		return reply, err
	}}
	for _, tt := range []struct {
		call                          func() (any, error)
		want                          any
		asked, wantSent, wantAnswered string
	}{
		{func() (any, error) { return kv.Get("k") }, keyvalue.GetResponse{Value: "v", Exists: true}, "Get k", "\xa1k", "\x82\xa5value\xa1v\xa6exists\xc3"},
		{func() (any, error) { return nil, kv.Set(keyvalue.SetRequest{Key: "k", Value: "v", Expires: 5}) }, nil, "Set {Key:k Value:v Expires:5}", "\x83\xa3key\xa1k\xa5value\xa1v\xa7expires\x05", ""},
		{func() (any, error) { return kv.Del("k") }, true, "Del k", "\xa1k", "\xc3"},
		{func() (any, error) { return kv.Contains("k") }, true, "Contains k", "\xa1k", "\xc3"},
		{func() (any, error) { return kv.Increment("k", -2) }, int32(-7), "Increment {Key:k Value:-2}", "\x82\xa3key\xa1k\xa5value\xfe", "\xf9"},
		{func() (any, error) { return kv.ListAdd("l", "v") }, uint32(300), "ListAdd {ListName:l Value:v}", "\x82\xa8listName\xa1l\xa5value\xa1v", "\xcd\x01\x2c"},
		{func() (any, error) { return kv.ListDel("l", "v") }, true, "ListDel {ListName:l Value:v}", "\x82\xa8listName\xa1l\xa5value\xa1v", "\xc3"},
		{func() (any, error) { return kv.ListRange("l", 0, -1) }, []string{"a", "b"}, "ListRange {ListName:l Start:0 Stop:-1}", "\x83\xa8listName\xa1l\xa5start\x00\xa4stop\xff", "\x92\xa1a\xa1b"},
		{func() (any, error) { return kv.ListClear("l") }, true, "ListClear l", "\xa1l", "\xc3"},
		{func() (any, error) { return kv.SetAdd("s", "v") }, uint32(1), "SetAdd {SetName:s Value:v}", "\x82\xa7setName\xa1s\xa5value\xa1v", "\x01"},
		{func() (any, error) { return kv.SetDel("s", "v") }, uint32(1), "SetDel {SetName:s Value:v}", "\x82\xa7setName\xa1s\xa5value\xa1v", "\x01"},
		{func() (any, error) { return kv.SetQuery("s") }, []string{"q"}, "SetQuery s", "\xa1s", "\x91\xa1q"},
		{func() (any, error) { return kv.SetUnion("s", "t") }, []string{}, "SetUnion [s t]", "\x92\xa1s\xa1t", "\x90"},
		{func() (any, error) { return kv.SetIntersection("s", "t") }, []string{"i"}, "SetIntersection [s t]", "\x92\xa1s\xa1t", "\x91\xa1i"},
		{func() (any, error) { return kv.SetClear("s") }, true, "SetClear s", "\xa1s", "\xc3"},
	} {
		got, err := tt.call()
		if err != nil {
			t.Errorf("%s: %v", tt.asked, err)
		}
		if diff := cmp.Diff([]any{tt.want, tt.asked, tt.wantSent, tt.wantAnswered}, []any{got, s.asked, sent, answered}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.asked, diff)
		}
		s.err = errors.New("no disk")
		if _, err := tt.call(); !errors.Is(err, s.err) {
			t.Errorf("%s: the store's error comes as %v", tt.asked, err)
		}
		s.err = nil
	}
}

// Real decoders take what is missing as zero, other widths, unknown members and any order.
func TestLenientArguments(t *testing.T) {
	for _, tt := range []struct{ op, payload, want string }{
		{keyvalue.KeyValueSetOperation, "\x81\xa3key\xa1k", "Set {Key:k Value: Expires:0}"},
		{keyvalue.KeyValueSetOperation, "\x84\xa1x\x93\x01\x02\x03\xa7expires\xcf\x00\x00\x00\x00\x00\x00\x00\x09\xa5value\xc4\x01v\xa3key\xd9\x01k", "Set {Key:k Value:v Expires:9}"},
		{keyvalue.KeyValueSetOperation, "\x83\xa3key\xa1k\xa5value\xa1v\xa7expires\xc0", "Set {Key:k Value:v Expires:0}"},
		{keyvalue.KeyValueIncrementOperation, "\x82\xa3key\xa1k\xa5value\xd2\xff\xff\xff\xff", "Increment {Key:k Value:-1}"},
		{keyvalue.KeyValueListRangeOperation, "\x80", "ListRange {ListName: Start:0 Stop:0}"},
		{keyvalue.KeyValueSetUnionOperation, "\xc0", "SetUnion []"},
	} {
		s := &spy{}
		if _, _, err := keyvalue.DispatchKeyValue(t.Context(), s, tt.op, []byte(tt.payload)); err != nil || s.asked != tt.want {
			t.Errorf("%q: %s, %v, want %s", tt.payload, s.asked, err, tt.want)
		}
	}
}

func TestBadArguments(t *testing.T) {
	for _, tt := range []struct{ op, payload string }{
		{keyvalue.KeyValueGetOperation, ""}, {keyvalue.KeyValueGetOperation, "\x01"}, {keyvalue.KeyValueGetOperation, "\xa1kk"}, {keyvalue.KeyValueSetOperation, "\xa1k"}, {keyvalue.KeyValueSetOperation, "\x81\xa3key\x01"},
		{keyvalue.KeyValueSetOperation, "\x81\xa7expires\xff"}, {keyvalue.KeyValueIncrementOperation, "\x81\xa5value\xcf\xff\xff\xff\xff\xff\xff\xff\xff"}, {keyvalue.KeyValueSetUnionOperation, "\xa1k"},
	} {
		s := &spy{}
		if _, known, err := keyvalue.DispatchKeyValue(t.Context(), s, tt.op, []byte(tt.payload)); !known || err == nil || !strings.HasPrefix(err.Error(), "reading ") || s.asked != "" {
			t.Errorf("%s %q: %v", tt.op, tt.payload, err)
		}
	}
	if _, known, _ := keyvalue.DispatchKeyValue(t.Context(), &spy{}, "KeyValue.Other", nil); known {
		t.Error("an unknown operation is known")
	}
}

func FuzzDispatch(f *testing.F) {
	f.Add(keyvalue.KeyValueSetOperation, []byte("\x83\xa3key\xa1k\xa5value\xa1v\xa7expires\x05"))
	f.Add(keyvalue.KeyValueSetUnionOperation, []byte("\x92\xa1s\xa1t"))
	f.Add(keyvalue.KeyValueIncrementOperation, []byte("\x82\xa3key\xa1k\xa5value\xfe"))
	f.Fuzz(func(t *testing.T, op string, payload []byte) {
		s := &spy{}
		if _, known, err := keyvalue.DispatchKeyValue(t.Context(), s, op, payload); (known && err == nil) != (s.asked != "") {
			t.Errorf("known %v, error %v, asked %q", known, err, s.asked)
		}
	})
}
