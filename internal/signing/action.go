package signing

import (
	"fmt"
	"io"
	"os/user"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// AccountSeed finds the account's seed: the result depends on the public key alone, so that
// where the seed lies need not be declared, and must not be. A named account is
// never replaced by the development key.
func AccountSeed(s *cli.IO, account strkey.PublicKey) (*strkey.Seed, error) {
	if strkey.IsDevelopment(account) {
		return strkey.Development(), nil
	}
	home := s.Env("HOME")
	if home == "" { // as in Bazel's actions, which have no environment
		if u, err := user.Current(); err == nil {
			home = u.HomeDir
		}
	}
	folder := filepath.Join(home, ".wash", "keys")
	found, err := strkey.Keys{Directory: folder}.Issuer(string(account))
	if err != nil {
		return nil, fmt.Errorf("no seed of the account %s in %s: put its .nk file there (`signer keys doctor` lists what is there), let the build see the folder "+
			"(--strategy=WasmcloudSign=local), or sign the output group signing_request elsewhere and give the token as jwt: %w", account, folder, err)
	}
	return found.Seed, nil
}

// NeedFiles gives a step of a build its flags: each names a file, and must be given.
func NeedFiles(cmd *cobra.Command, flags map[string]*string) *cobra.Command {
	for name, value := range flags {
		cmd.Flags().StringVar(value, name, "", "`file`")
		_ = cmd.MarkFlagRequired(name)
	}
	cmd.Args = cobra.NoArgs
	return cmd
}

// WriteText writes a line, as WriteOutput does.
func WriteText(path, text string) error {
	_, err := WriteOutput(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text+"\n")
		return err
	})
	return err
}
