package wasmbus

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

var testNow = time.Unix(1_700_000_000, 0)

func seedOf(k strkey.Kind, fill byte) *strkey.Seed {
	return strkey.FromRaw(k, [32]byte(bytes.Repeat([]byte{fill}, 32)))
}

const (
	testActor    = "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL"
	testProvider = "VDWUSKGGFDI4FRXK5EBTRECZSVQSSWJHHJOGH6JWG3AUMFFMQ435CDVS"
	testHost     = "NBXHUHG5FGYLPD6RHL2MKWMP572O6KUXCZXDZJXS4T57ZTMAKBN7C574"
	washHost     = "NwashHostCallerId000000000000000000000000000000000000000"
)

func TestHashVectors(t *testing.T) {
	provider := Entity{testProvider, "default", "wasmcloud:keyvalue"}
	if got, want := TargetURL(provider, "KeyValue.Get"), "wasmbus://wasmcloud/keyvalue/default/"+testProvider+"/KeyValue.Get"; got != want {
		t.Errorf("target URL %s, want %s", got, want)
	}
	if got := Hash(Actor(testActor), provider, "KeyValue.Get", []byte{0xa1, 0x6b}); got != "7579FE07A1388B9203D48FC36BB3EA0B000FE9F37E7F9213D46926CEC3233F76" {
		t.Errorf("hash of actor to provider: %s", got)
	}
	wash := Entity{PublicKey: "__WASH__"}
	if got := Hash(wash, Actor(testActor), "HttpServer.HandleRequest", []byte{0x80}); got != "1640AB342229B4CF340FB16CB5E87E54A35CF6615AF42999704414173742C83A" {
		t.Errorf("hash of wash to actor: %s", got)
	}
	if got := LinkID("Mbob", "wasmcloud:testy", "default"); got != "B40411AD09B70A2C83D59923584F66BA2C5A3C274DC4F19416DA49CCD6531F9C" {
		t.Errorf("link id %s", got)
	}
}

func TestURL(t *testing.T) {
	for _, c := range []struct {
		e    Entity
		want string
	}{
		{Actor(testActor), "wasmbus://" + testActor},
		{Entity{"mlower", "", ""}, "wasmbus://mlower"},
		{Entity{"__WASH__", "", ""}, "wasmbus:////__WASH__"},
		{Entity{"V1", "My Link", "WasmCloud:Key Value"}, "wasmbus://wasmcloud/key_value/my_link/V1"},
	} {
		if got := c.e.URL(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.e, got, c.want)
		}
	}
}

