// Package lattice is the command that drives a lattice: it calls and tests
// actors, starts, stops, scales and updates them, sets links and shows what
// there is. Flags, environment, contexts and JSON are those of `wash call` and
// `wash ctl`, so scripts keep working; what wash gets wrong is put right (fixed
// waits, refusals that count as success, tests that fail with exit code 0).
package lattice

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

const help = `Drive a wasmCloud lattice: our own host or real ones.

A host is found, in this order, by flags and environment (host, port, seed), --state-file, --context
(a file, or a name in ~/.wash/contexts), WASMCLOUD_STATE_FILE, the running devhost of this user,
~/.wash/host_config.json, ~/.wash/contexts/host_config.json, and at last nats://127.0.0.1:4222.
Flags and environment win member by member: with --rpc-port alone the rest comes from the first of the others.`

// Command returns the lattice command.
func Command(s *cli.IO) *cobra.Command { return CommandIn(s, ownWords()) }

// CommandIn returns the lattice command with answers in other words.
func CommandIn(s *cli.IO, words Words) *cobra.Command {
	root := cli.Root(s, "lattice", "Call, test, start and inspect actors on a lattice")
	root.Long = help
	root.Example = `  lattice start localhost:5000/echo:0.1.0             # start it, or replace the one that runs
  lattice call echo HttpServer.HandleRequest '{"method":"GET","path":"/","queryString":"","header":{},"body":""}'
  lattice test build/echo_s.wasm --cases cases --junit report.xml
  lattice get inventory`
	root.AddCommand(
		callCommand(s, words.Reply), testCommand(s, nil), testProviderCommand(s), devCommand(s, nil),
		startCommand(s), stopCommand(s), scaleCommand(s), updateCommand(s),
		getCommand(s, words), linkCommand(s, words), watchCommand(s), doctorCommand(s),
	)
	return root
}

// group makes a command that only holds others.
func group(use, short string, subs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short}
	c.AddCommand(subs...)
	return c
}
