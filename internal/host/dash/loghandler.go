package dash

import (
	"context"
	"log/slog"
	"strings"
)

type publishedKey struct{}

// Published marks records that reach the lattice in another way: a host logs the
// lines of its actors and publishes them too, and the feed wants them once.
func Published(ctx context.Context) context.Context {
	return context.WithValue(ctx, publishedKey{}, true)
}

// LogHandler passes records on to next and puts them into the feed.
func LogHandler(next slog.Handler, feed *Feed) slog.Handler {
	return &logHandler{next: next, feed: feed}
}

type logHandler struct {
	next  slog.Handler
	feed  *Feed
	attrs []slog.Attr
	group string
}

// Enabled implements slog.Handler.
func (h *logHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// WithAttrs implements slog.Handler.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	c.next = h.next.WithAttrs(attrs)
	c.attrs = append(append([]slog.Attr{}, h.attrs...), prefixed(h.group, attrs)...)
	return &c
}

// WithGroup implements slog.Handler.
func (h *logHandler) WithGroup(name string) slog.Handler {
	c := *h
	c.next, c.group = h.next.WithGroup(name), h.group+name+"."
	return &c
}

func prefixed(group string, attrs []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		out[i] = slog.Attr{Key: group + a.Key, Value: a.Value}
	}
	return out
}

// Handle implements slog.Handler. Seeds among the attributes show as such in no
// log: strkey.Seed's LogValue sees to that, and Resolve asks for it.
func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if ctx.Value(publishedKey{}) == nil {
		m := Message{Time: r.Time, Kind: KindHost, Level: strings.ToLower(r.Level.String())}
		var text strings.Builder
		text.WriteString(r.Message)
		add := func(a slog.Attr) {
			value := a.Value.Resolve().String()
			switch a.Key {
			case "actor", "provider":
				m.From = value
			case "call":
				m.Call = value
			default:
				text.WriteString(" · " + a.Key + " " + value)
			}
		}
		for _, a := range h.attrs {
			add(a)
		}
		r.Attrs(func(a slog.Attr) bool {
			add(slog.Attr{Key: h.group + a.Key, Value: a.Value})
			return true
		})
		m.Text = text.String()
		h.feed.Put(m)
	}
	return h.next.Handle(ctx, r)
}
