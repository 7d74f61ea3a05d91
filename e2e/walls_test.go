package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/rules-wasmcloud/rules_wasmcloud"

// walls says what each room may import beside the standard library: rooms by
// their path under internal/, other modules by the start of their path. A room
// that is not here may not exist.
var walls = map[string][]string{
	"fsx":                       {"github.com/google/renameio", "github.com/rogpeppe/go-internal/lockedfile", "github.com/klauspost", "golang.org/x/sys"},
	"compile":                   {"github.com/BurntSushi/toml"},
	"wasmbin":                   {},
	"upstream":                  {"github.com/BurntSushi/toml"},
	"strkey":                    {"github.com/nats-io/nkeys"},
	"claims":                    {"strkey", "wasmbin"},
	"par":                       {"claims", "strkey", "fsx"},
	"signing":                   {"cli", "claims", "par", "strkey", "fsx", "github.com/spf13"},
	"artifact":                  {"claims", "par", "wasmbin", "strkey"},
	"oci":                       {"fsx", "oras.land/oras-go", "github.com/google/go-containerregistry", "github.com/opencontainers"},
	"wasmbus":                   {"claims", "strkey", "sdk/contracts/testing", "github.com/tinylib/msgp", "github.com/fxamacker/cbor"},
	"lattice":                   {"wasmbus", "strkey", "fsx", "daemon", "github.com/nats-io/nats.go", "golang.org/x/sync"},
	"lattice/embedded":          {"wasmbus", "github.com/nats-io"},
	"wasmrt":                    {"claims", "wasmbin", "github.com/tetratelabs/wazero"},
	"daemon":                    {"fsx", "golang.org/x/sys"},
	"bazel":                     {"github.com/bazelbuild/rules_go"},
	"casefile":                  {"wasmbus"},
	"providertest":              {"artifact", "casefile", "host/provider", "lattice", "lattice/embedded", "par", "strkey", "wasmbus", "github.com/nats-io/nats.go"},
	"cli":                       {"github.com/spf13", "golang.org/x/term"},
	"smithy/core":               {},
	"smithy/syntax":             {},
	"smithy/model":              {"smithy/syntax"},
	"smithy/validate":           {"smithy/model", "smithy/syntax"},
	"smithy/lint":               {"smithy/model", "smithy/syntax", "smithy/validate"},
	"smithy/gen":                {"smithy/model", "smithy/lint", "smithy/syntax"},
	"smithy/gen/sample":         {"sdk/actor/document", "sdk/actor/msgpack"}, // what gen made, to be tested
	"smithy/gen/samplecbor":     {"sdk/actor/cbor", "sdk/actor/document", "sdk/actor/msgpack"},
	"smithy/gen/sampledefaults": {"sdk/actor/cbor", "sdk/actor/document", "sdk/actor/msgpack"},
	"smithy/diff":               {"smithy/model", "smithy/syntax", "smithy/validate"},
	"smithy/bundle":             {},
	"smithy/download":           {},
	"smithy/project":            {"smithy/bundle", "smithy/core", "smithy/model", "fsx"},
	"host/ocicache":             hostDuty,
	"host/policy":               hostDuty,
	"host/events":               hostDuty,
	"host/ctl":                  hostDuty,
	"host/dash":                 {"wasmbus", "artifact", "par", "claims", "strkey"}, // not the lattice: it sees its host alone
	"host/provider":             {"fsx"},
	"host/core":                 append([]string{"par", "host/provider", "host/dash", "host/ocicache", "host/policy", "host/events", "host/ctl", "sdk/contracts/logging", "sdk/contracts/numbergen"}, hostDuty...),
}

// hostDuty is what every duty of a host may use; siblings meet in core only.
var hostDuty = []string{"fsx", "strkey", "claims", "wasmbin", "artifact", "oci", "wasmbus", "lattice", "lattice/embedded", "wasmrt", "daemon",
	"github.com/nats-io", "golang.org/x/sync"}

