package tester

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// report is what is published on wasmbus.TestingSubject.
type report struct {
	Actor  string   `json:"actor"`
	Passed int      `json:"passed"`
	Total  int      `json:"total"`
	Tests  []result `json:"tests"`
	Error  string   `json:"error,omitempty"` // the tests could not be run
}

type result struct {
	Name   string `json:"name"`
	Passed bool   `json:"passed"`
	Error  string `json:"error,omitempty"`
}

// run runs the tests of an actor, once for each time that it is linked.
type run struct {
	host   *provider.Host
	link   provider.LinkDefinition
	cancel context.CancelFunc
	done   chan struct{} // closed when results and err are there
	tests  []contract.TestResult
	err    error
}

// startRun begins at once: whoever tells a provider of a link knows it.
func startRun(h *provider.Host, link provider.LinkDefinition, s settings) *run {
	ctx, cancel := context.WithTimeout(context.Background(), s.timeout)
	r := &run{host: h, link: link, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer cancel()
		r.tests, r.err = r.ask(ctx, s)
		close(r.done)
		if !errors.Is(r.err, context.Canceled) {
			r.publish()
		}
	}()
	return r
}

func (r *run) stop() {
	r.cancel()
	<-r.done
}

// askAgain is how long to wait for an actor that does not run yet.
const askAgain = 100 * time.Millisecond

func (r *run) ask(ctx context.Context, s settings) ([]contract.TestResult, error) {
	payload := s.options.MarshalMsgpack() // which every generation of actors reads
	reply, err := r.host.CallActor(ctx, r.link, contract.TestingStartOperation, payload)
	for errors.Is(err, provider.ErrNobody) {
		timer := time.NewTimer(askAgain)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			if errors.Is(ctx.Err(), context.Canceled) {
				return nil, ctx.Err()
			}
			return nil, fmt.Errorf("the actor did not start within %v: %w", s.timeout, err)
		}
		reply, err = r.host.CallActor(ctx, r.link, contract.TestingStartOperation, payload)
	}
	var refusal *provider.ActorError
	if errors.As(err, &refusal) {
		// Actors written for the Makefiles of 2021 know the old name alone.
		if old, oldErr := r.host.CallActor(ctx, r.link, wasmbus.OpStart, payload); oldErr == nil {
			reply, err = old, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return wasmbus.UnmarshalTestResults(reply)
}

// publish logs the results in wash's words and sends them to whoever listens.
func (r *run) publish() {
	log := r.host.Logger().With("actor", r.link.ActorID)
	out := report{Actor: r.link.ActorID, Total: len(r.tests), Tests: []result{}}
	for _, t := range r.tests {
		one := result{Name: t.Name, Passed: t.Passed}
		if t.Passed {
			out.Passed++
			log.Info("Pass: " + t.Name)
		} else {
			one.Error = wasmbus.TestFailure(t.SnapData)
			log.Error("Fail: " + t.Name + ": " + one.Error)
		}
		out.Tests = append(out.Tests, one)
	}
	if r.err != nil {
		out.Error = r.err.Error()
		log.Error("the tests could not be run: " + out.Error)
	} else {
		log.Info(fmt.Sprintf("Test results: %d/%d Passed", out.Passed, out.Total))
	}
	b, err := wasmbus.EncodeJSON(out)
	if err == nil {
		err = r.host.NATS().Publish(wasmbus.TestingSubject(r.host.Data().LatticeRPCPrefix, r.link.ActorID), b)
	}
	if err != nil {
		log.Warn("the results were not published", "error", err)
	}
}

// call answers Testing.Start with the results of the run, when they are there. The
// tests are not run again: an actor that asks is busy with asking, and may have only
// one instance.
func (r *run) call(ctx context.Context, c provider.Call) ([]byte, error) {
	if !startOperation(c.Operation) {
		return nil, provider.UnknownOperation(c.Operation)
	}
	options := c.Msg
	if len(options) == 0 { // as callers of 2021, who know no CBOR
		options = contract.TestOptions{}.MarshalMsgpack()
	}
	reply, _, err := contract.DispatchTesting(ctx, r, contract.TestingStartOperation, options)
	return reply, err
}

// Start gives the results that are asked for.
func (r *run) Start(ctx context.Context, options contract.TestOptions) ([]contract.TestResult, error) {
	select {
	case <-r.done:
	case <-ctx.Done():
		return nil, fmt.Errorf("the actor's tests still run: %w", ctx.Err())
	}
	if r.err != nil {
		return nil, r.err
	}
	return pick(r.tests, options.Patterns)
}

// pick gives the results that the patterns ask for, in the order of the patterns, each
// once.
func pick(all []contract.TestResult, patterns []string) ([]contract.TestResult, error) {
	if len(patterns) == 0 {
		return all, nil
	}
	var out []contract.TestResult
	taken := map[int]bool{}
	for _, p := range patterns {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("pattern: %w", err)
		}
		for i, t := range all {
			if !taken[i] && re.MatchString(t.Name) {
				taken[i] = true
				out = append(out, t)
			}
		}
	}
	return out, nil
}
