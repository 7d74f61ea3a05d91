// Package scaffold holds the commands of the tool scaffold, which begins new projects.
//
// It needs no network: a project is the example actor echo under another name, and the example is
// in the tool.
package scaffold

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Command is the root command of scaffold.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "scaffold", "Begin a wasmCloud project")
	create := &cobra.Command{Use: "new", Short: "Make a folder with a project that builds"}
	create.AddCommand(newActor(s))
	root.AddCommand(create)
	return root
}

type actorResult struct {
	Path  string   `json:"project_path"`
	Files []string `json:"files"` // slash-separated, relative to the path
}

func newActor(s *cli.IO) *cobra.Command {
	var dir, checkout string
	cmd := &cobra.Command{
		Use:   "actor NAME",
		Short: "Make a Go actor with a Makefile and tests",
		Long: `Make a folder with an actor in Go that echoes HTTP requests, its Makefile, Go tests
and calls with expected answers. A folder that exists is left alone.

A released scaffold puts the Make includes into the project and requires this
module at its own version. One that was built from a checkout of rules_wasmcloud
makes a project that uses the checkout where it is.`,
		Example: `  scaffold new actor greeter
  scaffold new actor greeter --dir ~/src/greeter
  cd greeter && make test`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := parseName(args[0])
			if err != nil {
				return cli.Usage("%v", err)
			}
			from, err := findModule(checkout, cli.Version().Version)
			if err != nil {
				return err
			}
			if dir == "" {
				dir = n.given
			}
			files, err := actorFiles(n, from)
			if err != nil {
				return err
			}
			if err := create(cmd.Context(), dir, files); err != nil {
				return err
			}
			cli.Notef(s, "%s", nextSteps(n, dir, from))
			return cli.Print(cmd, s, actorResult{Path: dir, Files: paths(files)}, func(w io.Writer) {
				fmt.Fprintln(w, dir)
			})
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the `folder` to make (default ./NAME)")
	cmd.Flags().StringVar(&checkout, "checkout", "", "a `folder` with the sources of rules_wasmcloud for the project to use")
	return cmd
}

func nextSteps(n name, dir string, from module) string {
	text := fmt.Sprintf("made the actor %s; next:\n  cd %s\n", n.given, dir)
	if from.checkout == "" {
		text += "  go mod tidy       # fetches the SDK\n"
	}
	return text + `  make              # compile and sign
  make test         # in a host of its own
  make up           # a registry and a host in the background
  make push start call`
}
