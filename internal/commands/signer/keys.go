package signer

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

const keyExtension = ".nk"

func keysCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Make, show and examine keys"}
	cmd.AddCommand(keysInit(s), keysGen(s), keysGet(s), keysList(s), keysDoctor(s))
	return cmd
}

// directoryFlag adds wash's flag for the folder of keys.
func directoryFlag(cmd *cobra.Command, dir *string) {
	cmd.Flags().StringVarP(dir, "directory", "d", "", "`folder` of keys (default WASH_KEYS, else ~/.wash/keys)")
}

// keyFolder gives the folder of keys, which need not exist.
func keyFolder(s *cli.IO, directory string) (string, error) {
	if dir := (strkey.Keys{Env: s.Env, Directory: directory}).Dir(); dir != "" {
		return dir, nil
	}
	return "", errors.New("no folder of keys: neither WASH_KEYS nor HOME is set; name one by --directory")
}

func keysGen(s *cli.IO) *cobra.Command {
	return &cobra.Command{
		Use:     "gen KIND",
		Short:   "Make a key and print it, storing nothing",
		Long:    "Make a key and print both halves; nothing is stored. KIND is account, user, module, service, server, operator or cluster.",
		Example: "  signer keys gen module\n  signer keys gen account --output json",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			kind, err := strkey.ParseKind(args[0])
			if err != nil {
				return cli.Usage("%w", err)
			}
			seed, err := strkey.Generate(kind, rand.Reader)
			if err != nil {
				return err
			}
			result := struct {
				PublicKey strkey.PublicKey `json:"public_key"`
				Seed      string           `json:"seed"`
			}{seed.Public(), seed.Reveal()}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				fmt.Fprintf(w, "Public Key: %s\nSeed: %s\n\n", result.PublicKey, result.Seed)
				fmt.Fprintln(w, "Remember that the seed is private, treat it as a secret.")
			})
		},
	}
}

func keysGet(s *cli.IO) *cobra.Command {
	var directory string
	cmd := &cobra.Command{
		Use:     "get NAME",
		Short:   "Print the seed in a key file",
		Example: "  signer keys get echo_module.nk",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := keyFolder(s, directory)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(args[0], keyExtension) + keyExtension
			if filepath.Base(name) != name {
				return cli.Usage("%q is no key's name: want one of `signer keys list`", args[0])
			}
			seed, err := strkey.ReadFile(filepath.Join(dir, name))
			if errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("Key %s doesn't exist in %s", strings.TrimSuffix(name, keyExtension), dir) //nolint:staticcheck // wash's words
			}
			if err != nil {
				return err
			}
			result := struct {
				Seed string `json:"seed"`
			}{seed.Reveal()}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, result.Seed) })
		},
	}
	directoryFlag(cmd, &directory)
	return cmd
}

func keysList(s *cli.IO) *cobra.Command {
	var directory string
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the key files in a folder",
		Example: "  signer keys list\n  signer keys list -d .keys --output json",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := keyFolder(s, directory)
			if err != nil {
				return err
			}
			files, err := keyFiles(dir)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("listing keys: %w", err)
			}
			names := []string{}
			for _, file := range files {
				names = append(names, strings.TrimSuffix(filepath.Base(file), keyExtension))
			}
			result := struct {
				Keys []string `json:"keys"`
			}{names}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				fmt.Fprintf(w, "====== Keys found in %s ======\n", dir)
				for _, name := range names {
					fmt.Fprintln(w, name)
				}
			})
		},
	}
	directoryFlag(cmd, &directory)
	return cmd
}

// keyFiles lists the key files in dir, sorted.
func keyFiles(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), keyExtension) && !entry.IsDir() {
			files = append(files, filepath.Join(dir, entry.Name()))
		}
	}
	return files, nil
}
