package wash

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

// inspectCommand is the one command that wash has under three names.
func inspectCommand(s *cli.IO, use string) *cobra.Command {
	var from ocipush.Fetcher
	var jwtOnly, noCache bool
	cmd := &cobra.Command{
		Use:   use,
		Short: "Inspect capability provider or actor module",
		Long: `Show what a signed actor or a provider archive claims: a local file, or an artifact in a registry. Its signature must
hold, else the command fails. A registry is asked each time: what a host's cache holds may be older than the tag.`,
		Example: `  wash inspect build/echo_s.wasm
  wash inspect localhost:5000/keyvalue:0.1.0 -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withFile(cmd.Context(), s, &from, args[0], func(path string) error {
				provider, err := isArchive(path)
				if err != nil {
					return err
				}
				if provider {
					return parpack.Inspect(cmd, s, path, nil, jwtOnly)
				}
				return signer.Inspect(cmd, s, path, nil, jwtOnly)
			})
		},
	}
	from.Add(cmd)
	cmd.Flags().BoolVar(&jwtOnly, "jwt-only", false, "print the token alone")
	cmd.Flags().BoolVar(&noCache, "no-cache", false, "do nothing more: a cache is never read")
	return cmd
}

// withFile calls do with a local file, which a reference is pulled into.
func withFile(ctx context.Context, s *cli.IO, from *ocipush.Fetcher, target string, do func(path string) error) error {
	_, err := os.Stat(target)
	if err == nil {
		return do(target)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if _, refErr := oci.ParseRef(target); refErr != nil {
		return fmt.Errorf("there is no file %s, and it is no reference to an artifact in a registry: %w", target, refErr)
	}
	dir, err := os.MkdirTemp("", "wash-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "artifact")
	if err := from.Fetch(ctx, s, target, path); err != nil {
		return fmt.Errorf("there is no file %s; as a reference: %w", target, err)
	}
	return do(path)
}

func isArchive(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, par.StartSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return par.IsArchive(head[:n]), nil
}
