package wash

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func claimsCommand(s *cli.IO) *cobra.Command {
	sign := signer.Sign(s, plain(s))
	explain(sign)
	generates(s, sign, wanted{
		check: readsAsModule,
		keys: func(_ *cobra.Command, args []string) []wantedKey {
			return []wantedKey{issuer(strkey.Account, ""), subject(strkey.Module, signing.Stem(args[0]))}
		},
	})
	return group("claims", "Generate and manage JWTs for wasmCloud actors", inspectCommand(s, "inspect MODULE"), sign, tokenCommand(s))
}

// plain prints the line that wash prints, which scripts read, and that alone.
func plain(s *cli.IO) signing.Answer {
	return func(w io.Writer, line, file string, changed bool) {
		fmt.Fprintln(w, line)
		if !changed {
			cli.Notef(s, "%s unchanged", file)
		}
	}
}

func tokenCommand(s *cli.IO) *cobra.Command {
	c := take(signer.Command(s), "token")
	c.Short = "Generate a signed JWT by supplying basic token information, a signing seed key, and metadata"
	for name, keys := range map[string][]wantedKey{
		"actor":    {issuer(strkey.Account, ""), subject(strkey.Module, "")},
		"provider": {issuer(strkey.Account, ""), subject(strkey.Service, "")},
		"account":  {issuer(strkey.Operator, ""), subject(strkey.Account, "")},
		"operator": {issuer(strkey.Operator, "")},
	} {
		generates(s, child(c, name), wanted{keys: func(cmd *cobra.Command, _ []string) []wantedKey {
			stem := cmd.Flag("name").Value.String()
			if stem == "" {
				return nil // which the command says better
			}
			named := make([]wantedKey, len(keys))
			for i, k := range keys {
				k.stem = signing.Stem(stem)
				named[i] = k
			}
			return named
		}})
	}
	return c
}

func keysCommand(s *cli.IO) *cobra.Command {
	tool := signer.Command(s)
	return group("keys", "Utilities for generating and managing keys", take(tool, "keys", "gen"), take(tool, "keys", "get"), take(tool, "keys", "list"))
}

func parCommand(s *cli.IO) *cobra.Command {
	create, insert := parpack.Create(s, plain(s)), parpack.Insert(s, plain(s))
	explain(create)
	explain(insert)
	generates(s, create, wanted{
		check: binariesExist,
		keys: func(cmd *cobra.Command, _ []string) []wantedKey {
			stem := firstBinary(cmd)
			if stem == "" || cmd.Flag("jwt").Changed {
				return nil
			}
			return []wantedKey{issuer(strkey.Account, ""), subject(strkey.Service, stem)}
		},
	})
	return group("par", "Create, inspect, and modify capability provider archive files",
		create, inspectCommand(s, "inspect ARCHIVE"), insert)
}
