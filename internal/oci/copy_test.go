package oci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func take(_ Pulled, r io.Reader) (bool, error) {
	_, err := io.Copy(io.Discard, r)
	return false, err
}

func (f *fixture) writes() (lines []string) {
	for _, line := range f.Lines() {
		if !strings.HasPrefix(line, "HEAD ") && !strings.HasPrefix(line, "GET ") {
			lines = append(lines, line)
		}
	}
	return lines
}

// TestCopyMountsWithinARegistry: not a byte of the layer is sent.
func TestCopyMountsWithinARegistry(t *testing.T) {
	f := newFixture(t, registry.Options{})
	out := f.push(t, "localhost:5000/echo:1", actor(random(100<<10)))
	f.restart()
	f.ResetLog()
	if got := f.copyTo(t, "localhost:5000/echo:1", "localhost:5000/release/echo:1"); got.Digest != out.Digest || got.Status != StatusPushed {
		t.Errorf("%+v", got)
	}
	if n := f.count("PUT", "/uploads/"); n != 0 {
		t.Errorf("%d uploads: %q", n, f.writes())
	}
	f.ResetLog()
	if got := f.copyTo(t, "localhost:5000/echo:1", "localhost:5000/echo:2"); got.Status != StatusRetagged {
		t.Errorf("%+v", got)
	}
	if w := f.writes(); len(w) != 1 {
		t.Errorf("a new tag costs %q", w)
	}
}

// TestCopyBetweenRegistries sends what is missing, after everything was checked.
func TestCopyBetweenRegistries(t *testing.T) {
	from, to := newFixture(t, registry.Options{}), newFixture(t, registry.Options{})
	data := random(100 << 10)
	p := actor(data)
	p.Annotations = map[string]string{"a": "b"}
	out := from.push(t, "localhost:5000/echo:1", p)
	src, dst := mustRef(t, "localhost:5000/echo:1"), mustRef(t, "localhost:6000/mirror:1")

	broken := errors.New("not fit")
	_, err := to.client.Copy(t.Context(), from.client, src, []Ref{dst}, Copy{Check: func(_ Pulled, r io.Reader) (bool, error) {
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
		return false, broken
	}})
	if !errors.Is(err, broken) || len(to.writes()) != 0 {
		t.Errorf("%v, after %q", err, to.writes())
	}

	from.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Replace(registry.Flip)})
	_, err = to.client.Copy(t.Context(), from.client, src, []Ref{dst}, Copy{Check: take})
	if !errors.Is(err, ErrMismatch) || len(to.writes()) != 0 {
		t.Errorf("%v, after %q", err, to.writes())
	}
	from.ClearFaults()

	from.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Times: 1, Serve: registry.DropResponse(50 << 10)})
	done, err := to.client.Copy(t.Context(), from.client, src, []Ref{dst}, Copy{Check: take})
	if err != nil || done[0].Digest != out.Digest || !bytes.Equal(to.Manifest("mirror", out.Digest), from.Manifest("echo", out.Digest)) {
		t.Fatalf("%+v %v", done, err)
	}
	if got, err := to.pull(t, "localhost:6000/mirror:1"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}

	to.ResetLog()
	from.ResetLog()
	done, err = to.client.Copy(t.Context(), from.client, src, []Ref{dst}, Copy{Check: take})
	if err != nil || done[0].Status != StatusUnchanged || len(to.Lines()) != 1 || len(from.Lines()) != 1 {
		t.Errorf("again: %+v %v, %q and %q", done, err, from.Lines(), to.Lines())
	}
}

