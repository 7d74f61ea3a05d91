package dash

import (
	"sync"
	"time"
	"unicode/utf8"
)

// Bounds of the feed.
const (
	maxMessages = 1000    // kept for those who come later
	maxText     = 4 << 10 // bytes of one line
	maxData     = 8 << 10 // bytes of an event's data
	maxBehind   = 256     // messages that a reader may be behind
)

// Feed keeps the last messages and passes new ones on to readers. It never
// waits for a reader: one that is too slow is let go, and can come back for what
// it missed as long as that is kept.
type Feed struct {
	mu      sync.Mutex
	ring    []Message // oldest first from next on, once full
	next    int
	last    uint64
	readers map[chan Message]struct{}
}

// NewFeed makes an empty feed.
func NewFeed() *Feed { return &Feed{readers: map[chan Message]struct{}{}} }

// Put adds a message; its ID is set here. Long ones are cut.
func (f *Feed) Put(m Message) {
	m.Text = clip(m.Text, maxText)
	if len(m.Data) > maxData {
		m.Data = nil
		m.Text += " (its data is too large to be shown)"
	}
	if m.Time.IsZero() {
		m.Time = time.Now()
	}
	m.Time = m.Time.UTC()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	m.ID = f.last
	if len(f.ring) < maxMessages {
		f.ring = append(f.ring, m)
	} else {
		f.ring[f.next] = m
		f.next = (f.next + 1) % maxMessages
	}
	for r := range f.readers {
		select {
		case r <- m:
		default:
			delete(f.readers, r)
			close(r)
		}
	}
}

// Join gives the kept messages after the id, and a channel of those that follow.
// The channel is closed if its reader falls behind. leave must be called.
func (f *Feed) Join(after uint64) (kept []Message, more <-chan Message, leave func()) {
	ch := make(chan Message, maxBehind)
	f.mu.Lock()
	defer f.mu.Unlock()
	if after > f.last {
		after = 0 // an id of another host that had this port before
	}
	for i := range f.ring {
		if m := f.ring[(f.next+i)%len(f.ring)]; m.ID > after {
			kept = append(kept, m)
		}
	}
	f.readers[ch] = struct{}{}
	return kept, ch, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.readers, ch)
	}
}

// clip cuts a text to at most n bytes of valid UTF-8.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
