package parpack

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

// binaryFlags name executables and what they are for: wash's pairs of --arch and
// --binary, or --bin, which can't get out of step.
type binaryFlags struct {
	arches, binaries, pairs []string
}

func (b *binaryFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&b.pairs, "bin", nil, "`TARGET=FILE`: an executable, and what it runs on, such as x86_64-linux=build/kv (repeatable)")
	f.StringArrayVarP(&b.arches, "arch", "a", nil, "`target` of the next --binary, as hosts name themselves: x86_64-linux, aarch64-macos, arm-linux, x86_64-windows\n(repeatable; default: what the file was built for)")
	f.StringArrayVarP(&b.binaries, "binary", "b", nil, "executable `file` (repeatable)")
}

// binary is an executable to pack.
type binary struct {
	target par.Target
	path   string
}

// list reads the flags. What hosts would never find under the name given is
// renamed, and a target that the file was not built for is said.
func (b *binaryFlags) list(s *cli.IO) ([]binary, error) {
	var list []binary
	if len(b.arches) > len(b.binaries) || len(b.arches) > 0 && len(b.arches) < len(b.binaries) {
		return nil, cli.Usage("--arch is given %d times and --binary %d times: give them in pairs, or --bin TARGET=FILE", len(b.arches), len(b.binaries))
	}
	for i, path := range b.binaries {
		if len(b.arches) > 0 {
			list = append(list, binary{par.Target(b.arches[i]), path})
			continue
		}
		built, err := builtFor(path)
		if err != nil {
			return nil, err
		}
		if built == "" {
			return nil, cli.Usage("what %s runs on is not to be seen: give --arch, such as %s", path, par.HostTarget())
		}
		list = append(list, binary{built, path})
	}
	for _, pair := range b.pairs {
		target, path, ok := strings.Cut(pair, "=")
		if !ok || path == "" {
			return nil, cli.Usage("--bin %q: want TARGET=FILE, such as x86_64-linux=build/kv", pair)
		}
		list = append(list, binary{par.Target(target), path})
	}
	for i := range list {
		if err := list[i].check(s); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (b *binary) check(s *cli.IO) error {
	target, err := par.ParseTarget(string(b.target))
	if err != nil {
		return cli.Usage("%w", err)
	}
	if target != b.target {
		cli.Notef(s, "note: %s is packed as %s, which is what such a host looks for", b.target, target)
	}
	b.target = target
	built, err := builtFor(b.path)
	if err != nil {
		return err
	}
	if built != "" && built != target {
		cli.Notef(s, "warning: %s was built for %s and is packed for %s", b.path, built, target)
	}
	return nil
}

// measure hashes the executables.
func measure(ctx context.Context, s *cli.IO, list []binary) ([]par.File, error) {
	files := make([]par.File, 0, len(list))
	for _, b := range list {
		f, err := par.Measure(ctx, b.target, func() (io.ReadCloser, error) { return openFile(ctx, s, b.path) })
		if err != nil {
			return nil, fmt.Errorf("packing %s: %w", b.path, err)
		}
		files = append(files, f)
	}
	return files, nil
}

// openFile opens a plain file: what is packed is read twice.
func openFile(ctx context.Context, s *cli.IO, path string) (io.ReadCloser, error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		return nil, fmt.Errorf("%s is no plain file, and it must be read twice", path)
	}
	return signing.Open(ctx, s, path)
}