// genuine makes an invocation and what accepts it.
func genuine(t testing.TB) (*Invocation, Verification) {
	t.Helper()
	cluster := seedOf(strkey.Cluster, 4)
	inv, err := NewInvocation(Entity{PublicKey: "__WASH__"}, Actor(testActor), "Echo.Echo", []byte("payload"), washHost, cluster, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return inv, Verification{
		Now: testNow, ClusterIssuers: []strkey.PublicKey{cluster.Public()}, Target: Actor(testActor), Seen: NewReplay(4),
	}
}

// resign replaces the token by one with other claims.
func resign(t *testing.T, i *Invocation, by *strkey.Seed, change func(c *claims.Claims[claims.Invocation])) {
	t.Helper()
	c := claims.Claims[claims.Invocation]{
		IssuedAt: testNow.Unix(), Subject: i.ID, Revision: claims.Revision,
		Metadata: &claims.Invocation{
			OriginURL: i.Origin.URL(), TargetURL: TargetURL(i.Target, i.Operation), Hash: Hash(i.Origin, i.Target, i.Operation, i.Msg),
		},
	}
	change(&c)
	token, err := claims.Sign(c, by)
	if err != nil {
		t.Fatal(err)
	}
	i.EncodedClaims = token
}

// wash 0.17's form passes: an invalid host id and a pseudo-origin. So does the
// Elixir host's, whose host id is its cluster key.
func TestVerifyAccepts(t *testing.T) {
	for _, host := range []string{washHost, testHost, string(seedOf(strkey.Cluster, 4).Public()), "Nshort"} {
		inv, v := genuine(t)
		inv.HostID = host
		sent, err := UnmarshalInvocation(inv.Marshal())
		if err != nil {
			t.Fatal(err)
		}
		if err := sent.Verify(v); err != nil {
			t.Errorf("host id %s: %v", host, err)
		}
	}
}

// spoil changes one character of a token's signature.
func spoil(token string) string {
	at := len(token) - 20
	other := "A"
	if token[at] == 'A' {
		other = "B"
	}
	return token[:at] + other + token[at+1:]
}

// A key that a host gave to a provider is as good as the cluster's, for its one
// origin.
func TestBoundIssuerSpeaksForItsOrigin(t *testing.T) {
	inv, v := genuine(t)
	bound := seedOf(strkey.Cluster, 9)
	resign(t, inv, bound, func(*claims.Claims[claims.Invocation]) {})
	v.Bound = func(k strkey.PublicKey) (Entity, bool) { return inv.Origin, k == bound.Public() }
	if err := inv.Verify(v); err != nil {
		t.Error(err)
	}
	v.Bound = func(k strkey.PublicKey) (Entity, bool) { return Entity{PublicKey: "V"}, k == bound.Public() }
	if err := inv.Verify(v); err == nil || !strings.Contains(err.Error(), "may sign for") {
		t.Errorf("it spoke for another origin: %v", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	cluster := seedOf(strkey.Cluster, 4)
	for _, c := range []struct {
		check  string
		change func(t *testing.T, i *Invocation, v *Verification)
	}{
		{"target", func(_ *testing.T, i *Invocation, v *Verification) { v.Target = Actor("M" + testActor[1:55] + "A") }},
		{"host-id", func(_ *testing.T, i *Invocation, _ *Verification) { i.HostID = "" }},
		{"host-id", func(_ *testing.T, i *Invocation, _ *Verification) { i.HostID = "somebody" }},
		{"length", func(_ *testing.T, i *Invocation, _ *Verification) { i.ContentLength++ }},
		{"length", func(_ *testing.T, i *Invocation, _ *Verification) { i.Msg = nil }}, // not de-chunked
		{"id", func(_ *testing.T, i *Invocation, _ *Verification) { i.ID = "" }},
		{"id", func(_ *testing.T, i *Invocation, _ *Verification) { i.ID = NewUUID() }},
		{"token", func(_ *testing.T, i *Invocation, _ *Verification) { i.EncodedClaims = "" }},
		{"token", func(_ *testing.T, i *Invocation, _ *Verification) { i.EncodedClaims = spoil(i.EncodedClaims) }},
		{"token", func(t *testing.T, i *Invocation, _ *Verification) {
			resign(t, i, cluster, func(c *claims.Claims[claims.Invocation]) { c.Metadata = nil })
		}},
		{"issuer", func(_ *testing.T, _ *Invocation, v *Verification) { v.ClusterIssuers = nil }},
		{"issuer", func(t *testing.T, i *Invocation, _ *Verification) {
			resign(t, i, seedOf(strkey.Cluster, 9), func(*claims.Claims[claims.Invocation]) {})
		}},
		{"issuer", func(t *testing.T, i *Invocation, v *Verification) { // bound to another origin
			resign(t, i, seedOf(strkey.Cluster, 9), func(*claims.Claims[claims.Invocation]) {})
			v.Bound = func(strkey.PublicKey) (Entity, bool) { return Entity{PublicKey: "V", LinkName: "default"}, true }
		}},
		{"dates", func(t *testing.T, i *Invocation, _ *Verification) {
			resign(t, i, cluster, func(c *claims.Claims[claims.Invocation]) { c.Expires = testNow.Unix() - 1 })
		}},
		{"dates", func(t *testing.T, i *Invocation, _ *Verification) {
			resign(t, i, cluster, func(c *claims.Claims[claims.Invocation]) { c.NotBefore = testNow.Unix() + 10 })
		}},
		{"window", func(_ *testing.T, _ *Invocation, v *Verification) { v.Now = testNow.Add(DefaultWindow + time.Second) }},
		{"window", func(_ *testing.T, _ *Invocation, v *Verification) { v.Now = testNow.Add(-DefaultWindow - time.Second) }},
		{"origin-url", func(_ *testing.T, i *Invocation, _ *Verification) { i.Origin = Actor(testActor) }},
		{"target-url", func(_ *testing.T, i *Invocation, _ *Verification) { i.Operation = "Echo.Delete" }},
		{"hash", func(_ *testing.T, i *Invocation, _ *Verification) { i.Msg = []byte("PAYLOAD") }},
		{"hash", func(_ *testing.T, i *Invocation, _ *Verification) { i.Msg, i.ContentLength = nil, 0 }},
		{"origin", func(_ *testing.T, _ *Invocation, v *Verification) {
			v.Origin = func(Entity) error { return errors.New("no link") }
		}},
		{"replay", func(t *testing.T, i *Invocation, v *Verification) {
			if err := i.Verify(*v); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		inv, v := genuine(t)
		c.change(t, inv, &v)
		err := inv.Verify(v)
		var refused *VerifyError
		if !errors.As(err, &refused) || refused.Check != c.check {
			t.Errorf("want a refusal for %s, got %v", c.check, err)
		}
	}
}

// A forged message must not use up memory, nor an id that a genuine one has.
func TestForgeryLeavesNoTrace(t *testing.T) {
	inv, v := genuine(t)
	forged := *inv
	forged.Msg = []byte("PAYLOAD")
	for range 10 {
		if forged.Verify(v) == nil {
			t.Fatal("forgery accepted")
		}
	}
	if err := inv.Verify(v); err != nil {
		t.Errorf("after forgeries: %v", err)
	}
}

// With full memory old ids are forgotten, yet none can be used again.
func TestReplayBounded(t *testing.T) {
	r := NewReplay(3)
	for i := range 10 {
		if !r.add(fmt.Sprint("id", i), int64(i)) {
			t.Fatalf("id%d refused", i)
		}
	}
	if len(r.ids) != 3 || len(r.ring) != 3 {
		t.Errorf("%d and %d entries, want 3", len(r.ids), len(r.ring))
	}
	for i := range 10 {
		if r.add(fmt.Sprint("id", i), int64(i)) {
			t.Errorf("id%d accepted again", i)
		}
	}
	if r.add("new but as old as a forgotten one", 6) {
		t.Error("an id of a forgotten second was accepted")
	}
	if !r.add("new", 10) {
		t.Error("a new id was refused")
	}
}

func TestNewInvocationWantsClusterSeed(t *testing.T) {
	for _, seed := range []*strkey.Seed{nil, seedOf(strkey.Account, 1)} {
		if _, err := NewInvocation(Actor(testActor), Actor(testActor), "A.B", nil, testHost, seed, testNow); err == nil {
			t.Errorf("%v: no error", seed)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	inv, v := genuine(b)
	v.Seen = nil
	b.ReportAllocs()
	for b.Loop() {
		if err := inv.Verify(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	cluster := seedOf(strkey.Cluster, 4)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewInvocation(Actor(testActor), Actor(testActor), "Echo.Echo", []byte("payload"), testHost, cluster, testNow); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMarshal(b *testing.B) {
	inv, _ := genuine(b)
	b.ReportAllocs()
	for b.Loop() {
		inv.Marshal()
	}
}

func BenchmarkUnmarshal(b *testing.B) {
	inv, _ := genuine(b)
	bytes := inv.Marshal()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := UnmarshalInvocation(bytes); err != nil {
			b.Fatal(err)
		}
	}
}
