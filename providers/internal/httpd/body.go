package httpd

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// bodyTime bounds how long a client may take to send a body.
const bodyTime = time.Minute

var (
	errLargeBody = errors.New("the body is larger than the link allows")
	errNoRoom    = errors.New("other large bodies are being answered")
)

// readBody reads a body. A large one takes room until release is called, which is never nil.
func (g *gate) readBody(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	release = func() {}
	limit := int64(g.set.MaxContentLen)
	if r.ContentLength > limit {
		return nil, release, errLargeBody
	}
	// Not every connection has deadlines; then the client's patience is the bound.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTime))
	in := http.MaxBytesReader(w, r.Body, limit)
	body, err = io.ReadAll(io.LimitReader(in, wasmbus.ChunkThreshold+1))
	if err == nil && len(body) > wasmbus.ChunkThreshold {
		size := r.ContentLength
		if size < 0 {
			size = limit // nobody knows
		}
		body, release, err = g.readRest(r.Context(), body, in, size)
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		err = errLargeBody
	}
	if err == nil {
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	}
	return body, release, err
}

// readRest completes a large body of at most size bytes, when there is room for it.
func (g *gate) readRest(ctx context.Context, begun []byte, in io.Reader, size int64) (body []byte, release func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, g.timeout)
	defer cancel()
	if release, err = g.large.Take(ctx, uint64(size)); err != nil {
		return nil, release, errNoRoom
	}
	whole := bytes.NewBuffer(begun)
	whole.Grow(int(size) - len(begun) + bytes.MinRead) // once: growing by and by takes twice as much
	_, err = whole.ReadFrom(in)
	return whole.Bytes(), release, err
}

// refuseBody says why a body was not read whole.
func (g *gate) refuseBody(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errLargeBody):
		w.Header().Set("Connection", "close") // the body stays unread
		refuse(w, http.StatusRequestEntityTooLarge, "the body is larger than "+strconv.FormatInt(int64(g.set.MaxContentLen), 10)+" bytes")
	case errors.Is(err, errNoRoom):
		w.Header().Set("Connection", "close")
		w.Header().Set("Retry-After", "1")
		refuse(w, http.StatusServiceUnavailable, "too many large bodies are being answered")
	default:
		refuse(w, http.StatusBadRequest, "the body did not arrive whole")
	}
}
