package lattice

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// TestCommand is the command `test` alone, on a connection that the caller made; it is closed
// with the command: to a host in the same process, which listens nowhere.
func TestCommand(s *cli.IO, conn *bus.Conn, latticeName string, cluster *strkey.Seed) *cobra.Command {
	given := &session{io: s, conn: conn, place: place{source: "this process", lattice: latticeName, clusterSeed: cluster.Reveal(), seedSource: "this process"}}
	root := cli.Root(s, "actortest", "Run an actor's tests in a host of this process")
	root.AddCommand(testCommand(s, given))
	return root
}
