package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The rules that projects written for wasmCloud's own includes have below the include line, with one
// colon or two. make refuses a file in which a rule has both.
var usersRules = []struct{ include, rules string }{
	{"actor.mk", "all:: test: build: run: update: link: gen: inventory: clean:: release:: lint:: validate:: check: push: start:"},
	{"actor.mk", "test:: build:: run:: update:: link:: gen::"},
	{"provider.mk", "all:: test: run: update: link: inventory: build:: release:: clean:: par:: par-full: push: start:"},
	{"provider.mk", "test:: run:: update:: link::"},
	{"interface.mk", "all:: test:: gen: push: start: build: lint:: validate:: clean:: clippy::"},
	{"interface.mk", "gen:: push:: start:: build:: run:: update::"},
	{"common.mk", "all:: clean:: test:: lint:: validate:: start: push: build: run: update: gen: link: inventory:"},
	{"common.mk", "start:: push:: build:: run:: gen::"},
}

// Each such rule runs, and nothing of ours in its place. `make -n` needs no tools to be run.
func TestUsersRulesStand(t *testing.T) {
	tools := t.TempDir()
	for _, name := range []string{"signer", "wasmfix", "ocipush", "registry", "devhost", "lattice", "drain", "parpack", "smithy", "scaffold", "compile", "wash"} {
		write(t, filepath.Join(tools, name), "")
	}
	for _, c := range usersRules {
		dir := t.TempDir()
		include, err := filepath.Abs("../rules/make/" + c.include)
		if err != nil {
			t.Fatal(err)
		}
		text := "PROJECT = p\nVERSION = 1\nCAPABILITY_ID = a:b\nVENDOR = v\nUNSIGNED_WASM = p.bin\nBIN = p.bin\ninclude " + include + "\n"
		for rule := range strings.FieldsSeq(c.rules) {
			text += rule + "\n\t@echo my own " + rule + "\n"
		}
		write(t, filepath.Join(dir, "Makefile"), text)
		write(t, filepath.Join(dir, "p.bin"), "")
		for rule := range strings.FieldsSeq(c.rules) {
			cmd := exec.Command("make", "-n", strings.TrimRight(rule, ":"))
			cmd.Dir = dir
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "WASMCLOUD_TOOLS=" + tools}
			if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "echo my own "+rule+"\n") {
				t.Errorf("%s, %s: %v\n%s", c.include, rule, err, out)
			}
		}
	}
}

// macOS has GNU Make 3.81. What came later is not known there, or means something else.
var newerThanMake381 = map[string]string{
	`^\s*define\s+\S+\s*[:?+]?=`:                            "define with an operator (3.82)",
	`^\s*undefine\s`:                                        "undefine (3.82)",
	`^\s*(override\s+)?private\s`:                           "private (3.82)",
	`^\.(ONESHELL|RECIPEPREFIX|SHELLFLAGS)\b`:               ".ONESHELL, .RECIPEPREFIX, .SHELLFLAGS (3.82)",
	`^[^\t#]*!=`:                                            "!= (4.0)",
	`^[^\t#]*:::?=`:                                         "::= (4.0), :::= (4.4)",
	`\$[({](file|guile|let|intcmp)[ \t]`:                    "functions of 4.0 and 4.4",
	`^\s*-?load\s`:                                          "load (4.0)",
	`^[^\t#]*&::?`:                                          "grouped targets (4.3)",
	`\.(WAIT|NOTINTERMEDIATE|EXTRA_PREREQS)\b`:              "special targets of 4.3 and 4.4",
	`--(output-sync|shuffle|jobserver-style|trace)\b`:       "options of 4.0 and 4.4",
	`\$[({]shell (command|type|ulimit|alias) [^<>|;&]*[)}]`: "a builtin of the shell, which older makes look for as a program",
}

func TestIncludesAreForMake381(t *testing.T) {
	files, err := filepath.Glob("../rules/make/*.mk")
	if err != nil || len(files) < 5 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range newer(string(text)) {
			t.Errorf("%s: %s", file, found)
		}
	}
	for _, text := range []string{"define x =\n", "a != date\n", "A ::= b\n", "\t$(file >x)\n", "a b &: c\n", ".ONESHELL:\n", "a: .WAIT b\n", "x := $(shell command -v y)\n", "undefine a\n"} {
		if len(newer(text)) != 1 {
			t.Errorf("%q is not found, or more than once: %q", text, newer(text))
		}
	}
}

func newer(text string) (found []string) {
	for pattern, what := range newerThanMake381 {
		if at := regexp.MustCompile(`(?m)` + pattern).FindString(text); at != "" {
			found = append(found, what+": "+at)
		}
	}
	return found
}
