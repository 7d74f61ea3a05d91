package devhost

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

func execCommand(s *cli.IO) *cobra.Command {
	var f hostFlags
	cmd := &cobra.Command{
		Use:   "exec [flags] -- COMMAND [ARGUMENT...]",
		Short: "Run a command with a host of its own, and exit as it does",
		Long: `exec starts a host on free ports, runs the command and stops the host; the exit
code is the command's. The command finds the host by WASMCLOUD_STATE_FILE (which
the lattice tool reads), WASMCLOUD_LATTICE_PREFIX, and the _HOST and _PORT
variables of WASMCLOUD_RPC and WASMCLOUD_CTL. What the command leaves running is
ended with it.`,
		Example: `  devhost exec -- lattice test build/echo_s.wasm --cases cases/
  devhost exec --interpreter=false -- go test ./...`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.Usage("no command is given: want devhost exec -- COMMAND")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.exec(cmd, s, args) },
	}
	f.addTo(cmd, true)
	cmd.Flags().SetInterspersed(false) // the command's flags are its own
	return cmd
}

func (f *hostFlags) exec(cmd *cobra.Command, s *cli.IO, argv []string) error {
	ctx := cmd.Context()
	cfg, err := f.config(s, true)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "devhost-")
	if err != nil {
		return fmt.Errorf("making a folder for the host's state: %w", err)
	}
	defer os.RemoveAll(temp)
	if err := f.cacheInto(&cfg, s, filepath.Join(temp, "cache")); err != nil {
		return err
	}
	r, err := f.serve(ctx, s, cfg)
	if err != nil {
		return err
	}
	defer r.stop()
	file := filepath.Join(temp, "devhost.json")
	p, err := r.publish(s, file, "", false)
	if err != nil {
		return err
	}
	env, err := childEnv(os.Environ(), file, p.state)
	if err != nil {
		return err
	}
	return runChild(ctx, s, argv, env)
}
