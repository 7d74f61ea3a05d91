package actor

import (
	"regexp"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
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

// result is what a test runner gets of one test.
type result struct {
	name    string
	failure string // "" if it passed
}

// Test registers a test that runs inside the host, by the contract wasmcloud:testing: test runners
// such as "lattice test" call the actor's Testing.Start and get the results of all tests whose names
// they ask for. Names are matched by regular expressions.
func (a *Actor) Test(name string, run func(t *T)) {
	a.tests = append(a.tests, test{name: name, run: run})
	a.Handle("Testing.Start", a.startTests)
	a.Handle("Start", a.startTests) // what Makefiles of 2021 send
}

func (a *Actor) startTests(ctx *Context, payload []byte) ([]byte, error) {
	patterns, err := readPatterns(payload)
	if err != nil {
		return nil, err
	}
	results := a.runTests(ctx, patterns)
	b := msgpack.AppendArray(nil, len(results))
	for _, r := range results {
		b = r.append(b)
	}
	return b, nil
}

// readPatterns reads TestOptions. Without any pattern every test is meant.
func readPatterns(payload []byte) ([]string, error) {
	var patterns []string
	r := msgpack.NewReader(payload)
	if len(payload) > 0 {
		r.Map(func(key string) {
			if key == "patterns" {
				r.Array(func(int) { patterns = append(patterns, r.String()) })
			}
		})
	}
	if len(patterns) == 0 {
		patterns = []string{".*"}
	}
	return patterns, msgpack.Explain("reading the options of a test run", r.Err())
}

// runTests runs the tests in the order of the patterns that match them, each once.
func (a *Actor) runTests(ctx *Context, patterns []string) []result {
	var results []result
	ran := make([]bool, len(a.tests))
	for _, pattern := range patterns {
		re, err := regexp.Compile(pattern)
		if err != nil {
			results = append(results, result{name: "TestCase", failure: "pattern " + pattern + ": " + err.Error()})
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
func (t test) result(ctx *Context) (res result) {
	handle := &T{Context: ctx}
	defer func() {
		switch v := recover(); v {
		case nil:
		case any(handle):
			res.failure = handle.failure
		default:
			res.failure = "panicked: " + panicText(v)
		}
	}()
	res.name = t.name
	t.run(handle)
	return res
}

// append writes a TestResult. Its snapData is JSON: {"data":[]} or {"error":"…"}.
func (r result) append(b []byte) []byte {
	snap := []byte(`{"data":[]}`)
	if r.failure != "" {
		snap = append(AppendJSONString([]byte(`{"error":`), r.failure), '}')
	}
	b = msgpack.AppendMap(b, 3)
	b = msgpack.AppendString(msgpack.AppendString(b, "name"), r.name)
	b = msgpack.AppendBool(msgpack.AppendString(b, "passed"), r.failure == "")
	return msgpack.AppendBytes(msgpack.AppendString(b, "snapData"), snap)
}
