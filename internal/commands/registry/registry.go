// Package registry is the registry tool: the reference implementation of an
// OCI registry (distribution) in one process, in front or in the background,
// with defaults for a developer's own machine.
package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

const defaultAddr = "127.0.0.1:5000"

// State is the JSON of the state file.
type State struct {
	daemon.State
	Address string `json:"address"` // as in references: localhost:5000
	Data    string `json:"data"`
}

// Command is the tool's root command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "registry", "Run an OCI registry on this machine")
	root.Long = `Run an OCI registry on this machine: distribution, the reference implementation, in this one program.
It listens on loopback, keeps its data in a folder, and lets everything be deleted.`
	root.Example = `  registry up            # in the background
  registry serve         # here, until interrupted
  registry compose       # a docker-compose.yml, for those who prefer the image`
	root.AddCommand(serveCommand(s), upCommand(s), downCommand(s), addressCommand(s), composeCommand(s))
	return root
}

func stateFileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "state-file", "", "`file` that tells the address, written when ready (default registry.json in the user's state folder)")
}

func stateFile(s *cli.IO, given string) (string, error) {
	if given != "" {
		return filepath.Abs(given)
	}
	dir, err := fsx.UserStateDir(s.Env)
	if err != nil {
		return "", fmt.Errorf("%w, or pass --state-file", err)
	}
	return filepath.Join(dir, "registry.json"), nil
}

// reference gives the host part of references to a registry listening on
// addr: a listener on all addresses, or on loopback, is reached as localhost.
func reference(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && (ip.IsUnspecified() || ip.Equal(net.IPv4(127, 0, 0, 1))) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// answers tells whether a registry is at addr already. One that wants a login
// is one too.
func answers(ctx context.Context, addr string) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	client := oci.New(oci.Config{NoKeychain: true})
	defer client.Close()
	err := client.Ping(ctx, addr)
	return err == nil || errors.Is(err, oci.ErrDenied)
}

func addressCommand(s *cli.IO) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "address",
		Short: "Print the address of the registry that runs",
		Long: `Print the address of the registry that runs, as it stands in references: the one that "registry up" started,
else whatever registry answers at localhost:5000.`,
		Example: `  REGISTRY=$(registry address)`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := stateFile(s, file)
			if err != nil {
				return err
			}
			var st State
			alive, err := daemon.Alive(path, &st)
			if err != nil {
				return err
			}
			if !alive {
				st = State{Address: "localhost:5000"}
				if !answers(cmd.Context(), st.Address) {
					return errors.New("no registry runs: start one with `registry up`")
				}
			}
			return cli.Print(cmd, s, struct {
				Address string `json:"address"`
			}{st.Address}, func(w io.Writer) { fmt.Fprintln(w, st.Address) })
		},
	}
	stateFileFlag(cmd, &file)
	return cmd
}
