package oci

import (
	"context"
	"net"
	"time"
)

// stallLimit is how long a connection may carry nothing in the direction that is
// waited for. Registries take their time over a large blob's last request; two
// minutes of silence is a peer that is gone without a word.
const stallLimit = 2 * time.Minute

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// steady makes the connections of dial fail when they stall. A timeout for a whole
// transfer would punish slow lines; this one only asks that something moves.
func steady(dial dialFunc, limit time.Duration) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &steadyConn{conn, limit}, nil
	}
}

type steadyConn struct {
	net.Conn
	limit time.Duration
}

func (c *steadyConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *steadyConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
