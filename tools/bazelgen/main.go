// Command bazelgen writes and checks BUILD files of wasmCloud projects.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/bazelgen"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.System(), os.Args[1:], bazelgen.Command))
}
