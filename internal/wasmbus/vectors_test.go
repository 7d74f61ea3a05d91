package wasmbus

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// wireMessage is one line of the recording.
type wireMessage struct {
	Line    int
	Subject string
	Reply   string
	Data    []byte
}

func readWire(t testing.TB) []wireMessage {
	t.Helper()
	f, err := os.Open("testdata/rust-host-0.80.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []wireMessage
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		var m struct{ Subject, Reply, Data string }
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		data, err := base64.StdEncoding.DecodeString(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, wireMessage{n, m.Subject, m.Reply, data})
	}
	return out
}

const (
	wireHost    = "NBVHNUTWO7FONN332LCFIVRHNASPFJIKE7IJTBJVNJEDHUITPEYPEQ6K"
	wireCluster = "CARZGT7DGS5A464BSJ72DKL2ZX7OP6IXIPZQ4QGY53IR4O37BLP5J2RO"
	handWritten = 189 // line sent by a hand-written client
)

// The lines whose bytes a faithful re-encoding cannot repeat, and why.
var notRepeatable = map[int]string{
	handWritten: "a hand-written client: content_length in nine bytes, and a key trace_context that nobody reads",
	91:          "the inventory's labels are in a Rust HashMap's random order; ours are sorted",
}

// wireKind says what a message is; "" = NATS's own traffic.
func wireKind(m wireMessage, replies map[string]string) string {
	if kind, ok := replies[m.Subject]; ok {
		return kind
	}
	s := strings.ReplaceAll(m.Subject, wireHost, "HOST")
	switch {
	case strings.HasPrefix(s, "wasmbus.ctl."):
		return strings.TrimPrefix(s, "wasmbus.ctl.default.")
	case strings.HasPrefix(s, "wasmbus.evt."):
		return "event"
	case strings.HasPrefix(s, "wasmbus.rpc.") && strings.HasSuffix(s, ".linkdefs.put"), strings.HasSuffix(s, ".linkdefs.del"):
		return "link"
	case strings.HasSuffix(s, ".shutdown"):
		return "shutdown"
	case strings.HasPrefix(s, "wasmbus.rpc."):
		return "invocation"
	case strings.HasPrefix(s, "$KV.") && len(m.Data) > 0:
		return "kv"
	case strings.HasPrefix(s, "$JS.API.DIRECT.GET.KV_LATTICEDATA_"):
		return "kv read"
	}
	return ""
}

// replyKind says what answers a message of a kind.
func replyKind(kind string) string {
	switch kind {
	case "ping.hosts":
		return "host"
	case "get.HOST.inv":
		return "inventory"
	case "invocation":
		return "response"
	case "kv read":
		return "kv entry"
	case "shutdown", "kv", "":
		return ""
	}
	return "ack"
}

// recode decodes a message of a kind and encodes what it understood.
func recode(t *testing.T, kind string, m wireMessage) []byte {
	t.Helper()
	recoders := map[string]func(b []byte) ([]byte, error){
		"ping.hosts":     func(b []byte) ([]byte, error) { return b, nil }, // no body
		"get.HOST.inv":   func(b []byte) ([]byte, error) { return b, nil },
		"host":           recodeJSON[Host],
		"inventory":      recodeJSON[HostInventory],
		"ack":            recodeJSON[Ack],
		"cmd.HOST.la":    recodeJSON[StartActorCommand],
		"cmd.HOST.lp":    recodeJSON[StartProviderCommand],
		"cmd.HOST.scale": recodeJSON[ScaleActorCommand],
		"cmd.HOST.sa":    recodeJSON[StopActorCommand],
		"cmd.HOST.sp":    recodeJSON[StopProviderCommand],
		"cmd.HOST.stop":  recodeJSON[StopHostCommand],
		"shutdown":       recodeJSON[ShutdownRequest],
		"event":          recodeEvent,
		"invocation": func(b []byte) ([]byte, error) {
			i, err := UnmarshalInvocation(b)
			if err != nil {
				return nil, err
			}
			return i.Marshal(), nil
		},
		"response": func(b []byte) ([]byte, error) {
			r, err := UnmarshalResponse(b)
			if err != nil {
				return nil, err
			}
			return r.Marshal(), nil
		},
		"link": func(b []byte) ([]byte, error) {
			l, err := UnmarshalLinkDefinition(b)
			return l.Marshal(), err
		},
		"kv read":  func(b []byte) ([]byte, error) { return b, nil },
		"kv entry": recodeClaims,
		"kv": func(b []byte) ([]byte, error) {
			if strings.Contains(m.Subject, KeyLink) {
				return recodeJSON[LinkDefinition](b)
			}
			return recodeClaims(b)
		},
	}
	f, ok := recoders[kind]
	if !ok {
		t.Fatalf("line %d: nobody decodes %s", m.Line, kind)
	}
	out, err := f(m.Data)
	if err != nil {
		t.Fatalf("line %d (%s): %v", m.Line, kind, err)
	}
	return out
}

func recodeJSON[T any](b []byte) ([]byte, error) {
	var v T
	if err := DecodeJSON(b, &v); err != nil {
		return nil, err
	}
	return EncodeJSON(v)
}

