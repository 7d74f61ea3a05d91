package dash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token = "THETOKEN"
	host  = "127.0.0.1:4000"
)

// fakeHost is a host that notes what it is asked for.
type fakeHost struct {
	mu      sync.Mutex
	asked   []any
	refuse  error
	unready error
	reply   []byte
	put     chan Message
}

func (f *fakeHost) note(what any) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, what)
	return f.refuse
}

func (f *fakeHost) last() any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.asked) == 0 {
		return nil
	}
	return f.asked[len(f.asked)-1]
}

func (f *fakeHost) Ready(context.Context) error { return f.unready }

func (f *fakeHost) Describe() wasmbus.Host {
	return wasmbus.Host{ID: "NHOST", FriendlyName: "calm-lake-1", LatticePrefix: "default", Version: "1.2.3"}
}

func (f *fakeHost) Lattice(context.Context) Lattice {
	return Lattice{
		Hosts: []HostView{{
			Host: f.Describe(), Self: true,
			Actors:    []wasmbus.ActorDescription{{ID: "MACTOR", Name: "echo"}},
			Providers: []wasmbus.ProviderDescription{{ID: "VSTORE", LinkName: "default"}},
		}},
		Links: []wasmbus.LinkDefinition{}, Claims: []wasmbus.ClaimsRecord{{"name": "<b>echo</b>"}}, Problems: []string{},
	}
}

type deletion struct{ a, b, c string }

type change struct {
	host, key, ref string
	count          int
}

func (f *fakeHost) PutLink(_ context.Context, l wasmbus.LinkDefinition) error { return f.note(l) }
func (f *fakeHost) DeleteLink(_ context.Context, actor, contract, link string) error {
	return f.note(deletion{actor, contract, link})
}

func (f *fakeHost) StartActor(_ context.Context, s StartActor) (Started, error) {
	return Started{Host: "NHOST", Key: "MACTOR"}, f.note(s)
}

func (f *fakeHost) ScaleActor(_ context.Context, host, actor, ref string, count int) error {
	return f.note(change{host, actor, ref, count})
}

func (f *fakeHost) UpdateActor(_ context.Context, host, actor, ref string) error {
	return f.note(change{host, actor, ref, -1})
}

func (f *fakeHost) StopActor(_ context.Context, host, actor string) error {
	return f.note(change{host, actor, "", 0})
}

func (f *fakeHost) StartProvider(_ context.Context, s StartProvider) (Started, error) {
	return Started{Host: "NHOST", Key: "VSTORE"}, f.note(s)
}

func (f *fakeHost) StopProvider(_ context.Context, host, provider, contract, link string) error {
	return f.note([4]string{host, provider, contract, link})
}

func (f *fakeHost) Call(_ context.Context, c Call) ([]byte, error) { return f.reply, f.note(c) }

func (f *fakeHost) Watch(ctx context.Context, put func(Message)) error {
	for {
		select {
		case m := <-f.put:
			put(m)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// world is a dashboard of a fake host.
type world struct {
	t      testing.TB
	host   *fakeHost
	server *Server
	logs   *bytes.Buffer
	dir    string
}

// now is when the test vectors are valid, apart from those that are not.
var now = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

func start(t testing.TB, change func(*Config)) *world {
	t.Helper()
	w := &world{t: t, host: &fakeHost{put: make(chan Message)}, logs: &bytes.Buffer{}, dir: t.TempDir()}
	cfg := Config{
		Host: w.host, Token: token, UploadDir: w.dir, Traces: NewTraces(), Feed: NewFeed(),
		Verify: func() artifact.Policy { return artifact.Policy{Now: now} },
		Log:    slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if w.server, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return w
}

// ask sends a request as a script does, with the token; change may alter it.
func (w *world) ask(method, path, body string, change func(*http.Request)) *httptest.ResponseRecorder {
	w.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req := httptest.NewRequest(method, path, r)
	req.Host = host
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if change != nil {
		change(req)
	}
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, req)
	return rec
}

// problem is the error in an answer.
func problem(t testing.TB, rec *httptest.ResponseRecorder) (text, reason string) {
	t.Helper()
	var answer struct{ Error, Reason string }
	if err := json.Unmarshal(rec.Body.Bytes(), &answer); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return answer.Error, answer.Reason
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var errNo = errors.New("the host says no")
