package wash

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{
		"wash": Command, "signer": signer.Command, "ocipush": ocipush.Command, "registry": registry.Command, "cargo": testkit.Cargo,
	})
}

// What is like wash is shown by e2e/interop; these show what wash has no answer to.
func TestScripts(t *testing.T) {
	probe, err := os.ReadFile(filepath.Join("..", "..", "wasmrt", "testdata", "probe.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Scripts(t, func(env *testscript.Env) error {
		home := filepath.Join(env.WorkDir, "home")
		for name, value := range map[string]string{"HOME": home, "USER": "me", "TMPDIR": filepath.Join(env.WorkDir, "tmp"), "XDG_STATE_HOME": filepath.Join(home, "state")} {
			env.Setenv(name, value)
		}
		for _, dir := range []string{home, filepath.Join(env.WorkDir, "tmp")} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
		return os.WriteFile(filepath.Join(env.WorkDir, "probe.wasm"), probe, 0o644)
	})
}
