// Package wash is the front end with the names, flags and texts of wasmCloud's own
// command line, wash 0.17: projects, scripts and fingers that know that one go on
// as they were. It holds no work of its own that a tool does: commands are taken
// from the tools' packages and put under wash's names.
//
// What differs from wash on purpose is listed in docs/differences.md.
package wash

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/drain"
)

// Command returns the wash command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "wash", "wasmCloud's own command names over these tools")
	root.Long = `The commands of wasmCloud's own wash 0.17, under the same names, with the same flags, over these tools.

This front end makes keys that are missing, as wash does, in WASH_KEYS or ~/.wash/keys (never under CI=true). What differs
from wash, and why, is listed in docs/differences.md. Not here are app, new (see scaffold) and ctl apply.`
	root.Example = `  wash build
  wash reg push localhost:5000/echo:0.1.0 build/echo_s.wasm
  wash ctl start actor localhost:5000/echo:0.1.0
  wash call MCLF…MCQB HttpServer.HandleRequest @request.json`
	root.CompletionOptions.HiddenDefaultCmd = true // wash has completions
	// wash has -V; -v is for its subcommands.
	root.Flags().BoolP("version", "V", false, "print the version")
	root.AddCommand(
		buildCommand(s), callCommand(s), claimsCommand(s), completionsCommand(s), ctlCommand(s), ctxCommand(s), downCommand(s),
		drainCommand(s), genCommand(s), inspectCommand(s, "inspect TARGET"), keysCommand(s), lintCommand(s), parCommand(s),
		regCommand(s), upCommand(s), validateCommand(s), hostCommand(s),
	)
	return root
}

// group makes a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(subs...)
	return c
}

// take takes a command out of a tool's tree. It panics where there is none: the
// trees are made by this program.
func take(tool *cobra.Command, path ...string) *cobra.Command {
	c := tool
	for _, name := range path {
		c = child(c, name)
	}
	c.Parent().RemoveCommand(c)
	explain(c)
	return c
}

func child(c *cobra.Command, name string) *cobra.Command {
	for _, sub := range c.Commands() {
		if sub.Name() == name {
			return sub
		}
	}
	panic("no command " + name + " in " + c.CommandPath())
}

// explain makes help speak of wash where it spoke of the tools.
func explain(c *cobra.Command) {
	words := strings.NewReplacer(
		"signer sign ", "wash claims sign ", "signer token ", "wash claims token ", "signer inspect ", "wash claims inspect ",
		"signer keys gen", "wash keys gen", "signer keys get", "wash keys get", "signer keys list", "wash keys list",
		"parpack create", "wash par create", "parpack insert", "wash par insert", "parpack inspect", "wash par inspect",
		"ocipush push", "wash reg push", "ocipush pull", "wash reg pull",
		"lattice call", "wash call", "lattice get links", "wash ctl link query", "lattice get ", "wash ctl get ",
		"lattice link ", "wash ctl link ", "lattice start actor ", "wash ctl start actor ", "lattice start provider ", "wash ctl start provider ",
		"lattice start ", "wash ctl start actor ", "lattice stop ", "wash ctl stop ", "lattice scale ", "wash ctl scale ", "lattice update ", "wash ctl update ",
		"smithy lint", "wash lint", "smithy validate", "wash validate", "smithy gen", "wash gen",
		"  drain ", "  wash drain ",
	)
	c.Long, c.Example = words.Replace(c.Long), words.Replace(c.Example)
	for _, sub := range c.Commands() {
		explain(sub)
	}
}

// drainCommand is a whole tool: wash's names are that tool's.
func drainCommand(s *cli.IO) *cobra.Command {
	c := drain.Command(s)
	explain(c)
	c.Version = ""
	return c
}

// hostCommand is what `wash up` starts: it runs this program again.
func hostCommand(s *cli.IO) *cobra.Command {
	c := devhost.Command(s)
	c.Hidden, c.Version = true, ""
	return c
}
