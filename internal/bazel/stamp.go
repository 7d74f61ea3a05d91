package bazel

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Status holds the values of a stamped build: what the command given by
// --workspace_status_command printed, and Bazel's own.
type Status map[string]string

// The derived key: Bazel gives the time of a build as seconds only, and image
// annotations want RFC 3339.
const (
	buildTime     = "BUILD_TIMESTAMP"
	buildTimeText = "BUILD_TIMESTAMP_RFC3339"
)

// ReadStatus reads the files that a stamped action is given: ctx.info_file
// (stable-status.txt) and ctx.version_file (volatile-status.txt). A key of a later
// file wins. BUILD_TIMESTAMP_RFC3339 is added when BUILD_TIMESTAMP is there.
func ReadStatus(files ...string) (Status, error) {
	s := Status{}
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("reading the workspace status: %w", err)
		}
		err = errors.Join(s.read(f), f.Close())
		if err != nil {
			return nil, fmt.Errorf("reading the workspace status in %s: %w", file, err)
		}
	}
	if seconds, err := strconv.ParseInt(s[buildTime], 10, 64); err == nil {
		s[buildTimeText] = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	}
	return s, nil
}

// read takes lines of the form KEY SPACE VALUE, in which the value may be empty and
// may hold spaces.
func (s Status) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20) // a status command may print a list of files
	for lines.Scan() {
		key, value, _ := strings.Cut(strings.TrimSuffix(lines.Text(), "\r"), " ")
		if key != "" {
			s[key] = value
		}
	}
	return lines.Err()
}

var placeholder = regexp.MustCompile(`\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// Expand replaces each {KEY} in text by the key's value. A key that is not there,
// or has no value, is an error that lists those that do: a version or a tag with a
// hole in it would be signed and pushed.
func (s Status) Expand(text string) (string, error) {
	var missing []string
	out := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		key := match[1 : len(match)-1]
		value := s[key]
		if value == "" {
			missing = append(missing, key)
		}
		return value
	})
	if len(missing) == 0 {
		return out, nil
	}
	var have []string
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if s[key] != "" {
			have = append(have, key)
		}
	}
	return "", fmt.Errorf("stamping %q: the workspace status has no value for %s (it has %s); "+
		"let the --workspace_status_command print it", text, strings.Join(missing, ", "), strings.Join(have, ", "))
}
