package lattice

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// findCases reads all case files of the given files and folders, which are
// searched one level deep, in order of their names.
// check says whether a case suits what is tested.
func findCases(places []string, filter *regexp.Regexp, check func(*casefile.Case) error) ([]*casefile.Case, error) {
	var out []*casefile.Case
	for _, place := range places {
		files, err := caseFiles(place)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("reading a case: %w", err)
			}
			c, err := casefile.Parse(file, text)
			if err == nil {
				err = check(c)
			}
			if err != nil {
				return nil, err
			}
			if filter == nil || filter.MatchString(c.Name) {
				out = append(out, c)
			}
		}
	}
	return out, nil
}

func caseFiles(place string) ([]string, error) {
	info, err := os.Stat(place)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, cli.Usage("--cases %s: no such file or folder", place)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{place}, nil
	}
	entries, err := os.ReadDir(place)
	if err != nil {
		return nil, fmt.Errorf("reading the cases: %w", err)
	}
	var out []string
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".txtar") {
			out = append(out, filepath.Join(place, e.Name()))
		}
	}
	slices.Sort(out)
	if len(out) == 0 {
		return nil, cli.Usage("--cases %s: the folder holds no .txtar file", place)
	}
	return out, nil
}
