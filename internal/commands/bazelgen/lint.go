package bazelgen

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bazelbuild/buildtools/build"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Names of the checks, as findings show them and comments switch them off.
const (
	checkSeed        = "seed"
	checkSeedTypo    = "seed-typo"
	checkFloatingTag = "floating-tag"
	checkDevelopment = "development-key"
	checkSyntax      = "syntax" // cannot be switched off
)

type finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1, in characters
	Check   string `json:"check"`
	Level   string `json:"level"` // error or warning
	Message string `json:"message"`
}

type lintResult struct {
	Success  bool      `json:"success"` // no errors; warnings do not count
	Files    int       `json:"files"`   // looked at
	Findings []finding `json:"findings"`
}

func lintCommand(s *cli.IO) *cobra.Command {
	return &cobra.Command{
		Use:   "lint [FILE | DIR]...",
		Short: "Find seeds, floating tags and development keys in BUILD files",
		Long: `Look through BUILD files, .bzl files, MODULE.bazel, WORKSPACE and .bazelrc files (default:
all below this folder) for what a formatter cannot know to be wrong:

  seed             a private key, anywhere in the file; what is built is recorded and shared
  seed-typo        what looks like one, with a wrong check sum (a warning)
  floating-tag     a target that pushes "latest", or a reference without a tag
  development-key  a target that names a registry other than this machine's and is
                   signed by the published development key

A comment "# wasmcloud-lint: disable=NAME" (or NAME,NAME) at a line, or above a rule,
switches checks off for it; at the top of a file, on its own, for the whole file.
Exit code 1 says that there is an error; warnings alone give 0.`,
		Example: `  bazelgen lint
  bazelgen lint BUILD.bazel rules/ --output json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := lint(cmd.Context(), args)
			if err != nil {
				return err
			}
			if err := cli.Print(cmd, s, result, result.write); err != nil {
				return err
			}
			if !result.Success {
				return cli.Code(1, nil)
			}
			return nil
		},
	}
}

func (r *lintResult) write(w io.Writer) {
	for _, f := range r.Findings {
		level := ""
		if f.Level == levelWarning {
			level = "warning: "
		}
		fmt.Fprintf(w, "%s:%d:%d: %s%s [%s]\n", f.File, f.Line, f.Column, level, f.Message, f.Check)
	}
}

const (
	levelError   = "error"
	levelWarning = "warning"
)

func lint(ctx context.Context, args []string) (*lintResult, error) {
	files, err := lintFiles(ctx, args)
	if err != nil {
		return nil, err
	}
	result := &lintResult{Success: true, Files: len(files), Findings: []finding{}}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		result.Findings = append(result.Findings, lintFile(file, text)...)
	}
	for _, f := range result.Findings {
		result.Success = result.Success && f.Level == levelWarning
	}
	return result, nil
}

// lintFile looks at one file. Seeds are looked for in the text, so that one in a file
// that cannot be parsed is found all the same.
func lintFile(file string, text []byte) []finding {
	found := seeds(text)
	var off disabled
	if starlark(file) {
		// By name alone: the parser chooses the dialect by it.
		f, err := build.Parse(filepath.Base(file), text)
		if err != nil {
			found = append(found, syntaxFinding(err))
		} else {
			off = disabledIn(f)
			found = append(found, floatingTags(f)...)
			found = append(found, developmentKeys(f)...)
		}
	} else {
		off = disabledLines(text)
	}
	found = slices.DeleteFunc(found, off.covers)
	for i := range found {
		found[i].File = file
		if found[i].Level == "" {
			found[i].Level = levelError
		}
	}
	slices.SortStableFunc(found, func(a, b finding) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return slices.Compact(found) // a constant that two targets use is one fault
}

func syntaxFinding(err error) finding {
	f := finding{Line: 1, Column: 1, Check: checkSyntax, Message: "cannot be parsed: " + err.Error()}
	var at build.ParseError
	if errors.As(err, &at) {
		f.Line, f.Column, f.Message = at.Pos.Line, at.Pos.LineRune, "cannot be parsed: "+at.Message
	}
	return f
}

// lintFiles lists the files to look at: those named, whatever they are called, and
// below folders those that Bazel reads.
func lintFiles(ctx context.Context, args []string) ([]string, error) {
	if len(args) == 0 {
		args = []string{"."}
	}
	var files []string
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(file string, e fs.DirEntry, err error) error {
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
			switch {
			case e.IsDir() && file != arg && skipped(e.Name()):
				return fs.SkipDir
			case e.IsDir():
			case file == arg, starlark(file), filepath.Base(file) == ".bazelrc":
				files = append(files, file)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("looking for BUILD files: %w", err)
		}
	}
	return files, nil
}

// starlark says whether Bazel would read a file of this name as Starlark.
func starlark(file string) bool {
	switch base := filepath.Base(file); base {
	case "BUILD", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "WORKSPACE.bzlmod", "MODULE.bazel", "REPO.bazel":
		return true
	default:
		return strings.HasSuffix(base, ".bzl") || strings.HasSuffix(base, ".BUILD") || strings.HasSuffix(base, ".MODULE.bazel")
	}
}

// disabled lists the parts of a file in which checks are switched off.
type disabled []span

type span struct {
	first, last int // lines
	checks      []string
}

func (d disabled) covers(f finding) bool {
	return f.Check != checkSyntax && slices.ContainsFunc(d, func(s span) bool {
		return s.first <= f.Line && f.Line <= s.last && slices.Contains(s.checks, f.Check)
	})
}

const directive = "wasmcloud-lint: disable="

// disabledChecks reads a comment.
func disabledChecks(comment string) []string {
	_, names, ok := strings.Cut(comment, directive)
	if !ok {
		return nil
	}
	names, _, _ = strings.Cut(strings.TrimSpace(names), " ") // a reason may follow
	return strings.Split(names, ",")
}

// disabledIn finds the comments in a file. One at an expression covers it all, with
// the comments at it; one that stands alone before everything else, the file.
func disabledIn(f *build.File) disabled {
	var d disabled
	build.Walk(f, func(e build.Expr, _ []build.Expr) {
		if e == nil {
			return
		}
		c := e.Comment()
		start, end := e.Span()
		for _, comment := range slices.Concat(c.Before, c.Suffix) {
			s := span{min(start.Line, comment.Start.Line), max(end.Line, comment.Start.Line), disabledChecks(comment.Token)}
			if _, alone := e.(*build.CommentBlock); alone {
				s.first, s.last = comment.Start.Line, comment.Start.Line
				if len(f.Stmt) > 0 && f.Stmt[0] == e {
					s.last = int(^uint(0) >> 1)
				}
			}
			if len(s.checks) > 0 {
				d = append(d, s)
			}
		}
	})
	return d
}

// disabledLines is for files that are not Starlark: a comment covers its own line and
// the next.
func disabledLines(text []byte) disabled {
	var d disabled
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if checks := disabledChecks(string(line)); len(checks) > 0 {
			d = append(d, span{number, number + 1, checks})
		}
	}
	return d
}
