// Command testing is a capability provider of the contract wasmcloud:testing: it runs the tests of
// the actors that it is linked to, and records and replays other contracts.
package main

import (
	"github.com/rules-wasmcloud/rules_wasmcloud/providers/internal/tester"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func main() { provider.Main(tester.New()) }
