package parpack

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

func hashCommand(s *cli.IO) *cobra.Command {
	var b binaryFlags
	cmd := &cobra.Command{
		Use:   "hash --bin TARGET=FILE…",
		Short: "Print the hashes that a provider's signature covers",
		Long: `Print TARGET=HASH for each executable, sorted by target: what ` + "`signer token provider --hash`" + ` takes.
The hash is the SHA-256 of the file.`,
		Example: `  parpack hash --bin x86_64-linux=build/kv --bin arm-linux=build/kv-arm
  signer token provider -n kv -c wasmcloud:keyvalue -v Acme $(parpack hash -b build/kv | sed s/^/--hash=/) > kv.jwt`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := b.list(s)
			if err != nil {
				return err
			}
			files, err := measure(cmd.Context(), s, list)
			if err != nil {
				return err
			}
			hashes, err := par.Hashes(files)
			if len(list) == 0 {
				return cli.Usage("nothing to hash: give --bin TARGET=FILE")
			}
			if err != nil {
				return err
			}
			result := struct {
				Hashes map[string]string `json:"hashes"`
			}{hashes}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				for _, target := range sortedKeys(hashes) {
					fmt.Fprintf(w, "%s=%s\n", target, hashes[target])
				}
			})
		},
	}
	b.add(cmd)
	return cmd
}
