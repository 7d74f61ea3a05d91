package registry

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
)

const (
	upTime   = 20 * time.Second // to become ready
	downTime = 10 * time.Second // to stop by itself
)

// upResult is the answer of up.
type upResult struct {
	State
	Status    string `json:"status"` // started, running or reused
	StateFile string `json:"state_file,omitempty"`
}

func upCommand(s *cli.IO) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start the registry in the background, unless one answers",
		Long: `Start the registry in the background and print its address when it is ready. If it runs already, or another
registry answers at the address, that one is used and nothing is started.`,
		Example: `  registry up --any-port`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := o.up(cmd.Context(), s)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, result.Address) })
		},
	}
	o.add(cmd)
	stateFileFlag(cmd, &o.stateFile)
	return cmd
}

func (o *serveOptions) up(ctx context.Context, s *cli.IO) (*upResult, error) {
	if err := o.prepare(s); err != nil { // say it here rather than in a log
		return nil, err
	}
	file, err := stateFile(s, o.stateFile)
	if err != nil {
		return nil, err
	}
	result := &upResult{Status: "running", StateFile: file}
	alive, err := daemon.Alive(file, &result.State)
	if err != nil {
		return nil, err
	}
	if alive {
		cli.Notef(s, "a registry runs already: %s (process %d)", result.Address, result.PID)
		return result, nil
	}
	if at := o.wanted(); at != "" && answers(ctx, at) {
		cli.Notef(s, "another registry answers at %s already, and is used; its data is its own", at)
		return &upResult{State: State{Address: at}, Status: "reused"}, nil
	}
	return o.start(ctx, s, file)
}

// wanted is the address to look for a registry at, "" for any free port.
func (o *serveOptions) wanted() string {
	addr, err := net.ResolveTCPAddr("tcp", o.addr)
	if err != nil || addr.Port == 0 {
		return ""
	}
	return reference(addr)
}

func (o *serveOptions) start(ctx context.Context, s *cli.IO, file string) (*upResult, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	log := strings.TrimSuffix(file, filepath.Ext(file)) + ".log"
	argv := []string{self, "serve", "--addr", o.addr, "--data", o.data, "--state-file", file, "--log-path", log}
	for flag, value := range map[string]string{"--htpasswd": o.htpasswd, "--tls-cert": o.tlsCert, "--tls-key": o.tlsKey} {
		if value == "" {
			continue
		}
		if value, err = filepath.Abs(value); err != nil {
			return nil, err
		}
		argv = append(argv, flag, value)
	}
	if o.anyPort {
		argv = append(argv, "--any-port")
	}
	ctx, cancel := context.WithTimeout(ctx, upTime)
	defer cancel()
	result := &upResult{Status: "started", StateFile: file}
	already, err := daemon.Start(ctx, argv, nil, file, log)
	if err != nil {
		return nil, fmt.Errorf("starting the registry: %w", err)
	}
	if already { // by another `up` at the same time
		result.Status = "running"
	}
	if _, err := daemon.Alive(file, &result.State); err != nil {
		return nil, err
	}
	cli.Notef(s, "registry %s: %s (process %d, data %s, log %s)", result.Status, result.Address, result.PID, result.Data, result.Log)
	return result, nil
}

func downCommand(s *cli.IO) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "Stop the registry that up started",
		Example: `  registry down`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := stateFile(s, file)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), downTime)
			defer cancel()
			stopped, err := daemon.Stop(ctx, path)
			if err != nil {
				return fmt.Errorf("stopping the registry: %w", err)
			}
			return cli.Print(cmd, s, struct {
				Stopped bool `json:"stopped"`
			}{stopped}, func(w io.Writer) {
				if stopped {
					fmt.Fprintln(w, "registry stopped")
				} else {
					fmt.Fprintln(w, "no registry of ours was running")
				}
			})
		},
	}
	stateFileFlag(cmd, &file)
	return cmd
}
