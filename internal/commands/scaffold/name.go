package scaffold

import (
	"fmt"
	"go/token"
	"regexp"
	"slices"
	"strings"
)

// name is a project's name in the forms that its uses ask for.
type name struct {
	given   string
	project string // lower case: it becomes a file name and part of a registry reference
	alias   string // as project, with nothing but a-z, 0-9 and _, which is all that hosts allow
	typ     string // in the form of a type: MyActor
}

// A name becomes part of registry references, whose parts may not end in a separator.
var validName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*$`)

const maxName = 64

func parseName(s string) (name, error) {
	if !validName.MatchString(s) || len(s) < 2 || len(s) > maxName {
		return name{}, fmt.Errorf("%q cannot be a project's name: want a letter, then letters and digits, with single _ or - between them, "+
			"2 to %d characters in all", s, maxName)
	}
	n := name{given: s, project: strings.ToLower(s)}
	n.alias = strings.ReplaceAll(n.project, "-", "_")
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return r == '-' || r == '_' }) {
		n.typ += strings.ToUpper(word[:1]) + word[1:]
	}
	return n, nil
}

// Words of Rust, and the crates that every crate has; cargo refuses them as names.
var rustWords = strings.Fields(`abstract alloc as async await become box break const continue core crate do dyn else enum extern
	false final fn for if impl in let loop macro match mod move mut override priv proc_macro pub ref return self static std struct
	super test trait true try type typeof unsafe unsized use virtual where while yield`)

// Shapes that the model of a new interface has or uses; its service has the project's name, and in
// Smithy case makes no difference.
var modelNames = strings.Fields(`greet greetrequest greetresponse n wasmbus wasmbusdata bigdecimal biginteger blob boolean byte document
	double float integer long primitiveboolean primitivebyte primitivedouble primitivefloat primitiveinteger primitivelong
	primitiveshort short string timestamp unit`)

// fits refuses names that mean something else to the languages and build tools of the project.
func (n name) fits(lang string, bazel, isPackage bool) error {
	switch {
	case lang == langRust && slices.Contains(rustWords, n.alias):
		return fmt.Errorf("%q means something to Rust and cannot be a crate's name", n.given)
	case lang == langGo && isPackage && token.IsKeyword(n.alias):
		return fmt.Errorf("%q is a word of Go and cannot be a package's name", n.given)
	case isPackage && slices.Contains(modelNames, strings.ToLower(n.typ)):
		return fmt.Errorf("%q is the name of another shape in the interface's model, and cannot be its service's", n.given)
	case bazel && slices.Contains([]string{ourModule, "rules_go", "platforms", "bazel_tools", "local_config_platform"}, n.alias):
		return fmt.Errorf("%q is the name of a Bazel module that the project uses, and cannot be its own", n.given)
	}
	return nil
}

// A contract id as hosts and registries write it: wasmcloud:keyvalue.
var validContract = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._-]*(:[A-Za-z0-9][A-Za-z0-9._-]*)+$`)
