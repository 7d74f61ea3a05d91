package actor

import (
	"regexp"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// T is what a test of an actor gets. It is a Context, and a way to fail.
type T struct {
	*Context
	failure string
}

// Fail ends the test with a reason, at once.
func (t *T) Fail(reason string) {
	if reason == "" {
		reason = "failed without a reason"
	}
	t.failure = reason
	panic(t)
}

// Check fails the test unless ok.
func (t *T) Check(ok bool, reason string) {
	if !ok {
		t.Fail(reason)
	}
}

// CheckErr fails the test if err is not nil.
func (t *T) CheckErr(err error) {
	if err != nil {
		t.Fail(err.Error())
	}
}

type test struct {
	name string
	run  func(t *T)
}

// Test registers a test that runs inside the host, by the contract wasmcloud:testing: test runners
// such as "lattice test" call the actor's Testing.Start and get the results of all tests whose names
// they ask for. Names are matched by regular expressions.
func (a *Actor) Test(name string, run func(t *T)) {
	a.tests = append(a.tests, test{name: name, run: run})
	a.Handle(testing.TestingStartOperation, a.startTests)
	a.Handle("Start", a.startTests) // what Makefiles of 2021 send
}

func (a *Actor) startTests(ctx *Context, payload []byte) ([]byte, error) {
	if len(payload) == 0 { // test runners need not send options
		payload = testing.TestOptions{}.MarshalMsgpack()
	}
	reply, _, err := testing.DispatchTesting(ctx, suite{a}, testing.TestingStartOperation, payload)
	return reply, err
}

// suite is the tests of an actor as the contract has them.
type suite struct{ actor *Actor }

// Start runs tests. Without any pattern every test is meant.
func (s suite) Start(ctx *Context, options testing.TestOptions) ([]testing.TestResult, error) {
	if len(options.Patterns) == 0 {
		options.Patterns = []string{".*"}
	}
	return s.actor.runTests(ctx, options.Patterns), nil
}

// runTests runs the tests in the order of the patterns that match them, each once.
func (a *Actor) runTests(ctx *Context, patterns []string) []testing.TestResult {
	var results []testing.TestResult
	ran := make([]bool, len(a.tests))
	for _, pattern := range patterns {
		re, err := regexp.Compile(pattern)
		if err != nil {
			results = append(results, outcome("TestCase", "pattern "+pattern+": "+err.Error()))
			continue
		}
		for i, t := range a.tests {
			if !ran[i] && re.MatchString(t.name) {
				ran[i] = true
				results = append(results, t.result(ctx))
			}
		}
	}
	return results
}

// result runs the test. One that panics has failed; the others run on.
func (t test) result(ctx *Context) (res testing.TestResult) {
	handle := &T{Context: ctx}
	defer func() {
		failure := ""
		switch v := recover(); v {
		case nil:
		case any(handle):
			failure = handle.failure
		default:
			failure = "panicked: " + panicText(v)
		}
		res = outcome(t.name, failure)
	}()
	t.run(handle)
	return res
}

// outcome is of a test that passed if failure is "". Its snapData is JSON: {"data":[]} or {"error":"…"}.
func outcome(name, failure string) testing.TestResult {
	snap := []byte(`{"data":[]}`)
	if failure != "" {
		snap = append(AppendJSONString([]byte(`{"error":`), failure), '}')
	}
	return testing.TestResult{Name: name, Passed: failure == "", SnapData: snap}
}
