package drain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// cleared is what one folder held, or still holds after a dry run.
type cleared struct {
	Set   string `json:"set"`
	Path  string `json:"path"`
	Files int    `json:"files"`
	Bytes int64  `json:"bytes"`
}

// left is what was not touched, and why.
type left struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}

// A sweeper removes files below a folder, or only counts them. It goes through
// os.Root, which follows no link out of the folder even when one is laid while
// it works; links themselves are removed as the files they are.
type sweeper struct {
	dryRun bool
	inUse  map[fileID]int
	left   []left
	errs   []error
}

// open opens a cache folder itself. A link in its place is left alone: what it
// leads to is somebody's folder, not known to be a cache. root is nil when there
// is nothing to clear.
func (s *sweeper) open(path string) (root *os.Root, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		reason := "it is not a folder"
		if info.Mode()&fs.ModeSymlink != 0 {
			reason = "it is a symbolic link, which is not followed; clear the folder it leads to by hand"
		}
		s.left = append(s.left, left{path, reason})
		return nil, nil
	}
	root, err = os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	// Nobody may have put a link there since.
	if opened, err := root.Stat("."); err != nil || !os.SameFile(info, opened) {
		root.Close()
		return nil, fmt.Errorf("%s was replaced while it was opened", path)
	}
	return root, nil
}

func (s *sweeper) exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// place clears one folder; ok is false when there was none to clear.
func (s *sweeper) place(p place) (c cleared, ok bool) {
	root, err := s.open(p.path)
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("opening a cache: %w", err))
	}
	if root == nil {
		return c, false
	}
	defer root.Close()
	c = cleared{Set: p.set, Path: p.path}
	if p.whole {
		if user := s.usedBelow(root); user != "" {
			s.left = append(s.left, left{p.path, user})
			return c, false
		}
	}
	for _, name := range s.names(root, ".") {
		if !slices.Contains(p.keep, name) {
			s.remove(root, name, &c)
		}
	}
	return c, true
}

func (s *sweeper) names(root *os.Root, dir string) []string {
	entries, err := fs.ReadDir(root.FS(), filepath.ToSlash(dir))
	if err != nil {
		s.errs = append(s.errs, fmt.Errorf("listing %s: %w", filepath.Join(root.Name(), dir), err))
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// remove removes name and all below it but files in use, and reports whether
// nothing of it is left.
func (s *sweeper) remove(root *os.Root, name string, c *cleared) bool {
	path := filepath.Join(root.Name(), name)
	info, err := root.Lstat(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.errs = append(s.errs, err)
		}
		return errors.Is(err, fs.ErrNotExist)
	}
	if info.IsDir() {
		empty := true
		for _, child := range s.names(root, name) {
			empty = s.remove(root, filepath.Join(name, child), c) && empty
		}
		if !empty {
			return false
		}
	} else {
		if pid := s.usedBy(info); pid != 0 {
			s.left = append(s.left, left{path, fmt.Sprintf("process %d uses it", pid)})
			return false
		}
		c.Files++
		c.Bytes += info.Size()
	}
	if s.dryRun {
		return true
	}
	if err := root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.errs = append(s.errs, fmt.Errorf("removing %s: %w", path, err))
		return false
	}
	return true
}

func (s *sweeper) usedBy(info fs.FileInfo) int {
	id, known := idOf(info)
	if !known {
		return 0
	}
	return s.inUse[id]
}

// usedBelow says that some file below is in use, or "".
func (s *sweeper) usedBelow(root *os.Root) (reason string) {
	// Errors show when the same folders are cleared.
	fs.WalkDir(root.FS(), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return nil
		}
		if info, err := e.Info(); err == nil {
			if pid := s.usedBy(info); pid != 0 {
				reason = fmt.Sprintf("process %d uses %s in it", pid, path)
				return fs.SkipAll
			}
		}
		return nil
	})
	return reason
}
