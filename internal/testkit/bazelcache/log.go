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

// Miss says whether something was asked for and was not there.
func (r Request) Miss() bool { return r.Method != http.MethodPut && r.Status == http.StatusNotFound }

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

// Counts are the requests of one kind.
type Counts struct {
	Hits, Misses int   // GET and HEAD
	Stored       int   // PUT
	Refused      int   // wrong digest, wrong method
	Down, Up     int64 // bytes of entries sent and received
}

// Stats counts the requests of a kind since the last Reset.
func (c *Cache) Stats(kind Kind) Counts {
	var n Counts
	for _, r := range c.Log() {
		if r.Kind != kind {
			continue
		}
		switch {
		case r.Hit():
			n.Hits++
			n.Down += r.Bytes
		case r.Miss():
			n.Misses++
		case r.Status == http.StatusOK:
			n.Stored++
			n.Up += r.Bytes
		default:
			n.Refused++
			n.Up += r.Bytes
		}
	}
	return n
}

// Missed lists the keys of a kind that were asked for in vain, in order, once each.
func (c *Cache) Missed(kind Kind) []string {
	var keys []string
	for _, r := range c.Log() {
		if r.Kind == kind && r.Miss() && !slices.Contains(keys, r.Key) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}
