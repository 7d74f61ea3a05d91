package testkit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Cargo is a stand-in for cargo, which compiles nothing: of the metadata and messages that cargo prints it prints what
// the environment says. $LOG notes how it was called.
//
//	CARGO_MAKES     the file that `build` makes; it is the only one of the only package, which is in this folder
//	CARGO_FROM      the file that it makes it of, by default src/lib.rs with a word before
//	CARGO_SAYS      a folder with metadata.json and messages.json, for what is less simple; ROOT in them is the folder above it.
//	                All files that messages.json names are made
//	CARGO_FAILS     `build` fails
//	CARGO_NEVER     `build` says that it made the file, and makes none
func Cargo(s *cli.IO) *cobra.Command {
	return &cobra.Command{Use: "cargo", DisableFlagParsing: true, RunE: func(_ *cobra.Command, args []string) error {
		if err := Record(s.Env("LOG"), "cargo", args); err != nil {
			return err
		}
		switch {
		case slices.Contains(args, "metadata"):
			return cargoMetadata(s)
		case slices.Contains(args, "build"):
			fmt.Fprintln(s.Err, "   Compiling by a stand-in")
			if s.Env("CARGO_FAILS") != "" {
				return fmt.Errorf("error[E0463]: can't find crate for `std`")
			}
			return cargoBuild(s)
		}
		return nil
	}}
}

// Record adds a line to the log of what was called, NAME [ARG]…, if there is one.
func Record(file, name string, args []string) error {
	if file == "" {
		return nil
	}
	log, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	line := name
	for _, arg := range args {
		line += " [" + arg + "]"
	}
	_, err = fmt.Fprintln(log, line)
	return err
}

// simple are a package's id and its target, of the name and kind that the file has.
func simple(s *cli.IO) (id string, target map[string]any) {
	file := filepath.Base(s.Env("CARGO_MAKES"))
	kind := "bin"
	if filepath.Ext(file) == ".wasm" {
		kind = "cdylib"
	}
	return "path+file:///it#0.1.0", map[string]any{"name": strings.TrimSuffix(file, filepath.Ext(file)), "kind": []string{kind}}
}

func cargoMetadata(s *cli.IO) error {
	if dir := s.Env("CARGO_SAYS"); dir != "" {
		text, err := said(dir, "metadata.json")
		fmt.Fprintln(s.Out, text)
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	id, target := simple(s)
	return json.NewEncoder(s.Out).Encode(map[string]any{
		"packages": []any{map[string]any{
			"name": "it", "id": id, "manifest_path": filepath.Join(dir, "Cargo.toml"), "targets": []any{target},
		}},
		"target_directory": filepath.Join(dir, "target"),
	})
}

func said(dir, name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, name))
	return strings.ReplaceAll(string(text), "ROOT", filepath.ToSlash(filepath.Dir(dir))), err
}

func cargoBuild(s *cli.IO) error {
	dir := s.Env("CARGO_SAYS")
	if dir == "" {
		return cargoMakes(s)
	}
	text, err := said(dir, "messages.json")
	if err != nil {
		return err
	}
	fmt.Fprint(s.Out, text)
	for line := range strings.Lines(text) {
		var m struct{ Filenames []string }
		if json.Unmarshal([]byte(line), &m) != nil || s.Env("CARGO_NEVER") != "" {
			continue
		}
		for _, path := range m.Filenames {
			if err := makeFile(path, []byte(filepath.Base(path)+"\n")); err != nil {
				return err
			}
		}
	}
	return nil
}

func cargoMakes(s *cli.IO) error {
	if s.Env("CARGO_MAKES") == "" {
		return nil
	}
	path, err := filepath.Abs(s.Env("CARGO_MAKES"))
	if err != nil {
		return err
	}
	from, prefix := s.Env("CARGO_FROM"), ""
	if from == "" {
		from, prefix = "src/lib.rs", "compiled "
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := makeFile(path, append([]byte(prefix), text...)); err != nil {
		return err
	}
	id, target := simple(s)
	return json.NewEncoder(s.Out).Encode(map[string]any{
		"reason": "compiler-artifact", "package_id": id, "target": target, "filenames": []string{path},
	})
}

func makeFile(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o755)
}

// Rustc is a stand-in for rustc, which knows the targets in $TARGETS and has the standard library
// of those in $INSTALLED, under $TOOLCHAIN.
func Rustc(s *cli.IO) *cobra.Command {
	return &cobra.Command{Use: "rustc", DisableFlagParsing: true, RunE: func(_ *cobra.Command, args []string) error {
		known := strings.Fields(s.Env("TARGETS"))
		if slices.Contains(args, "target-list") {
			fmt.Fprintln(s.Out, strings.Join(known, "\n"))
			return nil
		}
		target := args[len(args)-1]
		if !slices.Contains(known, target) {
			return fmt.Errorf("could not find specification for target %q", target)
		}
		dir := filepath.Join(s.Env("TOOLCHAIN"), "lib/rustlib", target, "lib")
		if slices.Contains(strings.Fields(s.Env("INSTALLED")), target) {
			if err := makeFile(filepath.Join(dir, "libstd-1.rlib"), nil); err != nil {
				return err
			}
		}
		fmt.Fprintln(s.Out, dir)
		return nil
	}}
}
