// Command wash is wasmCloud's own command line in name, over the tools of this project.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/wash"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Main(ctx, cli.System(), os.Args[1:], wash.Command))
}
