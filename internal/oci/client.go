package oci

import (
	"context"
	"errors"
	"io"
)

// Client speaks to registries by one Config. It may be used concurrently.
type Client struct{ cfg Config }

// New makes a client. It reads no file and opens no connection.
func New(cfg Config) *Client { return &Client{cfg: cfg} }

var errTodo = errors.New("not there yet")

func (c *Client) Resolve(ctx context.Context, ref Ref) (Descriptor, error) {
	return Descriptor{}, errTodo
}
func (c *Client) Push(ctx context.Context, ref Ref, p Push) (Pushed, error) { return Pushed{}, errTodo }
func (c *Client) Pull(ctx context.Context, ref Ref, want string, fetch func(m Pulled, r io.Reader) error) (Pulled, error) {
	return Pulled{}, errTodo
}
func (c *Client) Ping(ctx context.Context, registry string) error     { return errTodo }
func (c *Client) Tags(ctx context.Context, ref Ref) ([]string, error) { return nil, errTodo }
