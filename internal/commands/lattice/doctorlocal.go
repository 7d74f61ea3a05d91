package lattice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	compiler "github.com/rules-wasmcloud/rules_wasmcloud/internal/compile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// folder is one that the tools write to.
type folder struct {
	what, path, variable string
	runs                 bool // programs are run from it
}

// folders lists them; errs are of those whose place cannot be told.
func (p *patient) folders() (all []folder, errs []error) {
	for _, f := range []struct {
		what, variable string
		runs           bool
		find           func(func(string) string) (string, error)
	}{
		{"cache", "WASMCLOUD_CACHE", true, fsx.UserCacheDir},
		{"state", "XDG_STATE_HOME", false, fsx.UserStateDir},
	} {
		path, err := f.find(p.io.Env)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		all = append(all, folder{f.what, path, f.variable, f.runs})
	}
	return append(all, folder{"temporary files", os.TempDir(), "TMPDIR", true}), errs
}

// checkFolders tries to write where the tools will have to.
func checkFolders(_ context.Context, p *patient) finding {
	all, errs := p.folders()
	if len(errs) > 0 {
		return fault("", "%v", errors.Join(errs...))
	}
	var texts []string
	for _, f := range all {
		if f.what == "temporary files" && fsx.Existing(f.path) != f.path {
			return fault("make it, or set TMPDIR to a folder that exists", "the folder for temporary files %s does not exist", f.path)
		}
		if err := writable(fsx.Existing(f.path)); err != nil {
			return fault(fmt.Sprintf("set %s to a folder of your own that can be written to", f.variable), "the folder for %s %s cannot be written to: %v", f.what, f.path, err)
		}
		if v, err := fsx.VolumeOf(f.path); err == nil && v.NoExec && f.runs {
			return warn(fmt.Sprintf("set %s to a folder on another file system", f.variable), "the folder for %s %s is mounted noexec: providers and compilers cannot run programs there", f.what, f.path)
		}
		texts = append(texts, f.what+" "+f.path)
	}
	return ok("%s", strings.Join(texts, ", "))
}

// writable makes a file and takes it away.
func writable(dir string) error {
	f, err := os.CreateTemp(dir, ".doctor-*")
	if err != nil {
		return errors.Unwrap(err) // without the made-up name
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// What a Go project compiles to, with its cache, fits into the first; nothing does into the second.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
)

func checkDisk(_ context.Context, p *patient) finding {
	all, _ := p.folders()
	var texts []string
	for _, f := range append(all, folder{what: "project", path: p.dir}) {
		path, err := filepath.Abs(f.path)
		if err != nil {
			return fault("", "%v", err)
		}
		v, err := fsx.VolumeOf(path)
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			return skip("%v", err)
		case err != nil:
			return fault("", "%v", err)
		case v.Free < noSpace:
			return fault("make room there; `drain` shows what our caches hold", "%s free for %s in %s", size(v.Free), f.what, path)
		case v.Free < littleSpace:
			return warn("make room there; `drain` shows what our caches hold", "%s free for %s in %s", size(v.Free), f.what, path)
		}
		texts = append(texts, f.what+" "+size(v.Free))
	}
	return ok("free: %s", strings.Join(texts, ", "))
}

