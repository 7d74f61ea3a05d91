package oci

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// customer is a user of one of the imitated registries, logged in by docker's file.
func customer(t *testing.T, p *registry.Profile, change ...func(*Config)) *fixture {
	t.Helper()
	write(t, isolate(t)+"/.docker/config.json", p.Login, 0o600)
	f := &fixture{Registry: p.Registry}
	f.cfg = Config{Transport: p, Sleep: f.clock.sleep, LoginName: "-u and -p"}
	for _, c := range change {
		c(&f.cfg)
	}
	f.restart()
	return f
}

// TestProfiles does with every registry what the tools do with any, with an artifact
// that is larger than one request may be at GHCR.
func TestProfiles(t *testing.T) {
	small, large := random(100), random(9<<20)
	for _, p := range registry.Everybody().Profiles {
		t.Run(p.Name, func(t *testing.T) {
			f := customer(t, p)
			base := p.Host + "/" + p.Owner
			if err := f.client.Ping(t.Context(), p.Host); err != nil {
				t.Errorf("ping: %v", err)
			}
			for tag, data := range map[string][]byte{"1": small, "2": large} {
				f.push(t, base+"echo:"+tag, actor(data))
				got, err := f.pull(t, base+"echo:"+tag)
				if err != nil || !bytes.Equal(got, data) {
					t.Errorf("pull of %d bytes: %d, %v", len(data), len(got), err)
				}
			}
			tags, err := f.client.Tags(t.Context(), mustRef(t, base+"echo"))
			if err != nil || !slices.Equal(tags, []string{"1", "2"}) {
				t.Errorf("tags: %q %v", tags, err)
			}
			if out := f.push(t, base+"echo:2", actor(large)); out.Status != StatusUnchanged {
				t.Errorf("again: %s", out.Status)
			}
			// The same layer in another repository: mounted, or sent once more.
			f.push(t, base+"other:2", actor(large))
			if got, err := f.pull(t, base+"other:2"); err != nil || !bytes.Equal(got, large) {
				t.Errorf("pull from the other repository: %v", err)
			}
			f.restart()
			copied := f.copyTo(t, base+"echo:2", base+"copy:2")
			if copied.Digest != f.Tag(p.Owner+"echo", "2") {
				t.Errorf("the copy is %s", copied.Digest)
			}
			if len(f.clock.naps) > 0 {
				t.Errorf("something was tried again: %v", f.clock.naps)
			}
		})
	}
}

// TestStorageGetsNoLogin: what a registry redirects to is told nothing, and the fetch
// is one, not one that failed and another.
func TestStorageGetsNoLogin(t *testing.T) {
	for _, p := range []*registry.Profile{registry.ECR(), registry.ACR(), registry.DockerHub()} {
		f := customer(t, p)
		ref := p.Host + "/" + p.Owner + "echo:1"
		f.push(t, ref, actor([]byte("x")))
		f.ResetLog()
		if _, err := f.pull(t, ref); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		fetched := 0
		for _, q := range f.Requests() {
			if q.Host != (mustRef(t, ref).host()) && strings.Contains(q.Path, "sha256:") {
				fetched++
				if q.Authorization != "" {
					t.Errorf("%s: the storage was told %q", p.Name, q.Authorization)
				}
			}
		}
		if fetched != 1 {
			t.Errorf("%s: fetched %d times: %q", p.Name, fetched, f.Lines())
		}
	}
}

// TestShortTokens: Azure's token lives for four requests here, and a push takes more.
func TestShortTokens(t *testing.T) {
	f := customer(t, registry.ACR())
	for _, tag := range []string{"1", "2", "3"} {
		f.push(t, "acme.azurecr.io/echo:"+tag, actor(random(70<<10+len(tag))))
	}
	tokens := 0
	for _, q := range f.Requests() {
		if q.Path == "/oauth2/token" {
			tokens++
			if q.Method != "POST" {
				t.Errorf("%s %s: the refresh token is exchanged by POST", q.Method, q.Path)
			}
		}
	}
	if tokens < 2 {
		t.Errorf("%d tokens were asked for; the test wants one to expire: %q", tokens, f.Lines())
	}
}

