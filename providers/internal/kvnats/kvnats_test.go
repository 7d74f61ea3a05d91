package kvnats

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs the provider, linked to an actor for each of the given values.
func start(t *testing.T, p *Provider, links ...map[string]string) (*providerbed.Bed, []keyvalue.Client) {
	t.Helper()
	s := providerbed.Setup{Contract: keyvalue.Contract}
	for i, values := range links {
		s.Links = append(s.Links, providerbed.Link(keyvalue.Contract, providerbed.Actor(byte(i)), values))
	}
	b := providerbed.Start(t, p, s)
	var clients []keyvalue.Client
	for i := range links {
		clients = append(clients, client(b, byte(i)))
	}
	return b, clients
}

func client(b *providerbed.Bed, actor byte) keyvalue.Client {
	return keyvalue.Client{Call: func(op string, msg []byte) ([]byte, error) {
		return b.Call(providerbed.Actor(actor), op, msg)
	}}
}

// must gives the value of a call that has to succeed.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestStrings(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv, yes, get := all[0], must[bool](t), must[keyvalue.GetResponse](t)
	equal(t, "absent", get(kv.Get("k")), keyvalue.GetResponse{})
	equal(t, "contains", yes(kv.Contains("k")), false)
	equal(t, "del of nothing", yes(kv.Del("k")), false)
	if err := kv.Set(keyvalue.SetRequest{Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "set", get(kv.Get("k")), keyvalue.GetResponse{Value: "v", Exists: true})
	equal(t, "contains", yes(kv.Contains("k")), true)
	equal(t, "del", yes(kv.Del("k")), true)
	equal(t, "deleted", get(kv.Get("k")), keyvalue.GetResponse{})
	if err := kv.Set(keyvalue.SetRequest{Key: "k", Value: ""}); err != nil {
		t.Fatal(err)
	}
	equal(t, "empty value", get(kv.Get("k")), keyvalue.GetResponse{Exists: true})
}

func TestAnyTextIsAKey(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv := all[0]
	keys := []string{"", ".", "..", "a.b", "a b", "ä", "*", ">", "=", "=2E", "a/b", strings.Repeat("k", 1000), "\x00"}
	for i, k := range keys {
		if err := kv.Set(keyvalue.SetRequest{Key: k, Value: fmt.Sprint(i)}); err != nil {
			t.Errorf("%q: %v", k, err)
		}
	}
	for i, k := range keys {
		equal(t, k, must[keyvalue.GetResponse](t)(kv.Get(k)), keyvalue.GetResponse{Value: fmt.Sprint(i), Exists: true})
	}
	_, err := kv.Get(strings.Repeat("k", 2000))
	wantError(t, err, "too long")
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}

func TestIncrement(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv, n := all[0], must[int32](t)
	equal(t, "first", n(kv.Increment("n", 1)), int32(1))
	equal(t, "second", n(kv.Increment("n", 41)), int32(42))
	equal(t, "down", n(kv.Increment("n", -50)), int32(-8))
	equal(t, "as text", must[keyvalue.GetResponse](t)(kv.Get("n")), keyvalue.GetResponse{Value: "-8", Exists: true})
	equal(t, "del", must[bool](t)(kv.Del("n")), true)
	equal(t, "from nothing again", n(kv.Increment("n", 2147483647)), int32(2147483647))
	_, err := kv.Increment("n", 1)
	wantError(t, err, "range of 32 bits")
	if err := kv.Set(keyvalue.SetRequest{Key: "word", Value: "seven"}); err != nil {
		t.Fatal(err)
	}
	_, err = kv.Increment("word", 1)
	wantError(t, err, "is no number")
}

