package oci

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// TestAnotherClientReadsOurs: go-containerregistry shares no transfer code
// with oras, so what both agree on is the protocol.
func TestAnotherClientReadsOurs(t *testing.T) {
	data := random(100 << 10)
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	out := f.push(t, host+"/echo:1", actor(data))
	ref, err := name.ParseReference(host + "/echo:1")
	if err != nil {
		t.Fatal(err)
	}
	img, err := remote.Image(ref, remote.WithContext(t.Context()), remote.WithTransport(f.client.router.loopback))
	if err != nil {
		t.Fatal(err)
	}
	if d, err := img.Digest(); err != nil || d.String() != out.Digest {
		t.Errorf("digest %s %v, want %s", d, err, out.Digest)
	}
	layer, err := img.LayerByDigest(v1.Hash{Algorithm: "sha256", Hex: digestOf(data)[len("sha256:"):]})
	if err != nil {
		t.Fatal(err)
	}
	r, err := layer.Compressed() // as stored; it checks the digest
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if mt, err := layer.MediaType(); err != nil || string(mt) != wasmLayer {
		t.Errorf("media type %s %v", mt, err)
	}
}

func TestWeReadAnotherClients(t *testing.T) {
	data := random(100 << 10)
	f := newFixture(t, registry.Options{}, overNetwork)
	host := serve(t, f)
	img, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{Layer: static.NewLayer(data, wasmLayer)})
	if err != nil {
		t.Fatal(err)
	}
	ref, err := name.ParseReference(host + "/echo:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, img, remote.WithContext(t.Context()), remote.WithTransport(f.client.router.loopback)); err != nil {
		t.Fatal(err)
	}
	got, err := f.pull(t, host+"/echo:1")
	if err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}
