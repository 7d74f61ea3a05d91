package scaffold

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

const (
	modulePath = "github.com/rules-wasmcloud/rules_wasmcloud"
	goVersion  = "1.26.0" // as in this repository's own go.mod
)

// module says where a project gets the SDK and the Make includes from.
type module struct {
	version  string // released: v0.1.0
	checkout string // or a folder with the sources, absolute
}

// released versions can be fetched by anybody who gets the project; others cannot.
var released = regexp.MustCompile(`^v\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?$`)

// findModule decides between the version of this tool and a checkout: the one that is named, else
// the one in which the tool lies, else, for a tool that has no released version, the one in which
// it is run.
func findModule(named, version string) (module, error) {
	if named != "" {
		dir, err := filepath.Abs(named)
		if err != nil {
			return module{}, err
		}
		if !isCheckout(dir) {
			return module{}, fmt.Errorf("%s has no sources of rules_wasmcloud: its go.mod does not say \"module %s\"", named, modulePath)
		}
		return checkedOut(dir)
	}
	if exe, err := os.Executable(); err == nil {
		if dir, ok := upward(filepath.Dir(exe)); ok {
			return checkedOut(dir)
		}
	}
	if released.MatchString(version) {
		return module{version: version}, nil
	}
	if wd, err := os.Getwd(); err == nil {
		if dir, ok := upward(wd); ok {
			return checkedOut(dir)
		}
	}
	return module{}, fmt.Errorf("this scaffold (%s) is not a released version that a project could require: "+
		"name a checkout of rules_wasmcloud by --checkout, or run it inside one", version)
}

func checkedOut(dir string) (module, error) {
	if strings.ContainsAny(dir, " \t\n#$:%") {
		return module{}, errors.New("make cannot include files from " + dir + ": move the checkout to a path without spaces and signs")
	}
	return module{checkout: dir}, nil
}

// upward finds the checkout that dir lies in.
func upward(dir string) (string, bool) {
	for {
		if isCheckout(dir) {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

func isCheckout(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if strings.Join(strings.Fields(line), " ") == "module "+modulePath {
			return true
		}
	}
	return false
}
