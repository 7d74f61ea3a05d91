// Package parpack is the command that makes, extends, shows, verifies and unpacks
// provider archives.
//
// It links no network, and reads and writes archives of any size in memory that
// does not grow with them.
package parpack

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Command returns the parpack command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "parpack", "Make, show and verify provider archives")
	root.Long = `Make, extend, show, verify and unpack provider archives (PARs): one executable for each kind of machine, and a token
that says whose they are and holds their hashes.

An archive depends on the executables, the claims and the key alone: making it again, on any machine, gives the
same bytes. Keys are looked for as by the signer: --issuer or WASH_ISSUER_KEY; the folder KEYDIR; the user's account
key in WASH_KEYS or ~/.wash/keys (not under CI=true); else the published development key, which protects nothing.`
	root.Example = `  parpack create --name "K/V store" --capid wasmcloud:keyvalue --vendor Acme --bin x86_64-linux=build/kv --destination build/kv.par.gz
  parpack insert build/kv.par.gz --bin aarch64-macos=build/kv-mac
  parpack inspect build/kv.par.gz`
	root.AddCommand(Create(s, signing.Marked), Insert(s, signing.Marked), extractCommand(s), inspectCommand(s), verifyCommand(s), hashCommand(s), actionCommand(s))
	return root
}

// read opens and reads an archive; it is an error if the file is anything else.
func read(ctx context.Context, s *cli.IO, path string) (*artifact.Artifact, error) {
	in, err := signing.Open(ctx, s, path)
	if err != nil {
		return nil, fmt.Errorf("opening the archive: %w", err)
	}
	defer in.Close()
	a, err := artifact.Read(in)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	case a.Kind != artifact.Provider:
		return nil, fmt.Errorf("%s is WebAssembly and no provider archive: see `signer inspect`", path)
	}
	return a, nil
}

func addPins(cmd *cobra.Command, pins *[]string) {
	cmd.Flags().StringArrayVarP(pins, "issuer", "i", nil, "`account` (A…) that may sign (repeatable); without it anyone may")
}

func pinned(pins []string) ([]strkey.PublicKey, error) {
	var issuers []strkey.PublicKey
	for _, pin := range pins {
		issuer, err := strkey.ParsePublic(strings.TrimSpace(pin), strkey.Account)
		if err != nil {
			return nil, cli.Usage("--issuer: %w", err)
		}
		issuers = append(issuers, issuer)
	}
	return issuers, nil
}

// orNone shows what wash shows for something that is absent.
func orNone[T any](v *T) string {
	if v == nil {
		return "None"
	}
	return fmt.Sprint(*v)
}
