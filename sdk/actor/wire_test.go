package actor_test

import (
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

// Messages recorded between real programs: the Rust host 0.80, wasmCloud's own httpserver provider
// and an actor in Rust (wasmbus-rpc 0.13).
const (
	// From wash call: no header at all.
	wireRequest = "\x85\xa6method\xa3GET\xa4path\xa6/count\xabqueryString\xa0\xa6header\x80\xa4body\xc4\x00"
	// From curl through the provider; the order of its header changes from one request to the next.
	wirePost = "\x85\xa6method\xa4POST\xa4path\xa6/hello\xabqueryString\xa0\xa6header\x85\xaauser-agent\x91\xabcurl/7.88.1" +
		"\xa4host\x91\xae127.0.0.1:8088\xa6accept\x91\xa3*/*\xaecontent-length\x91\xa14" +
		"\xaccontent-type\x91\xd9!application/x-www-form-urlencoded\xa4body\xc4\x04body"
	wireResponse = "\x83\xaastatusCode\xcc\xc8\xa6header\x80\xa4body\xc4\x07count=1"
)

func TestRealMessages(t *testing.T) {
	var req actor.Request
	if err := req.UnmarshalMsgpack([]byte(wireRequest)); err != nil || req.Path != "/count" {
		t.Errorf("request: %+v, %v", req, err)
	}
	if got := string(req.MarshalMsgpack()); got != wireRequest {
		t.Errorf("request written again is\n%q, was\n%q", got, wireRequest)
	}
	if err := req.UnmarshalMsgpack([]byte(wirePost)); err != nil || req.Method != "POST" || string(req.Body) != "body" ||
		len(req.Header) != 5 || req.Header["content-type"][0] != "application/x-www-form-urlencoded" {
		t.Errorf("post: %+v, %v", req, err)
	}
	if got := len(req.MarshalMsgpack()); got != len(wirePost) {
		t.Errorf("post written again has %d bytes, had %d", got, len(wirePost))
	}
	var res actor.Response
	if err := res.UnmarshalMsgpack([]byte(wireResponse)); err != nil || res.Status != 200 || string(res.Body) != "count=1" {
		t.Errorf("response: %+v, %v", res, err)
	}
	if got := string(res.MarshalMsgpack()); got != wireResponse {
		t.Errorf("response written again is\n%q, was\n%q", got, wireResponse)
	}
}

// FuzzRequest holds that whatever arrives as a request, an actor answers, with a response or an
// error, and that a request that is taken is written and read back the same.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(wireRequest))
	f.Add([]byte(wirePost))
	f.Add([]byte("\x85\xa6header\xdf\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		var req, again actor.Request
		if req.UnmarshalMsgpack(payload) != nil {
			return
		}
		b := req.MarshalMsgpack()
		if err := again.UnmarshalMsgpack(b); err != nil || string(again.MarshalMsgpack()) != string(b) {
			t.Fatalf("wrote %q, which reads as %+v (%v)", b, again, err)
		}
	})
}
