package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// The scripts run the includes with stand-ins for the tools and for cargo. Each
// notes in $LOG how it was called, makes the file it is asked for, and fails when
// $FAIL names it.
func TestMain(m *testing.M) {
	commands := map[string]func(){}
	for _, name := range []string{"signer", "wasmfix", "ocipush", "registry", "devhost", "lattice", "drain", "cargo", "stubgo", "standtinygo", "wash", "parpack", "cross", "smithy", "scaffold"} {
		commands[name] = func() {
			if os.Getenv(realTools) != "" && tools()[name] != nil {
				runReal(name)
			}
			stub(name, os.Args[1:])
		}
	}
	commands["compile"] = func() { runReal("compile") }
	testscript.Main(m, commands)
}

func TestMakeIncludes(t *testing.T) {
	includes, err := filepath.Abs("../rules/make")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("MK", includes)
			env.Setenv("LOG", filepath.Join(env.WorkDir, "log"))
			stubs, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			env.Setenv("WASMCLOUD_TOOLS", stubs)
			env.Setenv("STUBS", stubs)
			return nil
		},
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
	})
}

func stub(name string, args []string) {
	if err := stubRun(name, args); err != nil {
		fmt.Fprintln(os.Stderr, name+": "+err.Error())
		os.Exit(1)
	}
}

func stubRun(name string, args []string) error {
	if err := testkit.Record(os.Getenv("LOG"), name, args); err != nil {
		return err
	}
	if fail := os.Getenv("FAIL"); fail == name || len(args) > 0 && fail == name+" "+args[0] {
		return fmt.Errorf("failing as told")
	}
	switch {
	case name == "signer" && args[0] == "sign":
		return stubMake(args[1], option(args, "--destination"), "signed ")
	case name == "signer" && args[0] == "inspect" && slices.Contains(args, "json"):
		fmt.Print("{\n  \"success\": true,\n  \"account\": \"AALSO\",\n  \"module\": \"MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB\"\n}\n")
	case name == "wasmfix":
		return stubMake(args[len(args)-1], option(args, "-o"), "fixed ")
	case name == "cargo":
		return standInCargo(args, os.Getenv("CARGO_MAKES"))
	case (name == "stubgo" || name == "standtinygo") && args[0] == "build":
		return stubMake("main.go", option(args, "-o"), "compiled ")
	case name == "cross" && args[0] == "build":
		target := option(args, "--target")
		exe := map[bool]string{true: ".exe"}[strings.Contains(target, "windows")]
		return standInCargo(args, "target/"+target+"/release/"+os.Getenv("CROSS_MAKES")+exe)
	case name == "parpack" && args[0] == "create":
		return stubPack(args)
	case name == "parpack" && args[0] == "inspect":
		fmt.Print("{\n  \"success\": true,\n  \"service\": \"VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF\",\n  \"targets\": []\n}\n")
	case name == "smithy" && args[0] == "gen":
		if err := stubMake("codegen.toml", option(args, "--test-out"), "tested "); err != nil {
			return err
		}
		return stubMake("codegen.toml", option(args, "--out"), "generated ")
	case name == "smithy" && args[0] == "bundle":
		return stubMake("codegen.toml", option(args, "--out"), "packed ")
	case name == "registry" && args[0] == "address":
		fmt.Println("localhost:5001")
	}
	return nil
}

// stubPack packs nothing, but all that is named must be there.
func stubPack(args []string) error {
	text := ""
	for i, arg := range args {
		if arg != "--bin" && arg != "--binary" {
			continue
		}
		target, path, ok := strings.Cut(args[i+1], "=")
		if !ok {
			path = target
		}
		if _, err := os.Stat(path); err != nil {
			return err
		}
		text += args[i+1] + "\n"
	}
	dst := option(args, "--destination")
	return os.WriteFile(dst, []byte(text), 0o644)
}

// standInCargo is testkit's cargo, which makes the given file. Its calls are noted already.
func standInCargo(args []string, makes string) error {
	s := cli.System()
	s.Env = func(name string) string {
		switch name {
		case "CARGO_MAKES":
			return makes
		case "LOG":
			return ""
		}
		return os.Getenv(name)
	}
	cmd := testkit.Cargo(s)
	cmd.SetArgs(args)
	return cmd.Execute()
}

func option(args []string, name string) string {
	if i := slices.Index(args, name); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// stubMake writes dst as the tools do: not at all when it would be equal.
func stubMake(src, dst, prefix string) error {
	if dst == "" {
		return nil
	}
	text, err := os.ReadFile(src)
	if err != nil {
		return err
	}
	text = append([]byte(prefix), text...)
	if old, err := os.ReadFile(dst); err == nil && bytes.Equal(old, text) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(dst), 0o755); err != nil {
		return err
	}
	return os.WriteFile(dst, text, 0o644)
}
