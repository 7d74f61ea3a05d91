package wash

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
)

const shower = "\U0001F6BF " // which wash begins these answers with

func regCommand(s *cli.IO) *cobra.Command {
	reg := group("reg", "Interact with OCI compliant registries", ocipush.Transfers(s, ocipush.Words{
		Pushed: func(p *ocipush.Pushed) string {
			return shower + "Successfully validated and pushed to " + strings.ToLower(p.URL)
		},
		Pulled: func(p *ocipush.Pulled) string { return shower + "Successfully pulled and validated " + p.File },
	})...)
	explain(reg)
	child(reg, "ping").Example = "  wash reg ping localhost:5000/echo:0.1.0"
	return reg
}
