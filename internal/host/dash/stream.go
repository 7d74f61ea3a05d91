package dash

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

const (
	maxStreams = 32               // open at a time: each holds a connection
	writeTime  = 10 * time.Second // a reader that takes nothing for so long is let go
	pulse      = 15 * time.Second // a comment, so that both sides see whether the other is there
)

// events streams what happens as server-sent events: first what is kept since
// the last one that the client has, then what follows. A slow reader's stream
// ends; its browser comes back by itself, and asks for what it missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		fail(w, http.StatusServiceUnavailable, fmt.Sprintf("%d event streams are open: close some of the dashboard's tabs", maxStreams))
		return
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // a recorder in tests has none
	after, _ := strconv.ParseUint(r.URL.Query().Get("after"), 10, 64)
	if id, err := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		after = id
	}
	kept, more, leave := s.cfg.Feed.Join(after)
	defer leave()

	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // some proxies would collect them
	send := func(format string, args ...any) error {
		_ = control.SetWriteDeadline(time.Now().Add(writeTime))
		if _, err := fmt.Fprintf(w, format, args...); err != nil {
			return err
		}
		return control.Flush()
	}
	if len(kept) > 0 && after > 0 && kept[0].ID > after+1 {
		if send("event: gap\ndata: %d\n\n", kept[0].ID-after-1) != nil {
			return
		}
	}
	if send("retry: 1000\n\n") != nil {
		return
	}
	for _, m := range kept {
		if sendMessage(send, m) != nil {
			return
		}
	}
	if send("event: live\ndata: {}\n\n") != nil {
		return
	}
	tick := time.NewTicker(pulse)
	defer tick.Stop()
	for {
		select {
		case <-r.Context().Done():
			return
		case m, ok := <-more:
			if !ok || sendMessage(send, m) != nil {
				return
			}
		case <-tick.C:
			if send(": still here\n\n") != nil {
				return
			}
		}
	}
}

func sendMessage(send func(string, ...any) error, m Message) error {
	b, err := wasmbus.EncodeJSON(m) // compact: no line end is in it
	if err != nil {
		return nil //nolint:nilerr // an event whose data is no JSON is left out
	}
	return send("id: %d\ndata: %s\n\n", m.ID, b)
}
