package lattice

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A watch compares what files say of themselves, again and again. The notices of
// operating systems would be sooner by some milliseconds; they differ in how they
// miss folders, renames and mounted file systems, and this misses none.
type watch struct {
	places []string        // files and folders
	skip   map[string]bool // absolute paths that are left out, with all below them
}

// stamp is what changes with a file's content. Editors that write a new file and
// rename it give it another time, too.
type stamp struct {
	size int64
	time time.Time
}

// leftOut are folders that hold what is made, not what it is made of.
func leftOut(name string) bool {
	return strings.HasPrefix(name, ".") && name != "." && name != ".." || slices.Contains([]string{"build", "target", "node_modules", "bin"}, name)
}

// scan takes the stamps of all files. What vanishes while it looks is not there.
func (w *watch) scan() map[string]stamp {
	all := map[string]stamp{}
	for _, place := range w.places {
		_ = filepath.WalkDir(place, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			abs, absErr := filepath.Abs(path)
			if absErr == nil && w.skip[abs] || path != place && e.IsDir() && leftOut(e.Name()) {
				if e.IsDir() {
					return filepath.SkipDir
				}
				return nil
			}
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() { // follows links
				all[path] = stamp{info.Size(), info.ModTime()}
			}
			return nil
		})
	}
	return all
}

// changed lists the files that are not as they were, sorted.
func changed(before, after map[string]stamp) []string {
	var out []string
	for path, s := range after {
		if before[path] != s {
			out = append(out, path)
		}
	}
	for path := range maps.Keys(before) {
		if _, ok := after[path]; !ok {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out
}

// pollEvery is how often files are looked at; slower where that itself takes long.
const pollEvery = 50 * time.Millisecond

// wait returns when something is not as it was before and has come to rest: an editor
// or a version control system writes several files.
func (w *watch) wait(ctx context.Context, before map[string]stamp) (files []string, now map[string]stamp, err error) {
	last := before
	for {
		began := time.Now()
		now := w.scan()
		pause := max(pollEvery, 10*time.Since(began))
		if files := changed(before, now); len(files) > 0 && len(changed(last, now)) == 0 {
			return files, now, nil
		}
		last = now
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, ctx.Err()
		}
	}
}
