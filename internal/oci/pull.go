package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"oras.land/oras-go/v2/registry/remote/auth"
)

// Pull fetches the artifact that ref names. want, if not empty, is the digest
// its manifest must have ("sha256:" may be left out).
//
// fetch gets the layer's description and bytes. The bytes are not to be
// trusted before r gave io.EOF: on a wrong digest or size it gives an error
// instead, so write to a file that appears only at the end. Pull reads what
// fetch left unread and fails if that shows a lie.
func (c *Client) Pull(ctx context.Context, ref Ref, want string, fetch func(m Pulled, r io.Reader) error) (Pulled, error) {
	if err := errors.Join(c.err, ref.check()); err != nil {
		return Pulled{}, err
	}
	if ref.latest() && !c.cfg.AllowLatest {
		return Pulled{}, refuse("pulling %s with the tag latest is prohibited: it is another artifact every time; give a tag or a digest, or pass --allow-latest", ref)
	}
	if want = strings.ToLower(want); want != "" && !strings.HasPrefix(want, "sha256:") {
		want = "sha256:" + want
	}
	if want != "" && !isDigest(want) {
		return Pulled{}, fmt.Errorf("%q is no digest: want 64 hex digits, with or without sha256: before them", want)
	}
	ctx, _ = c.begin(ctx, ref, auth.ActionPull)
	out, err := c.pull(ctx, ref, want, fetch)
	if err != nil {
		return Pulled{}, fmt.Errorf("pulling %s: %w", ref, err)
	}
	return out, nil
}

func (c *Client) pull(ctx context.Context, ref Ref, want string, fetch func(m Pulled, r io.Reader) error) (Pulled, error) {
	got, err := c.fetchManifest(ctx, ref)
	if err != nil {
		return Pulled{}, err
	}
	if want != "" && want != got.digest {
		return Pulled{}, refuse("image digest did not match provided digest: it is %s, and %s is wanted", got.digest, want)
	}
	m, err := decodeManifest(got.raw)
	if err != nil {
		return Pulled{}, err
	}
	layer := m.Layers[0]
	if len(c.cfg.Accept) > 0 && !slices.Contains(c.cfg.Accept, layer.MediaType) {
		return Pulled{}, fmt.Errorf("its layer is %s, which is no wasmCloud artifact; want one of %s", printable(layer.MediaType), strings.Join(c.cfg.Accept, ", "))
	}
	out := describe(ref, got.digest, m)
	r := c.newLayerReader(ctx, ref, layer)
	defer r.Close()
	if err := fetch(out, r); err != nil {
		return Pulled{}, err
	}
	if _, err := io.Copy(io.Discard, r); err != nil {
		return Pulled{}, err
	}
	return out, nil
}

func describe(ref Ref, digest string, m *manifest) Pulled {
	layer := m.Layers[0]
	return Pulled{
		Ref: ref.String(), Digest: digest,
		LayerType: layer.MediaType, LayerDigest: layer.Digest, ConfigType: m.Config.MediaType,
		Size: layer.Size, Annotations: m.Annotations,
	}
}

// fetchManifest reads a manifest and computes its digest, which must be the
// one asked for, or the one the registry claims.
func (c *Client) fetchManifest(ctx context.Context, ref Ref) (m body, err error) {
	err = c.retry(ctx, func(ctx context.Context) error {
		desc, r, err := c.repository(ref).Manifests().FetchReference(ctx, ref.target())
		if err != nil {
			return err
		}
		defer r.Close()
		raw, err := io.ReadAll(io.LimitReader(r, maxManifest+1))
		if err != nil {
			return err
		}
		if len(raw) > maxManifest {
			return lie("the manifest has more than %d bytes, which no artifact needs", maxManifest)
		}
		m = body{desc.MediaType, digestOf(raw), raw}
		if claimed := string(desc.Digest); claimed != m.digest {
			return lie("the registry calls the manifest %s and sent the bytes of %s", claimed, m.digest)
		}
		return nil
	})
	return m, err
}
