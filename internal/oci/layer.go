package oci

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// layerReader streams a layer and checks it: io.EOF comes only after bytes of
// the right number and digest. A connection that drops is taken up again
// where it broke, so what was read stays read.
type layerReader struct {
	*Client
	ctx  context.Context // of the one Pull that this reader belongs to
	ref  Ref
	want blob

	body io.ReadCloser
	off  int64
	h    hash.Hash
	cuts int // times the connection dropped
	err  error
}

func (c *Client) newLayerReader(ctx context.Context, ref Ref, want blob) *layerReader {
	return &layerReader{Client: c, ctx: ctx, ref: ref, want: want, h: sha256.New()}
}

func (r *layerReader) Read(p []byte) (int, error) {
	if r.err != nil || len(p) == 0 {
		return 0, r.err
	}
	n, err := r.read(p)
	r.err = err
	return n, err
}

func (r *layerReader) read(p []byte) (int, error) {
	for {
		if r.body == nil {
			if err := r.retry(r.ctx, r.open); err != nil {
				return 0, err
			}
		}
		n, err := r.body.Read(p)
		if r.off+int64(n) > r.want.Size {
			return 0, lie("the registry sent more than the layer's %d bytes", r.want.Size)
		}
		r.h.Write(p[:n])
		r.off += int64(n)
		switch {
		case err == nil:
			return n, nil
		case r.ctx.Err() != nil:
			return n, context.Cause(r.ctx)
		case r.off == r.want.Size:
			return n, r.finish()
		}
		if err := r.resume(err); err != nil || n > 0 {
			return n, err
		}
	}
}

// finish says whether the whole layer was the right one.
func (r *layerReader) finish() error {
	if got := "sha256:" + hex.EncodeToString(r.h.Sum(nil)); got != r.want.Digest {
		return lie("the registry calls the layer %s and sent the bytes of %s", r.want.Digest, got)
	}
	return io.EOF
}

// resume gives up the broken connection; the next read opens another.
func (r *layerReader) resume(cause error) error {
	r.Close()
	r.body = nil
	if r.cuts++; r.cuts >= maxTries {
		return fmt.Errorf("the connection to %s broke %d times, last after %d of %d bytes: %w", r.ref.Registry, r.cuts, r.off, r.want.Size, cause)
	}
	wait, _ := r.wait(&advice{}, r.cuts)
	return r.cfg.Sleep(r.ctx, wait)
}

// open asks for the layer from r.off on.
func (r *layerReader) open(ctx context.Context) error {
	u := url.URL{Scheme: "https", Host: r.ref.host(), Path: "/v2/" + r.ref.Repository + "/blobs/" + r.want.Digest}
	if r.router.plainHTTP(u.Host) {
		u.Scheme = "http"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	if r.off > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", r.off))
	}
	resp, err := r.auth.Do(req)
	if err != nil {
		return err
	}
	if err := r.accept(resp); err != nil {
		resp.Body.Close()
		return err
	}
	r.body = resp.Body
	return nil
}

// accept checks that resp carries the bytes from r.off on, skipping those
// before if the registry does not know ranges.
func (r *layerReader) accept(resp *http.Response) error {
	from := int64(0)
	switch {
	case resp.StatusCode == http.StatusPartialContent && r.off > 0:
		from = r.off
		if got := resp.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", from)) {
			return lie("asked for the layer from byte %d on, the registry sent %q", from, printable(got))
		}
	case resp.StatusCode != http.StatusOK:
		return answer(resp)
	}
	if n := resp.ContentLength; n >= 0 && n != r.want.Size-from {
		return lie("the manifest gives the layer %d bytes, the registry says %d", r.want.Size, n+from)
	}
	if from < r.off {
		if _, err := io.CopyN(io.Discard, resp.Body, r.off-from); err != nil {
			return err
		}
	}
	return nil
}

// Close lets the connection go. It may be called more than once.
func (r *layerReader) Close() error {
	if r.body == nil {
		return nil
	}
	return r.body.Close()
}
