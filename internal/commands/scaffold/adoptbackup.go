package scaffold

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// change is a file that is written. Without an old text there was no file.
type change struct {
	path     string // slash-separated, below the adopted folder
	old, new []byte
	mode     fs.FileMode
}

// backupDir holds what was there before, and the list of it.
const (
	backupDir  = ".wasmcloud-adopt"
	backupList = "changes.json"
)

// saved is one file in the list. Sums are SHA-256 in hex.
type saved struct {
	Path   string      `json:"path"`
	Mode   fs.FileMode `json:"mode"`
	Before string      `json:"before"` // "" for a file that was not there
	After  string      `json:"after"`
	Copy   string      `json:"copy"` // the file in the backup that holds what was there
}

// applyChanges keeps the old texts, and then writes the new ones. If one cannot be written those before
// it are put back.
func applyChanges(ctx context.Context, root string, changes []change) (err error) {
	list, err := readBackup(root)
	if err != nil {
		return err
	}
	added, err := keep(root, list, changes)
	if err != nil {
		return fmt.Errorf("keeping what was there: %w", err)
	}
	defer func() {
		if err == nil {
			return
		}
		back := restore(root, added) // what was not written yet is as it was
		if back == nil {
			back = writeBackup(root, list)
		}
		err = errors.Join(err, back)
	}()
	for _, c := range changes {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeBytes(root, c.path, c.mode, c.new); err != nil {
			return err
		}
	}
	return nil
}

// keep writes the backup of changes into the list, which may hold some of an earlier adoption.
func keep(root string, list []saved, changes []change) (added []saved, err error) {
	for _, c := range changes {
		s := saved{Path: c.path, Mode: c.mode, After: sum(c.new)}
		if c.old != nil {
			s.Before = sum(c.old)
			s.Copy = strconv.Itoa(len(list) + len(added))
			if err := writeBytes(root, path.Join(backupDir, s.Copy), 0o600, c.old); err != nil {
				return nil, err
			}
		}
		added = append(added, s)
	}
	if err := writeBytes(root, path.Join(backupDir, ".gitignore"), 0o644, []byte("*\n")); err != nil {
		return nil, err
	}
	return added, writeBackup(root, append(slices.Clone(list), added...))
}

func readBackup(root string) (list []saved, err error) {
	file := filepath.Join(root, backupDir, backupList)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the list of what was changed, %s: %w", file, err)
	}
	for _, s := range list {
		if !filepath.IsLocal(filepath.FromSlash(s.Path)) || s.Copy != "" && !filepath.IsLocal(s.Copy) {
			return nil, fmt.Errorf("%s names %s, which lies outside of %s: somebody else wrote it", file, s.Path, root)
		}
	}
	return list, nil
}

// writeBackup writes the list; an empty one is no backup at all.
func writeBackup(root string, list []saved) error {
	if len(list) == 0 {
		return os.RemoveAll(filepath.Join(root, backupDir))
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return err
	}
	return writeBytes(root, path.Join(backupDir, backupList), 0o644, append(text, '\n'))
}

func writeBytes(root, rel string, mode fs.FileMode, text []byte) error {
	return fsx.WriteFile(filepath.Join(root, filepath.FromSlash(rel)), mode, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

func sum(text []byte) string {
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// undone is what `scaffold adopt --undo` answers.
type undone struct {
	Folder   string   `json:"folder"`
	DryRun   bool     `json:"dry_run"`
	Restored []string `json:"restored"`
	Removed  []string `json:"removed"`
}

func undoAdoption(cmd *cobra.Command, s *cli.IO, root string, dryRun bool) error {
	list, err := readBackup(root)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("nothing to undo: there is no %s in %s, where `scaffold adopt` keeps what it changed", backupDir, root)
	}
	if err := unchanged(root, list); err != nil {
		return err
	}
	result := undone{Folder: root, DryRun: dryRun}
	for _, f := range list {
		if f.Before == "" {
			result.Removed = append(result.Removed, f.Path)
		} else {
			result.Restored = append(result.Restored, f.Path)
		}
	}
	if !dryRun {
		if err := restore(root, list); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(root, backupDir)); err != nil {
			return err
		}
	}
	return cli.Print(cmd, s, result, func(w io.Writer) {
		for _, name := range result.Restored {
			fmt.Fprintf(w, "restored %s\n", name)
		}
		for _, name := range result.Removed {
			fmt.Fprintf(w, "removed %s\n", name)
		}
	})
}

// unchanged refuses to undo what somebody has worked on since, and names all such files.
func unchanged(root string, list []saved) error {
	var edited []error
	for _, s := range list {
		now, err := current(root, s.Path)
		if err != nil {
			return err
		}
		// A file may be as before: an undo was interrupted, or somebody did it by hand.
		if now == s.After || now == s.Before {
			continue
		}
		was := "it was not there before"
		if s.Copy != "" {
			was = "what was there before is " + path.Join(backupDir, s.Copy)
		}
		edited = append(edited, fmt.Errorf("%s was changed since it was adopted (%s)", s.Path, was))
	}
	if len(edited) > 0 {
		return fmt.Errorf("nothing is undone: %w; undo that change first, or do the rest by hand", errors.Join(edited...))
	}
	return nil
}

// current gives a file's sum, "" if there is none.
func current(root, rel string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(rel)))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return sum(text), err
}

func restore(root string, list []saved) error {
	for _, s := range slices.Backward(list) {
		file := filepath.Join(root, filepath.FromSlash(s.Path))
		if s.Before == "" {
			if _, err := os.Lstat(file); err != nil { // never was written, or there is no folder for it
				continue
			}
			if err := os.Remove(file); err != nil {
				return err
			}
			// The folder of our includes goes with the last of them; one that is not empty stays.
			if path.Dir(s.Path) == copied {
				_ = os.Remove(filepath.Dir(file))
			}
			continue
		}
		text, err := os.ReadFile(filepath.Join(root, backupDir, s.Copy))
		if err != nil {
			return fmt.Errorf("the backup of %s: %w", s.Path, err)
		}
		if sum(text) != s.Before {
			return fmt.Errorf("the backup of %s, %s, is not what was kept: %s stays as it is", s.Path, path.Join(backupDir, s.Copy), s.Path)
		}
		if err := writeBytes(root, s.Path, s.Mode, text); err != nil {
			return err
		}
	}
	return nil
}
