package oci

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

const (
	// pieceSize (bytes) is as much as GHCR takes in one request.
	pieceSize = 4 << 20
	// maxPiece is the most that a registry's own wish may make of it: a piece is in memory.
	maxPiece = 64 << 20
	// wholeTries is how often a blob is sent whole before a line that breaks each
	// time is given pieces, of which those that arrived need not be sent again.
	wholeTries = 2
)

// tooLarge tells the answers of registries, and of the proxies before them, that
// take a blob in pieces alone. GHCR says 416.
func tooLarge(err error) bool {
	var answer *errcode.ErrorResponse
	return errors.As(err, &answer) &&
		(answer.StatusCode == http.StatusRequestEntityTooLarge || answer.StatusCode == http.StatusRequestedRangeNotSatisfiable)
}

// uploadPieces sends one blob by PATCHes and an empty PUT, and then asks how large
// the registry has it.
func (j *pushJob) uploadPieces(ctx context.Context, s Source, m *meter) error {
	location, atLeast, err := j.emptyUpload(ctx)
	if err != nil {
		return err
	}
	f, err := s.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", errSource, err)
	}
	defer f.Close()
	up := piecemeal{j, location}
	gen, sum := m.restart(), sha256.New()
	buf := make([]byte, min(s.Size(), max(pieceSize, atLeast)))
	for off := int64(0); off < s.Size(); {
		piece := buf[:min(int64(len(buf)), s.Size()-off)]
		if _, err := io.ReadFull(f, piece); err != nil {
			return m.fail(fmt.Errorf("%w: %w", errSource, err))
		}
		sum.Write(piece)
		if err := up.send(ctx, piece, off); err != nil {
			return err
		}
		m.add(gen, len(piece))
		off += int64(len(piece))
	}
	if "sha256:"+hex.EncodeToString(sum.Sum(nil)) != s.Digest() {
		return fmt.Errorf("%w: the file changed while it was being pushed", errSource)
	}
	if err := up.end(ctx, s.Digest()); err != nil {
		return err
	}
	return j.checkSize(ctx, s)
}

// checkSize finds registries that keep the last piece alone and call it the whole:
// at least one product does.
func (j *pushJob) checkSize(ctx context.Context, s Source) error {
	got, err := j.repository(j.ref).Blobs().Resolve(ctx, s.Digest())
	if err == nil && got.Size != s.Size() {
		return lie("the registry took %d bytes in pieces and kept %d of them, under the digest of the whole: it corrupts what it is sent, and nothing was tagged", s.Size(), got.Size)
	}
	return err
}

// piecemeal is an upload that goes on where the registry last said.
type piecemeal struct {
	*pushJob
	location *url.URL
}

// send sends a piece. After a broken connection it asks how much has arrived.
func (p *piecemeal) send(ctx context.Context, piece []byte, off int64) error {
	sent := int64(0)
	for cuts := 1; sent < int64(len(piece)); cuts++ {
		have, err := p.do(ctx, http.MethodPatch, piece[sent:], off+sent)
		if err != nil && (ctx.Err() != nil || cuts == maxTries || !p.transient(ctx, err)) {
			return err
		}
		if err != nil {
			wait, _ := p.wait(&advice{}, cuts)
			if e := p.cfg.Sleep(ctx, wait); e != nil {
				return e
			}
			var e error
			if have, e = p.do(ctx, http.MethodGet, nil, off); e != nil {
				return err // the upload is gone: begin again
			}
		}
		if have < off+sent || have > off+int64(len(piece)) {
			return fmt.Errorf("%w: the registry says it has %d bytes of the upload, and %d to %d can be", io.ErrUnexpectedEOF, have, off+sent, off+int64(len(piece)))
		}
		sent = have - off
	}
	return nil
}

// do sends a piece (PATCH), or asks for the state (GET), and returns how many bytes
// the registry has then.
func (p *piecemeal) do(ctx context.Context, method string, piece []byte, off int64) (have int64, err error) {
	req, err := http.NewRequestWithContext(ctx, method, p.location.String(), bytes.NewReader(piece))
	if err != nil {
		return 0, err
	}
	if method == http.MethodPatch {
		req.Header.Set("Content-Type", "application/octet-stream")
		req.Header.Set("Content-Range", fmt.Sprintf("%d-%d", off, off+int64(len(piece))-1))
	}
	resp, err := p.doerFor(p.location).Do(req)
	if err != nil {
		return 0, err
	}
	if resp.StatusCode != http.StatusAccepted && resp.StatusCode != http.StatusNoContent {
		return 0, answer(resp)
	}
	resp.Body.Close()
	if resp.Header.Get("Location") != "" {
		if p.location, err = p.next(resp); err != nil {
			return 0, err
		}
	}
	return received(resp, off+int64(len(piece))), nil
}

// received reads "Range: 0-41" as 42 bytes. "0-0" is how some say none, so it counts
// for one byte only where one was sent.
func received(resp *http.Response, otherwise int64) int64 {
	_, last, ok := strings.Cut(strings.TrimPrefix(resp.Header.Get("Range"), "bytes="), "-")
	n, err := strconv.ParseInt(last, 10, 64)
	switch {
	case !ok || err != nil:
		return otherwise
	case n == 0 && otherwise != 1:
		return 0
	}
	return n + 1
}

// end makes a blob of the pieces.
func (p *piecemeal) end(ctx context.Context, digest string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, withDigest(p.location, digest), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := p.doerFor(p.location).Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return answer(resp)
	}
	return resp.Body.Close()
}
