// Package contracts_test holds the generated codecs against what real programs sent.
package contracts_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/keyvalue"
)

// exchange is a recorded call and its answer.
type exchange struct {
	operation       string
	message, answer []byte
}

// recording gives the calls between the Rust host 0.80, wasmCloud's own providers httpserver and
// kvredis and an actor in Rust, less those whose bodies went through the object store or failed.
func recording(t *testing.T) []exchange {
	t.Helper()
	f, err := os.Open("../../internal/wasmbus/testdata/rust-host-0.80.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []exchange
	waiting := map[string]int{} // by the subject of the answer
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
		if i, ok := waiting[m.Subject]; ok {
			if r, err := wasmbus.UnmarshalResponse(data); err == nil && r.Error == "" && !r.Chunked() {
				calls[i].answer = r.Msg
			}
		} else if inv, err := wasmbus.UnmarshalInvocation(data); err == nil && len(inv.Msg) > 0 {
			waiting[m.Reply] = len(calls)
			calls = append(calls, exchange{operation: inv.Operation, message: inv.Msg})
		}
	}
	return calls
}

// recorder implements the contracts by what was answered then, and keeps what it was asked.
type recorder struct {
	asked    interface{ MarshalMsgpack() []byte }
	response httpserver.Response
	sum      int32
}

func (r *recorder) HandleRequest(_ context.Context, in httpserver.Request) (httpserver.Response, error) {
	r.asked = in
	return r.response, nil
}

// kv is the key-value half, of which the recording has one operation.
type kv struct {
	keyvalue.KeyValue[context.Context]
	*recorder
}

func (k kv) Increment(_ context.Context, in keyvalue.IncrementRequest) (int32, error) {
	k.asked = in
	return k.sum, nil
}

// Clients read the recorded answers, dispatchers the recorded messages, and both write them as they were.
func TestRecordedMessages(t *testing.T) {
	seen := map[string]int{}
	for _, call := range recording(t) {
		r := &recorder{}
		var reply []byte
		var known bool
		var err error
		replay := func(string, []byte) ([]byte, error) { return call.answer, nil }
		switch call.operation {
		case httpserver.HandleRequest:
			if call.answer != nil {
				r.response, err = httpserver.HttpServerClient{Call: replay}.HandleRequest(httpserver.Request{})
			}
			if err == nil {
				reply, known, err = httpserver.DispatchHttpServer[context.Context](t.Context(), r, call.operation, call.message)
			}
		case keyvalue.KeyValueIncrementOperation:
			if r.sum, err = (keyvalue.KeyValueClient{Call: replay}).Increment(keyvalue.IncrementRequest{}); err == nil {
				reply, known, err = keyvalue.DispatchKeyValue[context.Context](t.Context(), kv{recorder: r}, call.operation, call.message)
			}
		default:
			t.Errorf("the recording has %s, which this test does not know", call.operation)
			continue
		}
		if err != nil || !known {
			t.Errorf("%s: known %v, %v", call.operation, known, err)
			continue
		}
		seen[call.operation]++
		equal(t, call.operation, r.asked.MarshalMsgpack(), call.message)
		if call.answer != nil {
			equal(t, "the answer of "+call.operation, reply, call.answer)
		}
	}
	if diff := cmp.Diff(map[string]int{httpserver.HandleRequest: 10, keyvalue.KeyValueIncrementOperation: 4}, seen); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// equal allows for the order of keys in a map: the recorded Rust programs write headers in that of
// their hashes, which changes from one message to the next.
func equal(t *testing.T, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	if g, w := value(t, got), value(t, want); len(got) != len(want) || !reflect.DeepEqual(g, w) {
		t.Errorf("%s is written as\n%q, was\n%q", what, got, want)
	}
}

func value(t *testing.T, b []byte) (v any) {
	t.Helper()
	text, err := wasmbus.MsgpackToJSON(b, wasmbus.BinArray)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		t.Fatal(err)
	}
	return v
}
