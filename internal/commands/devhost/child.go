package devhost

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// childGrace is how long the command of exec may take to end once asked to.
const childGrace = 5 * time.Second

// runChild runs the command of exec and returns its exit code as an error, as
// cli.Code makes them. When ctx ends it is asked to stop, then made to; nothing
// that it started in its process group outlives it.
func runChild(ctx context.Context, s *cli.IO, argv, env []string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = s.In, s.Out, s.Err, env
	group := ownGroup(s.In)
	if group {
		cmd.SysProcAttr = groupAttr()
	}
	cmd.Cancel = func() error { return terminate(cmd.Process, group) }
	cmd.WaitDelay = childGrace
	if err := cmd.Start(); err != nil {
		return cli.Code(127, fmt.Errorf("starting %s: %w", argv[0], err))
	}
	err := cmd.Wait()
	if group {
		killGroup(cmd.Process.Pid)
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s was stopped: %w", argv[0], context.Cause(ctx))
	case errors.As(err, &exit):
		return cli.Code(exitCode(exit), nil)
	case err != nil:
		return fmt.Errorf("running %s: %w", argv[0], err)
	}
	return nil
}