// denied lists what a tool may not link, however it comes by it.
var denied = map[string][]string{
	"signer":   {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"parpack":  {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"wasmfix":  {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"compile":  {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"bazelgen": {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"smithy":   {"github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs"},
	"drain":    {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"scaffold": {"net/http", "crypto/tls", "github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry"},
	"ocipush":  {"github.com/nats-io/nats.go", "github.com/nats-io/nats-server", "github.com/tetratelabs", "github.com/distribution/distribution/v3/registry"},
	"lattice":  {"github.com/tetratelabs", "github.com/distribution/distribution/v3/registry"},
	"devhost":  {"github.com/distribution/distribution/v3/registry"},
}

// aPackage is the part of `go list -json` that the walls need.
type aPackage struct {
	ImportPath     string
	Standard       bool
	Imports, Deps  []string
	TestImports    []string
	XTestImports   []string
	GoFiles        []string
	Dir            string
	IgnoredGoFiles []string
}

func goList(t *testing.T, patterns ...string) []aPackage {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,Deps,GoFiles,Dir"}, patterns...)...)
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []aPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p aPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func within(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}

// standard: the first element of any other module's path has a dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range goList(t, "./internal/...") {
		room := strings.TrimPrefix(p.ImportPath, modulePath+"/internal/")
		for _, path := range p.Imports {
			if why := refused(room, path); why != "" {
				t.Errorf("internal/%s imports %s: %s", room, path, why)
			}
		}
	}
}

func refused(room, path string) string {
	ours, inside := strings.CutPrefix(path, modulePath+"/")
	used, isRoom := strings.CutPrefix(ours, "internal/")
	isRoom = inside && isRoom
	switch {
	case within(room, "testkit"):
		return ""
	case standard(path):
		return ""
	case isRoom && within(used, "testkit"):
		return "testkit is for tests"
	case inside && within(ours, "tools"):
		return "nothing imports tools"
	case strings.HasPrefix(room, "commands/"):
		if room == "commands/wash" {
			return "" // the one front end over the others
		}
		if isRoom && strings.HasPrefix(used, "commands/") && !within(used, strings.Join(strings.SplitN(room, "/", 3)[:2], "/")) {
			return "commands do not import each other"
		}
		return ""
	}
	may, known := walls[room]
	if !known {
		return "this room has no entry in the table of walls"
	}
	for _, allowed := range may {
		if isRoom && used == allowed || inside && ours == allowed || !inside && within(path, allowed) {
			return ""
		}
	}
	return "want only " + strings.Join(may, ", ")
}

// A wall that lets everything through would not be noticed otherwise.
func TestWallsRefuse(t *testing.T) {
	for _, tt := range [][2]string{
		{"wasmbin", modulePath + "/internal/strkey"},
		{"claims", "github.com/nats-io/nkeys"},
		{"host/ctl", modulePath + "/internal/host/policy"},
		{"commands/signer", modulePath + "/internal/commands/drain"},
		{"oci", modulePath + "/internal/testkit/registry"},
		{"cli", modulePath + "/tools/signer"},
		{"unheard", "github.com/spf13/cobra"},
	} {
		if refused(tt[0], tt[1]) == "" {
			t.Errorf("%s may import %s", tt[0], tt[1])
		}
	}
}

func TestToolsDoNotLinkWhatTheyDoNotNeed(t *testing.T) {
	for _, p := range goList(t, "./tools/...") {
		tool := filepath.Base(p.ImportPath)
		for _, dep := range p.Deps {
			for _, no := range append([]string{"github.com/spf13/cobra/doc", modulePath + "/internal/testkit"}, denied[tool]...) {
				// "net" and "net/http" are packages, other entries whole modules.
				if dep == no || !standard(no) && within(dep, no) {
					t.Errorf("%s links %s", tool, dep)
				}
			}
		}
	}
}

// What an actor imports is compiled into every actor.
func TestActorSDKIsSmall(t *testing.T) {
	for _, p := range goList(t, "./sdk/actor") {
		for _, dep := range p.Deps {
			if !standard(dep) && !within(dep, modulePath+"/sdk") || slices.Contains([]string{"fmt", "net/http", "encoding/json"}, dep) {
				t.Errorf("sdk/actor brings %s into every actor", dep)
			}
		}
	}
}

// What the provider SDK imports is in every provider's archive, once for each target.
func TestProvidersAreSmall(t *testing.T) {
	none := []string{"github.com/nats-io/nats-server", "github.com/tetratelabs", "oras.land", "github.com/google/go-containerregistry", "github.com/spf13",
		modulePath + "/internal/testkit", modulePath + "/internal/host", modulePath + "/internal/lattice/embedded"}
	for _, p := range goList(t, "./sdk/provider", "./providers/...") {
		for _, dep := range p.Deps {
			for _, no := range none {
				if within(dep, no) {
					t.Errorf("%s links %s", strings.TrimPrefix(p.ImportPath, modulePath+"/"), dep)
				}
			}
		}
	}
}
