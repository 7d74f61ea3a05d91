package strkey

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// world is a folder with homes and projects in it, and an environment.
type world struct {
	t   *testing.T
	dir string
	env map[string]string
}

func newWorld(t *testing.T) *world { return &world{t, t.TempDir(), map[string]string{}} }

func (w *world) path(parts ...string) string {
	return filepath.Join(append([]string{w.dir}, parts...)...)
}

// key writes a seed file and gives its public key.
func (w *world) key(kind Kind, raw byte, parts ...string) PublicKey {
	w.t.Helper()
	path := w.path(parts...)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	seed := FromRaw(kind, [32]byte{raw})
	if err := os.WriteFile(path, []byte(seed.Reveal()+"\n"), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return seed.Public()
}

func (w *world) keys() Keys {
	return Keys{Env: func(name string) string { return w.env[name] }}
}

// The order of the places where keys are looked for, each hiding those after it.
func TestIssuerOrder(t *testing.T) {
	w := newWorld(t)
	k := w.keys()
	check := func(arg string, want PublicKey, source Source) {
		t.Helper()
		found, err := k.Issuer(arg)
		if err != nil || found.Public != want || found.Source != source || found.Seed == nil {
			t.Fatalf("found %s (%s), %v; want %s (%s)", found.Public, found.Source, err, want, source)
		}
	}
	check("", Development().Public(), FromDevelopment) // neither HOME nor USER

	w.env["HOME"] = w.path("home")
	check("", Development().Public(), FromDevelopment)
	check("", w.key(Account, 1, "home", ".wash", "keys", "user_account.nk"), FromDirectory) // USER unset: "user"

	w.env["USER"] = "ann"
	check("", Development().Public(), FromDevelopment)
	ann := w.key(Account, 2, "home", ".wash", "keys", "ann_account.nk")
	check("", ann, FromDirectory)

	w.env["CI"] = "true"
	check("", Development().Public(), FromDevelopment)
	delete(w.env, "CI")

	w.env["WASH_KEYS"] = w.path("other")
	check("", Development().Public(), FromDevelopment)
	check("", w.key(Account, 3, "other", "ann_account.nk"), FromDirectory)

	k.KeyDir = w.path(".keys")
	check("", FromRaw(Account, [32]byte{3}).Public(), FromDirectory) // it does not exist
	w.key(Module, 9, ".keys", "echo_module.nk")
	check("", FromRaw(Account, [32]byte{3}).Public(), FromDirectory) // no account in it
	check("", w.key(Account, 4, ".keys", "team_account.nk"), FromKeyDir)
	w.env["CI"] = "true"
	check("", FromRaw(Account, [32]byte{4}).Public(), FromKeyDir)

	w.env[IssuerVariable] = w.path("env.nk")
	check("", w.key(Account, 5, "env.nk"), FromEnvironment)
	w.env[IssuerVariable] = FromRaw(Account, [32]byte{6}).Reveal()
	check("", FromRaw(Account, [32]byte{6}).Public(), FromEnvironment)
	check(w.path("flag.nk"), w.key(Account, 7, "flag.nk"), FromArgument)
	check(string(FromRaw(Account, [32]byte{4}).Public()), FromRaw(Account, [32]byte{4}).Public(), FromArgument)
}

func TestKeyDirVariable(t *testing.T) {
	w := newWorld(t)
	w.env["KEYDIR"] = w.path("k")
	want := w.key(Account, 1, "k", "account.nk")
	w.key(Account, 2, "k", "b_account.nk")
	if found, err := w.keys().Issuer(""); err != nil || found.Public != want {
		t.Errorf("%v, %v", found.Public, err)
	}
}

func TestIssuerRefuses(t *testing.T) {
	w := newWorld(t)
	w.env["HOME"], w.env["USER"] = w.path("home"), "ann"
	module := FromRaw(Module, [32]byte{1})
	w.key(Module, 1, "m.nk")
	if err := os.WriteFile(w.path("broken.nk"), []byte(Development().Reveal()[:57]+"A"), 0o600); err != nil {
		t.Fatal(err)
	}
	account := FromRaw(Account, [32]byte{8})
	for name, tt := range map[string]struct{ arg, want string }{
		"a module's file":       {w.path("m.nk"), "the seed is of kind module; wanted is account"},
		"a module's seed":       {module.Reveal(), "the seed is of kind module"},
		"a module's public":     {string(module.Public()), "is a key of kind module"},
		"a corrupted file":      {w.path("broken.nk"), "broken.nk: corrupted seed"},
		"a missing file":        {w.path("none.nk"), "there is no file"},
		"a folder":              {w.dir, "is no key file"},
		"an unknown account":    {string(account.Public()), "lies in none of the folders"},
		"a mistyped seed":       {account.Reveal()[:40] + "x" + account.Reveal()[41:], "corrupted seed"},
		"a seed without an end": {account.Reveal()[:50], "should be 58 characters, but was 50"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.keys().Issuer(tt.arg)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), account.Reveal()[:12]) || strings.Contains(err.Error(), module.Reveal()[:12])) {
				t.Errorf("the error shows a seed: %v", err)
			}
		})
	}
	k := w.keys()
	k.Strict = true
	if _, err := k.Issuer(""); !errors.Is(err, ErrNoKey) {
		t.Errorf("strict: %v", err)
	}
	k.KeyDir = w.dir
	w.key(Account, 1, "a_account.nk")
	w.key(Account, 2, "b_account.nk")
	if _, err := k.Issuer(""); err == nil || !strings.Contains(err.Error(), "several account keys") {
		t.Errorf("two accounts: %v", err)
	}
	// A broken key that would be used is an error, not a reason to take the next.
	w.key(Module, 1, "ann_account.nk")
	if _, err := k.Issuer(""); err == nil || !strings.Contains(err.Error(), "of kind module") {
		t.Errorf("a module seed as ann_account.nk: %v", err)
	}
}

