package scaffold

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud"
)

// requirement is a module that a project's go.mod names because the SDK needs it.
type requirement struct{ Path, Version string }

// providerNeeds are the modules with packages that sdk/provider imports, directly or not. Without a
// network Go cannot find them out, so a project's go.mod names them from the beginning.
var providerNeeds = []string{
	"github.com/fxamacker/cbor/v2", "github.com/google/renameio/v2", "github.com/klauspost/compress", "github.com/klauspost/pgzip",
	"github.com/nats-io/nats.go", "github.com/nats-io/nkeys", "github.com/nats-io/nuid", "github.com/philhofer/fwd",
	"github.com/rogpeppe/go-internal", "github.com/tinylib/msgp", "github.com/x448/float16", "golang.org/x/crypto",
	"golang.org/x/sync", "golang.org/x/sys",
}

// requires gives the versions that this repository itself uses.
func requires(modules []string) ([]requirement, error) {
	text, err := fs.ReadFile(rules_wasmcloud.Files, "go.mod")
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) >= 2 && strings.HasPrefix(fields[1], "v") {
			versions[fields[0]] = fields[1]
		}
	}
	var out []requirement
	for _, m := range modules {
		if versions[m] == "" {
			return nil, fmt.Errorf("go.mod of rules_wasmcloud requires no %s", m)
		}
		out = append(out, requirement{m, versions[m]})
	}
	return out, nil
}

// goSum gives the lines of this repository's go.sum for the modules. A released project has none: its
// own line for this module is not known before the release.
func goSum(modules []requirement) ([]byte, error) {
	text, err := fs.ReadFile(rules_wasmcloud.Files, "go.sum")
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for _, m := range modules {
		wanted[m.Path+" "+m.Version] = true
		wanted[m.Path+" "+m.Version+"/go.mod"] = true
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(text)) {
		if at := strings.LastIndexByte(line, ' '); at > 0 && wanted[line[:at]] {
			out.WriteString(line)
		}
	}
	return out.Bytes(), nil
}
