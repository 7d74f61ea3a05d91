package e2e

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/bazelgen"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/compile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/drain"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/scaffold"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/smithy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wasmfix"
)

// tools are all the tools, by the name of their folder under tools/.
func tools() map[string]func(*cli.IO) *cobra.Command {
	return map[string]func(*cli.IO) *cobra.Command{
		"bazelgen": bazelgen.Command,
		"compile":  compile.Command,
		"devhost":  devhost.Command,
		"drain":    drain.Command,
		"lattice":  lattice.Command,
		"ocipush":  ocipush.Command,
		"parpack":  parpack.Command,
		"registry": registry.Command,
		"scaffold": scaffold.Command,
		"signer":   signer.Command,
		"smithy":   smithy.Command,
		"wash":     wash.Command,
		"wasmfix":  wasmfix.Command,
	}
}
