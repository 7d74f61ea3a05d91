package wash

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// wanted says which keys a command signs with.
type wanted struct {
	check func(cmd *cobra.Command, s *cli.IO, args []string) error // may be nil: is there something to sign?
	keys  func(cmd *cobra.Command, args []string) []wantedKey
}

// wantedKey is one of them: the flag and the variable that may name it, and its kind
// and the stem of its file's name.
type wantedKey struct {
	flag, variable string
	kind           strkey.Kind
	stem           string
}

func issuer(kind strkey.Kind, stem string) wantedKey {
	return wantedKey{"issuer", strkey.IssuerVariable, kind, stem}
}

func subject(kind strkey.Kind, stem string) wantedKey {
	return wantedKey{"subject", strkey.SubjectVariable, kind, stem}
}

// generates makes a command that signs make the keys that it does not find, under
// the names that wash gives them. The tools never do that: a key that appears by
// itself is an identity that nobody chose and nobody keeps.
func generates(s *cli.IO, c *cobra.Command, w wanted) {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if missing := missingKeys(cmd, s, w.keys(cmd, args)); len(missing) > 0 {
			if w.check != nil {
				if err := w.check(cmd, s, args); err != nil {
					return err
				}
			}
			if err := makeKeys(cmd, s, missing); err != nil {
				return err
			}
		}
		return run(cmd, args)
	}
}

// keysOf is where a command looks for keys.
func keysOf(cmd *cobra.Command, s *cli.IO) strkey.Keys {
	k := strkey.Keys{Env: s.Env, Strict: true, Directory: cmd.Flag("directory").Value.String()}
	if flag := cmd.Flag("keydir"); flag != nil {
		k.KeyDir = flag.Value.String()
	}
	return k
}

// missingKeys gives those that neither a flag, a variable nor a folder has. None is
// missing where none may be made: then the command says what it does without.
func missingKeys(cmd *cobra.Command, s *cli.IO, keys []wantedKey) []wantedKey {
	ci := s.Env("CI")
	if cmd.Flag("disable-keygen").Changed || strings.EqualFold(ci, "true") || ci == "1" {
		return nil
	}
	places := keysOf(cmd, s)
	var missing []wantedKey
	for _, k := range keys {
		if cmd.Flag(k.flag).Changed || s.Env(k.variable) != "" {
			continue
		}
		if _, err := k.find(places); errors.Is(err, strkey.ErrNoKey) {
			missing = append(missing, k)
		}
	}
	return missing
}

func (k wantedKey) find(places strkey.Keys) (strkey.Found, error) {
	switch {
	case k.kind == strkey.Account:
		return places.Issuer("")
	case k.kind == strkey.Operator:
		return places.Find(k.kind, "", "", k.stem)
	}
	return places.Subject(k.kind, "", k.stem, "", "")
}

// file is the name that wash gives the key: an account's by the user, another's by
// what is signed.
func (k wantedKey) file(places strkey.Keys) string {
	if k.kind == strkey.Account {
		return filepath.Join(places.Dir(), places.AccountName())
	}
	return filepath.Join(places.Dir(), k.stem+"_"+k.kind.String()+".nk")
}

func makeKeys(cmd *cobra.Command, s *cli.IO, missing []wantedKey) error {
	places := keysOf(cmd, s)
	if places.Dir() == "" {
		return errors.New("no folder of keys: neither WASH_KEYS nor HOME is set; name one by --directory, or the keys by --issuer and --subject")
	}
	for _, k := range missing {
		path := k.file(places)
		if _, created, err := signing.MakeKey(path, k.kind); err != nil {
			return fmt.Errorf("making the %s key: %w", k.kind, err)
		} else if created {
			cli.Notef(s, "No keypair found in %q.\nWe will generate one for you and place it there.\nIf you'd like to use alternative keys, you can supply them as a flag.", path)
		}
		// Named, so that nothing else that is found later on takes its place.
		if err := cmd.Flags().Set(k.flag, path); err != nil {
			return err
		}
	}
	return nil
}

// readsAsModule: wash leaves a key behind for a file that is none of WebAssembly.
func readsAsModule(_ *cobra.Command, _ *cli.IO, args []string) error {
	f, err := os.Open(args[0])
	if err != nil {
		return fmt.Errorf("opening the module to sign: %w", err)
	}
	defer f.Close()
	if _, err := artifact.Read(f); err != nil {
		return fmt.Errorf("signing %s: %w", args[0], err)
	}
	return nil
}

func binariesExist(cmd *cobra.Command, _ *cli.IO, _ []string) error {
	for _, path := range binaries(cmd) {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("packing: %w", err)
		}
	}
	return nil
}

// firstBinary is the stem that names a provider's key.
func firstBinary(cmd *cobra.Command) string {
	for _, path := range binaries(cmd) {
		return signing.Stem(path)
	}
	return ""
}

// binaries are the executables that `par create` is given, in its order.
func binaries(cmd *cobra.Command) []string {
	var paths []string
	paths = append(paths, list(cmd.Flag("binary"))...)
	for _, pair := range list(cmd.Flag("bin")) {
		_, path, _ := strings.Cut(pair, "=")
		paths = append(paths, cmp.Or(path, pair))
	}
	return paths
}

func list(flag *pflag.Flag) []string {
	if values, ok := flag.Value.(pflag.SliceValue); ok {
		return values.GetSlice()
	}
	return nil
}
