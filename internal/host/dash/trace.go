package dash

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Bounds of what Traces keeps: a host under load makes thousands of calls a
// second, and people look at the last few.
const (
	maxTraces = 200
	maxSpans  = 200 // of one trace
)

// Traces keeps the last calls in memory. A nil *Traces keeps nothing and costs
// nothing, so hosts without a dashboard need no second way.
type Traces struct {
	mu    sync.Mutex
	byID  map[string]*trace
	order []string // oldest first
}

type trace struct {
	spans   []*SpanRecord
	dropped int
}

// NewTraces makes an empty one.
func NewTraces() *Traces { return &Traces{byID: map[string]*trace{}} }

// SpanRecord is a Span as it went.
type SpanRecord struct {
	ID        int     `json:"id"`     // 1, 2, …, within the trace
	Parent    int     `json:"parent"` // 0 = none
	Kind      string  `json:"kind"`
	Target    string  `json:"target,omitempty"`
	Name      string  `json:"name,omitempty"`
	Contract  string  `json:"contract_id,omitempty"`
	Link      string  `json:"link_name,omitempty"`
	Operation string  `json:"operation"`
	In        int     `json:"bytes_in"`
	Out       int     `json:"bytes_out"`
	StartUS   float64 `json:"start_us"` // microseconds after the trace's begin
	TookUS    float64 `json:"took_us"`
	Running   bool    `json:"running,omitempty"`
	Error     string  `json:"error,omitempty"`

	began time.Time
}

// Trace is one call.
type Trace struct {
	ID        string       `json:"id"`
	Began     time.Time    `json:"began"`
	Target    string       `json:"target"`
	Name      string       `json:"name"`
	Operation string       `json:"operation"`
	TookUS    float64      `json:"took_us"`
	Running   bool         `json:"running,omitempty"`
	Error     string       `json:"error,omitempty"`
	Spans     []SpanRecord `json:"spans,omitempty"`
	Dropped   int          `json:"spans_dropped,omitempty"` // spans beyond the bound
}

type parentKey struct{}

type callKey struct{}

// Within makes spans begun with the context belong to the trace of another call:
// one that came over the lattice says on whose behalf it is made.
func Within(ctx context.Context, call string) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallOf gives the call to whose trace the spans of a context belong, "" for none.
func CallOf(ctx context.Context) string {
	call, _ := ctx.Value(callKey{}).(string)
	return call
}

// Active is a span under way. A nil one is no span.
type Active struct {
	traces *Traces
	record *SpanRecord
}

// Begin notes that a stretch of a call begins; spans begun with the context
// returned are its children.
func (t *Traces) Begin(ctx context.Context, s Span) (context.Context, *Active) {
	if t == nil || s.Call == "" {
		return ctx, nil
	}
	if whole := CallOf(ctx); whole != "" {
		s.Call = whole
	} else {
		ctx = Within(ctx, s.Call)
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.trace(s.Call)
	if len(tr.spans) >= maxSpans {
		tr.dropped++
		return ctx, nil
	}
	r := &SpanRecord{
		ID: len(tr.spans) + 1, Kind: s.Kind, Target: s.Target, Name: s.Name, Contract: s.Contract, Link: s.Link,
		Operation: s.Operation, In: s.In, Running: true, began: now,
	}
	if parent, ok := ctx.Value(parentKey{}).(*SpanRecord); ok && slices.Contains(tr.spans, parent) {
		r.Parent = parent.ID
	} else if len(tr.spans) > 0 {
		r.Parent = 1 // came over the lattice: all that is known is whose call it is
	}
	if len(tr.spans) > 0 {
		r.StartUS = micros(now.Sub(tr.spans[0].began))
	}
	tr.spans = append(tr.spans, r)
	return context.WithValue(ctx, parentKey{}, r), &Active{t, r}
}

// trace finds or makes a trace. t.mu is held.
func (t *Traces) trace(id string) *trace {
	if tr := t.byID[id]; tr != nil {
		return tr
	}
	if len(t.order) >= maxTraces {
		delete(t.byID, t.order[0])
		t.order = slices.Delete(t.order, 0, 1)
	}
	tr := &trace{}
	t.byID[id] = tr
	t.order = append(t.order, id)
	return tr
}

// End notes how a stretch ended, with so many bytes of result.
func (a *Active) End(out int, err error) {
	if a == nil {
		return
	}
	took := micros(time.Since(a.record.began))
	a.traces.mu.Lock()
	defer a.traces.mu.Unlock()
	a.record.TookUS, a.record.Out, a.record.Running = took, out, false
	if err != nil {
		a.record.Error = clip(err.Error(), maxText)
	}
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// List gives the calls kept, newest first, without their spans.
func (t *Traces) List() []Trace {
	list := []Trace{}
	if t == nil {
		return list
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range slices.Backward(t.order) {
		list = append(list, t.byID[id].summary(id))
	}
	return list
}

// Get gives one call with its spans.
func (t *Traces) Get(id string) (Trace, bool) {
	if t == nil {
		return Trace{}, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	tr := t.byID[id]
	if tr == nil {
		return Trace{}, false
	}
	out := tr.summary(id)
	out.Dropped = tr.dropped
	for _, s := range tr.spans {
		out.Spans = append(out.Spans, *s)
	}
	return out, true
}

// summary describes a trace by its first span, and names the actor even if that
// is the second: a dashboard's call begins before the actor's work.
func (tr *trace) summary(id string) Trace {
	first := tr.spans[0]
	out := Trace{
		ID: id, Began: first.began.UTC(), Target: first.Target, Name: first.Name, Operation: first.Operation,
		TookUS: first.TookUS, Running: first.Running, Error: first.Error,
	}
	if first.Kind == SpanCall && len(tr.spans) > 1 {
		out.Target, out.Name = tr.spans[1].Target, tr.spans[1].Name
	}
	return out
}
