package interop

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/devhost"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// The tools are this test's own program under their names, each in a process of its
// own; cargo is a stand-in that compiles nothing.
func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{
		"devhost": devhost.Command, "lattice": lattice.Command, "ocipush": ocipush.Command, "parpack": parpack.Command,
		"registry": registry.Command, "signer": signer.Command, "wash": wash.Command, "cargo": testkit.Cargo,
	})
}
