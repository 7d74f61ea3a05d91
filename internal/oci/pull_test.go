package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func TestPullGivesWhatWasPushed(t *testing.T) {
	data := random(300 << 10)
	f := newFixture(t, registry.Options{})
	p := actor(data)
	p.Annotations = map[string]string{"a": "b"}
	pushed := f.push(t, "localhost:5000/echo:1", p)
	for _, ref := range []string{"localhost:5000/echo:1", "localhost:5000/echo@" + pushed.Digest, "localhost:5000/echo:other@" + pushed.Digest} {
		f.ResetLog()
		var got []byte
		m, err := f.client.Pull(t.Context(), mustRef(t, ref), strings.TrimPrefix(pushed.Digest, "sha256:"), func(_ Pulled, r io.Reader) (err error) {
			got, err = io.ReadAll(r)
			return err
		})
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%s: %d bytes, %v", ref, len(got), err)
		}
		want := Pulled{
			Ref: ref, Digest: pushed.Digest, LayerType: wasmLayer, LayerDigest: digestOf(data), ConfigType: actorConfig,
			Size: int64(len(data)), Annotations: map[string]string{"a": "b"},
		}
		if diff := cmp.Diff(want, m); diff != "" {
			t.Error(diff)
		}
		if n := len(f.Requests()); n != 2 {
			t.Errorf("%d requests, want 2: %q", n, f.Lines())
		}
	}
}

func TestPullRefusals(t *testing.T) {
	f := newFixture(t, registry.Options{}, func(c *Config) { c.Accept = []string{wasmLayer} })
	f.push(t, "localhost:5000/echo:1", actor([]byte("x")))
	provider := actor([]byte("x"))
	provider.LayerType = parLayer
	f.push(t, "localhost:5000/par:1", provider)
	layer := fmt.Sprintf(`{"digest":%q,"mediaType":%q,"size":1}`, digestOf([]byte("x")), wasmLayer)
	for name, body := range map[string]string{
		"two":     `{"schemaVersion":2,"config":{},"layers":[` + layer + `,` + layer + `]}`,
		"none":    `{"schemaVersion":2,"config":{},"layers":[]}`,
		"index":   `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[` + layer + `]}`,
		"hidden":  `{"schemaVersion":2,"manifests":[` + layer + `]}`,
		"schema1": `{"schemaVersion":1,"layers":[` + layer + `]}`,
		"nojson":  `{"schemaVersion":`,
		"digest":  `{"schemaVersion":2,"layers":[{"digest":"../../x","mediaType":"` + wasmLayer + `","size":1}]}`,
		"size":    `{"schemaVersion":2,"layers":[{"digest":"` + digestOf(nil) + `","mediaType":"` + wasmLayer + `","size":-1}]}`,
	} {
		f.PutManifest("hostile", name, mediaTypeManifest, []byte(body))
	}
	f.PutManifest("hostile", "huge", mediaTypeManifest, []byte(`{"schemaVersion":2,"annotations":{"a":"`+strings.Repeat("x", maxManifest)+`"}}`))
	for ref, want := range map[string]string{
		"echo":            "tag latest is prohibited",
		"echo:latest":     "tag latest is prohibited",
		"par:1":           "no wasmCloud artifact",
		"echo:2":          "no such artifact",
		"nothing:1":       "no such artifact",
		"hostile:two":     "has 2 layers",
		"hostile:none":    "has 0 layers",
		"hostile:index":   "index",
		"hostile:hidden":  "index",
		"hostile:schema1": "schemaVersion 1",
		"hostile:nojson":  "not valid JSON",
		"hostile:digest":  "not a sha256 digest",
		"hostile:size":    "size is -1",
		"hostile:huge":    "more than",
	} {
		t.Run(ref, func(t *testing.T) {
			_, err := f.client.Pull(t.Context(), mustRef(t, "localhost:5000/"+ref), "", func(Pulled, io.Reader) error {
				t.Error("fetch was called")
				return nil
			})
			wantError(t, err, want)
		})
	}
	_, err := f.client.Pull(t.Context(), mustRef(t, "localhost:5000/echo:1"), strings.Repeat("a", 64), nil)
	wantError(t, err, "image digest did not match provided digest")
	_, err = f.client.Pull(t.Context(), mustRef(t, "localhost:5000/echo:1"), "abc", nil)
	wantError(t, err, `"sha256:abc" is no digest`)
	if _, err := f.client.Resolve(t.Context(), mustRef(t, "localhost:5000/echo:2")); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

// TestPullFromALiar: every way to send other bytes than promised is found
// before the reader ends well, and is not tried again.
func TestPullFromALiar(t *testing.T) {
	data := random(100 << 10)
	other := digestOf([]byte("other"))
	for name, fault := range map[string]registry.Fault{
		"other layer":    {Method: "GET", Path: "/blobs/", Serve: registry.Replace(registry.Flip)},
		"longer layer":   {Method: "GET", Path: "/blobs/", Serve: registry.Replace(func(b []byte) []byte { return append(bytes.Clone(b), 'x') })},
		"shorter layer":  {Method: "GET", Path: "/blobs/", Serve: registry.Replace(func(b []byte) []byte { return b[1:] })},
		"other manifest": {Method: "GET", Path: "/manifests/", Serve: registry.Replace(func(b []byte) []byte { return bytes.Replace(b, []byte("{}"), []byte(`{"a":"b"}`), 1) })},
		"other digest":   {Method: "GET", Path: "/manifests/", Serve: registry.Header("Docker-Content-Digest", other)},
		"chunked longer": {Method: "GET", Path: "/blobs/", Serve: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Write(data)
			http.NewResponseController(w).Flush()
			w.Write([]byte("more"))
		}},
	} {
		for _, where := range []string{"in process", "network"} {
			t.Run(name+" "+where, func(t *testing.T) {
				f, host := newFixture(t, registry.Options{}), "localhost:5000"
				if where == "network" {
					f = newFixture(t, registry.Options{}, overNetwork)
					host = serve(t, f)
				}
				f.push(t, host+"/echo:1", actor(data))
				f.Inject(fault)
				_, err := f.pull(t, host+"/echo:1")
				if !errors.Is(err, ErrMismatch) {
					t.Errorf("got %v, want ErrMismatch", err)
				}
				if len(f.clock.naps) != 0 {
					t.Errorf("a lie was asked for again after %v", f.clock.naps)
				}
			})
		}
	}
}

