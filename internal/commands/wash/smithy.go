package wash

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/smithy"
)

func lintCommand(s *cli.IO) *cobra.Command {
	return models(s, "lint", "Perform lint checks on smithy models")
}

func validateCommand(s *cli.IO) *cobra.Command {
	return models(s, "validate", "Perform validation checks on smithy models")
}

func genCommand(s *cli.IO) *cobra.Command {
	return models(s, "gen", "Generate code from smithy IDL files")
}

func models(s *cli.IO, name, short string) *cobra.Command {
	c := take(smithy.Command(s), name)
	c.Short = short
	c.Flags().BoolP("verbose", "v", false, "say nothing more: what is fetched is always said")
	return c
}
