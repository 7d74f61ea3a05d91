package devhost

import (
	"context"
	"os"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// server is a host that runs.
type server struct {
	cfg   core.Config
	info  core.Info
	since time.Time
	dash  *dashboard // nil = none
	halt  context.CancelFunc
	ended chan struct{} // closed when it has stopped, by itself or by stop
	err   error         // why; to be read once ended is closed
}

// serve starts a host and returns once it is ready. It stops by stop alone, not
// with ctx: what uses it has to end first.
func (f *hostFlags) serve(ctx context.Context, s *cli.IO, cfg core.Config) (*server, error) {
	if err := f.claimPort(cfg.Server); err != nil {
		return nil, err
	}
	board, err := f.openDashboard(s, &cfg)
	if err != nil {
		return nil, err
	}
	host, err := core.New(cfg)
	if err != nil {
		board.stop()
		return nil, err
	}
	running, halt := context.WithCancel(context.WithoutCancel(ctx))
	r := &server{cfg: cfg, since: s.Now(), dash: board, halt: halt, ended: make(chan struct{})}
	go func() {
		defer close(r.ended)
		r.err = host.Run(running)
	}()
	select {
	case <-host.Ready():
		r.info = host.Info()
		if err := board.start(host, cfg); err != nil {
			r.stop()
			return nil, err
		}
		return r, nil
	case <-ctx.Done():
		r.stop()
		return nil, ctx.Err()
	case <-r.ended:
		halt()
		board.stop()
		return nil, r.err
	}
}

// stop stops the host and waits for it.
func (r *server) stop() error {
	r.dash.stop()
	r.halt()
	<-r.ended
	return r.err
}

// state is what the state file says of the host.
func (r *server) state(log, contextFile string) lattice.HostState {
	return lattice.HostState{
		PID: os.Getpid(), Started: r.since, Log: log, HostID: r.info.HostID, LatticePrefix: r.info.Lattice,
		NATSURL: r.info.NATSURL, CtlPrefix: r.info.CtlPrefix, JSDomain: r.info.JSDomain,
		ClusterKey: r.info.ClusterKey, Context: contextFile, Version: r.info.Version, Dashboard: r.dash.url(),
	}
}