func size(bytes uint64) string {
	if bytes < 1<<30 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// toolchain is a compiler that a project may need.
type toolchain struct {
	needed func(dir string) bool
	check  func(ctx context.Context, p *patient) finding
}

var toolchains = []toolchain{
	{func(dir string) bool { return exists(dir, "*.go") }, checkGo},
	{func(dir string) bool { return exists(dir, "Cargo.toml") }, checkRust},
	{func(dir string) bool {
		return mentions(dir, "Makefile", "tinygo") || mentions(dir, "go.mod", "actor-tinygo")
	}, checkTinyGo},
}

func checkToolchains(ctx context.Context, p *patient) finding {
	var texts []string
	for _, t := range toolchains {
		if !t.needed(p.dir) {
			continue
		}
		f := t.check(ctx, p)
		if f.Status != good {
			return f
		}
		texts = append(texts, f.Text)
	}
	if len(texts) == 0 {
		return skip("no sources in %s that need one", p.dir)
	}
	return ok("%s", strings.Join(texts, ", "))
}

func exists(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

func mentions(dir, file, word string) bool {
	text, err := os.ReadFile(filepath.Join(dir, file))
	return err == nil && strings.Contains(strings.ToLower(string(text)), word)
}

// ask runs a tool and gives the first line that it writes.
func ask(ctx context.Context, dir, tool string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, tool, args...)
	cmd.Dir, cmd.WaitDelay = dir, time.Second
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) > 0 {
		line, _, _ := strings.Cut(string(exit.Stderr), "\n")
		err = fmt.Errorf("%s: %s", tool, line)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return strings.TrimSpace(line), err
}

var goRelease = regexp.MustCompile(`go1\.(\d+)`)

// firstGo is the minor version of Go 1 that first made actors (-buildmode=c-shared for wasip1).
const firstGo = 24

func checkGo(ctx context.Context, p *patient) finding {
	const cure = "install Go 1.24 or later from https://go.dev/dl, or name it by GO=…"
	text, err := ask(ctx, p.dir, "go", "version")
	if err != nil {
		return fault(cure, "the sources are Go, and there is no working compiler: %v", err)
	}
	if m := goRelease.FindStringSubmatch(text); m != nil {
		if minor, err := strconv.Atoi(m[1]); err == nil && minor < firstGo {
			return fault(cure, "%s is too old to compile actors", m[0])
		}
	}
	return ok("%s", strings.TrimPrefix(text, "go version "))
}

func checkTinyGo(ctx context.Context, p *patient) finding {
	text, err := ask(ctx, p.dir, "tinygo", "version")
	if err != nil {
		return fault("install it from https://tinygo.org/getting-started", "the Makefile uses TinyGo, and there is no working one: %v", err)
	}
	return ok("%s", text)
}

// checkRust looks for cargo, and for the standard library that an actor is compiled with.
func checkRust(ctx context.Context, p *patient) finding {
	target, err := compiler.CheckRust(ctx, compiler.RustOptions{
		Dir: p.dir, Env: p.io.Env, Log: io.Discard, Executable: !mentions(p.dir, "Cargo.toml", "cdylib"),
	})
	var missing *compiler.MissingError
	switch {
	case errors.As(err, &missing):
		return fault(strings.ReplaceAll(missing.Cure, "\n", " "), "%s", missing.What)
	case err != nil:
		return fault("", "%v", err)
	}
	text, err := ask(ctx, p.dir, "cargo", "--version")
	if err != nil {
		return fault("install Rust from https://rustup.rs, or name cargo by CARGO=…", "the sources are Rust, and cargo does not work: %v", err)
	}
	if target == "" {
		return ok("%s", text)
	}
	return ok("%s with %s", text, target)
}

// checkKeys says which keys a build would sign with, and whether the last one did.
func checkKeys(_ context.Context, p *patient) finding {
	keys := strkey.Keys{Env: p.io.Env}
	issuer, err := keys.Issuer("")
	if err != nil {
		return fault("`signer keys doctor` examines all keys", "%v", err)
	}
	if info, err := os.Stat(issuer.Path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return warn("chmod 600 "+issuer.Path, "others may read the seed in %s (mode %04o)", issuer.Path, info.Mode().Perm())
	}
	for _, a := range p.artifacts {
		if a.Issuer() != issuer.Public {
			return warn("give the key that it was signed with (WASH_ISSUER_KEY, KEYDIR), or build again", "%s was signed by %s, and a build now would use %s (%s)",
				a.path, a.Issuer(), issuer.Public, issuer.Source)
		}
		subject, err := keys.Subject(a.subjectKind(), "", a.stem(), issuer.Public, a.Name())
		if err != nil {
			return fault("`signer keys doctor` examines all keys", "%v", err)
		}
		if string(subject.Public) != a.Subject() {
			return warn("give the key that names it (WASH_SUBJECT_KEY, KEYDIR), or build again: hosts take another key for another actor or provider",
				"%s is %s, and a build now would make %s of it (%s)", a.path, a.Subject(), subject.Public, subject.Source)
		}
	}
	from := string(issuer.Source)
	if issuer.Path != "" {
		from += " " + issuer.Path
	}
	if issuer.Source == strkey.FromDevelopment {
		from += ", which everybody has: `signer keys init` makes one of your own"
	}
	return ok("%s signs (%s)", issuer.Public, from)
}
