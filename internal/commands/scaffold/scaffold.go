// Package scaffold holds the commands of the tool scaffold, which begins new projects and adopts
// those that wasmCloud's own Makefiles build.
//
// It needs no network: what projects are made of is in the tool.
package scaffold

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Command is the root command of scaffold.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "scaffold", "Begin a wasmCloud project, or adopt one")
	create := &cobra.Command{Use: "new", Short: "Make a folder with a project that builds"}
	create.AddCommand(newActor(s), newProvider(s), newInterface(s))
	root.AddCommand(create, adoptCommand(s), upgradeCommand(s))
	return root
}

type result struct {
	Path  string   `json:"project_path"`
	Files []string `json:"files"` // slash-separated, relative to the path
}

// options are what the flags of `scaffold new` say.
type options struct {
	kind                                 string
	dir, checkout, lang, build, contract string
}

const fromWhere = `
A released scaffold puts the Make includes into the project and requires this
module at its own version. One that was built from a checkout of rules_wasmcloud
makes a project that uses the checkout where it is.

--build says what builds it: a Makefile, or BUILD.bazel and MODULE.bazel, or both;
what is in Rust is built by make.
A folder that exists is left alone.`

func newActor(s *cli.IO) *cobra.Command {
	return newCommand(s, kindActor, &cobra.Command{
		Short: "Make an actor with tests",
		Long: `Make a folder with an actor that answers HTTP requests, tests, and calls with
expected answers: in Go, which needs no other compiler, or in Rust.
` + fromWhere,
		Example: `  scaffold new actor greeter
  scaffold new actor greeter --dir ~/src/greeter --build both
  scaffold new actor greeter --lang rust
  cd greeter && make test`,
	})
}

func newProvider(s *cli.IO) *cobra.Command {
	return newCommand(s, kindProvider, &cobra.Command{
		Short: "Make a capability provider with tests",
		Long: `Make a folder with a capability provider that greets as its links ask for, tests,
and calls with expected answers: in Go or in Rust. Its contract is example:NAME
unless --contract names another.
` + fromWhere,
		Example: `  scaffold new provider clock
  scaffold new provider clock --contract acme:clock --lang rust
  scaffold new provider clock --build bazel
  cd clock && make test`,
	})
}

func newInterface(s *cli.IO) *cobra.Command {
	return newCommand(s, kindInterface, &cobra.Command{
		Short: "Make an interface with code for actors and providers",
		Long: `Make a folder with an interface: a Smithy model of one operation, and what writes
and tests code for it: a Go package, or a crate of the folder rust/. Its contract is
example:NAME unless --contract names another.
` + fromWhere,
		Example: `  scaffold new interface payments
  scaffold new interface payments --contract acme:payments --build both
  scaffold new interface payments --lang rust
  cd payments && make test`,
	})
}

// newCommand fills in what all kinds have in common.
func newCommand(s *cli.IO, kind string, cmd *cobra.Command) *cobra.Command {
	o := options{kind: kind, lang: langGo}
	cmd.Use = kind + " NAME"
	cmd.Args = cobra.ExactArgs(1)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		p, err := o.project(args[0])
		if err != nil {
			return err
		}
		files, err := p.files()
		if err != nil {
			return err
		}
		if o.dir == "" {
			o.dir = p.Given
		}
		if err := create(cmd.Context(), o.dir, files); err != nil {
			return err
		}
		cli.Notef(s, "%s", p.nextSteps(o.dir))
		return cli.Print(cmd, s, result{Path: o.dir, Files: paths(files)}, func(w io.Writer) {
			fmt.Fprintln(w, o.dir)
		})
	}
	cmd.Flags().StringVarP(&o.lang, "lang", "l", langGo, "the language: go or rust")
	cmd.Flags().StringVarP(&o.build, "build", "b", buildMake, "what builds it: make, bazel or both")
	cmd.Flags().StringVar(&o.dir, "dir", "", "the `folder` to make (default ./NAME)")
	cmd.Flags().StringVar(&o.checkout, "checkout", "", "a `folder` with the sources of rules_wasmcloud for the project to use")
	if kind != kindActor {
		cmd.Flags().StringVar(&o.contract, "contract", "", "contract `id` (default example:NAME)")
	}
	return cmd
}

// project checks what was asked for before anything is made.
func (o options) project(given string) (*project, error) {
	n, err := parseName(given)
	if err != nil {
		return nil, cli.Usage("%v", err)
	}
	if o.lang != langGo && o.lang != langRust {
		return nil, cli.Usage("--lang is %q: want go or rust", o.lang)
	}
	if !slices.Contains([]string{buildMake, buildBazel, buildBoth}, o.build) {
		return nil, cli.Usage("--build is %q: want make, bazel or both", o.build)
	}
	if o.lang == langRust && o.build != buildMake {
		cure := "and let `bazelgen update` write the BUILD file where crate_universe makes @crates"
		if o.kind == kindInterface {
			cure = "for wasmcloud_interface writes Go code"
		}
		return nil, cli.Usage("--build %s: no Rust project is begun for Bazel, which takes crates as each workspace sets it up: begin it by make, %s", o.build, cure)
	}
	if o.contract != "" && !validContract.MatchString(o.contract) {
		return nil, cli.Usage("--contract is %q: want an id such as acme:clock", o.contract)
	}
	if err := n.fits(o.lang, o.build != buildMake, o.kind == kindInterface); err != nil {
		return nil, cli.Usage("%v", err)
	}
	from, err := findModule(o.checkout, cli.Version().Version)
	if err != nil {
		return nil, err
	}
	return newProject(o.kind, o.lang, o.build, o.contract, n, from)
}

func (p *project) nextSteps(dir string) string {
	text := fmt.Sprintf("made the %s %s; next:\n  cd %s\n", p.Kind, p.Given, dir)
	tidy := ""
	if p.Version != "" && p.Lang == langGo {
		tidy = "  go mod tidy       # fetches the SDK\n"
	}
	switch {
	case p.Kind == kindInterface && p.Make:
		// Before the code is there nothing imports the SDK, and go would take it out of go.mod.
		return text + `  make              # write the code
` + tidy + `  make lint validate test
  make publish`
	case p.Kind == kindInterface:
		return text + `  bazel test //...
  bazel run //:push`
	case !p.Make:
		return text + `  bazel build //:signed
  bazel test //...
  bazel run //:push`
	}
	text += tidy + `  make              # compile and sign
  make test         # in a host of its own
  make up           # a registry and a host in the background
  make push start`
	if p.Kind == kindActor {
		text += " call"
	}
	return text
}
