package strkey

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Source says where a key was found.
type Source string

// The places where keys are found, in the order in which they are tried.
const (
	FromArgument    Source = "argument"        // a flag
	FromEnvironment Source = "environment"     // WASH_ISSUER_KEY, WASH_SUBJECT_KEY
	FromKeyDir      Source = "KEYDIR"          // the project's own folder of keys
	FromDirectory   Source = "key directory"   // --directory, WASH_KEYS or ~/.wash/keys
	FromDevelopment Source = "development key" // the published key
	FromDerivation  Source = "derived"         // a subject made from the issuer and the claim's name
)

// The environment variables that keys are looked for in.
const (
	IssuerVariable  = "WASH_ISSUER_KEY"
	SubjectVariable = "WASH_SUBJECT_KEY"
)

// ErrNoKey is wrapped by the errors that say that no key was found anywhere.
var ErrNoKey = errors.New("no key found")

// Found is a key, and where it came from.
type Found struct {
	Public  PublicKey
	Seed    *Seed // nil for a subject of which only the public half is known
	Source  Source
	Path    string // the file it was read from, or ""
	Literal bool   // the seed's own text was given, not a file's name
}

// InArgv says that a seed's text was written on the command line, where every
// user of the machine, and the shell's history, can read it.
func (f Found) InArgv() bool {
	return f.Source == FromArgument && f.Literal && f.Seed != nil
}

// Keys finds the key that a command should use. It makes none, and needs neither
// HOME nor USER.
type Keys struct {
	Env       func(string) string // the environment; nil is an empty one
	Directory string              // --directory: used in place of WASH_KEYS and ~/.wash/keys
	KeyDir    string              // the project's folder of keys; "" means the variable KEYDIR
	// Strict makes Issuer and Subject fail where they would give the development
	// key or a derived one.
	Strict bool
}

// Issuer finds the account key to sign with. arg is the flag's value: the name of
// a file, a seed, or the public key (A…) of an account whose seed lies in one of
// the folders of keys.
//
// In order: arg; WASH_ISSUER_KEY; an account key in KEYDIR, if that folder
// exists; <user>_account.nk in the key directory, except under CI=true, where a
// key that happens to lie in a home is nobody's intention; the development key.
func (k Keys) Issuer(arg string) (Found, error) {
	if arg, source := k.explicit(arg, IssuerVariable); arg != "" {
		return k.given(arg, source, Account)
	}
	if path, err := k.projectAccount(); err != nil || path != "" {
		return readIf(path, FromKeyDir, err, Account)
	}
	if dir := k.quietDir(); dir != "" {
		path := filepath.Join(dir, k.user()+"_account.nk")
		if exists(path) {
			return readKey(path, FromDirectory, Account)
		}
	}
	if k.Strict {
		return Found{}, fmt.Errorf("%w to sign with: give --issuer, set %s, or make one by `signer keys init`", ErrNoKey, IssuerVariable)
	}
	dev := Development()
	return Found{Public: dev.Public(), Seed: dev, Source: FromDevelopment}, nil
}

// Subject finds the key that identifies the thing signed. kind is Module or
// Service, arg the flag's value (a file, a seed or a public key), stem the
// artifact's file name without its folder and last extension.
//
// In order: arg; WASH_SUBJECT_KEY; <stem>_module.nk or <stem>_service.nk in
// KEYDIR or the key directory; else the public half of a key derived from issuer
// and name, which signs nothing and needs no keeping.
func (k Keys) Subject(kind Kind, arg, stem string, issuer PublicKey, name string) (Found, error) {
	if arg, source := k.explicit(arg, SubjectVariable); arg != "" {
		return k.given(arg, source, kind)
	}
	found, err := k.named(kind, stem)
	if err == nil || k.Strict || !errors.Is(err, ErrNoKey) {
		return found, err
	}
	raw := sha256.Sum256([]byte("wasmcloud-subject" + string(issuer) + name))
	return Found{Public: FromRaw(kind, raw).Public(), Source: FromDerivation}, nil
}

