package providertest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Case makes the calls of a case to a provider process of its own.
func (r *Runner) Case(ctx context.Context, tc *casefile.Case) error {
	return r.with(ctx, tc, func(in *instance) error {
		for i := range tc.Steps {
			s := &tc.Steps[i]
			if err := in.step(ctx, s); err != nil {
				return fmt.Errorf("%s:%d: step %d, %s: %w", tc.Path, s.Line, i+1, s.Title(), err)
			}
		}
		return nil
	})
}

func (in *instance) step(ctx context.Context, s *casefile.Step) error {
	from := in.output.count()
	in.player.Begin(s)
	reply, err := in.call(ctx, s)
	err = outcome(s, reply, err)
	if err == nil && len(s.Expects) > 0 { // the provider may ask when it has answered
		waiting, cancel := context.WithTimeout(ctx, in.r.cfg.CallTimeout)
		defer cancel()
		in.player.Wait(waiting)
	}
	if seen := in.player.End(); seen != nil && err != nil {
		return fmt.Errorf("%w\nwhat came of it: %w", seen, err)
	} else if err := errors.Join(seen, err); err != nil {
		return err
	}
	return in.logged(ctx, s.Logs, from)
}

func (in *instance) call(ctx context.Context, s *casefile.Step) ([]byte, error) {
	if s.Request != nil {
		return in.request(ctx, s.Request)
	}
	return lattice.Call(ctx, in.r.conn, lattice.CallOptions{
		Lattice: in.r.cfg.Lattice, Target: in.target(), Operation: s.Operation, Payload: s.Payload, Origin: wasmbus.Actor(in.link.ActorID),
		HostKey: in.r.hostKey, Cluster: in.r.cluster, Timeout: in.r.cfg.CallTimeout, Now: in.r.cfg.Now(),
	})
}

// outcome compares what came of a call with what the step expects.
func outcome(s *casefile.Step, reply []byte, err error) error {
	switch {
	case s.Fails != nil && err == nil:
		text, _ := casefile.Text(reply)
		return fmt.Errorf("want an error that matches %s, got the reply %s", s.Fails, text)
	case s.Fails != nil && !s.Fails.MatchString(err.Error()):
		return fmt.Errorf("want an error that matches %s, got: %w", s.Fails, err)
	case s.Fails == nil && err != nil:
		return err
	case !s.Checked:
		return nil
	}
	diff, err := casefile.Match(s.Reply, reply)
	if err == nil && diff != "" {
		err = errors.New("reply: " + diff)
	}
	return err
}

// logPatience is how long to wait for lines that a case expects: they come by
// another way than the reply.
const logPatience = 2 * time.Second

func (in *instance) logged(ctx context.Context, want []*regexp.Regexp, from int) error {
	waiting, cancel := context.WithTimeout(ctx, logPatience)
	defer cancel()
	for {
		missing := unmatched(want, in.output.since(from))
		if missing == nil {
			return nil
		}
		select {
		case <-in.output.added:
		case <-waiting.Done():
			return fmt.Errorf("log: no line matches %s", missing)
		}
	}
}

func unmatched(want []*regexp.Regexp, lines []string) *regexp.Regexp {
next:
	for _, re := range want {
		for _, line := range lines {
			if re.MatchString(line) {
				continue next
			}
		}
		return re
	}
	return nil
}