// TestCopySendsOnlyWhatIsMissing of an index whose parts are there already in part.
func TestCopySendsOnlyWhatIsMissing(t *testing.T) {
	from, to := newFixture(t, registry.Options{}), newFixture(t, registry.Options{})
	a, b := random(100<<10), random(200<<10)
	from.push(t, "localhost:5000/echo:a", actor(a))
	from.push(t, "localhost:5000/echo:b", actor(b))
	to.push(t, "localhost:6000/echo:a", actor(a))
	index := from.PutManifest("echo", "all", mediaTypeIndex, fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"manifests":[{"digest":%q,"size":1},{"digest":%q,"size":1}]}`,
		mediaTypeIndex, from.Tag("echo", "a"), from.Tag("echo", "b")))
	to.restart()
	to.ResetLog()
	done, err := to.client.Copy(t.Context(), from.client, mustRef(t, "localhost:5000/echo:all"), []Ref{mustRef(t, "localhost:6000/echo:all")}, Copy{Check: take})
	if err != nil || done[0].Digest != index {
		t.Fatalf("%+v %v", done, err)
	}
	if n := to.count("POST", "/uploads/"); n != 1 {
		t.Errorf("%d uploads, want the layer of b alone: %q", n, to.Lines())
	}
	if to.Manifest("echo", from.Tag("echo", "b")) == nil || to.Tag("echo", "all") != index {
		t.Error("the index came without its parts")
	}
}

func TestCopyRefusals(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.push(t, "localhost:5000/echo:1", actor([]byte("x")))
	deep := f.Tag("echo", "1")
	for i := range maxDepth + 1 {
		deep = f.PutManifest("echo", fmt.Sprint("deep", i), mediaTypeIndex, fmt.Appendf(nil, `{"schemaVersion":2,"manifests":[{"digest":%q}]}`, deep))
	}
	var many []string
	for i := range maxArtifact + 1 {
		m, d, err := Manifest(actor([]byte("x")), digestOf([]byte(fmt.Sprint(i))), 1)
		if err != nil {
			t.Fatal(err)
		}
		f.PutManifest("echo", fmt.Sprint("m", i), mediaTypeManifest, m)
		many = append(many, fmt.Sprintf(`{"digest":%q}`, d))
	}
	f.PutManifest("echo", "many", mediaTypeIndex, []byte(`{"schemaVersion":2,"manifests":[`+strings.Join(many, ",")+`]}`))
	f.PutManifest("echo", "path", mediaTypeIndex, []byte(`{"schemaVersion":2,"manifests":[{"digest":"../../x"}]}`))
	f.PutManifest("echo", "gone", mediaTypeIndex, []byte(`{"schemaVersion":2,"manifests":[{"digest":"`+digestOf([]byte("gone"))+`"}]}`))
	for _, c := range []struct{ from, to, want string }{
		{"echo", "echo:2", "tag latest is prohibited"},
		{"echo:1", "echo:latest", "tag latest is prohibited"},
		{"echo:1", "echo@" + digestOf(nil), "a digest and no tag"},
		{"echo:1", "echo:2@" + digestOf(nil), "another digest than the artifact has"},
		{"echo:absent", "echo:2", "no such artifact"},
		{fmt.Sprint("echo:deep", maxDepth), "echo:2", "index of indexes"},
		{"echo:many", "echo:2", "more than 200 manifests"},
		{"echo:path", "echo:2", "no sha256 digest"},
		{"echo:gone", "echo:2", "which the index lists: registry localhost:5000 has no such artifact"},
	} {
		t.Run(c.from+" "+c.to, func(t *testing.T) {
			f.restart()
			f.ResetLog()
			_, err := f.client.Copy(t.Context(), f.client, mustRef(t, "localhost:5000/"+c.from), []Ref{mustRef(t, "localhost:5000/"+c.to)}, Copy{Check: take})
			wantError(t, err, c.want)
			if w := f.writes(); len(w) != 0 {
				t.Errorf("written: %q", w)
			}
		})
	}
}

// TestCopyAsksAllFirst: of two destinations one is not allowed, so nothing is sent.
func TestCopyAsksAllFirst(t *testing.T) {
	f := newFixture(t, registry.Options{})
	f.push(t, "registry.example.com/echo:1", actor([]byte("x")))
	f.push(t, "registry.example.com/echo:2", actor([]byte("y")))
	f.ResetLog()
	src := mustRef(t, "registry.example.com/echo:1")
	to := []Ref{mustRef(t, "registry.example.com/new:1"), mustRef(t, "registry.example.com/echo:2")}
	_, err := f.client.Copy(t.Context(), f.client, src, to, Copy{Check: take})
	wantError(t, err, "would be moved")
	if w := f.writes(); len(w) != 0 {
		t.Errorf("written: %q", w)
	}
	dev := func(Pulled, io.Reader) (bool, error) { return true, nil }
	_, err = f.client.Copy(t.Context(), f.client, src, to[:1], Copy{Check: dev})
	wantError(t, err, "development key")
	if w := f.writes(); len(w) != 0 {
		t.Errorf("written: %q", w)
	}
}
