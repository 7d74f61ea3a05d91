package provider_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// The recording: the Rust host 0.80 and wasmCloud's own providers httpserver and kvredis.
const (
	wireHost    = "NBVHNUTWO7FONN332LCFIVRHNASPFJIKE7IJTBJVNJEDHUITPEYPEQ6K"
	wireCluster = "CARZGT7DGS5A464BSJ72DKL2ZX7OP6IXIPZQ4QGY53IR4O37BLP5J2RO"
	wireHTTP    = "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF"
	wireKV      = "VA2LSNS2ZRLHR6JEUY72YWYO7GYSOEBCA3MI4OIDQJWPMZFFZJECBLNO"
	wireActor   = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
	wireTime    = 1_795_400_092 // when most of it was sent
)

type wireMessage struct {
	Subject, Reply string
	Data           []byte
}

// recording gives the messages, and those that answer them by their subject.
func recording(t *testing.T) (all []wireMessage, replies map[string][]byte) {
	t.Helper()
	f, err := os.Open("../../internal/wasmbus/testdata/rust-host-0.80.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	replies = map[string][]byte{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m struct{ Subject, Reply, Data string }
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatal(err)
		}
		data, err := base64.StdEncoding.DecodeString(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, wireMessage{m.Subject, m.Reply, data})
		if strings.HasPrefix(m.Subject, "_INBOX.") {
			replies[m.Subject] = data
		}
	}
	return all, replies
}

// asRecorded is the host data that the recorded host gave to one of its providers, less its cluster seed.
func asRecorded(key string) func(*provider.HostData) {
	return func(d *provider.HostData) {
		d.HostID, d.ProviderKey, d.ClusterIssuers = wireHost, key, []string{wireCluster}
	}
}

func atRecording() provider.Options {
	return provider.Options{Now: func() time.Time { return time.Unix(wireTime, 0) }}
}

// counting is a store that does what the recording needs of one.
type counting struct {
	keyvalue.KeyValue[context.Context]
	mu sync.Mutex
	n  map[string]int32
}

func (c *counting) Increment(_ context.Context, r keyvalue.IncrementRequest) (int32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[r.Key] += r.Value
	return c.n[r.Key], nil
}

// Everything that the recorded host sent to the recorded key-value provider is taken by ours, and
// answered alike.
func TestRecordedHostIsServed(t *testing.T) {
	all, replies := recording(t)
	kv := &counting{n: map[string]int32{}}
	var links []provider.LinkDefinition
	s := &sample{
		link: func(l provider.LinkDefinition) error {
			links = append(links, l)
			return nil
		},
		call: func(ctx context.Context, c provider.Call) ([]byte, error) {
			reply, _, err := keyvalue.DispatchKeyValue(ctx, kv, c.Operation, c.Msg)
			return reply, err
		},
	}
	b := providerbed.Start(t, s, providerbed.Setup{Contract: keyvalue.Contract, Data: asRecorded(wireKV), Options: atRecording()})
	served := map[string]int{}
	for _, m := range all {
		rest, ours := strings.CutPrefix(m.Subject, "wasmbus.rpc.default."+wireKV+".default")
		if !ours {
			continue
		}
		served[rest]++
		if m.Reply == "" {
			b.Publish(m.Subject, m.Data)
			continue
		}
		got := b.Request(m.Subject, m.Data).Data
		if rest != "" {
			if !bytes.Equal(got, replies[m.Reply]) {
				t.Errorf("%s: answered %q, the recorded provider %q", rest, got, replies[m.Reply])
			}
			continue
		}
		compareResponses(t, got, replies[m.Reply])
	}
	if diff := cmp.Diff(map[string]int{".linkdefs.put": 1, "": 4, ".shutdown": 1}, served); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
	if len(links) != 1 || links[0].ActorID != wireActor || links[0].Values["URL"] != "redis://127.0.0.1:6379" {
		t.Errorf("links %+v", links)
	}
}

// compareResponses allows for the trace context, which the recorded provider sends empty.
func compareResponses(t *testing.T, got, want []byte) {
	t.Helper()
	g, err := wasmbus.UnmarshalResponse(got)
	if err != nil {
		t.Fatal(err)
	}
	w, err := wasmbus.UnmarshalResponse(want)
	if err != nil {
		t.Fatal(err)
	}
	w.TraceContext = nil
	if diff := cmp.Diff(w, g); diff != "" {
		t.Errorf("response (-recorded +ours):\n%s", diff)
	}
}

// What the recorded HTTP server asked the actor is asked by ours on the same subjects with the same
// bodies, ids, tokens and the key of the cluster aside; the recorded answers are taken.
func TestRecordedActorIsCalled(t *testing.T) {
	all, replies := recording(t)
	link := provider.LinkDefinition{ActorID: wireActor, ProviderID: wireHTTP, LinkName: "default", ContractID: httpserver.Contract}
	b := providerbed.Start(t, &sample{}, providerbed.Setup{Contract: httpserver.Contract, Data: asRecorded(wireHTTP), Options: atRecording()})
	asked := make(chan *nats.Msg, 1)
	sub, err := b.Conn.NATS().Subscribe("wasmbus.rpc.default."+wireActor, func(m *nats.Msg) { asked <- m })
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := b.Conn.NATS().Flush(); err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, m := range all {
		want, err := wasmbus.UnmarshalInvocation(m.Data)
		if err != nil || want.Origin.PublicKey != wireHTTP || m.Subject != "wasmbus.rpc.default."+wireActor {
			continue
		}
		recorded, err := wasmbus.UnmarshalResponse(replies[m.Reply])
		if err != nil {
			t.Fatal(err)
		}
		if recorded.Chunked() {
			continue // the chunks are not in the recording; TestLargeBodiesTravelThroughTheObjectStore has them
		}
		calls++
		type result struct {
			msg []byte
			err error
		}
		done := make(chan result, 1)
		go func() {
			msg, err := b.Host.CallActor(providerbed.Context(t), link, want.Operation, want.Msg)
			done <- result{msg, err}
		}()
		request := <-asked
		got, err := wasmbus.UnmarshalInvocation(request.Data)
		if err != nil {
			t.Fatal(err)
		}
		recorded.InvocationID = got.ID
		compareInvocations(t, m.Subject, request.Subject, got, want)
		if err := request.Respond(recorded.Marshal()); err != nil {
			t.Fatal(err)
		}
		r := <-done
		switch {
		case recorded.Error != "" && (r.err == nil || r.err.Error() != recorded.Error):
			t.Errorf("error %v, recorded %q", r.err, recorded.Error)
		case recorded.Error == "" && (r.err != nil || !bytes.Equal(r.msg, recorded.Msg)):
			t.Errorf("got %q, %v, recorded %q", r.msg, r.err, recorded.Msg)
		}
	}
	if calls != 8 {
		t.Errorf("%d calls of the recording were made, want 8", calls)
	}
}

func compareInvocations(t *testing.T, subject, gotSubject string, got, want *wasmbus.Invocation) {
	t.Helper()
	if gotSubject != subject {
		t.Errorf("subject %s, recorded %s", gotSubject, subject)
	}
	if slices.Contains([]string{got.ID, got.EncodedClaims}, "") {
		t.Error("it has no id or no token")
	}
	got.ID, got.EncodedClaims, got.TraceContext = want.ID, want.EncodedClaims, want.TraceContext
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("invocation (-recorded +ours):\n%s", diff)
	}
}
