// Command actortest is what wasmcloud_actor_test runs. Host, NATS server and registry
// live in this process and listen nowhere: the actor is pushed to the registry, the
// host pulls it by digest with all its checks, and `lattice test` calls it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code, err := run(ctx, cli.System(), os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "actortest:", err)
		code = 1
	}
	os.Exit(code)
}
