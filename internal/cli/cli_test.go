package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// tool is a tool of every shape Main must judge.
func tool(s *IO) *cobra.Command {
	root := Root(s, "tool", "a tool")
	root.AddCommand(
		&cobra.Command{Use: "ok NAME", Args: cobra.ExactArgs(1), RunE: func(c *cobra.Command, args []string) error {
			result := struct {
				Name string `json:"name"`
				Size int    `json:"a_size"`
			}{args[0] + "<&>", 7}
			return Print(c, s, result, func(w io.Writer) { fmt.Fprintln(w, "hello", args[0]) })
		}},
		&cobra.Command{Use: "fail", RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("reading the key: %w", fmt.Errorf("opening f: %w", os.ErrNotExist))
		}},
		&cobra.Command{Use: "wrong", RunE: func(*cobra.Command, []string) error { return Usage("give %s", "more") }},
		&cobra.Command{Use: "seven", RunE: func(*cobra.Command, []string) error { return Code(7, nil) }},
		&cobra.Command{Use: "panic", RunE: func(*cobra.Command, []string) error { panic("boom") }},
		&cobra.Command{Use: "wait", RunE: func(c *cobra.Command, _ []string) error { return c.Context().Err() }},
	)
	none := &cobra.Command{Use: "none", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error { return nil }}
	none.Flags().Int("count", 0, "a number")
	none.Flags().Bool("sure", false, "a truth")
	root.AddCommand(none)
	group := &cobra.Command{Use: "get", Short: "get things"}
	group.AddCommand(&cobra.Command{Use: "hosts", RunE: func(*cobra.Command, []string) error { return nil }})
	root.AddCommand(group)
	return root
}

func run(ctx context.Context, args ...string) (code int, out, errText string) {
	var o, e bytes.Buffer
	s := &IO{In: strings.NewReader(""), Out: &o, Err: &e, Env: func(string) string { return "" }, Now: time.Now}
	code = Main(ctx, s, args, tool)
	return code, o.String(), e.String()
}

func TestMainExitCodesAndTexts(t *testing.T) {
	tests := []struct {
		args string
		code int
		out  string
		err  string // a part of standard error
	}{
		{"ok x", 0, "hello x\n", ""},
		{"ok", 2, "", "tool: no argument is given: want tool ok NAME [flags]\nrun `tool ok --help` for usage\n"},
		{"ok x y", 2, "", "tool: 2 arguments are given: want tool ok NAME [flags]\n"},
		{"none x", 2, "", "tool: one argument is given (x): want tool none [flags]\n"},
		{"none --count x", 2, "", "tool: invalid argument \"x\" for \"--count\" flag: want a number\n"},
		{"none --count 99999999999999999999", 2, "", "flag: the number is out of range\n"},
		{"none --sure=x", 2, "", "flag: want true or false\n"},
		{"ok x --nope", 2, "", "tool: unknown flag: --nope\nrun `tool ok --help` for usage\n"},
		{"ok x -o yaml", 2, "", "want text or json"},
		{"fail", 1, "", "tool: reading the key: opening f: file does not exist\n"},
		{"wrong", 2, "", "tool: give more\nrun `tool wrong --help` for usage\n"},
		{"seven", 7, "", ""},
		{"panic", 1, "", "tool: internal error: boom\n"},
		{"", 2, "", "tool: no command given: want one of fail, get, none, ok, panic, seven, wait, wrong\n"},
		{"get", 2, "", "tool: no command given: want one of hosts\n"},
		{"get host", 2, "", "tool: unknown command \"host\": did you mean hosts?\nrun `tool get --help` for usage\n"},
		{"faill", 2, "", "unknown command \"faill\": did you mean fail?"},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			code, out, errText := run(context.Background(), strings.Fields(tt.args)...)
			if code != tt.code || out != tt.out {
				t.Errorf("exit %d, stdout %q; want exit %d, stdout %q", code, out, tt.code, tt.out)
			}
			if tt.err == "" && errText != "" || !strings.Contains(errText, tt.err) {
				t.Errorf("stderr %q; want %q", errText, tt.err)
			}
		})
	}
}

