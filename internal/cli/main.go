package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// usageError is a call that cannot be understood: exit code 2.
type usageError struct {
	err  error
	path string // the command meant, "" when a command made the error itself
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return errors.Unwrap(e.err) }

// Usage returns an error about how the command was called; Main exits with 2.
func Usage(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// codeError carries an exit code of its own.
type codeError struct {
	code int
	err  error // nil: say nothing, somebody else has
}

func (e *codeError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.code)
	}
	return e.err.Error()
}
func (e *codeError) Unwrap() error { return e.err }

// Code returns an error that makes Main exit with code: for `exec -- CMD`, which
// ends as CMD did. With a nil err Main prints nothing.
func Code(code int, err error) error { return &codeError{code: code, err: err} }

// Main runs a tool and returns its exit code. args excludes the tool's name.
// Errors are printed as `NAME: message`, or as wash's JSON object under
// --output json, which holds for wrong usage too.
func Main(ctx context.Context, s *IO, args []string, build func(*IO) *cobra.Command) (code int) {
	root := build(s)
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(s.Err, "%s: internal error: %v\nthis is a fault of %s itself: please report it with the lines below\n%s",
				root.Name(), p, root.Name(), debug.Stack())
			code = 1
		}
	}()
	if err := fitsIncludes(root.Name(), Version().Version, s.Env(IncludesVariable)); err != nil {
		report(s, root.Name(), nil, err, wantsJSON(args))
		return 1
	}
	prepare(root)
	// cobra reads os.Args when it is given nil.
	root.SetArgs(append([]string{}, args...))
	ran, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = fmt.Errorf("interrupted: %w", err)
	}
	report(s, root.Name(), ran, err, wantsJSON(args))
	return exitCode(err)
}

func exitCode(err error) int {
	var usage *usageError
	var coded *codeError
	switch {
	case errors.As(err, &coded):
		return coded.code
	case errors.As(err, &usage):
		return 2
	}
	return 1
}

func report(s *IO, name string, ran *cobra.Command, err error, asJSON bool) {
	var coded *codeError
	if errors.As(err, &coded) && coded.err == nil {
		return
	}
	if asJSON {
		writeJSON(s.Err, struct {
			Success bool     `json:"success"`
			Error   string   `json:"error"`
			Chain   []string `json:"error_chain"`
		}{false, err.Error(), chain(err)})
		return
	}
	fmt.Fprintf(s.Err, "%s: %v\n", name, err)
	var usage *usageError
	if errors.As(err, &usage) {
		path := usage.path
		if path == "" && ran != nil {
			path = ran.CommandPath()
		}
		fmt.Fprintf(s.Err, "run `%s --help` for usage\n", path)
	}
}

// chain splits a wrapped error into what each level says, outermost first. Go's
// wrapped errors repeat their cause at the end, wash's chain does not.
func chain(err error) []string {
	parts := []string{}
	for err != nil {
		text, next := err.Error(), errors.Unwrap(err)
		if next != nil {
			text = strings.TrimSuffix(strings.TrimSuffix(text, next.Error()), ": ")
		}
		if text != "" {
			parts = append(parts, text)
		}
		err = next
	}
	return parts
}

// wantsJSON looks for --output json among the raw arguments: when the flags
// themselves are wrong, nothing has parsed them.
func wantsJSON(args []string) bool {
	asJSON := false
	for i, arg := range args {
		next := ""
		if i+1 < len(args) {
			next = args[i+1]
		}
		switch {
		case arg == "--":
			return asJSON
		case arg == "--output=json", arg == "-ojson", arg == "-o=json":
			asJSON = true
		case (arg == "--output" || arg == "-o") && next == "json":
			asJSON = true
		}
	}
	return asJSON
}

// Print writes a command's answer to standard output: what text writes, or under
// --output json the result with `"success": true` as its first member and the
// rest in the order of its fields. A result that holds a success member of its
// own keeps it; one that is no JSON object becomes the member "result".
func Print(cmd *cobra.Command, s *IO, result any, text func(w io.Writer)) error {
	var b bytes.Buffer
	if flag := cmd.Flag(outputFlag); flag != nil && flag.Value.String() == "json" {
		if err := answer(&b, result); err != nil {
			return err
		}
	} else if text != nil {
		text(&b)
	}
	// An answer that does not arrive is a failure: the caller would act on nothing.
	if _, err := s.Out.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

func answer(b *bytes.Buffer, result any) error {
	var raw bytes.Buffer
	if err := writeJSON(&raw, result); err != nil {
		return fmt.Errorf("encoding the answer: %w", err)
	}
	body := bytes.TrimSpace(raw.Bytes())
	switch {
	case string(body) == "null" || string(body) == "{}":
		b.WriteString("{\n  \"success\": true\n}\n")
	case body[0] != '{':
		return writeJSON(b, struct {
			Success bool            `json:"success"`
			Result  json.RawMessage `json:"result"`
		}{true, body})
	case bytes.HasPrefix(body, []byte("{\n  \"success\":")):
		b.Write(raw.Bytes())
	default:
		b.WriteString("{\n  \"success\": true,")
		b.Write(body[1:])
		b.WriteByte('\n')
	}
	return nil
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
