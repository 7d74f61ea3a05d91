package parpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

// extracted is the answer of extract.
type extracted struct {
	Files map[string]string `json:"files"` // by target
}

func extractCommand(s *cli.IO) *cobra.Command {
	var arch, destination string
	var all bool
	cmd := &cobra.Command{
		Use:   "extract ARCHIVE",
		Short: "Write the executable for one target, or all of them",
		Long: `Write an executable of a provider archive to a file that can be run, and print its name. The whole archive is verified:
its signature, and the hash of every executable. The file appears, or is replaced, only after that.`,
		Example: `  parpack extract build/kv.par.gz                               # for this machine, to ./kv
  parpack extract build/kv.par.gz -a arm-linux --destination kv-arm
  parpack extract build/kv.par.gz --all --destination bin        # to bin/x86_64-linux and so on`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if all && arch != "" {
				return cli.Usage("give --arch for one executable or --all for all, not both")
			}
			result, err := extract(cmd.Context(), s, args[0], arch, destination, all)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				for _, name := range sortedKeys(result.Files) {
					fmt.Fprintln(w, result.Files[name])
				}
			})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&arch, "arch", "a", "", "`target` whose executable is wanted (default: this machine's, "+string(par.HostTarget())+")")
	f.BoolVar(&all, "all", false, "write the executables of all targets, into the folder --destination")
	f.StringVar(&destination, "destination", "", "`file` to write, or with --all folder (default the archive's name without its extensions)")
	return cmd
}

func extract(ctx context.Context, s *cli.IO, path, arch, destination string, all bool) (*extracted, error) {
	target := par.HostTarget()
	if arch != "" {
		var err error
		if target, err = par.ParseTarget(arch); err != nil {
			return nil, cli.Usage("--arch: %w", err)
		}
	}
	if destination == "" && path == "-" {
		return nil, cli.Usage("standard input has no name: say with --destination what to write")
	}
	if destination == "" {
		destination = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".par")
		if !all {
			destination = target.Executable(destination)
		}
	}
	in, err := signing.Open(ctx, s, path)
	if err != nil {
		return nil, fmt.Errorf("opening the archive: %w", err)
	}
	defer in.Close()
	if all {
		return extractAll(ctx, in, path, destination)
	}
	var inner error
	err = fsx.WriteFile(destination, 0o755, func(w io.Writer) error {
		_, inner = par.Extract(ctx, in, target, w, par.Limits{})
		return inner
	})
	if inner != nil {
		return nil, fmt.Errorf("%s: %w", path, inner)
	}
	if err != nil {
		return nil, err
	}
	return &extracted{map[string]string{string(target): destination}}, nil
}

// extractAll writes beside the folder's files first, and moves when all is well.
func extractAll(ctx context.Context, in io.Reader, path, folder string) (*extracted, error) {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return nil, fmt.Errorf("making the folder to extract to (--destination): %w", err)
	}
	dir, err := os.MkdirTemp(folder, ".parpack-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	archive, err := par.Unpack(ctx, in, par.Limits{}, func(t par.Target, r io.Reader) error {
		f, err := os.OpenFile(spoolName(dir, t), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	result := &extracted{map[string]string{}}
	for _, e := range archive.Entries {
		to := filepath.Join(folder, e.Target.Executable(string(e.Target)))
		if err := os.Rename(spoolName(dir, e.Target), to); err != nil {
			return nil, err
		}
		result.Files[string(e.Target)] = to
	}
	return result, nil
}
