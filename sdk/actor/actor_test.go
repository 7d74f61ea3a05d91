package actor_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func TestDispatch(t *testing.T) {
	a := actor.New()
	a.Handle("Upper.Case", func(ctx *actor.Context, payload []byte) ([]byte, error) {
		return []byte(ctx.Operation() + " " + strings.ToUpper(string(payload))), nil
	})
	h := actortest.New(t, a)
	tests := map[string]struct{ operation, want, err string }{
		"exact":               {"Upper.Case", "Upper.Case X", ""},
		"with its contract":   {"acme:text/Upper.Case", "Upper.Case X", ""},
		"unknown":             {"Upper.Cut", "", "actor does not answer Upper.Cut"},
		"method without more": {"Case", "", "actor does not answer Case"},
		"no HTTP handler":     {actor.HandleRequest, "", "actor does not answer HttpServer.HandleRequest"},
		"health":              {"Actor.HealthRequest", "\x81\xa7healthy\xc3", ""},
	}
	for name, tt := range tests {
		reply, err := h.Call(tt.operation, []byte("x"))
		if string(reply) != tt.want || text(err) != tt.err {
			t.Errorf("%s: got %q, %q", name, reply, text(err))
		}
	}
	a.Handle("Actor.HealthRequest", func(*actor.Context, []byte) ([]byte, error) { return nil, errors.New("tired") })
	if _, err := h.Call("Actor.HealthRequest", nil); text(err) != "tired" {
		t.Errorf("own health handler: %v", err)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

type stringer struct{}

func (stringer) String() string { return "a stringer" }

func TestPanicsBecomeErrors(t *testing.T) {
	for want, v := range map[string]any{
		"oh no": "oh no", "failed": errors.New("failed"), "a stringer": stringer{}, "42": 42,
		"a value that is neither text nor an error": struct{}{},
	} {
		a := actor.New()
		a.Handle("X.Y", func(*actor.Context, []byte) ([]byte, error) { panic(v) })
		h := actortest.New(t, a)
		if reply, err := h.Call("X.Y", nil); reply != nil || text(err) != "X.Y panicked: "+want {
			t.Errorf("%v: got %q, %v", v, reply, err)
		}
		if got := h.Log(); len(got) != 1 || got[0] != (actortest.Entry{Level: "error", Text: "X.Y panicked: " + want}) {
			t.Errorf("%v: log %v", v, got)
		}
	}
}

func TestHTTP(t *testing.T) {
	req := actor.Request{
		Method: "POST", Path: "/p", Query: "a=1", Body: []byte{0, 1, 255},
		Header: map[string][]string{"accept": {"text/html", "*/*"}, "x": {}},
	}
	a := actor.New()
	a.HandleHTTP(func(_ *actor.Context, got actor.Request) (actor.Response, error) {
		if got.Method != req.Method || got.Path != req.Path || got.Query != req.Query || !slices.Equal(got.Body, req.Body) ||
			!maps.EqualFunc(got.Header, req.Header, slices.Equal[[]string]) {
			t.Errorf("request arrived as %+v", got)
		}
		return actor.Response{Body: []byte("ok")}, nil
	})
	h := actortest.New(t, a)
	if res := h.HTTP(req); res.Status != 200 || string(res.Body) != "ok" {
		t.Errorf("got %+v", res)
	}
	if _, err := h.Call(actor.HandleRequest, []byte("\x83")); !strings.HasPrefix(text(err), "reading the message of HttpServer.HandleRequest: ") || !errors.Is(err, msgpack.ErrTruncated) {
		t.Errorf("broken request: %v", err)
	}
}

// TestHTTPBytes holds the bytes of formats that real HTTP servers and wash decode.
func TestHTTPBytes(t *testing.T) {
	res := actor.Text(404, "no")
	want := "\x83\xaastatusCode\xcd\x01\x94\xa6header\x81\xaccontent-type\x91\xb9text/plain; charset=utf-8\xa4body\xc4\x02no"
	if got := string(res.MarshalMsgpack()); got != want {
		t.Errorf("response\n%q, want\n%q", got, want)
	}
	a := actor.New()
	a.HandleHTTP(func(*actor.Context, actor.Request) (actor.Response, error) { return actor.Response{}, nil })
	empty, err := actortest.New(t, a).Call(actor.HandleRequest, actor.Request{}.MarshalMsgpack())
	if want := "\x83\xaastatusCode\xcc\xc8\xa6header\x80\xa4body\xc4\x00"; err != nil || string(empty) != want {
		t.Errorf("empty response\n%q, %v, want\n%q", empty, err, want)
	}
	// As wash sends it: the body is a str.
	wash := "\x85\xa6method\xa3GET\xa4path\xa1/\xa4body\xa2hi\xabqueryString\xa3a=b\xa6header\x80"
	var req actor.Request
	if err := req.UnmarshalMsgpack([]byte(wash)); err != nil || req.Method != "GET" || req.Path != "/" || string(req.Body) != "hi" || req.Query != "a=b" {
		t.Errorf("got %+v, %v", req, err)
	}
}

func TestQueryValue(t *testing.T) {
	req := actor.Request{Query: "a=1&b=two+words&c=%41%c3%a4%2&a=2&d&=e&%66=6"}
	for name, want := range map[string]string{"a": "1", "b": "two words", "c": "Aä%2", "d": "", "missing": "", "": "e", "f": "6"} {
		if got := req.QueryValue(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestContext(t *testing.T) {
	var ctx *actor.Context
	a := actor.New()
	var body func() error
	a.Handle("Run.It", func(c *actor.Context, _ []byte) ([]byte, error) { ctx = c; return nil, body() })
	echo := actor.New()
	echo.HandleHTTP(func(_ *actor.Context, req actor.Request) (actor.Response, error) {
		return actor.Text(201, "echo "+req.Path), nil
	})
	h := actortest.New(t, a)
	h.Link("echo", echo)
	h.Provide("acme:kv", func(operation string, payload []byte) ([]byte, error) {
		return append([]byte(operation+" "), payload...), nil
	})
	run := func(f func() error) {
		t.Helper()
		body = f
		if _, err := h.Call("Run.It", nil); err != nil {
			t.Error(err)
		}
	}
	run(func() error {
		reply, err := ctx.CallLink("other", "acme:kv", "KeyValue.Get", []byte("k"))
		if string(reply) != "KeyValue.Get k" {
			t.Errorf("provider: %q", reply)
		}
		return err
	})
	run(func() error {
		res, err := ctx.CallHTTP("echo", actor.Request{Method: "GET", Path: "/there"})
		if res.Status != 201 || string(res.Body) != "echo /there" {
			t.Errorf("other actor: %+v", res)
		}
		return err
	})
	run(func() error {
		for range 50 {
			if n, err := ctx.RandomInRange(3, 5); err != nil || n < 3 || n > 5 {
				t.Errorf("random number %d, %v", n, err)
			}
		}
		_, err := ctx.RandomInRange(5, 3)
		if err == nil {
			t.Error("a number was found between 5 and 3")
		}
		one, _ := ctx.Random32()
		other, _ := ctx.Random32()
		if one == other {
			t.Errorf("got %d twice", one)
		}
		id, err := ctx.GUID()
		if len(id) != 36 || id[14] != '4' {
			t.Errorf("guid %q", id)
		}
		return err
	})
	if _, err := ctx.Call("wasmcloud:messaging", "Messaging.Publish", nil); !strings.Contains(text(err), "wasmcloud:messaging") {
		t.Errorf("no link: %v", err)
	}
}

func TestLogging(t *testing.T) {
	a := actor.New()
	a.Handle("Log.All", func(ctx *actor.Context, _ []byte) ([]byte, error) {
		ctx.Debug("one")
		ctx.Info("two")
		ctx.Warn("three")
		ctx.Error("four")
		return nil, nil
	})
	h := actortest.New(t, a)
	if _, err := h.Call("Log.All", nil); err != nil {
		t.Fatal(err)
	}
	want := []actortest.Entry{
		{Level: "debug", Text: "one"}, {Level: "info", Text: "two"},
		{Level: "warn", Text: "three"}, {Level: "error", Text: "four"},
	}
	if got := h.Log(); !slices.Equal(got, want) {
		t.Errorf("log %v", got)
	}
	h.Provide(actor.LoggingContract, func(string, []byte) ([]byte, error) { return nil, errors.New("claim is missing") })
	if _, err := h.Call("Log.All", nil); err != nil {
		t.Fatal(err)
	}
	if got := h.Log(); len(got) != 8 || got[7] != (actortest.Entry{Text: "error: four"}) {
		t.Errorf("log without the capability: %v", got)
	}
}

func TestJSONStringsAreJSON(t *testing.T) {
	for _, s := range []string{"", "plain", `"quoted" \ slash`, "a\nb\r\t\x00\x1f", "ä€😀", "\u2028<&>", "a\xffb"} {
		var got string
		b := actor.AppendJSONString(nil, s)
		if err := json.Unmarshal(b, &got); err != nil || got != strings.ToValidUTF8(s, "\ufffd") {
			t.Errorf("%q: wrote %s, which is %q (%v)", s, b, got, err)
		}
	}
}
