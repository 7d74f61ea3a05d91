package smithy

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// issue is an event as it is told.
type issue struct {
	Severity string `json:"severity"`
	ID       string `json:"id"`
	Shape    string `json:"shape,omitempty"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Message  string `json:"message"`
	Reason   string `json:"suppression_reason,omitempty"`
}

type report struct {
	Success  bool    `json:"success"`
	Errors   int     `json:"errors"`
	Warnings int     `json:"warnings"`
	Issues   []issue `json:"issues"`
}

// tell answers with the events and fails if one of them is an error.
func tell(cmd *cobra.Command, s *cli.IO, events []model.Event, sources []model.Source, least model.Severity, none string) error {
	r := report{Issues: []issue{}}
	var shown []model.Event
	for _, e := range events {
		switch {
		case e.Severity >= model.Danger:
			r.Errors++
		case e.Severity == model.Warning:
			r.Warnings++
		}
		if e.Severity < least {
			continue
		}
		shown = append(shown, e)
		r.Issues = append(r.Issues, issue{strings.ToLower(e.Severity.String()), e.ID, e.Shape, e.Pos.File, e.Pos.Line, e.Pos.Column, e.Message, e.Reason})
	}
	r.Success = r.Errors == 0
	err := cli.Print(cmd, s, r, func(w io.Writer) {
		for _, e := range shown {
			write(w, e, sources)
		}
		if len(events) == 0 || len(shown) == 0 {
			fmt.Fprintln(w, none)
		}
	})
	if err != nil {
		return err
	}
	if r.Errors > 0 {
		return fmt.Errorf("%s", count(r.Errors, r.Warnings))
	}
	return nil
}

func count(errs, warnings int) string {
	text := plural(errs, "error")
	if warnings > 0 {
		text += ", " + plural(warnings, "warning")
	}
	return text
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// write prints an event with its line and a caret under its place.
func write(w io.Writer, e model.Event, sources []model.Source) {
	fmt.Fprintf(w, "%s: %s: %s (%s)\n", e.Pos, strings.ToLower(e.Severity.String()), e.Message, e.ID)
	for _, src := range sources {
		if src.Name != e.Pos.File {
			continue
		}
		text := []rune(syntax.SourceLine(src.Data, e.Pos.Line))
		if len(text) == 0 || len(text) > maxShown {
			return
		}
		margin := fmt.Sprintf("%4d | ", e.Pos.Line)
		fmt.Fprintf(w, "%s%s\n%s| %s^\n", margin, clean(text), strings.Repeat(" ", len(margin)-2), blank(text[:min(max(e.Pos.Column-1, 0), len(text))]))
	}
}

const maxShown = 500 // characters of a line; a longer one was not written by hand

// clean takes control characters from text that goes to a terminal.
func clean(text []rune) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, string(text))
}

// blank is as wide as text.
func blank(text []rune) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(text))
}
