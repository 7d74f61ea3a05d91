package bazelcache

import (
	"net/http"
	"slices"
)

// Request is one request and what came of it.
type Request struct {
	Method string
	Kind   Kind
	Key    string
	Status int
	Bytes  int64 // of the entry, sent by a GET or received by a PUT
}

// Hit says whether something was asked for and was there.
func (r Request) Hit() bool { return r.Method != http.MethodPut && r.Status == http.StatusOK }

// Log returns the requests since the start or the last Reset, in the order in
// which they were finished.
func (c *Cache) Log() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.log)
}

// Reset forgets the requests and keeps the entries: the next build is counted alone.
func (c *Cache) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = nil
}
