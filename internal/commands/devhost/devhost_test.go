package devhost

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"devhost": Command, "lattice": lattice.Command, "signer": signer.Command})
}

func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("HOME", env.WorkDir+"/home")
		env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
		env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
		return os.WriteFile(env.WorkDir+"/counting.wasm", testkit.Counting(), 0o644)
	})
}
