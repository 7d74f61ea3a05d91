package signer

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// initialised is the answer of keys init.
type initialised struct {
	PublicKey strkey.PublicKey `json:"public_key"`
	File      string           `json:"file"`
	Created   bool             `json:"created"` // false: it was there already
	Makefile  []string         `json:"makefile"`
	CI        []string         `json:"ci"`
}

func keysInit(s *cli.IO) *cobra.Command {
	var directory string
	cmd := &cobra.Command{
		Use:   "init [FOLDER]",
		Short: "Make the account key that your modules are signed with",
		Long: `Make an account key and store it as <user>_account.nk, readable by you alone, in FOLDER (a project's own, to be named by KEYDIR)
or in WASH_KEYS or ~/.wash/keys. A key that is there already is kept. The public key is printed, and on standard error the lines
for a Makefile and for CI.`,
		Example: `  signer keys init              # the user's key, found by every project
  signer keys init .keys        # a project's own`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			project := len(args) == 1
			if project && directory != "" {
				return cli.Usage("give FOLDER or --directory, not both")
			}
			dir := ""
			var err error
			if project {
				dir = args[0]
			} else if dir, err = keyFolder(s, directory); err != nil {
				return err
			}
			result, err := initAccount(s, dir, project)
			if err != nil {
				return fmt.Errorf("making the account key: %w", err)
			}
			if err := cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, result.PublicKey) }); err != nil {
				return err
			}
			result.explain(s, project)
			return nil
		},
	}
	directoryFlag(cmd, &directory)
	return cmd
}

func initAccount(s *cli.IO, dir string, project bool) (*initialised, error) {
	path := filepath.Join(dir, strkey.Keys{Env: s.Env}.AccountName())
	seed, created, err := signing.MakeKey(path, strkey.Account)
	if err != nil {
		return nil, err
	}
	line := "KEYDIR = " + dir
	if !project { // for every project, wherever it lies
		if dir, err = filepath.Abs(dir); err != nil {
			return nil, err
		}
		line = "export WASH_KEYS ?= " + dir
	}
	return &initialised{
		PublicKey: seed.Public(), File: path, Created: created,
		Makefile: []string{line},
		CI: []string{
			"WASH_ISSUER_KEY=<the content of " + path + ", from the CI's secrets>",
			"signer verify --issuer " + string(seed.Public()) + " build/*_s.wasm",
		},
	}, nil
}

func (r *initialised) explain(s *cli.IO, project bool) {
	did := "the key was there already: "
	if r.Created {
		did = "made "
	}
	cli.Notef(s, "%s%s\n\nIn the Makefile:\n    %s", did, r.File, strings.Join(r.Makefile, "\n    "))
	if project {
		cli.Notef(s, "In .gitignore, for a seed that was pushed is everybody's:\n    %s/", strings.TrimSuffix(filepath.ToSlash(filepath.Dir(r.File)), "/"))
	}
	cli.Notef(s, "In CI, the first as a secret variable:\n    %s", strings.Join(r.CI, "\n    "))
	cli.Notef(s, `
Keep a copy of the file. Without it nobody can sign as this account again: hosts that pin it refuse your next
release, and the ids derived from it change. Whoever has the file can sign as you, and nothing revokes a signature.`)
}
