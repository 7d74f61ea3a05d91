package fsx

import (
	"context"
	"io"
)

// Stoppable is r, whose reading ends with ctx: a copy of a large file has no other
// point at which it could be interrupted.
func Stoppable(ctx context.Context, r io.Reader) io.Reader { return stoppable{ctx, r} }

type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
