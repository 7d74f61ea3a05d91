package scaffold

import (
	"fmt"
	"regexp"
	"strings"
)

// name is a project's name in the forms that its uses ask for.
type name struct {
	given   string
	project string // lower case: it becomes a file name and part of a registry reference
	alias   string // as project, with nothing but a-z, 0-9 and _, which is all that hosts allow
}

// A name becomes part of registry references, whose parts may not end in a separator.
var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*$`)

const maxName = 64

func parseName(s string) (name, error) {
	if !validName.MatchString(s) || len(s) < 2 || len(s) > maxName {
		return name{}, fmt.Errorf("%q cannot be a project's name: want a letter, then letters and digits, with single _ or - between them, "+
			"2 to %d characters in all", s, maxName)
	}
	project := strings.ToLower(s)
	return name{given: s, project: project, alias: strings.ReplaceAll(project, "-", "_")}, nil
}
