package oci

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

func login(user, password string) func(*Config) {
	return func(c *Config) { c.User, c.Password = user, password }
}

func TestLogin(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		t.Run(fmt.Sprintf("bearer=%v", bearer), func(t *testing.T) {
			opts := registry.Options{User: "u", Password: "p", Bearer: bearer}
			f := newFixture(t, opts, login("u", "p"))
			f.push(t, "localhost:5000/echo:1", actor(random(100<<10)))
			if _, err := f.pull(t, "localhost:5000/echo:1"); err != nil {
				t.Error(err)
			}
			for _, wrong := range []func(*Config){login("u", "wrong"), func(*Config) {}} {
				f := newFixture(t, opts, wrong)
				_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor([]byte("x")))
				if !errors.Is(err, ErrDenied) {
					t.Errorf("got %v, want ErrDenied", err)
				}
				if strings.Contains(fmt.Sprint(err), "wrong") && strings.Contains(fmt.Sprint(err), "u:wrong") {
					t.Errorf("the password shows in %v", err)
				}
			}
		})
	}
}

// TestUnchangedCostsOneRequest, once a token is held; and one token is for
// everything that a push does.
func TestUnchangedCostsOneRequest(t *testing.T) {
	for _, bearer := range []bool{false, true} {
		f := newFixture(t, registry.Options{User: "u", Password: "p", Bearer: bearer}, login("u", "p"))
		f.push(t, "localhost:5000/echo:1", actor(random(100<<10)))
		challenges := 0
		for _, q := range f.Requests() {
			if q.Status == http.StatusUnauthorized {
				challenges++
			}
		}
		if challenges != 1 {
			t.Errorf("bearer=%v: %d challenges, want 1: %q", bearer, challenges, f.Lines())
		}
		f.ResetLog()
		if out := f.push(t, "localhost:5000/echo:1", actor(random(100<<10))); out.Status != StatusUnchanged {
			t.Errorf("status %s", out.Status)
		}
		if lines := f.Lines(); len(lines) != 1 {
			t.Errorf("bearer=%v: requests %q, want one", bearer, lines)
		}
	}
}

// TestTokenExpiresInTheMiddle: the upload is sent again, from the file.
func TestTokenExpiresInTheMiddle(t *testing.T) {
	f := newFixture(t, registry.Options{User: "u", Password: "p", Bearer: true}, login("u", "p"), overNetwork)
	host := serve(t, f)
	f.Inject(registry.Fault{Method: "PUT", Path: "/blobs/uploads/", Times: 1, Serve: func(w http.ResponseWriter, req *http.Request, next http.Handler) {
		f.ExpireTokens()
		next.ServeHTTP(w, req)
	}})
	out := f.push(t, host+"/echo:1", actor(random(1<<20)))
	if f.Tag("echo", "1") != out.Digest {
		t.Error("not pushed")
	}
}

func TestHalfALoginIsRefused(t *testing.T) {
	for _, change := range []func(*Config){
		login("u", ""), login("", "p"),
		func(c *Config) { c.Env = env("OCI_REGISTRY_USER", "u") },
		func(c *Config) { c.Env = env("WASMCLOUD_OCI_REGISTRY_PASSWORD", "p") },
	} {
		f := newFixture(t, registry.Options{}, change)
		_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor([]byte("x")))
		wantError(t, err, "give both of")
		wantError(t, f.client.Ping(t.Context(), "localhost:5000"), "give both of")
		if len(f.Requests()) != 0 {
			t.Error("the registry was asked")
		}
	}
}

func env(pairs ...string) func(string) string {
	m := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return func(key string) string { return m[key] }
}

func TestHostCredentialsAreForTheirRegistryOnly(t *testing.T) {
	opts := registry.Options{User: "u", Password: "p"}
	for _, prefix := range []string{"OCI_REGISTRY", "WASMCLOUD_OCI_REGISTRY"} {
		for scope, ok := range map[string]bool{
			"ghcr.example.com": true, "GHCR.example.com": true, "ghcr.example.com/team": true,
			"ghcr.example": false, "ghcr.example.co": false, "example.com": false, "": false,
		} {
			f := newFixture(t, opts, func(c *Config) {
				c.Env = env(prefix, scope, prefix+"_USER", "u", prefix+"_PASSWORD", "p")
			})
			_, err := f.client.Push(t.Context(), mustRef(t, "ghcr.example.com/echo:1"), actor([]byte("x")))
			if (err == nil) != ok {
				t.Errorf("%s=%q: %v", prefix, scope, err)
			}
		}
	}
}

