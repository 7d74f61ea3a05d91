// Command httpserver is a capability provider of the contract wasmcloud:httpserver: it lets linked
// actors answer HTTP requests.
package main

import (
	"github.com/rules-wasmcloud/rules_wasmcloud/providers/internal/httpd"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func main() { provider.Main(httpd.New()) }