func TestDockerHubsHosts(t *testing.T) {
	f := customer(t, registry.DockerHub())
	f.push(t, "me/echo:1", actor([]byte("x")))
	f.push(t, "echo:1", actor([]byte("x")))
	if f.Tag("me/echo", "1") == "" || f.Tag("library/echo", "1") == "" {
		t.Error("not where docker would look")
	}
	for _, q := range f.Requests() {
		want := "registry-1.docker.io"
		if q.Path == "/token" {
			want = "auth.docker.io"
		}
		if q.Host != want {
			t.Errorf("%s %s at %s, want %s", q.Method, q.Path, q.Host, want)
		}
	}
}

// TestAnybodyPullsFromDockerHub, up to its limit.
func TestAnybodyPullsFromDockerHub(t *testing.T) {
	f := customer(t, registry.DockerHub())
	f.push(t, "me/echo:1", actor([]byte("x")))
	f.cfg.NoKeychain = true
	f.restart()
	if _, err := f.pull(t, "me/echo:1"); err != nil {
		t.Error(err)
	}
	_, err := f.client.Push(t.Context(), mustRef(t, "me/echo:2"), actor([]byte("y")))
	wantError(t, err, "401", "asked for repository:me/echo:pull,push", "no login for docker.io was found in -u and -p", "log in with docker or podman")
	f.SetPulls(1000)
	_, err = f.pull(t, "me/echo:1")
	wantError(t, err, "429", "pull rate limit", "without a login the limit is lower", "given up after 5 tries")
}

// TestWhatRegistriesForbid is said with its cure.
func TestWhatRegistriesForbid(t *testing.T) {
	for _, c := range []struct {
		profile *registry.Profile
		ref     string
		want    []string
	}{
		{registry.GHCR(), "ghcr.io/you/echo:1", []string{"403", "write_package", "asked for repository:you/echo:pull,push", "config.json", `user "me" with a password`}},
		{registry.ECR(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/new:1", []string{"404", "does not exist", "made before the first push"}},
		{registry.ECR(), "123456789012.dkr.ecr.eu-west-1.amazonaws.com/echo:1", []string{"immutable", "give the artifact a new tag"}},
		{registry.Harbor(), "harbor.example.com/me/echo:1", []string{"412", "give the artifact a new tag"}},
	} {
		f := customer(t, c.profile)
		p := actor([]byte("y"))
		p.Force = true // our own rule would be first
		if strings.Contains(c.want[len(c.want)-1], "new tag") {
			f.push(t, c.ref, actor([]byte("x")))
		}
		_, err := f.client.Push(t.Context(), mustRef(t, c.ref), p)
		wantError(t, err, c.want...)
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("a secret shows in %v", err)
		}
	}
}

// TestCorruptingRegistry keeps the last piece alone and calls it the whole. What it has
// is found out before anything is tagged, and again by whoever pulls it.
func TestCorruptingRegistry(t *testing.T) {
	f := newFixture(t, registry.Options{MaxBody: 4 << 20, LastPieceOnly: true})
	data := random(9 << 20)
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor(data))
	wantError(t, err, "took 9437184 bytes in pieces and kept 1048576", "nothing was tagged")
	if !errors.Is(err, ErrMismatch) || f.Tag("echo", "1") != "" {
		t.Errorf("tag %q, %v", f.Tag("echo", "1"), err)
	}
	m, _, err := Manifest(actor(data), digestOf(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	f.PutManifest("echo", "2", mediaTypeManifest, m)
	if got, err := f.pull(t, "localhost:5000/echo:2"); err == nil {
		t.Errorf("%d bytes were taken for the whole", len(got))
	}
}

func (f *fixture) copyTo(t *testing.T, from string, to ...string) Pushed {
	t.Helper()
	var refs []Ref
	for _, s := range to {
		refs = append(refs, mustRef(t, s))
	}
	out, err := f.client.Copy(t.Context(), f.client, mustRef(t, from), refs, Copy{Check: func(_ Pulled, r io.Reader) (bool, error) {
		_, err := io.Copy(io.Discard, r)
		return false, err
	}})
	if err != nil {
		t.Fatalf("copy %s: %v", from, err)
	}
	return out[0]
}
