package oci

import (
	"context"
	"errors"
	"fmt"
	"strings"

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

// credentials answers for a registry that asked who is there: the pair given
// for this command, the hosts' variables if they name that registry, then
// docker's and podman's files and their helpers. Nothing is read before a
// registry asks.
func credentials(cfg Config) auth.CredentialFunc {
	return func(ctx context.Context, host string) (auth.Credential, error) {
		if cfg.User != "" {
			return auth.Credential{Username: cfg.User, Password: cfg.Password}, nil
		}
		for _, prefix := range []string{"WASMCLOUD_OCI_REGISTRY", "OCI_REGISTRY"} {
			// The real hosts compare prefixes, so that ghcr.io's password also
			// goes to ghcr.io.example.com; the host must be equal here.
			scope, _, _ := strings.Cut(cfg.Env(prefix), "/")
			if scope != "" && sameRegistry(scope, host) && cfg.Env(prefix+"_USER") != "" {
				return auth.Credential{Username: cfg.Env(prefix + "_USER"), Password: cfg.Env(prefix + "_PASSWORD")}, nil
			}
		}
		if cfg.NoKeychain {
			return auth.EmptyCredential, nil
		}
		return fromKeychain(ctx, host)
	}
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
