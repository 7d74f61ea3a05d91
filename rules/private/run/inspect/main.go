// Command inspect is what wasmcloud_inspect runs: `signer inspect`, or `parpack inspect`,
// of the file in the spec beside it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args, tool, err := arguments(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "inspect:", err)
		os.Exit(1)
	}
	os.Exit(cli.Main(ctx, cli.System(), args, tool))
}

func arguments(argv []string) ([]string, func(*cli.IO) *cobra.Command, error) {
	program, err := bazel.Find(argv[0], os.Getenv)
	if err != nil {
		return nil, nil, err
	}
	var spec struct {
		File string `json:"file"`
		Kind string `json:"kind"`
	}
	if err := program.Spec(&spec); err != nil {
		return nil, nil, err
	}
	file, err := program.Runfile(spec.File)
	if err != nil {
		return nil, nil, err
	}
	tool := signer.Command
	if spec.Kind == "provider" {
		tool = parpack.Command
	}
	return append([]string{"inspect", file}, argv[1:]...), tool, nil
}
