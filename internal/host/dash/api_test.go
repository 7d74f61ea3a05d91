package dash

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Each command reaches the host as it was meant.
func TestCommands(t *testing.T) {
	for _, tt := range []struct {
		method, path, body string
		want               any
	}{
		{"POST", "/api/actors", `{"ref":" localhost:5000/echo:1 "}`, StartActor{Ref: "localhost:5000/echo:1", Count: 1}},
		{"POST", "/api/actors", `{"ref":"a:1","count":3,"host_id":"N2","annotations":{"a":"b"}}`, StartActor{Host: "N2", Ref: "a:1", Count: 3, Annotations: map[string]string{"a": "b"}}},
		{"POST", "/api/actors/MKEY/scale", `{"count":0}`, change{"", "MKEY", "", 0}},
		{"POST", "/api/actors/MKEY/scale", `{"count":5,"host_id":"N2","ref":"a:1"}`, change{"N2", "MKEY", "a:1", 5}},
		{"POST", "/api/actors/MKEY/update", `{"ref":"a:2"}`, change{"", "MKEY", "a:2", -1}},
		{"DELETE", "/api/actors/MKEY?host_id=N2", "", change{"N2", "MKEY", "", 0}},
		{"POST", "/api/providers", `{"ref":"p:1"}`, StartProvider{Ref: "p:1", Link: "default"}},
		{"DELETE", "/api/providers/VKEY?contract_id=c&link_name=l&host_id=N2", "", [4]string{"N2", "VKEY", "c", "l"}},
		{"PUT", "/api/links", `{"actor_id":"M","provider_id":"V","contract_id":"c","link_name":"","values":null}`,
			wasmbus.LinkDefinition{ActorID: "M", ProviderID: "V", ContractID: "c", LinkName: "default", Values: map[string]string{}}},
		{"DELETE", "/api/links?actor_id=M&contract_id=c", "", deletion{"M", "c", "default"}},
	} {
		w := start(t, nil)
		rec := w.ask(tt.method, tt.path, tt.body, nil)
		if rec.Code != 200 || !reflect.DeepEqual(w.host.last(), tt.want) {
			t.Errorf("%s %s: %d %s; the host was asked for %#v", tt.method, tt.path, rec.Code, rec.Body, w.host.last())
		}
		w.host.refuse = errNo
		rec = w.ask(tt.method, tt.path, tt.body, nil)
		if text, _ := problem(t, rec); rec.Code != 409 || text != errNo.Error() {
			t.Errorf("%s %s refused: %d %s", tt.method, tt.path, rec.Code, text)
		}
	}
}

