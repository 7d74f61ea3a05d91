package signer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// finding is one thing that doctor noticed.
type finding struct {
	Path     string `json:"path"`
	Severity string `json:"severity"` // "problem" or "warning"
	Text     string `json:"text"`     // what is wrong, and what to do
}

// examination is the answer of keys doctor.
type examination struct {
	Success  bool      `json:"success"` // no problems; warnings are none
	Folders  []string  `json:"folders"`
	Keys     int       `json:"keys"`
	Findings []finding `json:"findings"`

	problems int
	stems    map[string]keyAt           // file name to the key first seen under it
	ids      map[strkey.PublicKey]keyAt // the other way round
}

type keyAt struct {
	path   string
	public strkey.PublicKey
}

func keysDoctor(s *cli.IO) *cobra.Command {
	var directory, keyDir string
	cmd := &cobra.Command{
		Use:   "doctor [FOLDER…]",
		Short: "Look for keys that are broken, mixed up or open to others",
		Long: `Examine the key files in KEYDIR, in WASH_KEYS or ~/.wash/keys, and in the folders given: corrupted seeds, kinds that differ
from the file's name, names that stand for two keys and keys under two names, files that others may read, and seeds that git
tracks, in those folders and in the current one. With a problem the exit code is 1; warnings leave it 0. No seed is printed.`,
		Example: "  signer keys doctor\n  signer keys doctor .keys --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			keys := strkey.Keys{Env: s.Env, Directory: directory, KeyDir: keyDir}
			e := &examination{Folders: []string{}, Findings: []finding{}, stems: map[string]keyAt{}, ids: map[strkey.PublicKey]keyAt{}}
			for _, dir := range append([]string{keys.ProjectDir(), keys.Dir()}, args...) {
				if err := e.folder(dir, slices.Contains(args, dir) || dir == directory); err != nil {
					return fmt.Errorf("examining keys: %w", err)
				}
			}
			if err := e.tracked(cmd.Context(), s); err != nil {
				return fmt.Errorf("asking git which seeds it tracks: %w", err)
			}
			e.Success = e.problems == 0
			if err := cli.Print(cmd, s, e, e.print); err != nil {
				return err
			}
			if e.problems > 0 {
				return fmt.Errorf("%d problem(s) with keys", e.problems)
			}
			return nil
		},
	}
	directoryFlag(cmd, &directory)
	cmd.Flags().StringVar(&keyDir, "keydir", "", "the project's own `folder` of keys (default KEYDIR)")
	return cmd
}

func (e *examination) problem(path, format string, args ...any) {
	e.problems++
	e.Findings = append(e.Findings, finding{path, "problem", fmt.Sprintf(format, args...)})
}

func (e *examination) warning(path, format string, args ...any) {
	e.Findings = append(e.Findings, finding{path, "warning", fmt.Sprintf(format, args...)})
}

// folder examines the key files in dir. One that was not named need not exist.
func (e *examination) folder(dir string, named bool) error {
	if dir == "" || slices.Contains(e.Folders, filepath.Clean(dir)) {
		return nil
	}
	files, err := keyFiles(dir)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return err
	}
	e.Folders = append(e.Folders, filepath.Clean(dir))
	if info, err := os.Stat(dir); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o022 != 0 {
		e.problem(dir, "others may replace keys in this folder (mode %04o): chmod go-w %s", info.Mode().Perm(), dir)
	}
	for _, file := range files {
		e.Keys++
		e.file(file)
	}
	return nil
}

func (e *examination) file(path string) {
	info, err := os.Stat(path)
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		e.problem(path, "others may read this seed (mode %04o): chmod 600 %s", info.Mode().Perm(), path)
	}
	seed, err := strkey.ReadFile(path)
	if err != nil {
		e.problem(path, "%v; restore it from a copy", err)
		return
	}
	if text, err := os.ReadFile(path); err == nil && len(bytes.TrimSpace(text)) != len(text) {
		e.warning(path, "there is white space around the seed: wash refuses such a file, this tool does not")
	}
	e.name(path, seed)
	e.shared(path, seed.Public())
}

// name compares the kind of a key with that in its file's name.
func (e *examination) name(path string, seed *strkey.Seed) {
	name := strings.TrimSuffix(filepath.Base(path), keyExtension)
	_, suffix, found := cutLast(name, "_")
	kind, err := strkey.ParseKind(suffix)
	switch {
	case !found || err != nil:
		e.warning(path, "nothing finds this key by its name: wanted is NAME_%s%s for a %s key", seed.Kind(), keyExtension, seed.Kind())
	case kind != seed.Kind():
		e.problem(path, "the name says %s, and the seed is of kind %s: rename it or replace it", kind, seed.Kind())
	}
	if strkey.IsDevelopment(seed.Public()) {
		e.problem(path, "this is the published development key, which protects nothing: `signer keys init` makes your own")
	}
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// shared notices a file name that stands for two keys, and a key that has two
// names: artifacts are given their identity by the name of their file.
func (e *examination) shared(path string, public strkey.PublicKey) {
	name := filepath.Base(path)
	if other, ok := e.stems[name]; ok && other.public != public {
		e.warning(path, "%s has the same name and another key: which one is used depends on the folder", other.path)
	}
	if other, ok := e.ids[public]; ok && filepath.Base(other.path) != name {
		e.problem(path, "the same key as %s: two artifacts would share the id %s", other.path, public)
	}
	if _, ok := e.stems[name]; !ok {
		e.stems[name] = keyAt{path, public}
	}
	if _, ok := e.ids[public]; !ok {
		e.ids[public] = keyAt{path, public}
	}
}

// tracked asks git, if there is one, which key files of the repositories around
// the folders and around the current one it tracks.
func (e *examination) tracked(ctx context.Context, s *cli.IO) error {
	git, err := exec.LookPath("git")
	if err != nil {
		cli.Notef(s, "note: there is no git here to ask which seeds it tracks")
		return nil
	}
	seen := map[string]bool{}
	for _, dir := range append([]string{"."}, e.Folders...) {
		root, err := exec.CommandContext(ctx, git, "-C", dir, "rev-parse", "--show-toplevel").Output()
		top := strings.TrimRight(string(root), "\r\n")
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || seen[top] {
			continue // no repository, or one that was asked
		}
		seen[top] = true
		// A repository's own configuration must not get a program run by being looked at.
		list, err := exec.CommandContext(ctx, git, "-c", "core.fsmonitor=false", "-C", top, "ls-files", "-z", "--", "*"+keyExtension).Output()
		if err != nil {
			return err
		}
		for _, name := range strings.Split(strings.TrimRight(string(list), "\x00"), "\x00") {
			e.trackedFile(filepath.Join(top, name), name)
		}
	}
	return nil
}

func (e *examination) trackedFile(path, name string) {
	if name == "" {
		return
	}
	if _, err := strkey.ReadFile(path); err == nil || errors.Is(err, fs.ErrNotExist) {
		e.problem(path, "git tracks this seed, so whoever has the repository can sign with it: git rm --cached it, ignore it, and use a new key")
	}
}

func (e *examination) print(w io.Writer) {
	for _, f := range e.Findings {
		fmt.Fprintf(w, "%s: %s: %s\n", f.Severity, f.Path, f.Text)
	}
	where := strings.Join(e.Folders, ", ")
	if where == "" {
		where = "no folder, for there is none yet"
	}
	fmt.Fprintf(w, "%d key(s) examined in %s: %d problem(s), %d warning(s)\n", e.Keys, where, e.problems, len(e.Findings)-e.problems)
}
