package wash

import (
	"cmp"
	"fmt"
	"io"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// contextsFlag is the folder of contexts.
type contextsFlag struct{ directory string }

func (f *contextsFlag) add(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().StringVar(&f.directory, "directory", "", "`folder` of contexts (WASH_CONTEXTS; ~/.wash/contexts)")
	return cmd
}

func (f *contextsFlag) open(s *cli.IO) (*bus.Contexts, error) {
	dir := f.directory
	if dir == "" {
		dir = s.Env("WASH_CONTEXTS")
	}
	return bus.ContextsIn(dir, s.Env("HOME"))
}

func ctxCommand(s *cli.IO) *cobra.Command {
	return group("ctx", "Manage wasmCloud host configuration contexts",
		ctxList(s), ctxDel(s), ctxNew(s), ctxDefault(s), ctxEdit(s))
}

func ctxList(s *cli.IO) *cobra.Command {
	var f contextsFlag
	return f.add(&cobra.Command{
		Use: "list", Short: "List the stored contexts", Example: "  wash ctx list", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			contexts, err := f.open(s)
			if err != nil {
				return err
			}
			var result struct {
				Contexts []string `json:"contexts"`
				Default  string   `json:"default"`
			}
			if result.Contexts, err = contexts.List(); err != nil {
				return err
			}
			if result.Default, err = contexts.Default(); err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				fmt.Fprintf(w, "== Contexts found in %s ==\n", contexts.Dir())
				for _, name := range result.Contexts {
					if name == result.Default {
						name += " (default)"
					}
					fmt.Fprintln(w, name)
				}
			})
		},
	})
}

func ctxNew(s *cli.IO) *cobra.Command {
	var f contextsFlag
	return f.add(&cobra.Command{
		Use: "new NAME", Short: "Create a new context with default values", Example: "  wash ctx new staging", Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			contexts, err := f.open(s)
			if err != nil {
				return err
			}
			name := fileName(args[0])
			err = contexts.Create(name, bus.HostConfig{
				LatticePrefix: "default", CtlHost: "127.0.0.1", CtlPort: 4222, CtlTimeoutMS: 2000, RPCHost: "127.0.0.1", RPCPort: 4222, RPCTimeoutMS: 2000,
			})
			if err != nil {
				return err
			}
			return say(cmd, s, fmt.Sprintf("Created context %s with default values", name))
		},
	})
}

func ctxDefault(s *cli.IO) *cobra.Command {
	return onContext(s, "default NAME", "Set the default context", "  wash ctx default staging", "Set new context successfully",
		(*bus.Contexts).SetDefault)
}

func ctxDel(s *cli.IO) *cobra.Command {
	return onContext(s, "del NAME", "Delete a stored context", "  wash ctx del staging", "Removed file successfully", (*bus.Contexts).Delete)
}

// onContext is a command that does one thing to a context.
func onContext(s *cli.IO, use, short, example, done string, do func(*bus.Contexts, string) error) *cobra.Command {
	var f contextsFlag
	return f.add(&cobra.Command{
		Use: use, Short: short, Example: example, Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			contexts, err := f.open(s)
			if err == nil {
				err = do(contexts, args[0])
			}
			if err != nil {
				return err
			}
			return say(cmd, s, done)
		},
	})
}

func ctxEdit(s *cli.IO) *cobra.Command {
	var f contextsFlag
	var editor string
	c := f.add(&cobra.Command{
		Use: "edit NAME", Short: "Edit a context in a text editor", Example: "  wash ctx edit staging --editor nano", Args: named,
		RunE: func(cmd *cobra.Command, args []string) error {
			contexts, err := f.open(s)
			if err != nil {
				return err
			}
			words := strings.Fields(cmp.Or(editor, s.Env("EDITOR"))) // EDITOR holds arguments too, as a rule of the shell
			if len(words) == 0 {
				return cli.Usage("no editor: name one by --editor or EDITOR")
			}
			if err := edit(cmd, s, contexts, args[0], words); err != nil {
				return err
			}
			return say(cmd, s, "Finished editing context successfully")
		},
	})
	c.Flags().StringVarP(&editor, "editor", "e", "", "the `command` of your editor (EDITOR)")
	return c
}

func edit(cmd *cobra.Command, s *cli.IO, contexts *bus.Contexts, name string, editor []string) error {
	if name == bus.HostContext {
		cli.Notef(s, "note: the context %s is made anew of ~/.wash/host_config.json; what you change in it is lost then", name)
		if err := contexts.Refresh(); err != nil {
			return err
		}
	}
	if _, err := bus.ReadHostConfig(contexts.Path(name)); err != nil {
		return fmt.Errorf("Unable to find context supplied, please ensure it exists: %w", err) //nolint:staticcheck // wash's words
	}
	run := exec.CommandContext(cmd.Context(), editor[0], append(editor[1:], contexts.Path(name))...)
	run.Stdin, run.Stdout, run.Stderr = s.In, s.Err, s.Err
	if err := run.Run(); err != nil {
		return fmt.Errorf("the editor %s: %w", strings.Join(editor, " "), err)
	}
	_, err := bus.ReadHostConfig(contexts.Path(name))
	return err
}

// named: wash asks which context is meant; a program cannot answer.
func named(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("name one context: see `wash ctx list`")
	}
	return nil
}

// fileName replaces what no file's name may have on any system.
func fileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\?<>:*|"`, r) {
			return '_'
		}
		return r
	}, name)
	if trimmed := strings.TrimRight(name, ". "); trimmed != name {
		name = trimmed + "_"
	}
	return name
}

// say answers with one sentence, which wash calls the result.
func say(cmd *cobra.Command, s *cli.IO, text string) error {
	return cli.Print(cmd, s, struct {
		Result string `json:"result"`
	}{text}, func(w io.Writer) { fmt.Fprintln(w, text) })
}

// useDefaultContext lets the context that `wash ctx default` chose come before a
// devhost that runs: who chose it meant it. The host's own context is no choice.
func useDefaultContext(s *cli.IO, c *cobra.Command) {
	for _, sub := range c.Commands() {
		useDefaultContext(s, sub)
	}
	if c.Flag("context") == nil || c.RunE == nil {
		return
	}
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if !cmd.Flag("context").Changed && !cmd.Flag("state-file").Changed && s.Env("WASMCLOUD_STATE_FILE") == "" && s.Env("HOME") != "" {
			contexts, err := bus.ContextsIn("", s.Env("HOME"))
			if err != nil {
				return err
			}
			name, err := contexts.Default()
			if err != nil {
				return err
			}
			if name != bus.HostContext {
				if err := cmd.Flags().Set("context", contexts.Path(name)); err != nil {
					return err
				}
			}
		}
		return run(cmd, args)
	}
}