// Find finds a key of another kind, such as the operator key of an account's
// token: arg, then the named environment variable, then <stem>_<kind>.nk in the
// folders of keys. It fails with ErrNoKey: no key of these kinds is ever made up.
func (k Keys) Find(kind Kind, arg, variable, stem string) (Found, error) {
	if arg, source := k.explicit(arg, variable); arg != "" {
		return k.given(arg, source, kind)
	}
	return k.named(kind, stem)
}

// Dir gives the folder that keys are kept in: --directory, WASH_KEYS or
// ~/.wash/keys. It is "" if none of these is known.
func (k Keys) Dir() string {
	if k.Directory != "" {
		return k.Directory
	}
	if dir := k.env("WASH_KEYS"); dir != "" {
		return dir
	}
	for _, name := range []string{"HOME", "USERPROFILE"} {
		if home := k.env(name); home != "" {
			return filepath.Join(home, ".wash", "keys")
		}
	}
	return ""
}

// ProjectDir gives the project's own folder of keys, or "" if there is none.
func (k Keys) ProjectDir() string {
	dir := k.KeyDir
	if dir == "" {
		dir = k.env("KEYDIR")
	}
	if info, err := os.Stat(dir); dir == "" || err != nil || !info.IsDir() {
		return ""
	}
	return dir
}

// AccountName gives the file name of the user's account key, as wash names it.
func (k Keys) AccountName() string { return k.user() + "_account.nk" }

func (k Keys) env(name string) string {
	if k.Env == nil {
		return ""
	}
	return k.Env(name)
}

func (k Keys) user() string {
	if user := k.env("USER"); user != "" {
		return filepath.Base(user) // a name with a slash must not leave the folder
	}
	return "user"
}

// quietDir is the key directory as far as it may be used without being named.
func (k Keys) quietDir() string {
	ci := strings.EqualFold(k.env("CI"), "true") || k.env("CI") == "1"
	if ci && k.Directory == "" {
		return ""
	}
	return k.Dir()
}

func (k Keys) explicit(arg, variable string) (string, Source) {
	if arg != "" {
		return arg, FromArgument
	}
	if variable == "" {
		return "", FromEnvironment
	}
	return k.env(variable), FromEnvironment
}

// given reads a key that was named: a file first, as wash does, then a seed or a
// public key.
func (k Keys) given(arg string, source Source, kind Kind) (Found, error) {
	if exists(arg) {
		return readKey(arg, source, kind)
	}
	text := strings.TrimSpace(arg)
	if pub, err := ParsePublic(text); err == nil {
		return k.givenPublic(pub, source, kind)
	}
	seed, err := ParseSeed([]byte(text), kind)
	switch {
	case err == nil:
		return Found{Public: seed.Public(), Seed: seed, Source: source, Literal: true}, nil
	case looksSecret(text):
		return Found{}, fmt.Errorf("the %s key given %s: %w", kind, by(source, kind), err)
	default:
		return Found{}, fmt.Errorf("the %s key given %s: there is no file %q, and it is no seed", kind, by(source, kind), arg)
	}
}

// by names the place a key was given in, as far as a person knows it.
func by(source Source, kind Kind) string {
	switch {
	case source != FromEnvironment:
		return "as " + string(source)
	case kind == Module || kind == Service:
		return "by " + SubjectVariable
	}
	return "by " + IssuerVariable
}

// givenPublic accepts the public half of a subject, which signs nothing; for a
// signer it looks for the seed in the folders of keys.
func (k Keys) givenPublic(pub PublicKey, source Source, kind Kind) (Found, error) {
	if _, err := ParsePublic(string(pub), kind); err != nil {
		return Found{}, fmt.Errorf("the %s key given %s: %w", kind, by(source, kind), err)
	}
	if kind == Module || kind == Service {
		return Found{Public: pub, Source: source}, nil
	}
	for _, dir := range []string{k.ProjectDir(), k.Dir()} {
		for _, path := range keyFiles(dir, ".nk") {
			if found, err := readKey(path, source, kind); err == nil && found.Public == pub {
				return found, nil
			}
		}
	}
	return Found{}, fmt.Errorf("%w: the seed of %s lies in none of the folders of keys; give the seed's file", ErrNoKey, pub)
}