func TestJSONAnswer(t *testing.T) {
	code, out, _ := run(context.Background(), "ok", "x", "--output", "json")
	want := "{\n  \"success\": true,\n  \"name\": \"x<&>\",\n  \"a_size\": 7\n}\n"
	if code != 0 || out != want {
		t.Errorf("exit %d, %s; want %s", code, out, want)
	}
}

func TestJSONAnswerShapes(t *testing.T) {
	tests := []struct {
		in   any
		want string
	}{
		{nil, `{"success":true}`},
		{struct{}{}, `{"success":true}`},
		{[]int{1}, `{"success":true,"result":[1]}`},
		{struct {
			Success bool `json:"success"`
			N       int  `json:"n"`
		}{false, 2}, `{"success":false,"n":2}`},
	}
	for _, tt := range tests {
		var b, compact bytes.Buffer
		if err := answer(&b, tt.in); err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&compact, b.Bytes()); err != nil {
			t.Fatalf("%v: %v", tt.in, err)
		}
		if compact.String() != tt.want {
			t.Errorf("%v: %s; want %s", tt.in, compact.String(), tt.want)
		}
	}
}

func TestJSONErrorsHoldForUsageToo(t *testing.T) {
	for args, want := range map[string]struct {
		code  int
		err   string
		chain []string
	}{
		"fail -o json":          {1, "reading the key: opening f: file does not exist", []string{"reading the key", "opening f", "file does not exist"}},
		"ok x --nope -o json":   {2, "unknown flag: --nope", []string{"unknown flag: --nope"}},
		"--output=json faill":   {2, "unknown command \"faill\": did you mean fail?", []string{"unknown command \"faill\": did you mean fail?"}},
		"ok --output json":      {2, "no argument is given: want tool ok NAME [flags]", []string{"no argument is given: want tool ok NAME [flags]"}},
		"wrong --output json":   {2, "give more", []string{"give more"}},
		"get host -ojson -- -o": {2, "unknown command \"host\": did you mean hosts?", []string{"unknown command \"host\": did you mean hosts?"}},
	} {
		code, out, errText := run(context.Background(), strings.Fields(args)...)
		var got struct {
			Success *bool
			Error   string
			Chain   []string `json:"error_chain"`
		}
		if err := json.Unmarshal([]byte(errText), &got); err != nil {
			t.Errorf("%s: %v in %q", args, err, errText)
			continue
		}
		if code != want.code || out != "" || got.Success == nil || *got.Success || got.Error != want.err ||
			strings.Join(got.Chain, "|") != strings.Join(want.chain, "|") {
			t.Errorf("%s: exit %d, stdout %q, %s", args, code, out, errText)
		}
	}
}

func TestVersionNamesToolAndGo(t *testing.T) {
	code, out, _ := run(context.Background(), "--version")
	if code != 0 || !strings.HasPrefix(out, "tool ") || !strings.Contains(out, "go1.") {
		t.Errorf("exit %d, %q", code, out)
	}
}

func TestCompletionsAreThere(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if code, out, _ := run(context.Background(), "completion", shell); code != 0 || !strings.Contains(out, "tool") {
			t.Errorf("%s: exit %d", shell, code)
		}
	}
}

func TestInterruptedCommandSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if code, _, errText := run(ctx, "wait"); code != 1 || !strings.Contains(errText, "tool: interrupted") {
		t.Errorf("exit %d, %q", code, errText)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAnswerThatCannotBeWrittenFails(t *testing.T) {
	var e bytes.Buffer
	s := &IO{In: strings.NewReader(""), Out: brokenWriter{}, Err: &e, Env: os.Getenv, Now: time.Now}
	if code := Main(context.Background(), s, []string{"ok", "x"}, tool); code != 1 {
		t.Errorf("exit %d", code)
	}
	if want := "tool: writing the answer: disk full\n"; e.String() != want {
		t.Errorf("%q; want %q", e.String(), want)
	}
}

func TestLongOutputLeavesTheShortFlagFree(t *testing.T) {
	s := System()
	root := Root(s, "fix", "fix", LongOutput())
	root.Flags().StringP("out", "o", "", "file")
	if root.PersistentFlags().ShorthandLookup("o") != nil || root.PersistentFlags().Lookup("output") == nil {
		t.Error("want --output without -o")
	}
}