func TestUserNameStaysInTheFolder(t *testing.T) {
	w := newWorld(t)
	w.env["HOME"], w.env["USER"] = w.path("home"), "../../evil"
	w.key(Account, 1, "home", "evil_account.nk")
	if found, err := w.keys().Issuer(""); err != nil || found.Source != FromDevelopment {
		t.Errorf("%v, %v", found, err)
	}
}

func TestSubjectOrder(t *testing.T) {
	w := newWorld(t)
	k := w.keys()
	issuer := Development().Public()
	check := func(arg, stem string, want PublicKey, source Source) {
		t.Helper()
		found, err := k.Subject(Module, arg, stem, issuer, "echo")
		if err != nil || found.Public != want || found.Source != source {
			t.Fatalf("found %s (%s), %v; want %s (%s)", found.Public, found.Source, err, want, source)
		}
	}
	// SHA-256("wasmcloud-subject" ‖ issuer ‖ name), computed by another program.
	derived := PublicKey("MAEQBXEGMOV7SFZMDJAQ37DLP5KO7M2XVOG7JCECSRE2LOP26YYDLLKV")
	check("", "echo", derived, FromDerivation)
	w.env["HOME"] = w.path("home")
	check("", "echo", w.key(Module, 1, "home", ".wash", "keys", "echo_module.nk"), FromDirectory)
	check("", "other", derived, FromDerivation)
	k.KeyDir = w.path(".keys")
	check("", "echo", w.key(Module, 2, ".keys", "echo_module.nk"), FromKeyDir)
	w.env[SubjectVariable] = string(FromRaw(Module, [32]byte{3}).Public())
	check("", "echo", FromRaw(Module, [32]byte{3}).Public(), FromEnvironment)
	check(FromRaw(Module, [32]byte{4}).Reveal(), "echo", FromRaw(Module, [32]byte{4}).Public(), FromArgument)
	delete(w.env, SubjectVariable)

	if found, err := k.Subject(Service, "", "kv", issuer, "kv"); err != nil || found.Public.Kind() != Service || found.Seed != nil {
		t.Errorf("service: %v, %v", found, err)
	}
	if _, err := k.Subject(Module, string(issuer), "", issuer, ""); err == nil {
		t.Error("an account is no module")
	}
	k.Strict = true
	if _, err := k.Subject(Module, "", "other", issuer, "x"); !errors.Is(err, ErrNoKey) {
		t.Errorf("strict: %v", err)
	}
}

func TestSeedInArgv(t *testing.T) {
	w := newWorld(t)
	seed := FromRaw(Account, [32]byte{1})
	found, err := w.keys().Issuer(seed.Reveal())
	if err != nil || !found.InArgv() {
		t.Errorf("a seed as an argument: %v, %v", found.InArgv(), err)
	}
	w.env[IssuerVariable] = seed.Reveal()
	if found, err := w.keys().Issuer(""); err != nil || found.InArgv() {
		t.Errorf("a seed in the environment: %v, %v", found.InArgv(), err)
	}
	file := w.path("a.nk")
	w.key(Account, 1, "a.nk")
	if found, err := w.keys().Issuer(file); err != nil || found.InArgv() || found.Path != file {
		t.Errorf("a file: %v, %v", found.InArgv(), err)
	}
}

func TestFind(t *testing.T) {
	w := newWorld(t)
	if _, err := w.keys().Find(Operator, "", "", "acme"); !errors.Is(err, ErrNoKey) || !strings.Contains(err.Error(), "acme_operator.nk") {
		t.Error(err)
	}
	w.env["WASH_KEYS"] = w.path("k")
	want := w.key(Operator, 1, "k", "acme_operator.nk")
	if found, err := w.keys().Find(Operator, "", "", "acme"); err != nil || found.Public != want {
		t.Errorf("%v, %v", found.Public, err)
	}
}