// What cannot be meant is refused before the host is asked, with what was wanted.
func TestBadRequests(t *testing.T) {
	for _, tt := range []struct {
		method, path, body, want string
	}{
		{"POST", "/api/actors", `{}`, "nothing to start is named"},
		{"POST", "/api/actors", `{"ref":"a","upload":"b"}`, "want one of them"},
		{"POST", "/api/actors", `{"ref":"a","count":0}`, "count is 0: want 1 to 500"},
		{"POST", "/api/actors", `{"ref":"a","count":501}`, "want 1 to 500"},
		{"POST", "/api/actors", `{"ref":"a","count":"1"}`, "not what is wanted"},
		{"POST", "/api/actors", `{"ref":"a","instances":1}`, `unknown field "instances"`},
		{"POST", "/api/actors", `{"ref":"a"} {}`, "something follows"},
		{"POST", "/api/actors", `{"ref":`, "not what is wanted"},
		{"POST", "/api/actors", `[]`, "not what is wanted"},
		{"POST", "/api/actors/M/scale", `{}`, "count is missing"},
		{"POST", "/api/actors/M/scale", `{"count":-1}`, "count is -1"},
		{"POST", "/api/actors/M/update", `{}`, "nothing to start is named"},
		{"POST", "/api/providers", `{"ref":"a","link_name":"a.b"}`, "no dot, star"},
		{"POST", "/api/providers", `{"ref":"a","link_name":"` + strings.Repeat("l", 200) + `"}`, "no dot, star"},
		{"DELETE", "/api/providers/V?link_name=*", "", "no dot, star"},
		{"PUT", "/api/links", `{"link_name":"a>"}`, "no dot, star"},
		{"DELETE", "/api/links?actor_id=M", "", "actor_id, contract_id and link_name"},
		{"POST", "/api/calls", `{"operation":"A.B"}`, "target is missing"},
		{"POST", "/api/calls", `{"target":"M","operation":""}`, "want Interface.Method"},
		{"POST", "/api/calls", `{"target":"M","operation":"A B"}`, "want Interface.Method"},
		{"POST", "/api/calls", `{"target":"M","operation":"A.B","timeout_ms":3600000}`, "want at most"},
		{"POST", "/api/calls", `{"target":"M","operation":"A.B","payload":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, "payload"},
	} {
		w := start(t, nil)
		rec := w.ask(tt.method, tt.path, tt.body, nil)
		if text, _ := problem(t, rec); rec.Code != 400 || !strings.Contains(text, tt.want) || w.host.last() != nil {
			t.Errorf("%s %s %.60s: %d %s (asked %v)", tt.method, tt.path, tt.body, rec.Code, text, w.host.last())
		}
	}
	w := start(t, nil)
	rec := w.ask("POST", "/api/actors", `{"ref":"a"}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	if text, _ := problem(t, rec); rec.Code != 400 || !strings.Contains(text, "application/json") {
		t.Errorf("a form's content type: %d %s", rec.Code, text)
	}
	if rec := w.ask("GET", "/api/nothing", "", nil); rec.Code != 404 || !strings.Contains(rec.Body.String(), "docs/dashboard.md") {
		t.Errorf("unknown path: %d %s", rec.Code, rec.Body)
	}
	big := `{"ref":"` + strings.Repeat("a", maxBody) + `"}`
	if rec := w.ask("POST", "/api/actors", big, nil); rec.Code != 400 {
		t.Errorf("a body without end: %d", rec.Code)
	}
}

func TestReads(t *testing.T) {
	w := start(t, nil)
	for path, want := range map[string]string{
		"/api/host":      `"friendly_name":"calm-lake-1"`,
		"/api/lattice":   `"self":true`,
		"/api/hosts":     `[{"cluster`,
		"/api/actors":    `[{"host_id":"NHOST","id":"MACTOR"`,
		"/api/providers": `[{"host_id":"NHOST","annotations":null,"id":"VSTORE"`,
		"/api/links":     `[]`,
		"/api/claims":    `[{"name":"<b>echo</b>"}]`,
		"/api/uploads":   `[]`,
		"/api/calls":     `[]`,
	} {
		rec := w.ask("GET", path, "", nil)
		var v any
		if err := json.Unmarshal(rec.Body.Bytes(), &v); rec.Code != 200 || err != nil {
			t.Errorf("%s: %d %v", path, rec.Code, err)
		}
		if path == "/api/hosts" {
			want = `[{`
		}
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("%s: %s lacks %s", path, rec.Body, want)
		}
	}
	if rec := w.ask("GET", "/api/calls/none", "", nil); rec.Code != 404 {
		t.Errorf("no such call: %d", rec.Code)
	}
}

func TestPageNamesItsHost(t *testing.T) {
	w := start(t, nil)
	body := w.ask("GET", "/", "", nil).Body.String()
	for _, want := range []string{"calm-lake-1", `data-host="NHOST"`, "<strong>default</strong>", fmt.Sprintf(`data-max-upload="%d"`, DefaultMaxUpload)} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	// Inline scripts and styles would be refused by the policy; nothing comes from elsewhere.
	for _, no := range []string{"<style", " style=", "onclick", "http:", "https:", "//cdn", token} {
		if strings.Contains(body, no) {
			t.Errorf("the page has %s", no)
		}
	}
}

func TestCallIsTimedDecodedAndTraced(t *testing.T) {
	w := start(t, nil)
	reply, err := wasmbus.JSONToMsgpack([]byte(`{"statusCode":200,"body":"hi"}`))
	if err != nil {
		t.Fatal(err)
	}
	w.host.reply = reply
	rec := w.ask("POST", "/api/calls", `{"target":" MACTOR ","operation":"HttpServer.HandleRequest","payload":{"method":"GET"},"timeout_ms":700}`, nil)
	var r callResult
	if err := json.Unmarshal(rec.Body.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	asked := w.host.last().(Call)
	if rec.Code != 200 || !r.OK || string(r.Reply) != `{"body":"hi","statusCode":200}` || r.Bytes != len(reply) || r.TookUS <= 0 || r.ID != asked.ID {
		t.Errorf("%d %+v", rec.Code, r)
	}
	if asked.Target != "MACTOR" || asked.Timeout.Milliseconds() != 700 || string(asked.Payload) != "\x81\xa6method\xa3GET" {
		t.Errorf("asked for %+v", asked)
	}
	if r.Trace == nil || len(r.Trace.Spans) != 1 || r.Trace.Spans[0].Kind != SpanCall || r.Trace.Spans[0].Out != len(reply) {
		t.Errorf("trace %+v", r.Trace)
	}
	// An actor's error is an answer.
	w.host.refuse = errNo
	rec = w.ask("POST", "/api/calls", `{"target":"MACTOR","operation":"A.B"}`, nil)
	if err := json.Unmarshal(rec.Body.Bytes(), &r); rec.Code != 200 || err != nil || r.OK || r.Error != errNo.Error() {
		t.Errorf("%d %+v", rec.Code, r)
	}
	if list := w.server.cfg.Traces.List(); len(list) != 2 || list[0].Error == "" || list[1].Error != "" {
		t.Errorf("calls %+v", list)
	}
}

func TestDecoded(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "\xc1\x01": "1", "\x7f\x01": "1", "\xa2hi": `"hi"`, "plain text": "plain text", "\xff": "-1", "\xff\xfe\xfd": "neither",
		"\x80\x00": "neither msgpack nor CBOR", "\xc1\xc1\xff": "neither",
	} {
		j, text := decoded([]byte(in))
		if got := string(j) + text; !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzDecoded(f *testing.F) {
	for _, seed := range []string{"", "\xc1\x01", "\x7f\x01", "\x81\xa1a\xc4\x01\xff", "{"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		j, text := decoded(b)
		if len(j) > 0 && (!json.Valid(j) || text != "") {
			t.Errorf("%x: %q %q", b, j, text)
		}
	})
}