func TestPullByDigestChecksTheManifest(t *testing.T) {
	f := newFixture(t, registry.Options{})
	pushed := f.push(t, "localhost:5000/echo:1", actor([]byte("x")))
	f.Inject(registry.Fault{Method: "GET", Path: "/manifests/", Serve: registry.Replace(func(b []byte) []byte {
		return bytes.Replace(b, []byte(`{}`), []byte(`{"a":"b"}`), 1)
	})})
	_, err := f.pull(t, "localhost:5000/echo@"+pushed.Digest)
	if !errors.Is(err, ErrMismatch) {
		t.Errorf("got %v, want ErrMismatch", err)
	}
}

func TestPullGoesOnWhereItBroke(t *testing.T) {
	data := random(1 << 20)
	for _, noRanges := range []bool{false, true} {
		t.Run(fmt.Sprintf("noRanges=%v", noRanges), func(t *testing.T) {
			f := newFixture(t, registry.Options{NoRanges: noRanges}, overNetwork)
			host := serve(t, f)
			f.push(t, host+"/echo:1", actor(data))
			f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Times: 1, Serve: registry.DropResponse(700_000)})
			f.ResetLog()
			got, err := f.pull(t, host+"/echo:1")
			if err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			log := f.Requests()
			if last := log[len(log)-1]; last.Range != "bytes=700000-" {
				t.Errorf("asked for range %q, want bytes=700000-", last.Range)
			}
		})
	}
}

func TestPullGivesUp(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	f.push(t, host+"/echo:1", actor(random(100<<10)))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.DropResponse(10)})
	_, err := f.pull(t, host+"/echo:1")
	wantError(t, err, "broke 5 times", "of 102400 bytes")
}

// TestPullReadsTheRest: a fetch that looks at the beginning only still fails
// on a lie at the end.
func TestPullReadsTheRest(t *testing.T) {
	data := random(100 << 10)
	f := newFixture(t, registry.Options{})
	f.push(t, "localhost:5000/echo:1", actor(data))
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Replace(func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)-1]++
		return b
	})})
	_, err := f.client.Pull(t.Context(), mustRef(t, "localhost:5000/echo:1"), "", func(_ Pulled, r io.Reader) error {
		_, err := io.ReadFull(r, make([]byte, 8))
		return err
	})
	if !errors.Is(err, ErrMismatch) {
		t.Errorf("got %v, want ErrMismatch", err)
	}
}

func TestPullStops(t *testing.T) {
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	f.push(t, host+"/echo:1", actor([]byte("x")))
	ctx, cancel := context.WithCancel(t.Context())
	f.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: func(_ http.ResponseWriter, req *http.Request, _ http.Handler) {
		cancel()
		<-req.Context().Done()
	}})
	_, err := f.client.Pull(ctx, mustRef(t, host+"/echo:1"), "", func(_ Pulled, r io.Reader) error {
		_, err := io.ReadAll(r)
		return err
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
