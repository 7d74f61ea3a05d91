package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// hostCases: from starting the process to the state file that says "ready".
func (b *bench) hostCases(ctx context.Context) error {
	var samples []sample
	for range 11 {
		start := time.Now()
		_, stop, err := b.devhost(ctx)
		if err != nil {
			return err
		}
		samples = append(samples, sample{wall: time.Since(start)})
		stop()
	}
	ready := quantile(walls(samples[1:]), 0.5)
	ok := ready < 100*time.Millisecond
	b.report.figure("host ready", millis(ready), "< 100 ms", &ok)
	return nil
}

// devhost starts tools/devhost with its NATS on a free port.
func (b *bench) devhost(ctx context.Context, flags ...string) (*lattice.HostState, func(), error) {
	state := filepath.Join(b.dir, "devhost.json")
	args := append([]string{b.tool("devhost"), "run", "--nats-port", "0", "--allow-file-load", "--no-host-config", "--state-file", state}, flags...)
	stop, err := b.serve(ctx, state, args...)
	if err != nil {
		return nil, nil, err
	}
	s, err := lattice.ReadHostState(state)
	if err != nil {
		stop()
		return nil, nil, err
	}
	return s, stop, nil
}

// Names of the actors that are called.
const rustProbe, goEcho = "Rust probe", "Go echo"

// A callCase is one row of callCases.
type callCase struct {
	actor, isolation string
	callers          int
}

// callGoals are for what users get unasked; fresh instances stand beside it to compare with.
var callGoals = map[callCase]goal{
	{rustProbe, "snapshot", 1}: {p50: 300 * time.Microsecond},
	{rustProbe, "snapshot", 8}: {rate: 8000},
	{goEcho, "snapshot", 8}:    {rate: 5000},
}

// callCases: calls of the Rust probe and of a Go actor through real NATS with
// every check on, by each way to give a call its instance, beside what the same
// server does for a request that any subscriber answers at once: that is the
// floor.
func (b *bench) callCases(ctx context.Context) error {
	echo, err := b.goActor(ctx)
	if err != nil {
		return err
	}
	for _, isolation := range []string{"snapshot", "fresh"} {
		if err := b.calls(ctx, isolation, echo); err != nil {
			return fmt.Errorf("%s: %w", isolation, err)
		}
	}
	return nil
}

func (b *bench) calls(ctx context.Context, isolation, echo string) error {
	state, stop, err := b.devhost(ctx, "--isolation", isolation)
	if err != nil {
		return err
	}
	defer stop()
	caller, err := newCaller(ctx, state)
	if err != nil {
		return err
	}
	defer caller.conn.Close()
	probe, err := filepath.Abs(filepath.Join("internal", "artifact", "testdata", "probe_s.wasm"))
	if err != nil {
		return err
	}
	for _, callers := range []int{1, 8} {
		floor, err := load(ctx, callers, caller.ping)
		if err != nil {
			return err
		}
		b.report.throughput(fmt.Sprintf("NATS alone, %d callers", callers), floor, nil, goal{})
		for _, a := range []struct{ name, file string }{{rustProbe, probe}, {goEcho, echo}} {
			call, err := caller.start(ctx, a.file)
			if err != nil {
				return err
			}
			got, err := load(ctx, callers, call)
			if err != nil {
				return err
			}
			b.report.throughput(fmt.Sprintf("%s, %s, %d callers", a.name, isolation, callers), got, floor, callGoals[callCase{a.name, isolation, callers}])
		}
	}
	return nil
}

// goActor builds and signs examples/echo.
func (b *bench) goActor(ctx context.Context) (string, error) {
	raw, fixed, signed := filepath.Join(b.dir, "echo_raw.wasm"), filepath.Join(b.dir, "echo.wasm"), filepath.Join(b.dir, "echo_s.wasm")
	build := append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if _, err := command(build, "go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", raw, "./examples/echo")(ctx); err != nil {
		return "", err
	}
	if _, err := command(b.env(), b.tool("wasmfix"), "-o", fixed, raw)(ctx); err != nil {
		return "", err
	}
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer)
	_, err := command(env, b.tool("signer"), "sign", fixed, "--name", "echo", "-q", "-l", "--ver", "1.0.0", "--destination", signed)(ctx)
	return signed, err
}

// A caller makes signed invocations as `lattice call` does.
type caller struct {
	conn    *lattice.Conn
	control *lattice.Control
	lattice string
	cluster *strkey.Seed
	host    *strkey.Seed
	ping    func(context.Context) error
}

