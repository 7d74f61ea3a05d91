package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// checkCredentials refuses half a login. wash goes on anonymously then, and
// the user hunts for the reason in the registry's answer.
func checkCredentials(cfg Config) error {
	pairs := []struct{ what, user, password string }{
		{"-u and -p (or WASH_REG_USER and WASH_REG_PASSWORD)", cfg.User, cfg.Password},
		{"OCI_REGISTRY_USER and OCI_REGISTRY_PASSWORD", cfg.Env("OCI_REGISTRY_USER"), cfg.Env("OCI_REGISTRY_PASSWORD")},
		{"WASMCLOUD_OCI_REGISTRY_USER and WASMCLOUD_OCI_REGISTRY_PASSWORD", cfg.Env("WASMCLOUD_OCI_REGISTRY_USER"), cfg.Env("WASMCLOUD_OCI_REGISTRY_PASSWORD")},
	}
	for _, p := range pairs {
		if (p.user == "") != (p.password == "") {
			missing := "password"
			if p.user == "" {
				missing = "user"
			}
			return refuse("registry credentials have no %s: give both of %s, or neither", missing, p.what)
		}
	}
	return nil
}

// finder answers for a registry that asked who is there: the pair given
// for this command, the hosts' variables if they name that registry, then
// docker's and podman's files and their helpers. Nothing is read before a
// registry asks.
type finder struct {
	cfg Config

	mu     sync.Mutex
	trails map[string]*trail // by canonical host
}

// find is oras's auth.CredentialFunc.
func (f *finder) find(ctx context.Context, host string) (auth.Credential, error) {
	t := &trail{host: canonicalHost(host)}
	cred, err := f.search(ctx, host, t)
	if err == nil && cred != auth.EmptyCredential {
		t.describe(cred)
	}
	f.mu.Lock()
	_, again := f.trails[t.host]
	f.trails[t.host] = t
	f.mu.Unlock()
	if !again && f.cfg.Explain != nil { // a token of another scope needs no other login
		t.tell(f.cfg.Explain)
	}
	return cred, err
}

func (f *finder) search(ctx context.Context, host string, t *trail) (auth.Credential, error) {
	if f.cfg.User != "" {
		t.chosen = cmp.Or(f.cfg.LoginName, "the user and password of this client")
		return auth.Credential{Username: f.cfg.User, Password: f.cfg.Password}, nil
	}
	if f.cfg.LoginName != "" {
		t.missed(f.cfg.LoginName, "not given")
	}
	for _, prefix := range []string{"WASMCLOUD_OCI_REGISTRY", "OCI_REGISTRY"} {
		// The real hosts compare prefixes, so that ghcr.io's password also
		// goes to ghcr.io.example.com; the host must be equal here.
		scope, _, _ := strings.Cut(f.cfg.Env(prefix), "/")
		switch {
		case scope == "":
			t.missed(prefix, "not set")
		case !sameRegistry(scope, host):
			t.missed(prefix, "names "+printable(scope))
		case f.cfg.Env(prefix+"_USER") == "":
			t.missed(prefix+"_USER", "not set")
		default:
			t.chosen = prefix + "_USER"
			return auth.Credential{Username: f.cfg.Env(prefix + "_USER"), Password: f.cfg.Env(prefix + "_PASSWORD")}, nil
		}
	}
	if f.cfg.NoKeychain {
		return auth.EmptyCredential, nil
	}
	cred, err := fromKeychain(ctx, host)
	if err != nil || cred == auth.EmptyCredential {
		t.missedKeychain(host)
		return cred, err
	}
	t.chosen = keychainSource(host)
	return cred, nil
}

func sameRegistry(a, b string) bool { return canonicalHost(a) == canonicalHost(b) }

func canonicalHost(host string) string {
	switch host = strings.ToLower(host); host {
	case "registry-1.docker.io", name.DefaultRegistry:
		return dockerHub
	}
	return host
}

func fromKeychain(ctx context.Context, host string) (auth.Credential, error) {
	reg, err := name.NewRegistry(canonicalHost(host))
	if err != nil {
		return auth.EmptyCredential, err
	}
	found, err := authn.Resolve(ctx, authn.DefaultKeychain, reg)
	if err != nil {
		return auth.EmptyCredential, credentialFileError(host, err)
	}
	cfg, err := authn.Authorization(ctx, found)
	if err != nil {
		return auth.EmptyCredential, credentialFileError(host, err)
	}
	return auth.Credential{
		Username:     cfg.Username,
		Password:     cfg.Password,
		RefreshToken: cfg.IdentityToken,
		AccessToken:  cfg.RegistryToken,
	}, nil
}

// errCredentials is not worth a second try: it happened on this machine.
var errCredentials = errors.New("reading docker's or podman's credentials")

func credentialFileError(host string, err error) error {
	return fmt.Errorf("%w for %s: %w (repair the file or its helper, or give -u and -p)", errCredentials, host, err)
}
