package wasmrt

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// ErrDepth is wrapped by the error of a call that is nested too deep.
var ErrDepth = errors.New("calls are nested too deep")

// GuestError is the guest's own refusal: it served the call and answered with an error.
type GuestError struct {
	// Text is what the guest said. A guest that failed without a word has a text that says so.
	Text string
}

func (e *GuestError) Error() string { return e.Text }

// TrapError says that the guest broke off: it panicked, ran out of memory, exited, or is faulty.
type TrapError struct {
	// Reason is one line, such as "unreachable" or "exit code 2".
	Reason string
	// Trace is the guest's stack as far as it is known, innermost call first, one a line; may be empty.
	Trace string
	// Said is what the guest logged last, or the text of its panic if that is known; may be empty.
	Said string
}

func (e *TrapError) Error() string {
	if e.Said == "" {
		return "actor broke off: " + e.Reason
	}
	return fmt.Sprintf("actor broke off: %s (its last words: %s)", e.Reason, e.Said)
}

// failure turns what the engine says about a call that did not return into this package's errors.
func failure(ctx context.Context, err error, said string) error {
	// The engine ends a guest whose context is done by an exit code of its own.
	if ctx.Err() != nil {
		return fmt.Errorf("actor was stopped in the middle of the call: %w", ctx.Err())
	}
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return &TrapError{Reason: fmt.Sprintf("exit code %d", exit.ExitCode()), Said: said}
	}
	// wazero writes: "wasm error: unreachable\nwasm stack trace:\n\t.f()\n\t.g()".
	reason, trace, _ := strings.Cut(err.Error(), "\nwasm stack trace:\n")
	reason = strings.TrimPrefix(strings.TrimSpace(reason), "wasm error: ")
	reason, _, _ = strings.Cut(reason, "\n")
	reason = strings.TrimSuffix(reason, " (recovered by wazero)")
	return &TrapError{Reason: reason, Trace: strings.ReplaceAll(strings.TrimSpace(trace), "\n\t", "\n"), Said: said}
}
