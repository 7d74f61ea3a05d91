package signer

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

func embedCommand(s *cli.IO) *cobra.Command {
	var (
		section     sectionFlag
		destination string
	)
	cmd := &cobra.Command{
		Use:   "embed MODULE TOKEN",
		Short: "Put a token, made elsewhere, into its module",
		Long: `Put the token in the file TOKEN (- for standard input) into a module. It is verified first: its signature must be
sound, and its hash that of the module. No key is needed.`,
		Example: `  signer embed build/echo.wasm echo.jwt
  signer token actor -n echo -q --hash "$(signer hash build/echo.wasm)" | signer embed build/echo.wasm -`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if destination == "" {
				destination = signedName(args[0])
			}
			result, err := embed(cmd, s, args[0], args[1], destination, &section)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print(signing.Marked))
		},
	}
	section.add(cmd)
	cmd.Flags().StringVarP(&destination, "destination", "d", "", "`file` to write (default MODULE with _s.wasm in place of its extension)")
	return cmd
}

func embed(cmd *cobra.Command, s *cli.IO, module, tokenFile, destination string, section *sectionFlag) (*signed, error) {
	token, c, err := readToken(cmd, s, tokenFile)
	if err != nil {
		return nil, err
	}
	in, err := signing.Open(cmd.Context(), s, module)
	if err != nil {
		return nil, fmt.Errorf("opening the module: %w", err)
	}
	defer in.Close()
	result := &signed{
		Destination: destination, Capabilities: c.Metadata.Caps, Module: c.Subject, Account: c.Issuer, Hash: c.Metadata.Hash,
	}
	result.Changed, err = signing.WriteOutput(destination, func(w io.Writer) error {
		_, digest, err := wasmbin.Embed(w, in, section.name(), func(info wasmbin.Info) (string, error) {
			if info.Hash != c.Metadata.Hash {
				return "", fmt.Errorf("the token is for the hash %q, and that of the module is %s: make a token for this module", c.Metadata.Hash, info.Hash)
			}
			return token, nil
		})
		result.Digest = digest
		if err != nil {
			return fmt.Errorf("embedding %s in %s: %w", tokenFile, module, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return result, nil
}

// readToken reads a module's token from a file.
func readToken(cmd *cobra.Command, s *cli.IO, path string) (string, *claims.Claims[claims.Actor], error) {
	token, err := signing.ReadToken(cmd.Context(), s, path)
	if err != nil {
		return "", nil, err
	}
	c, err := signing.ParseActor(token)
	if err != nil {
		return "", nil, fmt.Errorf("the token in %s: %w", path, err)
	}
	return token, c, nil
}
