package oci

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// together pushes one layer to several repositories at once.
func (f *fixture) together(t *testing.T, host string, data []byte, n int) {
	t.Helper()
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			if _, err := f.client.Push(t.Context(), mustRef(t, fmt.Sprintf("%s/me/echo%d:1", host, i)), actor(data)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i := range n {
		if name := fmt.Sprintf("me/echo%d", i); f.Tag(name, "1") == "" || !bytes.Equal(f.Blob(name, digestOf(data)), data) {
			t.Errorf("%s is not there", name)
		}
	}
}

// TestEachBlobIsSentOnce to a registry, and mounted from there on.
func TestEachBlobIsSentOnce(t *testing.T) {
	for _, opts := range []registry.Options{{}, {User: "u", Password: "p", Bearer: true}} {
		f := newFixture(t, opts, overNetwork, login(opts.User, opts.Password))
		f.together(t, serve(t, f), random(100<<10), 5)
		if puts, posts := f.count("PUT", "/uploads/"), f.count("POST", "/uploads/"); puts != 1 || posts != 10 {
			t.Errorf("%d PUT, %d POST; want one upload, four mounts and five configs: %q", puts, posts, f.Lines())
		}
	}
}

// TestMountsThatAreRefused: it is asked once, and then every repository is sent its own.
func TestMountsThatAreRefused(t *testing.T) {
	for name, p := range map[string]*registry.Profile{"an upload is opened": registry.DockerHub(), "a login is wanted": registry.GHCR()} {
		t.Run(name, func(t *testing.T) {
			f := customer(t, p)
			for i := range 3 {
				f.push(t, fmt.Sprintf("%s/me/echo%d:1", p.Host, i), actor(random(100<<10)))
			}
			mounts, uploads := 0, f.count("PUT", "/uploads/")
			for _, q := range f.Requests() {
				if strings.Contains(q.Query, "mount=") && q.Status != http.StatusUnauthorized {
					mounts++
				}
			}
			small := 0
			if name == "an upload is opened" {
				small = 3 // configs take two steps there
			}
			if mounts > 1 || uploads-small != 3 {
				t.Errorf("%d mounts and %d uploads: %q", mounts, uploads-small, f.Lines())
			}
			if name == "an upload is opened" && f.count("POST", "/me/echo1/blobs/uploads/") != 2 /* config and mount */ {
				t.Errorf("the upload that was opened for a mount was not used: %q", f.Lines())
			}
		})
	}
}

// TestWhatARegistryForgets is sent again: the second push takes the layer for sent.
func TestWhatARegistryForgets(t *testing.T) {
	f := newFixture(t, registry.Options{})
	data := random(100 << 10)
	f.push(t, "localhost:5000/echo:1", actor(data))
	f.Forget("echo")
	f.push(t, "localhost:5000/echo:2", actor(data))
	if !bytes.Equal(f.Blob("echo", digestOf(data)), data) {
		t.Error("not sent again")
	}
	// One that refuses for good is not asked for ever.
	f.Inject(registry.Fault{Method: "PUT", Path: "/manifests/", Serve: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"no"}]}`)
	}})
	f.ResetLog()
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:3"), actor(data))
	wantError(t, err, "404", "no")
	if n := f.count("PUT", "/manifests/"); n != 2 {
		t.Errorf("the manifest was sent %d times, want 2", n)
	}
}
