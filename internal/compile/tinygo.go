package compile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// TinyGoOptions say what TinyGo is to build.
type TinyGoOptions struct {
	Dir    string   // the package's folder
	TinyGo []string // the command, with arguments that come first; nil is {"tinygo"}
	Log    io.Writer
}

// TinyGo compiles an actor by the command line that wasmCloud's own templates had, and
// hands the file to use; after that it is gone. TinyGo writes a file anew each time, and
// half of one if it is stopped: it never writes where the last one lies.
func TinyGo(ctx context.Context, o TinyGoOptions, use func(made string) error) error {
	if len(o.TinyGo) == 0 {
		o.TinyGo = []string{"tinygo"}
	}
	temp, err := os.MkdirTemp("", "tinygo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	out, err := filepath.Abs(filepath.Join(temp, "actor.wasm"))
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, o.TinyGo[0], slices.Concat(o.TinyGo[1:],
		[]string{"build", "-o", out, "-target", "wasm", "-scheduler", "none", "-no-debug", "."})...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = o.Dir, o.Log, o.Log
	err = cmd.Run()
	switch {
	case err == nil && !exists(out):
		return fmt.Errorf("tinygo build ended well and made no %s", out)
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		return &MissingError{
			What: fmt.Sprintf("%s is not installed, and this actor is written for TinyGo", o.TinyGo[0]),
			Cure: "see https://tinygo.org/getting-started/install; TINYGO names another. Actors of plain Go need it not: `scaffold new actor`",
		}
	case err != nil:
		return failed("tinygo build", err)
	}
	return use(out)
}
