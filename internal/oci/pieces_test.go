package oci

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

const limit = 4 << 20

// count leaves out what a registry answered by asking for a login.
func (f *fixture) count(method, path string) (n int) {
	for _, q := range f.Requests() {
		if q.Method == method && strings.Contains(q.Path, path) && q.Status != http.StatusUnauthorized {
			n++
		}
	}
	return n
}

// TestPieces: a registry that takes no more than 4 MiB at once is sent the whole first,
// once, and everything after that in pieces.
func TestPieces(t *testing.T) {
	f := newFixture(t, registry.Options{MaxBody: limit, StatefulUploads: true})
	for i, tag := range []string{"1", "2"} {
		data := random(9<<20 + i)
		f.ResetLog()
		f.push(t, "localhost:5000/echo:"+tag, actor(data))
		if got, err := f.pull(t, "localhost:5000/echo:"+tag); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		if patches, puts := f.count("PATCH", "/uploads/"), f.count("PUT", "/uploads/"); patches != 3 || puts != 2-i {
			t.Errorf("push %s: %d PATCH and %d PUT: %q", tag, patches, puts, f.Lines())
		}
	}
}

// TestPiecesGoOn after a connection broke in one of them, with what the registry has not
// got yet.
func TestPiecesGoOn(t *testing.T) {
	for name, keep := range map[string]bool{"half of it arrived": true, "nothing arrived": false} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, registry.Options{MaxBody: limit}, overNetwork)
			host := serve(t, f)
			sent := int64(0)
			f.Inject(registry.Fault{Method: "PATCH", Times: 2, Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
				if sent += req.ContentLength; sent > limit { // the second piece
					registry.DropRequest(1<<20, keep)(w, req, next)
				}
				next.ServeHTTP(w, req)
			}})
			data := random(9 << 20)
			f.push(t, host+"/echo:1", actor(data))
			if !bytes.Equal(f.Blob("echo", digestOf(data)), data) {
				t.Error("the blob is not what was pushed")
			}
			if posts := f.count("POST", "/uploads/"); posts != 3 { // the config, the whole, the pieces
				t.Errorf("%d POST: the upload began again: %q", posts, f.Lines())
			}
			if len(f.clock.naps) != 1 {
				t.Errorf("waited %v", f.clock.naps)
			}
		})
	}
}

// TestBrokenLinesGetPieces: what two times broke as a whole is sent in pieces.
func TestBrokenLinesGetPieces(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	f.Inject(registry.Fault{Method: "PUT", Path: "/uploads/", Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.ContentLength > limit {
			panic(http.ErrAbortHandler)
		}
		next.ServeHTTP(w, req)
	}})
	f.push(t, host+"/echo:1", actor(random(9<<20)))
	if patches := f.count("PATCH", "/uploads/"); patches != 3 || len(f.clock.naps) != 2 {
		t.Errorf("%d pieces after %v", patches, f.clock.naps)
	}
}

// TestPiecesAsLargeAsTheRegistryWants, if they fit into memory.
func TestPiecesAsLargeAsTheRegistryWants(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.Inject(registry.Fault{Method: "POST", Path: "/uploads/", Serve: registry.Header("OCI-Chunk-Min-Length", "5242880")})
	f.Inject(registry.Fault{Method: "PUT", Path: "/uploads/", Times: 1, Serve: registry.Answer(413, "")})
	f.push(t, "localhost:5000/echo:1", actor(random(11<<20)))
	if patches := f.count("PATCH", "/uploads/"); patches != 3 {
		t.Errorf("%d pieces, want 5, 5 and 1 MiB", patches)
	}
}

func TestPiecesThatAreTooLargeAsWell(t *testing.T) {
	f := newFixture(t, registry.Options{MaxBody: 1 << 20})
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor(random(9<<20)))
	wantError(t, err, "416", "maximum permissible limit of 1.00MiB", "pieces of 4 MiB are too large as well")
	small := actor(random(2 << 20))
	_, err = f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), small)
	wantError(t, err, "416")
	if f.Tag("echo", "1") != "" || len(f.clock.naps) > 0 {
		t.Error("tagged, or tried again in vain")
	}
}

// TestPiecesOfAFileThatChanges: the whole is never made a blob.
func TestPiecesOfAFileThatChanges(t *testing.T) {
	f := newFixture(t, registry.Options{MaxBody: limit})
	data := random(9 << 20)
	other := bytes.Clone(data)
	other[len(other)-1] ^= 1
	p := actor(data)
	p.Layer = forged{BytesSource(other), digestOf(data)}
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), p)
	wantError(t, err, "the file changed while it was being pushed")
	if f.count("PUT", "/uploads/") != 1 { // the whole, which was refused
		t.Errorf("%q", f.Lines())
	}
}

// forged promises another digest than it has.
type forged struct {
	Source
	digest string
}

func (f forged) Digest() string { return f.digest }

func TestReceived(t *testing.T) {
	for header, want := range map[string]int64{"0-41": 42, "bytes=0-41": 42, "0-0": 0, "": 7, "x": 7, "0-x": 7} {
		resp := &http.Response{Header: http.Header{"Range": {header}}}
		if got := received(resp, 7); got != want {
			t.Errorf("%q: %d, want %d", header, got, want)
		}
	}
	if got := received(&http.Response{Header: http.Header{"Range": {"0-0"}}}, 1); got != 1 {
		t.Errorf("one byte: %d", got)
	}
}
