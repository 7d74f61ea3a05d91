package provider

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main is the whole of a provider's main function: it reads the host data from standard input,
// serves p until the host or a signal ends it, and exits, with 1 if it could not start.
func Main(p Provider) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(mainCode(ctx, os.Stdin, os.Stderr, p))
}

func mainCode(ctx context.Context, stdin *os.File, stderr io.Writer, p Provider) int {
	if info, err := stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 && info.Mode()&os.ModeDevice != 0 {
		fmt.Fprintln(stderr, "this is a capability provider: a wasmCloud host starts it and tells it on standard input where its lattice is")
		return 1
	}
	hd, err := ReadHostData(stdin)
	if err == nil {
		err = Run(ctx, hd, p, Options{Log: stderr})
	}
	if err != nil {
		fmt.Fprintln(stderr, "provider:", err)
		return 1
	}
	return 0
}
