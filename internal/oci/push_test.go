package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestManifestIsWashsByteForByte(t *testing.T) {
	f := newFixture(t, registry.Options{})
	par, err := HashFile("testdata/hello.par.gz")
	if err != nil {
		t.Fatal(err)
	}
	out := f.push(t, "localhost:5000/hello:0.1.0", Push{
		Layer: par, LayerType: parLayer, ConfigType: parConfig,
		Annotations: map[string]string{"org.example.k": "v", "a": "b"},
	})
	if got, want := string(f.Manifest("hello", out.Digest)), string(readVector(t, "hello.manifest.json")); got != want {
		t.Errorf("manifest\n got %s\nwant %s", got, want)
	}
	got, err := encodeManifest(
		blob{digestOf([]byte("{}")), actorConfig, 2},
		blob{"sha256:4fe67e5772aa40f41131b49fcb3fd4bfe204b1cda0a09ec753d23e7717487a9e", wasmLayer, 182910}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := string(readVector(t, "probe.manifest.json")); string(got) != want {
		t.Errorf("manifest\n got %s\nwant %s", got, want)
	}
}

func TestManifestEscapesAsCanonicalJSON(t *testing.T) {
	got, err := encodeManifest(blob{}, blob{}, map[string]string{"k": "a<b>&\"\\\u2028é"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "{\"annotations\":{\"k\":\"a<b>&\\\"\\\\\u2028é\"}"; !strings.HasPrefix(string(got), want) {
		t.Errorf("got %s, want it to begin with %s", got, want)
	}
	for _, bad := range []map[string]string{{"": "v"}, {"k": "a\nb"}, {"k\x00": ""}, {"k": "\xff"}} {
		if _, err := encodeManifest(blob{}, blob{}, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}

// TestPushRequests holds what each kind of push may cost. Requests that may
// run at the same time are compared as a set by sorting their pair.
func TestPushRequests(t *testing.T) {
	big, small := random(100<<10), random(100)
	blobs, uploads, manifests := "/v2/echo/blobs/", "/v2/echo/blobs/uploads/", "/v2/echo/manifests/"
	config := "POST " + uploads + " 201"

	f := newFixture(t, registry.Options{})
	steps := []struct {
		name, ref string
		push      Push
		status    string
		want      []string
	}{
		{"first", "localhost:5000/echo:1", actor(big), StatusPushed, []string{
			"HEAD " + manifests + "1 404", config, "HEAD " + blobs + digestOf(big) + " 404",
			"POST " + uploads + " 202", "PUT " + uploads + "upload-1 201", "PUT " + manifests + "1 201",
		}},
		{"unchanged", "localhost:5000/echo:1", actor(big), StatusUnchanged, []string{"HEAD " + manifests + "1 200"}},
		{"moved, small", "localhost:5000/echo:1", actor(small), StatusMoved, []string{
			"HEAD " + manifests + "1 200", config, "HEAD " + blobs + digestOf(small) + " 404",
			"POST " + uploads + " 201", "PUT " + manifests + "1 201",
		}},
		{"retagged", "localhost:5000/echo:2", actor(big), StatusRetagged, []string{
			"HEAD " + manifests + "2 404", config, "HEAD " + blobs + digestOf(big) + " 200",
			"HEAD " + manifests + "DIGEST 200", "PUT " + manifests + "2 201",
		}},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			f.ResetLog()
			f.restart()
			out := f.push(t, s.ref, s.push)
			if out.Status != s.status {
				t.Errorf("status %s, want %s", out.Status, s.status)
			}
			for i, line := range s.want {
				s.want[i] = strings.Replace(line, "DIGEST", out.Digest, 1)
			}
			if diff := cmp.Diff(sorted(s.want), sorted(f.Lines())); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			lines := f.Lines()
			if first, last := lines[0], lines[len(lines)-1]; first != s.want[0] || last != s.want[len(s.want)-1] {
				t.Errorf("first %s, last %s: want %s and %s", first, last, s.want[0], s.want[len(s.want)-1])
			}
		})
	}
}

func TestPushTellsWhereATagWas(t *testing.T) {
	f := newFixture(t, registry.Options{})
	first := f.push(t, "localhost:5000/echo:1", actor([]byte("one")))
	second := f.push(t, "localhost:5000/echo:1", actor([]byte("two")))
	want := Pushed{Ref: "localhost:5000/echo:1", Digest: second.Digest, Status: StatusMoved, Previous: first.Digest}
	if diff := cmp.Diff(want, second); diff != "" {
		t.Error(diff)
	}
}

func TestPushRefusals(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for _, c := range []struct {
		ref  string
		push Push
		want string
	}{
		{"localhost:5000/echo", actor([]byte("x")), "tag latest is prohibited"},
		{"localhost:5000/echo:latest", actor([]byte("x")), "tag latest is prohibited"},
		{"localhost:5000/echo:LATEST", actor([]byte("x")), "tag latest is prohibited"},
		{"localhost:5000/echo@" + digest, actor([]byte("x")), "names a digest and no tag"},
		{"localhost:5000/echo:1@" + digest, actor([]byte("x")), "another digest than the artifact has"},
		{"localhost:5000/echo:1", actor(nil), "layer is empty"},
	} {
		t.Run(c.ref, func(t *testing.T) {
			f := newFixture(t, registry.Options{})
			_, err := f.client.Push(t.Context(), mustRef(t, c.ref), c.push)
			wantError(t, err, c.want)
			if lines := f.Lines(); len(lines) != 0 {
				t.Errorf("the registry was asked: %q", lines)
			}
		})
	}
}

func TestPushLatestWhenAllowed(t *testing.T) {
	f := newFixture(t, registry.Options{})
	p := actor([]byte("x"))
	p.AllowLatest = true
	if out := f.push(t, "localhost:5000/echo", p); out.Ref != "localhost:5000/echo:latest" || f.Tag("echo", "latest") != out.Digest {
		t.Errorf("got %+v, tag %q", out, f.Tag("echo", "latest"))
	}
}

func TestPushOffLoopback(t *testing.T) {
	const ref = "registry.example.com/echo:1"
	f := newFixture(t, registry.Options{})
	f.push(t, ref, actor([]byte("one")))
	before := f.Tag("echo", "1")

	_, err := f.client.Push(t.Context(), mustRef(t, ref), actor([]byte("two")))
	wantError(t, err, "would be moved", before, "--force")
	if !errors.Is(err, ErrRefused) || f.Tag("echo", "1") != before || f.Blob("echo", digestOf([]byte("two"))) != nil {
		t.Errorf("not refused in time: %v", err)
	}
	forced := actor([]byte("two"))
	forced.Force = true
	if out := f.push(t, ref, forced); out.Status != StatusMoved || out.Previous != before {
		t.Errorf("forced: %+v", out)
	}

	dev := actor([]byte("dev"))
	dev.LoopbackOnly = true
	f.ResetLog()
	_, err = f.client.Push(t.Context(), mustRef(t, "registry.example.com/dev:1"), dev)
	wantError(t, err, "development key", "--allow-dev-key")
	if lines := f.Lines(); len(lines) != 1 || !strings.HasPrefix(lines[0], "HEAD") {
		t.Errorf("requests %q, want the one HEAD that finds out where the registry is", lines)
	}
	f.push(t, "localhost:5000/dev:1", dev)
}

// TestTagComesLast: whatever fails, no tag leads to something incomplete.
func TestTagComesLast(t *testing.T) {
	for _, fault := range []registry.Fault{
		{Method: "POST", Path: "/blobs/uploads/", Serve: registry.Answer(500, "")},
		{Method: "PUT", Path: "/blobs/uploads/", Serve: registry.Answer(500, "")},
		{Method: "PUT", Path: "/manifests/", Serve: registry.Answer(500, "")},
		{Method: "HEAD", Path: "/blobs/", Serve: registry.Answer(500, "")},
		{Method: "PUT", Path: "/manifests/", Serve: registry.DropRequest(10, false)},
		{Method: "PUT", Path: "/blobs/uploads/", Serve: registry.DropRequest(10, true)},
	} {
		t.Run(fault.Method+fault.Path, func(t *testing.T) {
			f := newFixture(t, registry.Options{})
			f.push(t, "localhost:5000/echo:1", actor([]byte("old")))
			old := f.Tag("echo", "1")
			f.Inject(fault)
			_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor(random(100<<10)))
			wantError(t, err, "pushing localhost:5000/echo:1")
			if got := f.Tag("echo", "1"); got != old {
				t.Errorf("the tag moved to %s", got)
			}
		})
	}
}

func TestUploadIsTriedAgainFromTheFile(t *testing.T) {
	data := random(200 << 10)
	path := filepath.Join(t.TempDir(), "echo_s.wasm")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fault := range []registry.Fault{
		{Method: "PUT", Path: "/blobs/uploads/", Times: 2, Serve: registry.DropRequest(100<<10, true)},
		{Method: "PUT", Path: "/blobs/uploads/", Times: 2, Serve: registry.Answer(503, "")},
		{Method: "POST", Path: "/blobs/uploads/", Times: 2, Serve: registry.Answer(502, "")},
		{Method: "PUT", Path: "/manifests/", Times: 2, Serve: registry.DropRequest(1, false)},
	} {
		for _, where := range []string{"in process", "network"} {
			t.Run(fault.Method+fault.Path+where, func(t *testing.T) {
				f, host := newFixture(t, registry.Options{}), "localhost:5000"
				if where == "network" {
					f = newFixture(t, registry.Options{}, overNetwork)
					host = serve(t, f)
				}
				f.Inject(fault)
				src := &countingSource{Source: FileSource(path, digestOf(data), int64(len(data)))}
				f.push(t, host+"/echo:1", Push{Layer: src, LayerType: wasmLayer, ConfigType: actorConfig})
				if string(f.Blob("echo", digestOf(data))) != string(data) {
					t.Error("the blob is not the file")
				}
				if fault.Method == "PUT" && fault.Path == "/blobs/uploads/" && src.opened != 3 {
					t.Errorf("the file was opened %d times, want 3", src.opened)
				}
				if len(f.clock.naps) != 2 {
					t.Errorf("waited %v, want two waits", f.clock.naps)
				}
			})
		}
	}
}

func TestPushTwoStepRegistry(t *testing.T) {
	f := newFixture(t, registry.Options{TwoStepUploads: true})
	out := f.push(t, "localhost:5000/echo:1", actor([]byte("small")))
	if f.Tag("echo", "1") != out.Digest {
		t.Error("not pushed")
	}
}

// TestPushWithoutWholePost: a registry that refuses blobs in the POST gets
// them the other way.
func TestPushWithoutWholePost(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.Inject(registry.Fault{Method: "POST", Path: "/blobs/uploads/", Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		if req.URL.Query().Has("digest") {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		next.ServeHTTP(w, req)
	}})
	out := f.push(t, "localhost:5000/echo:1", actor([]byte("small")))
	if f.Tag("echo", "1") != out.Digest {
		t.Error("not pushed")
	}
}

func TestSourceThatChanges(t *testing.T) {
	data := random(100 << 10)
	dir := t.TempDir()
	for name, content := range map[string][]byte{"changed": random(100<<10 + 1)[1:], "shorter": data[:50<<10], "gone": nil} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, name)
			if content != nil {
				if err := os.WriteFile(path, content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			f := newFixture(t, registry.Options{}, overNetwork)
			ref := mustRef(t, serve(t, f)+"/echo:1")
			_, err := f.client.Push(t.Context(), ref, Push{Layer: FileSource(path, digestOf(data), int64(len(data))), LayerType: wasmLayer})
			wantError(t, err, "reading what is pushed")
			if len(f.clock.naps) != 0 {
				t.Errorf("tried again after %v, though it cannot help", f.clock.naps)
			}
			if f.Tag("echo", "1") != "" || f.Blob("echo", digestOf(data)) != nil {
				t.Error("something was left behind")
			}
		})
	}
}

