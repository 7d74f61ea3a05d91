package devhost

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

const (
	upTime   = 30 * time.Second // to become ready
	downTime = 15 * time.Second // to stop by itself
)

func upCommand(s *cli.IO) *cobra.Command {
	var f hostFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Start a host in the background, unless one runs",
		Long: `up starts a host in the background and returns when it is ready. Its addresses
are in a state file, its log beside that; the lattice tool finds it by itself.
A second up is no error and starts nothing.`,
		Example: `  devhost up
  devhost up --any-port --output json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.up(cmd, s) },
	}
	f.addTo(cmd, false)
	return cmd
}

// upResult is what up answers.
type upResult struct {
	Already bool `json:"already_running"`
	lattice.HostState
	StateFile string `json:"state_file"`
	Login     string `json:"dashboard_login,omitempty"`
}

func (f *hostFlags) up(cmd *cobra.Command, s *cli.IO) error {
	if _, err := f.config(s, false); err != nil { // say it here rather than in a log
		return err
	}
	file, err := stateFileOr(f.stateFile, s)
	if err != nil {
		return err
	}
	argv, log, err := f.background(cmd, file)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), upTime)
	defer cancel()
	already, err := daemon.Start(ctx, argv, nil, file, log)
	if err != nil {
		return err
	}
	st, err := lattice.ReadHostState(file)
	if err != nil {
		return err
	}
	login, _, err := findDashboard(s, file)
	if err != nil && st.Dashboard != "" {
		return err
	}
	login = shownLogin(s, st.Dashboard, login)
	return cli.Print(cmd, s, upResult{already, *st, file, login}, func(w io.Writer) {
		if already {
			fmt.Fprintf(w, "a host runs already: %s\n", shown(*st))
		} else {
			fmt.Fprintf(w, "host started: %s, log %s\n", shown(*st), st.Log)
		}
		if login != "" {
			fmt.Fprintf(w, "dashboard: %s\n", login)
		}
	})
}

// background makes the arguments of the run in the background: the flags given
// to up, with the state file and its log, to the command beside up, which a front
// end has below commands of its own.
func (f *hostFlags) background(up *cobra.Command, file string) (argv []string, log string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("finding this program: %w", err)
	}
	log = strings.TrimSuffix(file, filepath.Ext(file)) + ".log"
	parents := strings.Fields(up.Parent().CommandPath())[1:]
	argv = append(append([]string{self}, parents...), "run", "--state-file="+file, "--state-log="+log)
	up.Flags().Visit(func(fl *pflag.Flag) {
		if fl.Name == "state-file" || fl.Name == "state-log" || fl.Name == "output" {
			return
		}
		if list, ok := fl.Value.(pflag.SliceValue); ok {
			for _, v := range list.GetSlice() {
				argv = append(argv, "--"+fl.Name+"="+v)
			}
			return
		}
		argv = append(argv, "--"+fl.Name+"="+fl.Value.String())
	})
	return argv, log, nil
}

func stateFileOr(given string, s *cli.IO) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	dir, err := fsx.UserStateDir(s.Env)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, "devhost.json"), nil
}

func downCommand(s *cli.IO) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "down",
		Short:   "Stop the host that up started",
		Example: "  devhost down",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := stateFileOr(file, s)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), downTime)
			defer cancel()
			stopped, err := daemon.Stop(ctx, file)
			if err != nil {
				return err
			}
			result := struct {
				Stopped   bool   `json:"stopped"`
				StateFile string `json:"state_file"`
			}{stopped, file}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				if stopped {
					fmt.Fprintln(w, "host stopped")
				} else {
					fmt.Fprintln(w, "no host of ours was running")
				}
			})
		},
	}
	cmd.Flags().StringVar(&file, "state-file", "", "the `file` that up wrote")
	return cmd
}
