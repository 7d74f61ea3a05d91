// Command providertest is what wasmcloud_provider_test runs: `lattice test-provider`
// of the archive that the spec beside it names, which knows Bazel's test protocol.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
)

// spec is written by rules/private/test.bzl. Paths are rlocation paths.
type spec struct {
	Provider string   `json:"provider"`
	Cases    []string `json:"cases"`
	Issuer   string   `json:"issuer"`
	LinkName string   `json:"link_name"`
	Values   []string `json:"values"` // NAME=VALUE
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	args, err := arguments(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "providertest:", err)
		os.Exit(1)
	}
	os.Exit(cli.Main(ctx, cli.System(), args, lattice.Command))
}

func arguments(argv []string) ([]string, error) {
	program, err := bazel.Find(argv[0], os.Getenv)
	if err != nil {
		return nil, err
	}
	var what spec
	if err := program.Spec(&what); err != nil {
		return nil, err
	}
	file, err := program.Runfile(what.Provider)
	if err != nil {
		return nil, err
	}
	args := []string{"test-provider", file}
	for _, c := range what.Cases {
		if file, err = program.Runfile(c); err != nil {
			return nil, err
		}
		args = append(args, "--cases", file)
	}
	for _, value := range what.Values {
		args = append(args, "--value", value)
	}
	if what.Issuer != "" {
		args = append(args, "--issuer", what.Issuer)
	}
	if what.LinkName != "" {
		args = append(args, "--link-name", what.LinkName)
	}
	return append(args, argv[1:]...), nil
}
