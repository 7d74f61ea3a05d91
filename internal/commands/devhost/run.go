package devhost

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

func runCommand(s *cli.IO) *cobra.Command {
	var f hostFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a host in the foreground until Ctrl-C, SIGTERM or a stop command",
		Example: `  devhost run
  devhost run --any-port --state-file build/host.json --label zone=dev
  devhost run --nats-url nats://10.0.0.5:4222 --nats-creds user.creds --cluster-seed cluster.nk`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, s) },
	}
	f.addTo(cmd, false)
	return cmd
}

func (f *hostFlags) run(cmd *cobra.Command, s *cli.IO) error {
	ctx := cmd.Context()
	cfg, err := f.config(s, false)
	if err != nil {
		return err
	}
	if err := f.cacheInto(&cfg, s, ""); err != nil {
		return err
	}
	r, err := f.serve(ctx, s, cfg)
	if err != nil {
		return err
	}
	defer r.stop()
	p, err := r.publish(s, f.stateFile, f.stateLog, !f.noHostConfig)
	if err != nil {
		return err
	}
	defer p.remove()
	login := ""
	if f.stateLog == "" { // up says it itself: its host's output is a log
		login = shownLogin(s, r.dash.url(), r.dash.loginURL())
	}
	err = cli.Print(cmd, s, runResult{p.state, login}, func(w io.Writer) {
		fmt.Fprintf(w, "ready: host %s\n", shown(p.state))
		if login != "" {
			fmt.Fprintf(w, "dashboard: %s\n", login)
		}
	})
	if err != nil {
		return err
	}
	r.wait(ctx)
	p.remove()
	return r.stop()
}

// runResult is what run answers.
type runResult struct {
	lattice.HostState
	Login string `json:"dashboard_login,omitempty"` // the dashboard's address with the token, where it is shown
}

// wait returns when the host is to stop or has.
func (r *server) wait(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-r.ended:
	}
}
