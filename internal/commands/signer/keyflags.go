package signer

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// keyFlags are the flags that say which keys to use.
type keyFlags struct {
	issuer, subject   string
	directory, keyDir string
	disableKeygen     bool
}

func (k *keyFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&k.issuer, "issuer", "i", "", "`key` that signs: a seed file, the public key of one in the folders of keys, or a seed (WASH_ISSUER_KEY)")
	f.StringVarP(&k.subject, "subject", "s", "", "`key` that identifies what is signed: a public key, a seed file or a seed (WASH_SUBJECT_KEY)")
	f.StringVar(&k.directory, "directory", "", "`folder` of keys (default WASH_KEYS, else ~/.wash/keys)")
	f.StringVar(&k.keyDir, "keydir", "", "the project's own `folder` of keys, used if it exists (default KEYDIR)")
	f.BoolVar(&k.disableKeygen, "disable-keygen", false, "fail where no key is found: use neither the development key nor a derived subject")
}

func (k *keyFlags) keys(s *cli.IO) strkey.Keys {
	return strkey.Keys{Env: s.Env, Directory: k.directory, KeyDir: k.keyDir, Strict: k.disableKeygen}
}

// account finds the account key to sign with.
func (k *keyFlags) account(s *cli.IO) (*strkey.Seed, error) {
	found, err := k.keys(s).Issuer(k.issuer)
	if err != nil {
		return nil, err
	}
	warnArgv(s, found, "--issuer")
	return found.Seed, nil
}

// noteDevelopment says what a signature by the development key is worth.
func noteDevelopment(s *cli.IO, issuer *strkey.Seed) {
	if strkey.IsDevelopment(issuer.Public()) {
		cli.Notef(s, "signing with the development key, which is published and protects nothing; `signer keys init` makes your own")
	}
}

// identity finds the public key of what is signed.
func (k *keyFlags) identity(s *cli.IO, kind strkey.Kind, stem string, issuer strkey.PublicKey, name string) (strkey.PublicKey, error) {
	found, err := k.keys(s).Subject(kind, k.subject, stem, issuer, name)
	if err != nil {
		return "", err
	}
	warnArgv(s, found, "--subject")
	return found.Public, nil
}

func warnArgv(s *cli.IO, found strkey.Found, flag string) {
	if found.InArgv() {
		cli.Notef(s, "warning: a seed on the command line (%s) can be read by every user of this machine and stays in the shell's history; name a file instead", flag)
	}
}