func TestProgress(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.Inject(registry.Fault{Method: "PUT", Path: "/blobs/uploads/", Times: 1, Serve: registry.DropRequest(50<<10, false)})
	p := actor(random(100 << 10))
	var last, total int64
	backwards := false
	p.Progress = func(done, all int64) {
		backwards = backwards || done < last
		last, total = done, all
	}
	f.push(t, "localhost:5000/echo:1", p)
	if last != 100<<10 || total != 100<<10 || !backwards {
		t.Errorf("ended at %d of %d, went back at the retry: %v", last, total, backwards)
	}
}

func TestPushStops(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	f.Inject(registry.Fault{Method: "PUT", Serve: func(http.ResponseWriter, *http.Request, http.Handler) {
		cancel()
		panic(http.ErrAbortHandler)
	}})
	_, err := f.client.Push(ctx, mustRef(t, host+"/echo:1"), actor(random(100<<10)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if tag := f.Tag("echo", "1"); tag != "" {
		t.Errorf("the tag names %s", tag)
	}
}

func TestManyPushesAtOnce(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p", Bearer: true}, overNetwork, func(c *Config) { c.User, c.Password = "u", "p" })
	host := serve(t, f)
	errs := make(chan error)
	const n = 8
	for i := range n {
		go func() {
			_, err := f.client.Push(context.Background(), Ref{Registry: host, Repository: fmt.Sprintf("echo%d", i%3), Tag: fmt.Sprint(i)}, actor(random(70<<10+i)))
			errs <- err
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestBytesSourceOpensAnew(t *testing.T) {
	s := BytesSource([]byte("abc"))
	for range 2 {
		r, err := s.Open()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(r); string(b) != "abc" || err != nil {
			t.Errorf("%q %v", b, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestMeterCountsOneTryOnly(t *testing.T) {
	var told []int64
	m := &meter{total: 10, report: func(done, _ int64) { told = append(told, done) }}
	first := m.restart()
	m.add(first, 4)
	second := m.restart()
	m.add(first, 4) // a try that was given up, and has not noticed yet
	m.add(second, 3)
	if diff := cmp.Diff([]int64{4, 3}, told); diff != "" {
		t.Error(diff)
	}
}
