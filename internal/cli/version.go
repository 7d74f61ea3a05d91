package cli

import (
	"fmt"
	"regexp"
	"runtime"
	"runtime/debug"
)

// Set by the linker: -X github.com/rules-wasmcloud/rules_wasmcloud/internal/cli.version=…
// A tool made by `go install MODULE/tools/NAME@VERSION` has neither, and reads
// what Go itself recorded.
var version, commit string

// BuildVersion says where a tool came from.
type BuildVersion struct {
	Version string `json:"version"` // v0.1.0, or "devel"
	Commit  string `json:"commit"`  // "" when unknown
	Go      string `json:"go"`      // go1.26.0
}

func (v BuildVersion) String() string {
	if v.Commit == "" {
		return fmt.Sprintf("%s (%s)", v.Version, v.Go)
	}
	return fmt.Sprintf("%s (commit %s, %s)", v.Version, v.Commit, v.Go)
}

// Version is the running tool's own version, for states and host labels.
func Version() BuildVersion { return buildVersion() }

func buildVersion() BuildVersion {
	v := BuildVersion{Version: version, Commit: commit, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if v.Version == "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	if v.Version == "" {
		v.Version = "devel"
	}
	for _, setting := range info.Settings {
		if v.Commit == "" && setting.Key == "vcs.revision" {
			v.Commit = setting.Value[:min(12, len(setting.Value))]
		}
	}
	return v
}

// IncludesVariable is the environment variable by which the Make includes say their version.
const IncludesVariable = "WASMCLOUD_INCLUDES"

// release matches versions that were released; v0.0.0-… is what Go makes up for a commit.
var release = regexp.MustCompile(`^(v(\d+\.\d+)\.\d+)(-(?:alpha|beta|rc)\.\d+)?$`)

// fitsIncludes refuses to be called by Make includes of another minor version, whose flags and targets
// may be others. Tools and includes of no release are left to those who built them.
func fitsIncludes(tool, mine, includes string) error {
	have, want := release.FindStringSubmatch(mine), release.FindStringSubmatch(includes)
	if have == nil || want == nil || have[2] == want[2] {
		return nil
	}
	return fmt.Errorf("this %s is %s, and the Make includes that call it are of %s: run `make upgrade` for those of the tools, "+
		"or let WASMCLOUD_TOOLS name a folder with tools of %s.x", tool, mine, includes, "v"+want[2])
}
