package compile

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"compile": Command, "cargo": testkit.Cargo, "rustc": testkit.Rustc, "standtinygo": tinygo})
}

// The compilers are stand-ins here: the real cargo builds examples/echo-rust.
func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("LOG", filepath.Join(env.WorkDir, "log"))
		env.Setenv("HOME", env.WorkDir)
		return nil
	})
}

// tinygo is a stand-in, too: it copies main.go.
func tinygo(s *cli.IO) *cobra.Command {
	return &cobra.Command{Use: "standtinygo", DisableFlagParsing: true, RunE: func(_ *cobra.Command, args []string) error {
		fmt.Fprintln(s.Out, args[0], args[3:])
		if s.Env("TINYGO_FAILS") != "" {
			return fmt.Errorf("no such package")
		}
		text, err := os.ReadFile("main.go")
		if err != nil {
			return err
		}
		return os.WriteFile(args[slices.Index(args, "-o")+1], text, 0o644)
	}}
}
