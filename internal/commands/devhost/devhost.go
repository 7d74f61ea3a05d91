// Package devhost is the command line of the development host: run it in the
// foreground, keep it in the background (up, down), or around one command
// (exec); show its dashboard.
package devhost

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Command returns the devhost command tree.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "devhost COMMAND", "Run a wasmCloud host for development and tests")
	root.Long = `devhost runs wasmCloud actors and capability providers. It brings its own NATS server with JetStream, or
joins a lattice (--nats-url), and speaks the protocols of the wasmCloud 0.5x to
0.8x hosts: wash, capability providers and other hosts work with it.

Settings come from flags, else from the environment variables of the real hosts
(WASMCLOUD_LATTICE_PREFIX, WASMCLOUD_RPC_HOST, WASMCLOUD_CLUSTER_SEED,
WASMCLOUD_OCI_ALLOWED_INSECURE, OCI_REGISTRY and so on).

Several hosts share a lattice if all of them have the same cluster seed
(WASMCLOUD_CLUSTER_SEED): then providers sign their calls with it, as on the real
hosts. A host that brings its own NATS server and is given no cluster seed has
its lattice to itself: each of its providers gets a key of its own, with which it
can speak for nobody else.

A provider runs with an empty environment (--provider-env NAME adds to it) in a
process group of its own; what it writes goes to this host's log.

This host asks no policy service: who may start what is decided by signatures
(--issuer) and by the contracts that an actor's token lists. So it refuses to
start where WASMCLOUD_POLICY_TOPIC is set, instead of passing over its rules.`
	root.AddCommand(runCommand(s), upCommand(s), downCommand(s), execCommand(s), dashboardCommand(s))
	return root
}
