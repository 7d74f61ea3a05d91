package cli

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const outputFlag = "output"

// An Option changes what Root makes.
type Option func(*rootOptions)

type rootOptions struct{ longOutput bool }

// LongOutput leaves the short flag -o to the tool, for the one whose -o names
// a file; --output stays.
func LongOutput() Option { return func(o *rootOptions) { o.longOutput = true } }

// Root returns a tool's root command: --output text|json (-o for short, as wash
// has it), --version, shell completions, and no usage text after an error. The
// caller adds Example, flags and subcommands; use is the usage line, whose first
// word is the tool's name.
func Root(s *IO, use, short string, opts ...Option) *cobra.Command {
	var o rootOptions
	for _, opt := range opts {
		opt(&o)
	}
	root := &cobra.Command{
		Use:           use,
		Short:         short,
		Version:       buildVersion().String(),
		SilenceErrors: true,
		SilenceUsage:  true,
		// Generated pages and help would otherwise carry the day they were made.
		DisableAutoGenTag: true,
	}
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	shorthand := "o"
	if o.longOutput {
		shorthand = ""
	}
	format := outputFormat("text")
	root.PersistentFlags().VarP(&format, outputFlag, shorthand, "`format` of the answer: text or json")
	return root
}

// outputFormat is a flag value that takes only the two known formats.
type outputFormat string

var _ pflag.Value = (*outputFormat)(nil)

func (f *outputFormat) String() string { return string(*f) }
func (f *outputFormat) Type() string   { return "format" }
func (f *outputFormat) Set(v string) error {
	if v != "text" && v != "json" {
		return fmt.Errorf("want text or json")
	}
	*f = outputFormat(v)
	return nil
}

// prepare makes a finished command tree report wrong usage as such: cobra's own
// errors for flags, argument counts and unknown commands carry no kind, and a
// group named without a command would print its help and succeed.
func prepare(c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return &usageError{err: flagError(err), path: c.CommandPath()}
	})
	if !c.Runnable() && c.HasSubCommands() {
		c.Args = cobra.ArbitraryArgs
		c.RunE = runGroup
		c.SuggestionsMinimumDistance = 2 // cobra's own default, set there only for errors of its own
	}
	if check := c.Args; check != nil {
		c.Args = func(c *cobra.Command, args []string) error {
			if err := check(c, args); err != nil {
				return &usageError{err: countError(c, args, err), path: c.CommandPath()}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		prepare(sub)
	}
}

// countError says in a person's words what cobra's checks of an argument count
// found: they name numbers, and not what is missing. A command's own check
// speaks for itself.
func countError(c *cobra.Command, args []string, err error) error {
	text := err.Error()
	if !strings.HasPrefix(text, "accepts ") && !strings.HasPrefix(text, "requires ") && !strings.HasPrefix(text, "unknown command ") {
		return err
	}
	given := fmt.Sprintf("%d arguments are given", len(args))
	switch len(args) {
	case 0:
		given = "no argument is given"
	case 1:
		given = fmt.Sprintf("one argument is given (%s)", args[0])
	}
	return fmt.Errorf("%s: want %s", given, c.UseLine())
}

// flagError replaces what Go's number parsers say about themselves.
func flagError(err error) error {
	text := err.Error()
	at := strings.Index(text, "strconv.Parse")
	switch {
	case at < 0:
		return err
	case strings.HasSuffix(text, strconv.ErrRange.Error()):
		return fmt.Errorf("%sthe number is out of range", text[:at])
	case strings.HasPrefix(text[at:], "strconv.ParseBool"):
		return fmt.Errorf("%swant true or false", text[:at])
	}
	return fmt.Errorf("%swant a number", text[:at])
}

func runGroup(c *cobra.Command, args []string) error {
	var names []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" && sub.Name() != "completion" {
			names = append(names, sub.Name())
		}
	}
	want := "want one of " + strings.Join(names, ", ")
	if len(args) == 0 {
		return &usageError{err: fmt.Errorf("no command given: %s", want), path: c.CommandPath()}
	}
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		want = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return &usageError{err: fmt.Errorf("unknown command %q: %s", args[0], want), path: c.CommandPath()}
}
