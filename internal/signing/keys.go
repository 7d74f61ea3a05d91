package signing

import (
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// KeyFlags are the flags that say which keys to use.
type KeyFlags struct {
	Issuer, Subject   string
	directory, keyDir string
	disableKeygen     bool
}

// Add adds the flags; short is the letter for --directory, if it is free in the
// command.
func (k *KeyFlags) Add(cmd *cobra.Command, short string) {
	f := cmd.Flags()
	f.StringVarP(&k.Issuer, "issuer", "i", "", "`key` that signs: a seed file, the public key of one in the folders of keys, or a seed (WASH_ISSUER_KEY)")
	f.StringVarP(&k.Subject, "subject", "s", "", "`key` that identifies what is signed: a public key, a seed file or a seed (WASH_SUBJECT_KEY)")
	f.StringVarP(&k.directory, "directory", short, "", "`folder` of keys (default WASH_KEYS, else ~/.wash/keys)")
	f.StringVar(&k.keyDir, "keydir", "", "the project's own `folder` of keys, used if it exists (default KEYDIR)")
	f.BoolVar(&k.disableKeygen, "disable-keygen", false, "fail where no key is found: use neither the development key nor a derived subject")
}

// Keys says where keys are looked for.
func (k *KeyFlags) Keys(s *cli.IO) strkey.Keys {
	return strkey.Keys{Env: s.Env, Directory: k.directory, KeyDir: k.keyDir, Strict: k.disableKeygen}
}

// Account finds the account key to sign with.
func (k *KeyFlags) Account(s *cli.IO) (*strkey.Seed, error) {
	found, err := k.Keys(s).Issuer(k.Issuer)
	if err != nil {
		return nil, err
	}
	WarnArgv(s, found, "--issuer")
	return found.Seed, nil
}

// NoteDevelopment says what a signature by the development key is worth.
func NoteDevelopment(s *cli.IO, issuer *strkey.Seed) {
	if strkey.IsDevelopment(issuer.Public()) {
		cli.Notef(s, "signing with the development key, which is published and protects nothing; `signer keys init` makes your own")
	}
}

// Identity finds the public key of what is signed.
func (k *KeyFlags) Identity(s *cli.IO, kind strkey.Kind, stem string, issuer strkey.PublicKey, name string) (strkey.PublicKey, error) {
	found, err := k.Keys(s).Subject(kind, k.Subject, stem, issuer, name)
	if err != nil {
		return "", err
	}
	WarnArgv(s, found, "--subject")
	return found.Public, nil
}

// WarnArgv says what a seed in a flag is open to.
func WarnArgv(s *cli.IO, found strkey.Found, flag string) {
	if found.InArgv() {
		cli.Notef(s, "warning: a seed on the command line (%s) can be read by every user of this machine and stays in the shell's history; name a file instead", flag)
	}
}
