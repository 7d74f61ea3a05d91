package cli

import (
	"fmt"
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