func recodeClaims(b []byte) ([]byte, error) {
	r, err := UnmarshalClaimsRecord(b)
	if err != nil {
		return nil, err
	}
	return EncodeJSON(r)
}

func recodeEvent(b []byte) ([]byte, error) {
	e, err := ParseEvent(b)
	if err != nil {
		return nil, err
	}
	data, err := map[string]func(b []byte) ([]byte, error){
		EventHostStarted:     recodeJSON[HostStarted],
		EventHostStopped:     recodeJSON[HostStopped],
		EventActorStarted:    recodeJSON[ActorStarted],
		EventActorsStarted:   recodeJSON[ActorsStarted],
		EventActorStopped:    recodeJSON[ActorStopped],
		EventActorsStopped:   recodeJSON[ActorsStopped],
		EventProviderStarted: recodeJSON[ProviderStarted],
		EventProviderStopped: recodeJSON[ProviderStopped],
		EventLinkSet:         recodeJSON[LinkChanged],
		EventLinkDeleted:     recodeJSON[LinkChanged],
	}[e.Name()](e.Data)
	if err != nil {
		return nil, err
	}
	e.Data = data
	return EncodeJSON(e)
}

// Every message of actors, control, events, providers and KV in the recording is
// understood, and written again it gives the same bytes.
func TestWireRoundTrip(t *testing.T) {
	replies := map[string]string{}
	counts := map[string]int{}
	for _, m := range readWire(t) {
		kind := wireKind(m, replies)
		if kind == "" || (kind == "response" && len(m.Data) == 0) {
			continue
		}
		if m.Reply != "" && !strings.HasPrefix(m.Reply, "$JS.") {
			replies[m.Reply] = replyKind(kind)
		}
		counts[kind]++
		got := recode(t, kind, m)
		equal := bytes.Equal(got, m.Data)
		reason := notRepeatable[m.Line]
		switch {
		case !equal && reason == "":
			t.Errorf("line %d (%s) differs:\n%s", m.Line, kind, cmp.Diff(string(m.Data), string(got)))
		case equal && reason != "":
			t.Errorf("line %d (%s) is repeatable after all, although %s", m.Line, kind, reason)
		}
	}
	want := map[string]int{
		"ping.hosts": 1, "host": 1, "get.HOST.inv": 1, "inventory": 1, "ack": 7,
		"cmd.HOST.la": 1, "cmd.HOST.lp": 2, "cmd.HOST.scale": 1, "cmd.HOST.sa": 1, "cmd.HOST.sp": 1, "cmd.HOST.stop": 1,
		"event": 11, "invocation": 14, "response": 14, "link": 2, "kv": 10, "kv read": 5, "kv entry": 5, "shutdown": 1,
	}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Errorf("messages by kind (-want +got):\n%s", diff)
	}
}

// Every invocation of the recording is genuine at the second it was made, for
// the issuer and target it names.
func TestWireVerify(t *testing.T) {
	n := 0
	seen := NewReplay(0)
	for _, m := range readWire(t) {
		if wireKind(m, nil) != "invocation" {
			continue
		}
		n++
		inv, err := UnmarshalInvocation(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		c, err := claims.Parse[claims.Invocation](inv.EncodedClaims)
		if err != nil {
			t.Fatal(err)
		}
		v := Verification{
			Now: time.Unix(c.IssuedAt, 0), ClusterIssuers: []strkey.PublicKey{wireCluster},
			Target: inv.Target, Seen: seen,
		}
		if err := inv.Verify(v); err != nil {
			t.Errorf("line %d: %v", m.Line, err)
		}
		if err := inv.Verify(v); err == nil {
			t.Errorf("line %d: accepted twice", m.Line)
		}
		if inv.Chunked() {
			t.Errorf("line %d: counts as chunked", m.Line)
		}
		if _, err := MsgpackToJSON(inv.Msg, BinString); err != nil {
			t.Errorf("line %d: argument: %v", m.Line, err)
		}
	}
	if n != 14 {
		t.Errorf("%d invocations, want 14", n)
	}
}

func TestWireReplies(t *testing.T) {
	var chunked, failed, texts int
	replies := map[string]bool{}
	for _, m := range readWire(t) {
		if wireKind(m, nil) == "invocation" {
			replies[m.Reply] = true
		}
		if !replies[m.Subject] {
			continue
		}
		r, err := UnmarshalResponse(m.Data)
		if err != nil {
			t.Fatalf("line %d: %v", m.Line, err)
		}
		switch {
		case r.Chunked():
			chunked++
			if r.ContentLength != 1500032 {
				t.Errorf("content length %d", r.ContentLength)
			}
		case r.Error != "":
			failed++
		default:
			text, err := DecodeReply(r.Msg, BinString)
			if err != nil {
				t.Errorf("line %d: %v", m.Line, err)
			}
			if bytes.Contains(text, []byte(`"body":"count=4"`)) {
				texts++
			}
		}
	}
	if chunked != 1 || failed != 2 || texts != 1 {
		t.Errorf("%d chunked, %d failed, %d with count=4; want 1, 2, 1", chunked, failed, texts)
	}
}