// Two providers share the bucket, so that the locks of one process cannot help.
func TestIncrementsAreNotLost(t *testing.T) {
	b, all := start(t, New(), map[string]string{"bucket": "shared"})
	other := providerbed.Start(t, New(), providerbed.Setup{
		Contract: keyvalue.Contract, Server: b.Server,
		Data:  func(d *provider.HostData) { d.LatticeRPCPrefix = "second" },
		Links: []provider.LinkDefinition{providerbed.Link(keyvalue.Contract, providerbed.Actor(0), map[string]string{"BUCKET": "shared"})},
	})
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for i := range writers {
		kv := all[0]
		if i%2 == 1 {
			kv = client(other, 0)
		}
		wg.Go(func() {
			for range each {
				if _, err := kv.Increment("n", 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	equal(t, "sum", must[int32](t)(all[0].Increment("n", 0)), int32(writers*each))
}

func TestLists(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv, n, yes, list := all[0], must[uint32](t), must[bool](t), must[[]string](t)
	equal(t, "absent", list(kv.ListRange("l", 0, -1)), []string{})
	for i, v := range []string{"a", "b", "a", "c"} {
		equal(t, "add", n(kv.ListAdd("l", v)), uint32(i+1))
	}
	for _, tt := range []struct {
		start, stop int32
		want        []string
	}{
		{0, 100, []string{"a", "b", "a", "c"}}, {1, 2, []string{"b", "a"}}, {0, 0, []string{"a"}}, {3, 1, []string{}},
		{4, 9, []string{}}, {-2, -1, []string{"a", "c"}}, {-9, 0, []string{"a"}}, {0, -1, []string{"a", "b", "a", "c"}},
	} {
		equal(t, fmt.Sprint(tt.start, tt.stop), list(kv.ListRange("l", tt.start, tt.stop)), tt.want)
	}
	equal(t, "del", yes(kv.ListDel("l", "a")), true)
	equal(t, "the first is gone", list(kv.ListRange("l", 0, 9)), []string{"b", "a", "c"})
	equal(t, "del of nothing", yes(kv.ListDel("l", "z")), false)
	equal(t, "clear", yes(kv.ListClear("l")), true)
	equal(t, "clear of nothing", yes(kv.ListClear("l")), false)
	n(kv.ListAdd("l", "x"))
	equal(t, "last del", yes(kv.ListDel("l", "x")), true)
	equal(t, "an empty list is none", yes(kv.Contains("l")), false)
}

func TestSets(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv, n, yes, list := all[0], must[uint32](t), must[bool](t), must[[]string](t)
	equal(t, "absent", list(kv.SetQuery("s")), []string{})
	equal(t, "add", n(kv.SetAdd("s", "b")), uint32(1))
	equal(t, "add again", n(kv.SetAdd("s", "b")), uint32(0))
	n(kv.SetAdd("s", "a"))
	for _, v := range []string{"b", "c"} {
		n(kv.SetAdd("s2", v))
	}
	equal(t, "query", list(kv.SetQuery("s")), []string{"a", "b"})
	equal(t, "union", list(kv.SetUnion("s", "s2")), []string{"a", "b", "c"})
	equal(t, "intersection", list(kv.SetIntersection("s", "s2")), []string{"b"})
	equal(t, "with nothing", list(kv.SetIntersection("s", "none")), []string{})
	equal(t, "del", n(kv.SetDel("s", "b")), uint32(1))
	equal(t, "del again", n(kv.SetDel("s", "b")), uint32(0))
	equal(t, "clear", yes(kv.SetClear("s")), true)
	equal(t, "clear again", yes(kv.SetClear("s")), false)
	_, err := kv.SetUnion()
	wantError(t, err, "no set is named")
}

func TestKindsAreNotMixed(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv := all[0]
	must[uint32](t)(kv.ListAdd("k", "v"))
	_, err := kv.Get("k")
	wantError(t, err, `"k" is a list, not a string`)
	_, err = kv.SetAdd("k", "v")
	wantError(t, err, "is a list, not a set")
	_, err = kv.Increment("k", 1)
	wantError(t, err, "is a list, not a string")
	if err := kv.Set(keyvalue.SetRequest{Key: "k", Value: "v"}); err != nil { // as Redis does
		t.Error(err)
	}
	_, err = kv.ListAdd("k", "v")
	wantError(t, err, "is a string, not a list")
	_, err = kv.Call("KeyValue.Explode", nil)
	wantError(t, err, "unknown operation")
	_, err = kv.Call(keyvalue.KeyValueSetOperation, []byte{0xc1})
	wantError(t, err, "reading the message of KeyValue.Set")
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func TestExpiry(t *testing.T) {
	p, c := New(), &clock{now: time.Unix(1_700_000_000, 0)}
	p.now = c.Now
	_, all := start(t, p, map[string]string{})
	kv, get := all[0], must[keyvalue.GetResponse](t)
	for _, key := range []string{"k", "n", "l"} {
		if err := kv.Set(keyvalue.SetRequest{Key: key, Value: "7", Expires: 10}); err != nil {
			t.Fatal(err)
		}
	}
	c.add(9 * time.Second)
	equal(t, "an increment keeps the expiry", must[int32](t)(kv.Increment("n", 1)), int32(8))
	equal(t, "still there", get(kv.Get("k")), keyvalue.GetResponse{Value: "7", Exists: true})
	c.add(time.Second)
	equal(t, "expired", get(kv.Get("k")), keyvalue.GetResponse{})
	equal(t, "contains", must[bool](t)(kv.Contains("k")), false)
	equal(t, "del", must[bool](t)(kv.Del("k")), false)
	equal(t, "increment from nothing", must[int32](t)(kv.Increment("n", 1)), int32(1))
	equal(t, "another kind may follow", must[uint32](t)(kv.ListAdd("l", "v")), uint32(1))
	c.add(time.Hour)
	equal(t, "without the old expiry", must[int32](t)(kv.Increment("n", 1)), int32(2))
}

func TestLinksHaveTheirPlaces(t *testing.T) {
	_, all := start(t, New(), map[string]string{}, map[string]string{}, map[string]string{"prefix": "p."}, map[string]string{"bucket": "other"})
	if err := all[0].Set(keyvalue.SetRequest{Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, true, false, false} {
		equal(t, fmt.Sprint("actor ", i), must[bool](t)(all[i].Contains("k")), want)
	}
	if err := all[2].Set(keyvalue.SetRequest{Key: "k", Value: "v"}); err != nil {
		t.Fatal(err)
	}
	equal(t, "the prefix is part of the key", must[bool](t)(all[0].Contains("p.k")), true)
}

func TestBadLinksAreRefused(t *testing.T) {
	b, _ := start(t, New(), map[string]string{"bucket": "LATTICEDATA_default"}, map[string]string{"bucket": "a.b"})
	h := b.Health()
	if h.Healthy || !strings.Contains(h.Message, "the lattice's own") || !strings.Contains(h.Message, `bucket "a.b"`) {
		t.Errorf("got %+v", h)
	}
}

func TestLargeValues(t *testing.T) {
	_, all := start(t, New(), map[string]string{})
	kv := all[0]
	large := strings.Repeat("x", 1_000_000) // in chunks to the provider, and whole into the bucket
	if err := kv.Set(keyvalue.SetRequest{Key: "k", Value: large}); err != nil {
		t.Fatal(err)
	}
	got, err := kv.Get("k")
	if err != nil || got.Value != large {
		t.Errorf("got %d bytes, %v", len(got.Value), err)
	}
	wantError(t, kv.Set(keyvalue.SetRequest{Key: "k", Value: strings.Repeat("x", 2_000_000)}), "too large")
	if got, _ := kv.Get("k"); len(got.Value) != len(large) {
		t.Error("the refused value has changed the old one")
	}
}

func TestForeignValuesAreNotTouched(t *testing.T) {
	b, all := start(t, New(), map[string]string{})
	js, err := b.Conn.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	kv, err := js.KeyValue(providerbed.Context(t), "KEYVALUE_default")
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"", "7", "\x93\x73\x00", "\x93\x01\x00\xa1v"} {
		if _, err := kv.PutString(providerbed.Context(t), "k", text); err != nil {
			t.Fatal(err)
		}
		_, err = all[0].Increment("k", 1)
		if err == nil || !strings.Contains(err.Error(), "did not write") {
			t.Errorf("%d: %v", i, err)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(record{kind: aString, value: "v", expires: 7}.marshal())
	f.Add(record{kind: aList, values: []string{"a", "b"}}.marshal())
	f.Add(record{kind: aSet}.marshal())
	f.Add([]byte("\xc1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readRecord(b)
		if err != nil {
			return
		}
		again, err := readRecord(r.marshal())
		if err != nil || again.kind != r.kind || again.expires != r.expires || again.value != r.value || !slices.Equal(again.values, r.values) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

func FuzzBucketKey(f *testing.F) {
	f.Add("", "a.b")
	f.Add("p", "")
	f.Fuzz(func(t *testing.T, prefix, key string) {
		name, err := bucketKey(prefix, key)
		if err != nil {
			return
		}
		if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/=-") != "" {
			t.Errorf("%q is no key for NATS", name)
		}
	})
}
