package tester

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// recording writes down what an actor asks a real provider and what that answers, by
// listening: nobody has to sign for somebody else, and what is recorded is what would
// have happened without it. It needs the right to listen to other clients' inboxes.
type recording struct {
	host   *provider.Host
	actor  string
	file   *os.File
	subs   []*nats.Subscription
	inbox  chan *nats.Msg
	done   chan struct{}
	end    sync.Once
	asked  map[string]casefile.Question // by the subject that the answer goes to
	target string
}

// maxAsked bounds the questions that wait for an answer; some never get one.
const maxAsked = 4096

// allInboxes is where answers go, of every client that left the prefix as it is.
const allInboxes = nats.InboxPrefix + ">"

func startRecording(h *provider.Host, link provider.LinkDefinition, s settings) (*recording, error) {
	file, err := os.OpenFile(s.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("link value file: %w", err)
	}
	r := &recording{
		host: h, actor: link.ActorID, file: file, inbox: make(chan *nats.Msg, maxAsked), done: make(chan struct{}),
		asked: map[string]casefile.Question{}, target: wasmbus.ProviderSubject(h.Data().LatticeRPCPrefix, s.from, s.link),
	}
	// One channel keeps a question before its answer.
	for _, subject := range []string{r.target, allInboxes} {
		sub, err := h.NATS().ChanSubscribe(subject, r.inbox)
		if err != nil {
			r.unsubscribe()
			_ = file.Close()
			return nil, fmt.Errorf("listening to %s: %w", subject, err)
		}
		r.subs = append(r.subs, sub)
	}
	if err := h.NATS().Flush(); err != nil {
		r.unsubscribe()
		_ = file.Close()
		return nil, fmt.Errorf("listening to %s: %w", r.target, err)
	}
	go r.listen()
	return r, nil
}

func (r *recording) unsubscribe() {
	for _, sub := range r.subs {
		_ = sub.Unsubscribe()
	}
}

// stop writes what has arrived.
func (r *recording) stop() {
	r.end.Do(func() {
		_ = r.host.NATS().FlushTimeout(time.Second) // what was said before now has arrived after this
		r.unsubscribe()
		close(r.inbox)
		<-r.done
		if err := r.file.Close(); err != nil {
			r.host.Logger().Error("the recording may not be whole", "file", r.file.Name(), "error", err)
		}
	})
}

func (r *recording) call(_ context.Context, c provider.Call) ([]byte, error) {
	return nil, provider.UnknownOperation(c.Operation)
}

func (r *recording) listen() {
	defer close(r.done)
	for m := range r.inbox {
		if m.Subject == r.target {
			r.question(m)
			continue
		}
		if q, ok := r.asked[m.Subject]; ok {
			delete(r.asked, m.Subject)
			if err := r.answer(q, m.Data); err != nil {
				r.host.Logger().Warn("not recorded", "operation", q.Operation, "error", err)
			}
		}
	}
}

func (r *recording) question(m *nats.Msg) {
	inv, err := wasmbus.UnmarshalInvocation(m.Data)
	if err != nil || m.Reply == "" || inv.Origin.PublicKey != r.actor {
		return
	}
	if inv.Chunked() {
		r.host.Logger().Warn("not recorded: the argument is too large for a message", "operation", inv.Operation)
		return
	}
	if len(r.asked) >= maxAsked {
		clear(r.asked)
	}
	r.asked[m.Reply] = casefile.Question{
		Contract: inv.Target.ContractID, Link: casefile.DefaultLink, Operation: inv.Operation, Argument: append([]byte(nil), inv.Msg...),
	}
}

func (r *recording) answer(q casefile.Question, data []byte) error {
	answer, err := wasmbus.UnmarshalResponse(data)
	if err != nil {
		return err
	}
	if answer.Chunked() {
		return errors.New("the answer is too large for a message")
	}
	var refusal error
	if answer.Error != "" {
		refusal = errors.New(answer.Error)
	}
	section, err := casefile.AppendFake(nil, "fake", q, answer.Msg, refusal)
	if err != nil {
		return err
	}
	_, err = io.WriteString(r.file, string(section))
	return err
}
