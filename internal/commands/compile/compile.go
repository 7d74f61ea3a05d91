// Package compile is the command that runs the compilers of other languages than Go, and
// puts what they made where it is wanted.
package compile

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/compile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Command returns the compile command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "compile", "Run cargo or TinyGo, and put what it made where it is wanted", cli.LongOutput())
	root.Long = `Run the compiler of a language other than Go, and put what it made where it is wanted. A file that is there already is
left alone, its time included, if its bytes would not change. What the compiler says goes to standard error.`
	root.Example = `  compile rust -o build/hello.wasm
  compile rust --name hello -o build/hello.wasm -- cargo --offline
  compile tinygo -o build/hello.wasm`
	root.AddCommand(rustCommand(s), tinygoCommand(s))
	return root
}

// compiled is the answer.
type compiled struct {
	File     string `json:"file"`
	Artifact string `json:"artifact"` // the compiler's own file; FILE is a copy of it
	Changed  bool   `json:"changed"`
}

func (c *compiled) print(w io.Writer) { fmt.Fprintln(w, c.File) }

func rustCommand(s *cli.IO) *cobra.Command {
	var o compile.RustOptions
	var out string
	cmd := &cobra.Command{
		Use:   "rust [flags] [-- CARGO…]",
		Short: "Build a Rust project by cargo",
		Long: `Build a Rust project for release by cargo, or by the command after --, and print the path of the wasm or executable. Which
package and file that is comes from cargo itself (cargo metadata, and its messages in JSON), so that workspaces,
CARGO_TARGET_DIR and target-dir may put it anywhere.

A wasm is compiled for the target in CARGO_BUILD_TARGET or .cargo/config.toml (here, above, or in cargo's home), if that is
one of wasm; else for --target. Where this Rust has another name for a target of WASI (wasm32-wasi, wasm32-wasip1), that is taken.`,
		Example: `  compile rust -o build/hello.wasm
  compile rust --name my-actor -o build/my_actor.wasm      # one of a workspace
  compile rust --executable -o build/provider -- cargo +nightly
  compile rust --executable --target aarch64-unknown-linux-gnu -o build/aarch64/provider -- cross`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Cargo, o.Env, o.Log = args, s.Env, s.Err
			path, err := compile.Rust(cmd.Context(), o)
			if err != nil {
				return err
			}
			result := &compiled{File: path, Artifact: path}
			if out != "" {
				mode := os.FileMode(0o644)
				if o.Executable {
					mode = 0o755
				}
				result.File = out
				if result.Changed, err = put(path, out, mode); err != nil {
					return err
				}
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "", "`name` of the library or executable, where a project makes several")
	f.BoolVar(&o.Executable, "executable", false, "an executable, such as a provider's, and not a wasm")
	f.StringVar(&o.Target, "target", "", "`triple` to compile for (default for a wasm "+compile.DefaultTarget+", for an executable what cargo compiles for)")
	f.StringVarP(&out, "out", "o", "", "`file` to write (default none: cargo's own stays where it is)")
	return cmd
}

func tinygoCommand(s *cli.IO) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "tinygo -o FILE [-- TINYGO…]",
		Short: "Build an actor by TinyGo",
		Long: `Build the actor in this folder by TinyGo, or by the command after --, as the templates of wasmCloud do:
tinygo build -o FILE -target wasm -scheduler none -no-debug .`,
		Example: `  compile tinygo -o build/hello.wasm`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if out == "" {
				return cli.Usage("say with --out FILE what to write")
			}
			result := &compiled{File: out, Artifact: out}
			err := compile.TinyGo(cmd.Context(), compile.TinyGoOptions{TinyGo: args, Log: s.Err}, func(made string) (err error) {
				result.Changed, err = put(made, out, 0o644)
				return err
			})
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	cmd.Flags().StringVarP(&out, "out", "o", "", "`file` to write (required)")
	return cmd
}

// put copies a file, unless its place holds the same bytes.
func put(from, to string, mode os.FileMode) (changed bool, err error) {
	in, err := os.Open(from)
	if err != nil {
		return false, err
	}
	defer in.Close()
	return fsx.WriteFileIfChanged(to, mode, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
}
