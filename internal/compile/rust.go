package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DefaultTarget is what actors of Rust are compiled for where nothing says otherwise.
const DefaultTarget = "wasm32-unknown-unknown"

// RustOptions say what cargo is to build.
type RustOptions struct {
	Dir   string                  // where cargo runs: a package's folder, or a workspace's
	Cargo []string                // the command, with arguments that come first; nil is {"cargo"}
	Env   func(key string) string // what decisions are made by; cargo itself has the process's environment
	// Name of the library or executable, with - or _ alike. It chooses among several; where there is one it may be
	// "", or be wrong.
	Name       string
	Executable bool // an executable, such as a provider's, and not a wasm
	// Target is a triple. For an executable "" leaves it to cargo. For a wasm it holds where neither CARGO_BUILD_TARGET
	// nor cargo's configuration names a wasm target; "" is DefaultTarget.
	Target string
	Log    io.Writer // cargo's own words, as it writes them
}

// Rust builds for release, and gives the path of what was made. It takes nobody's word for
// that but cargo's: workspaces, CARGO_TARGET_DIR and cargo's configuration files all move it.
func Rust(ctx context.Context, o RustOptions) (string, error) {
	if len(o.Cargo) == 0 {
		o.Cargo = []string{"cargo"}
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return "", err
	}
	if !isFolder(dir) {
		return "", fmt.Errorf("there is no folder %s to run cargo in", o.Dir)
	}
	o.Dir = dir
	meta, err := o.metadata(ctx)
	if err != nil {
		return "", err
	}
	want, err := meta.choose(&o)
	if err != nil {
		return "", err
	}
	chosen, flag, err := o.target(ctx)
	if err != nil {
		return "", err
	}
	args := append([]string{"build", "--release"}, want.flags()...)
	if flag != "" {
		args = append(args, "--target", flag)
	}
	made, err := o.build(ctx, append(args, "--message-format=json-render-diagnostics"), want)
	if err != nil {
		return "", o.explain(ctx, chosen, err)
	}
	return o.pick(meta, want, made)
}

// target gives what will be compiled for, "" where cargo's host is, and the flag for cargo, "" for none.
func (o *RustOptions) target(ctx context.Context) (chosen, flag string, err error) {
	if o.Executable {
		return o.Target, o.Target, nil
	}
	configured, err := o.configured()
	if err != nil {
		return "", "", err
	}
	chosen = o.Target
	if chosen == "" {
		chosen = DefaultTarget
	}
	flag = chosen
	if i := slices.IndexFunc(configured, isWasm); i >= 0 {
		chosen, flag = configured[i], ""
	}
	if name := o.renamed(ctx, chosen); name != chosen {
		fmt.Fprintf(o.Log, "note: %s is called %s by this Rust, and is compiled for by that name\n", chosen, name)
		chosen, flag = name, name
	}
	return chosen, flag, nil
}

func isWasm(triple string) bool { return strings.HasPrefix(filepath.Base(triple), "wasm") }

// pick finds the wanted file among those that cargo says it made.
func (o *RustOptions) pick(meta *metadata, want *crate, made []string) (string, error) {
	for _, path := range made {
		if !o.Executable && filepath.Ext(path) != ".wasm" {
			continue
		}
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		// cross runs cargo in a container, which has the target folder at another place.
		if _, rest, ok := strings.Cut(filepath.ToSlash(path), "/"+o.Target+"/"); ok && o.Target != "" {
			path = filepath.Join(meta.TargetDirectory, o.Target, rest)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			}
		}
	}
	switch {
	case len(made) == 0:
		return "", fmt.Errorf("cargo built %s, and named no file that came of it", want)
	case o.Executable:
		return "", fmt.Errorf("cargo says that it made %s, where no file is", strings.Join(made, " and "))
	}
	return "", fmt.Errorf("cargo made %s of %s, and no wasm: something in its configuration decides on another target; "+
		"set build.target to %s in .cargo/config.toml", strings.Join(made, " and "), want, DefaultTarget)
}

// command runs cargo.
func (o *RustOptions) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, o.Cargo[0], slices.Concat(o.Cargo[1:], args)...)
	cmd.Dir, cmd.Stderr = o.Dir, o.Log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its compilers
	cmd.WaitDelay = 10 * time.Second                                      // then, and where there is no such signal, it is killed
	return cmd
}

// failed turns the end of a command into words. What went wrong stands above them, in the compiler's own.
func failed(what string, err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return fmt.Errorf("%s failed (%s); what it said stands above", what, exit)
	}
	return fmt.Errorf("running %s: %w", what, err)
}
