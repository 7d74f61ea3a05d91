// Command keyvalue is a capability provider of the contract wasmcloud:keyvalue that stores values in
// the lattice's own NATS JetStream.
package main

import (
	"github.com/rules-wasmcloud/rules_wasmcloud/providers/internal/kvnats"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func main() { provider.Main(kvnats.New()) }
