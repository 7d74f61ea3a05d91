package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"oras.land/oras-go/v2/registry"
	"oras.land/oras-go/v2/registry/remote"
	"oras.land/oras-go/v2/registry/remote/auth"
)

// maxManifest is the most a manifest or a page of tags may weigh; registries
// themselves refuse more than 4 MiB.
const maxManifest = 4 << 20

// Client speaks to registries by one Config. It may be used concurrently, and
// keeps tokens and connections: use one for several transfers.
type Client struct {
	cfg    Config
	err    error // what is wrong with cfg, told by every method
	auth   *auth.Client
	router *router
	shelf  *shelf
	logins *finder
}

// New makes a client. It opens no connection, and reads no file but that of the
// authorities to trust.
func New(cfg Config) *Client {
	if cfg.Env == nil {
		cfg.Env = func(string) string { return "" }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Sleep == nil {
		cfg.Sleep = sleep
	}
	if cfg.UserAgent == "" {
		cfg.UserAgent = "rules_wasmcloud"
	}
	c := &Client{cfg: cfg, router: newRouter(cfg), shelf: newShelf(), logins: &finder{cfg: cfg, trails: map[string]*trail{}}}
	c.err = errors.Join(checkCredentials(cfg), c.router.trust(cfg))
	c.auth = &auth.Client{
		Client:     &http.Client{Transport: c.router, CheckRedirect: checkRedirect},
		Header:     http.Header{"User-Agent": {cfg.UserAgent}},
		Cache:      auth.NewCache(),
		Credential: c.logins.find,
	}
	return c
}

// Close lets idle connections go. The client may be used again.
func (c *Client) Close() { c.auth.Client.CloseIdleConnections() }

// Resolve asks what manifest ref names. One request.
func (c *Client) Resolve(ctx context.Context, ref Ref) (Descriptor, error) {
	if err := errors.Join(c.err, ref.check()); err != nil {
		return Descriptor{}, err
	}
	ctx, _ = c.begin(ctx, ref, auth.ActionPull)
	d, err := c.resolve(ctx, ref, ref.target())
	if err != nil {
		return Descriptor{}, fmt.Errorf("resolving %s: %w", ref, err)
	}
	return d, nil
}

func (c *Client) resolve(ctx context.Context, ref Ref, target string) (d Descriptor, err error) {
	err = c.retry(ctx, func(ctx context.Context) error {
		got, err := c.repository(ref).Manifests().Resolve(ctx, target)
		d = Descriptor{MediaType: got.MediaType, Digest: string(got.Digest), Size: got.Size}
		return err
	})
	if err == nil && !isDigest(d.Digest) {
		err = fmt.Errorf("the registry calls it %q, and only sha256 digests can be checked here", d.Digest)
	}
	return d, err
}

// Ping asks whether a registry ("host" or "host:port") answers.
func (c *Client) Ping(ctx context.Context, host string) error {
	if err := errors.Join(c.err, checkRegistry(host)); err != nil {
		return err
	}
	ref := Ref{Registry: host}
	ctx, _ = c.begin(ctx, ref)
	err := c.retry(ctx, func(ctx context.Context) error {
		r, err := remote.NewRegistry(host)
		if err != nil {
			return err
		}
		r.Client, r.PlainHTTP = c.auth, c.router.plainHTTP(ref.host())
		return r.Ping(ctx)
	})
	if err != nil {
		return fmt.Errorf("pinging %s: %w", host, err)
	}
	return nil
}

// Scheme says how a registry that has answered this client is spoken to: http or https.
func (c *Client) Scheme(host string) string {
	if name := (Ref{Registry: host}).host(); c.router.plainHTTP(name) && !c.router.speaksTLS.has(name) {
		return "http"
	}
	return "https"
}

// Tags lists the tags of ref's repository in the registry's order.
func (c *Client) Tags(ctx context.Context, ref Ref) ([]string, error) {
	if err := errors.Join(c.err, ref.check()); err != nil {
		return nil, err
	}
	ctx, _ = c.begin(ctx, ref, auth.ActionPull)
	var tags []string
	err := c.retry(ctx, func(ctx context.Context) error {
		tags = []string{}
		return c.repository(ref).Tags(ctx, "", func(page []string) error {
			tags = append(tags, page...)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("listing the tags of %s/%s: %w", ref.Registry, ref.Repository, err)
	}
	return tags, nil
}

// repository is oras's view of ref's repository, over this client's rules.
func (c *Client) repository(ref Ref) *remote.Repository {
	return &remote.Repository{
		Client:             c.auth,
		Reference:          registry.Reference{Registry: ref.Registry, Repository: ref.Repository},
		PlainHTTP:          c.router.plainHTTP(ref.host()),
		ManifestMediaTypes: []string{mediaTypeManifest, mediaTypeDockerManifest, mediaTypeIndex, mediaTypeDockerList},
		MaxMetadataBytes:   maxManifest,
		TagListMaxPages:    1000,
	}
}

// host is where ref's registry is dialled.
func (r Ref) host() string {
	return registry.Reference{Registry: r.Registry}.Host()
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
