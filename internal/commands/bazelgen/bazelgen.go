// Package bazelgen holds the commands of the tool bazelgen, which brings wasmCloud
// projects to Bazel: it writes BUILD files from a project's Makefile or
// wasmcloud.toml, and finds in BUILD files what no formatter knows to be wrong.
//
// Both work on the syntax tree of bazelbuild/buildtools, so that what a person wrote
// in a file, comments included, stays.
package bazelgen

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Command is the root command of bazelgen.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "bazelgen", "Write and check the BUILD files of wasmCloud projects")
	root.AddCommand(updateCommand(s), lintCommand(s))
	return root
}