// isolate gives the keychain an empty home of the test's own.
func isolate(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	for _, name := range []string{"DOCKER_CONFIG", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	// docker's library looks up ~/.docker once per process; this is asked each
	// time. That the home is found too is a script of the ocipush command.
	t.Setenv("DOCKER_CONFIG", filepath.Join(home, ".docker"))
	return home
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestKeychain(t *testing.T) {
	auths := func(host string) string {
		return fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte("u:p")))
	}
	const host = "registry.example.com"
	for name, prepare := range map[string]func(t *testing.T, home string){
		"docker file": func(t *testing.T, home string) { write(t, home+"/.docker/config.json", auths(host), 0o600) },
		"DOCKER_CONFIG": func(t *testing.T, home string) {
			write(t, home+"/elsewhere/config.json", auths(host), 0o600)
			t.Setenv("DOCKER_CONFIG", home+"/elsewhere")
		},
		"podman runtime file": func(t *testing.T, home string) {
			write(t, home+"/run/containers/auth.json", auths(host), 0o600)
			t.Setenv("XDG_RUNTIME_DIR", home+"/run")
		},
		"podman config file": func(t *testing.T, home string) { write(t, home+"/.config/containers/auth.json", auths(host), 0o600) },
		"REGISTRY_AUTH_FILE": func(t *testing.T, home string) {
			write(t, home+"/auth.json", auths(host), 0o600)
			t.Setenv("REGISTRY_AUTH_FILE", home+"/auth.json")
		},
		"helper": func(t *testing.T, home string) {
			helper(t, home, `{"ServerURL":"`+host+`","Username":"u","Secret":"p"}`)
			write(t, home+"/.docker/config.json", `{"credHelpers":{"`+host+`":"fake"}}`, 0o600)
		},
		"store": func(t *testing.T, home string) {
			helper(t, home, `{"ServerURL":"`+host+`","Username":"u","Secret":"p"}`)
			write(t, home+"/.docker/config.json", `{"credsStore":"fake"}`, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t, isolate(t))
			f := newFixture(t, registry.Options{User: "u", Password: "p"}, func(c *Config) { c.NoKeychain = false })
			f.push(t, host+"/echo:1", actor([]byte("x")))
			_, err := f.client.Push(t.Context(), mustRef(t, "other.example.com/echo:1"), actor([]byte("x")))
			if name != "store" && !errors.Is(err, ErrDenied) { // our fake store answers for any host
				t.Errorf("another registry: %v, want ErrDenied", err)
			}
		})
	}
}

// helper puts a credential helper named fake into PATH that answers reply.
func helper(t *testing.T, home, reply string) {
	if runtime.GOOS == "windows" {
		t.Skip("the fake helper is a shell script")
	}
	write(t, home+"/bin/docker-credential-fake", "#!/bin/sh\nread host\necho '"+reply+"'\n", 0o755)
	t.Setenv("PATH", home+"/bin"+string(os.PathListSeparator)+os.Getenv("PATH"))
}

// TestIdentityToken: a helper's user "<token>" means an OAuth2 refresh token.
func TestIdentityToken(t *testing.T) {
	home := isolate(t)
	helper(t, home, `{"ServerURL":"registry.example.com","Username":"<token>","Secret":"p"}`)
	write(t, home+"/.docker/config.json", `{"credHelpers":{"registry.example.com":"fake"}}`, 0o600)
	f := newFixture(t, registry.Options{User: "u", Password: "p", Bearer: true, RealmURL: "https://registry.example.com/token"},
		func(c *Config) { c.NoKeychain = false })
	f.push(t, "registry.example.com/echo:1", actor([]byte("x")))
}

func TestKeychainIsReadOnlyWhenAsked(t *testing.T) {
	write(t, isolate(t)+"/.docker/config.json", `{"auths": broken`, 0o600)
	keychain := func(c *Config) { c.NoKeychain = false }
	newFixture(t, registry.Options{}, keychain).push(t, "localhost:5000/echo:1", actor([]byte("x")))

	f := newFixture(t, registry.Options{User: "u", Password: "p"}, keychain)
	_, err := f.client.Push(t.Context(), mustRef(t, "localhost:5000/echo:1"), actor([]byte("x")))
	wantError(t, err, "docker's or podman's credentials", "localhost:5000")
	if len(f.clock.naps) != 0 {
		t.Error("tried again, though the file stays broken")
	}
}

func TestDockerHubNames(t *testing.T) {
	write(t, isolate(t)+"/.docker/config.json", `{"auths":{"https://index.docker.io/v1/":{"auth":"dTpw"}}}`, 0o600)
	f := newFixture(t, registry.Options{User: "u", Password: "p"}, func(c *Config) { c.NoKeychain = false })
	out := f.push(t, "me/echo:1", actor([]byte("x")))
	if out.Ref != "docker.io/me/echo:1" {
		t.Errorf("pushed to %s", out.Ref)
	}
	if host := f.Requests()[0].Host; host != "registry-1.docker.io" {
		t.Errorf("dialled %s", host)
	}
}
