package compile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// MissingError says that a compiler, or a part of it, is not installed, and how to get it.
type MissingError struct {
	What string // what is not there
	Cure string // what to do
}

func (e *MissingError) Error() string { return e.What + ": " + e.Cure }

// explain looks for what may be missing where cargo failed.
func (o *RustOptions) explain(ctx context.Context, target string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist):
		return &MissingError{
			What: fmt.Sprintf("%s is not installed, and this project is in Rust", o.Cargo[0]),
			Cure: "get it from https://rustup.rs, or from the system's packages (" + packages("cargo") + "); CARGO names another",
		}
	case target == "" || ctx.Err() != nil:
		return err
	}
	if missing := o.missing(ctx, target); missing != nil {
		return missing
	}
	return err
}

// missing looks for a target's standard library.
func (o *RustOptions) missing(ctx context.Context, target string) error {
	libdir, err := o.rustc(ctx, "--print", "target-libdir", "--target", target)
	if err != nil {
		return nil // a target that this Rust has never heard of; cargo says so itself
	}
	if found, _ := filepath.Glob(filepath.Join(libdir, "libstd-*")); len(found) > 0 {
		return nil
	}
	return &MissingError{What: "this Rust has no standard library for " + target, Cure: o.targetCure(libdir, target)}
}

// CheckRust says what Rust would compile for, without doing so, or what is missing for that, as a
// *MissingError. Of an executable it only looks for cargo, and the target is "".
func CheckRust(ctx context.Context, o RustOptions) (target string, err error) {
	if len(o.Cargo) == 0 {
		o.Cargo = []string{"cargo"}
	}
	if o.Dir, err = filepath.Abs(o.Dir); err != nil {
		return "", err
	}
	if _, err := exec.LookPath(o.Cargo[0]); err != nil {
		return "", o.explain(ctx, "", err)
	}
	target, _, err = o.target(ctx)
	if err == nil && target != "" {
		err = o.missing(ctx, target)
	}
	return target, err
}

// targetCure gives the line to type. Toolchains of rustup's lie in a folder of that name.
func (o *RustOptions) targetCure(libdir, target string) string {
	_, managed, ok := strings.Cut(filepath.ToSlash(libdir), "/toolchains/")
	if _, err := exec.LookPath("rustup"); ok && err == nil {
		toolchain, _, _ := strings.Cut(managed, "/")
		return fmt.Sprintf("type\n  rustup target add %s --toolchain %s", target, toolchain)
	}
	return fmt.Sprintf("type\n  %s\nor take Rust from https://rustup.rs and type\n  rustup target add %s", packages(target), target)
}

// packages gives the command by which this system's packages install cargo, or the standard library of
// a target.
func packages(what string) string {
	text, _ := os.ReadFile("/etc/os-release")
	return packagesOf(string(text), what)
}

func packagesOf(release, what string) string {
	ids := ""
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if key == "ID" || key == "ID_LIKE" {
			ids += " " + strings.Trim(value, `"`)
		}
	}
	for _, system := range []struct{ id, cargo, target string }{
		{"debian", "apt-get install cargo libstd-rust-dev-wasm32 lld", "apt-get install libstd-rust-dev-wasm32 lld"},
		{"ubuntu", "apt-get install cargo libstd-rust-dev-wasm32 lld", "apt-get install libstd-rust-dev-wasm32 lld"},
		{"fedora", "dnf install cargo rust-std-static-wasm32-unknown-unknown", "dnf install rust-std-static-" + what},
		{"arch", "pacman -S rust rust-wasm lld", "pacman -S rust-wasm lld"},
		{"alpine", "apk add cargo rust-wasm lld", "apk add rust-wasm lld"},
	} {
		if !slices.Contains(strings.Fields(ids), system.id) {
			continue
		}
		if what == "cargo" {
			return system.cargo
		}
		return system.target
	}
	if what == "cargo" {
		return "a package called cargo or rust"
	}
	return "the system's package with Rust's standard library for " + what
}

// rustc runs the compiler that cargo would, and gives what it prints.
func (o *RustOptions) rustc(ctx context.Context, args ...string) (string, error) {
	name := o.env("RUSTC")
	if name == "" {
		name = "rustc"
		if beside := filepath.Join(filepath.Dir(o.Cargo[0]), name); filepath.Base(o.Cargo[0]) != o.Cargo[0] && exists(beside) {
			name = beside
		}
	}
	for _, word := range o.Cargo[1:] {
		if strings.HasPrefix(word, "+") { // rustup's choice of a toolchain
			args = append([]string{word}, args...)
		}
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = o.Dir
	out, err := cmd.Output()
	return strings.TrimSpace(string(out)), err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// renamed gives the name that this Rust has for a target of WASI's first version: it was wasm32-wasi
// up to Rust 1.83, is wasm32-wasip1 since 1.78, and was called wasm32-wasi-preview1 in between.
func (o *RustOptions) renamed(ctx context.Context, target string) string {
	names := []string{"wasm32-wasip1", "wasm32-wasi", "wasm32-wasi-preview1"}
	if !slices.Contains(names, target) {
		return target
	}
	list, err := o.rustc(ctx, "--print", "target-list")
	known := strings.Fields(list)
	if err != nil || slices.Contains(known, target) {
		return target
	}
	for _, name := range names {
		if slices.Contains(known, name) {
			return name
		}
	}
	return target
}