// named looks for <stem>_<kind>.nk.
func (k Keys) named(kind Kind, stem string) (Found, error) {
	file := filepath.Base(stem) + "_" + kind.String() + ".nk"
	tried := []string{file}
	for _, dir := range []struct {
		path   string
		source Source
	}{{k.ProjectDir(), FromKeyDir}, {k.quietDir(), FromDirectory}} {
		if dir.path == "" || stem == "" {
			continue
		}
		path := filepath.Join(dir.path, file)
		if exists(path) {
			return readKey(path, dir.source, kind)
		}
		tried = append(tried, path)
	}
	if len(tried) > 1 {
		tried = tried[1:]
	}
	return Found{}, fmt.Errorf("%w: no %s key %s; name one by a flag", ErrNoKey, kind, strings.Join(tried, " or "))
}

// projectAccount gives the account key in KEYDIR: the user's, else account.nk,
// else the only one. Two that could be meant are an error, not a guess.
func (k Keys) projectAccount() (string, error) {
	dir := k.ProjectDir()
	if dir == "" {
		return "", nil
	}
	for _, name := range []string{k.AccountName(), "account.nk"} {
		if path := filepath.Join(dir, name); exists(path) {
			return path, nil
		}
	}
	switch paths := keyFiles(dir, "_account.nk"); len(paths) {
	case 0:
		return "", nil
	case 1:
		return paths[0], nil
	default:
		return "", fmt.Errorf("several account keys in %s (%s): give --issuer to say which one signs", dir, strings.Join(paths, ", "))
	}
}

// keyFiles lists the files in dir whose names end in suffix, sorted; none if dir
// is "" or cannot be read.
func keyFiles(dir, suffix string) []string {
	if dir == "" {
		return nil
	}
	entries, _ := os.ReadDir(dir)
	var paths []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), suffix) {
			paths = append(paths, filepath.Join(dir, entry.Name()))
		}
	}
	return paths
}

func readIf(path string, source Source, err error, kind Kind) (Found, error) {
	if err != nil {
		return Found{}, err
	}
	return readKey(path, source, kind)
}

// ReadFile reads the seed in a key file. With want, it must be of one of those
// kinds.
func ReadFile(path string, want ...Kind) (*Seed, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	// Key files hold 58 characters; a named pipe or /dev/stdin has no size.
	if info.IsDir() || info.Size() > 4096 {
		return nil, fmt.Errorf("%s is no key file: wanted is a file with a seed of %d characters", path, seedSize)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the key file: %w", err)
	}
	seed, err := ParseSeed(text, want...)
	if err != nil {
		return nil, fmt.Errorf("key file %s: %w", path, err)
	}
	return seed, nil
}

func readKey(path string, source Source, kind Kind) (Found, error) {
	seed, err := ReadFile(path, kind)
	if err != nil {
		return Found{}, err
	}
	return Found{Public: seed.Public(), Seed: seed, Source: source, Path: path}, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist) && !isNameError(err)
}

// isNameError says that a text is no file name at all, such as one that is too
// long or holds a NUL: then it may still be a seed.
func isNameError(err error) bool {
	var path *fs.PathError
	return errors.As(err, &path) && !errors.Is(err, fs.ErrPermission)
}

// looksSecret says whether a text may be a mistyped seed, not to be repeated.
func looksSecret(text string) bool {
	return len(text) > 40 && strings.HasPrefix(strings.ToUpper(text), "S") && !strings.ContainsAny(text, `/\.`)
}
