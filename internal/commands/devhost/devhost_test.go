package devhost

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"devhost": Command})
}

func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("HOME", env.WorkDir+"/home")
		env.Setenv("XDG_STATE_HOME", env.WorkDir+"/state")
		env.Setenv("XDG_CACHE_HOME", env.WorkDir+"/cache")
		return nil
	})
}
