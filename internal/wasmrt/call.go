package wasmrt

import (
	"context"
	"time"
)

// call is the state of one invocation: what the guest may ask for and what it has said.
type call struct {
	ctx       context.Context // of the invocation, holding this call for the host functions
	host      Host
	operation string
	payload   []byte

	response  []byte
	guestErr  string
	hasErr    bool
	hostReply []byte // of the last host call; kept until the next one, which also suits guests that read it twice
	hostErr   string

	log            *logBook
	stdout, stderr *lineWriter
}

type callKey struct{}

func newCall(ctx context.Context, operation string, payload []byte, host Host) *call {
	c := &call{host: host, operation: operation, payload: payload}
	c.ctx = context.WithValue(ctx, callKey{}, c)
	c.log = &logBook{write: func(line string) { host.Log(ctx, line) }}
	c.stdout = &lineWriter{tag: "stdout: ", log: c.log}
	c.stderr = &lineWriter{tag: "stderr: ", log: c.log}
	return c
}

// callOf finds the call on whose behalf a host function runs. The engine passes on the context that
// Module.Call gave to it, so it is always there.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// outcome reads the guest's answer: an error text counts whatever was returned, as in the real hosts.
func (c *call) outcome(returned uint32) ([]byte, error) {
	switch {
	case c.hasErr:
		return nil, &GuestError{Text: c.guestErr}
	case returned != 1:
		return nil, &GuestError{Text: "actor refused " + c.operation + " and gave no reason"}
	}
	return c.response, nil
}

// flush logs what the guest wrote last without a line end.
func (c *call) flush() {
	c.stdout.flush()
	c.stderr.flush()
}

// lastWords flushes, and gives the line that is most likely to say why the guest breaks off.
func (c *call) lastWords() string {
	c.flush()
	return c.log.said
}

// sleep is a guest's sleep that its deadline ends.
func (c *call) sleep(ns int64) {
	if ns <= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
	}
}
