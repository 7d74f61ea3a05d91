package signer

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

func hashCommand(s *cli.IO) *cobra.Command {
	return &cobra.Command{
		Use:   "hash MODULE",
		Short: "Print the hash that a module's signature covers",
		Long: `Print the SHA-256 of a module's canonical form: without signatures, and with minimal section sizes.
It is what a token's hash must be; a signed module and its unsigned form have the same.`,
		Example: `  signer hash build/echo.wasm
  signer token actor --name echo -q --hash "$(signer hash build/echo.wasm)" > echo.jwt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := signing.Open(cmd.Context(), s, args[0])
			if err != nil {
				return fmt.Errorf("hashing a module: %w", err)
			}
			defer in.Close()
			info, err := wasmbin.Canonical(io.Discard, in)
			if err != nil {
				return fmt.Errorf("hashing %s: %w", args[0], err)
			}
			result := struct {
				Hash   string `json:"hash"`
				Format string `json:"format"`
			}{info.Hash, info.Format.String()}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, info.Hash) })
		},
	}
}
