package httpserver_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"
)

// The bytes are those of wasmCloud's own provider and of an actor in Rust; see sdk/actor/wire_test.go too.
func TestMessages(t *testing.T) {
	const request = "\x85\xa6method\xa3GET\xa4path\xa6/count\xabqueryString\xa3a=b\xa6header\x81\xa4host\x91\xa1h\xa4body\xc4\x01x"
	want := httpserver.Request{Method: "GET", Path: "/count", Query: "a=b", Header: map[string][]string{"host": {"h"}}, Body: []byte("x")}
	var got httpserver.Request
	if err := got.UnmarshalMsgpack([]byte(request)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
	if string(want.MarshalMsgpack()) != request {
		t.Errorf("written as %q", want.MarshalMsgpack())
	}
	// Rust decoders fail without a header, and take a missing status for 0: all is sent.
	const response = "\x83\xaastatusCode\x00\xa6header\x80\xa4body\xc4\x00"
	if got := string(httpserver.Response{}.MarshalMsgpack()); got != response {
		t.Errorf("an empty response is written as %q", got)
	}
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte("\x85\xa6method\xa3GET\xa4path\xa6/count\xabqueryString\xa0\xa6header\x80\xa4body\xc4\x00"))
	f.Add([]byte("\x83\xaastatusCode\xcc\xc8\xa6header\x81\xa1a\x92\xa1b\xa1c\xa4body\xa1x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var req, again httpserver.Request
		if req.UnmarshalMsgpack(b) == nil {
			if err := again.UnmarshalMsgpack(req.MarshalMsgpack()); err != nil || again.Path != req.Path || !slices.Equal(again.Body, req.Body) {
				t.Errorf("%+v became %+v, %v", req, again, err)
			}
		}
		var res, twice httpserver.Response
		if res.UnmarshalMsgpack(b) == nil && res.Status != 0 {
			if err := twice.UnmarshalMsgpack(res.MarshalMsgpack()); err != nil || twice.Status != res.Status || !slices.Equal(twice.Body, res.Body) {
				t.Errorf("%+v became %+v, %v", res, twice, err)
			}
		}
	})
}
