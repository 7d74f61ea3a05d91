// Package cli is what every tool's command line shares: the root command, the
// two output formats, exit codes, errors for people and for programs, and the
// way to the outside world (streams, environment, clock) as one value, so that
// a command run by a test behaves as one run by a person.
//
// Exit codes: 0 done, 1 refused or failed, 2 wrong usage. Standard output
// carries the answer alone; everything said about it goes to standard error.
package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// IO is a command's whole view of the outside. Commands read no clock, stream
// or environment but these.
type IO struct {
	In       io.Reader
	Out, Err io.Writer
	Env      func(key string) string // "" when unset, as os.Getenv
	Now      func() time.Time
}

// System returns the process's own streams, environment and clock.
func System() *IO {
	return &IO{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.Getenv, Now: time.Now}
}

// Shared returns s for goroutines that write notes side by side: only a file takes each line whole.
func Shared(s *IO) *IO {
	shared := *s
	shared.Err = &inTurn{w: s.Err}
	return &shared
}

type inTurn struct {
	mu sync.Mutex
	w  io.Writer
}

func (t *inTurn) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.w.Write(p)
}

// Notef writes one line of prose to standard error. A note that cannot be
// written is not worth failing a command for.
func Notef(s *IO, format string, args ...any) {
	fmt.Fprintf(s.Err, format+"\n", args...)
}

// Logger returns a structured logger on standard error.
func Logger(s *IO, level slog.Level, jsonFormat bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if jsonFormat {
		return slog.New(slog.NewJSONHandler(s.Err, opts))
	}
	return slog.New(slog.NewTextHandler(s.Err, opts))
}

// IsTerminal reports whether w is a terminal: progress bars are for those.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd()))
}

// Color reports whether standard output may be coloured: a terminal that is
// not a dumb one, and no NO_COLOR (https://no-color.org).
func Color(s *IO) bool {
	return IsTerminal(s.Out) && s.Env("NO_COLOR") == "" && s.Env("TERM") != "dumb"
}