func newCaller(ctx context.Context, s *lattice.HostState) (*caller, error) {
	conf, err := lattice.ReadHostConfig(s.Context)
	if err != nil {
		return nil, err
	}
	cluster, err := strkey.ParseSeed([]byte(conf.ClusterSeed), strkey.Cluster)
	if err != nil {
		return nil, err
	}
	conn, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: s.NATSURL, Name: "bench"})
	if err != nil {
		return nil, err
	}
	responder, err := lattice.Connect(ctx, lattice.ConnectConfig{URL: s.NATSURL, Name: "bench responder"})
	if err != nil {
		return nil, err
	}
	if _, err := responder.Subscribe("bench.ping", "", func(_, reply string, data []byte) { responder.Publish(reply, data) }); err != nil {
		return nil, err
	}
	if err := responder.NATS().Flush(); err != nil {
		return nil, err
	}
	payload := make([]byte, 700) // about an invocation's size
	return &caller{
		conn: conn, lattice: s.LatticePrefix, cluster: cluster, host: strkey.FromRaw(strkey.Server, [32]byte{5}),
		control: lattice.NewControl(conn, lattice.ControlConfig{Lattice: s.LatticePrefix}),
		ping: func(ctx context.Context) error {
			_, err := conn.NATS().RequestWithContext(ctx, "bench.ping", payload)
			return err
		},
	}, nil
}

// start runs eight instances of the actor in file and returns one call of it.
func (c *caller) start(ctx context.Context, file string) (func(context.Context) error, error) {
	started, err := c.control.Start(ctx, lattice.StartOptions{Ref: "file://" + file, Count: 8})
	if err != nil {
		return nil, err
	}
	payload, err := wasmbus.JSONToMsgpack([]byte(`{"method":"GET","path":"/bench","queryString":"","header":{},"body":""}`))
	if err != nil {
		return nil, err
	}
	target := wasmbus.Entity{PublicKey: started.PublicKey}
	return func(ctx context.Context) error {
		_, err := lattice.Call(ctx, c.conn, lattice.CallOptions{
			Lattice: c.lattice, Target: target, Operation: "HttpServer.HandleRequest", Payload: payload,
			HostKey: c.host, Cluster: c.cluster, Timeout: 10 * time.Second,
		})
		return err
	}, nil
}

// load calls from n callers for two seconds, after half a second to warm up,
// and returns each call's time.
func load(ctx context.Context, n int, call func(context.Context) error) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var wg sync.WaitGroup
	var first error
	begin := time.Now().Add(500 * time.Millisecond)
	end := begin.Add(loadTime)
	for range n {
		wg.Go(func() {
			var mine []time.Duration
			var err error
			for err == nil && time.Now().Before(end) {
				start := time.Now()
				if err = call(ctx); start.After(begin) {
					mine = append(mine, time.Since(start))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return all, first
}

const loadTime = 2 * time.Second

// throughput adds a row: calls per second, p50 and p99, the share of the floor's
// throughput that was reached, and whether the goal was.
func (r *report) throughput(what string, got, floor []time.Duration, g goal) {
	p50 := quantile(got, 0.5)
	x := row{what: what, ours: fmt.Sprintf("%.0f/s p50 %s p99 %s", rate(got), millis(p50), millis(quantile(got, 0.99)))}
	if floor != nil {
		x.peer, x.ratio = fmt.Sprintf("floor %.0f/s", rate(floor)), fmt.Sprintf("%.2f", rate(got)/rate(floor))
	}
	x.goal, x.met = g.judge(rate(got), p50)
	r.rows = append(r.rows, x)
}

// rate is of calls a second, of those that load made.
func rate(calls []time.Duration) float64 { return float64(len(calls)) / loadTime.Seconds() }

// A goal of calls: either is none if it is 0.
type goal struct {
	p50  time.Duration // at most
	rate float64       // a second, at least
}

func (g goal) judge(rate float64, p50 time.Duration) (text string, met *bool) {
	switch {
	case g.p50 > 0:
		ok := p50 > 0 && p50 <= g.p50 // 0 is of no call
		return "p50 <= " + millis(g.p50), &ok
	case g.rate > 0:
		ok := rate >= g.rate
		return fmt.Sprintf(">= %.0f/s", g.rate), &ok
	}
	return "", nil
}
