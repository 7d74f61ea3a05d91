package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The peers' versions. They are built by `go install` into a folder of their
// own, so that nobody who uses this module ever resolves their dependencies.
const (
	orasModule  = "oras.land/oras/cmd/oras@v1.3.6"
	craneModule = "github.com/google/go-containerregistry/cmd/crane@v0.22.1"
)

// peer is a program to compare with; path is "" where it can't be had, and
// why says so in the report.
type peer struct{ path, version, why string }

// installed builds a Go program once into dir.
func installed(ctx context.Context, dir, module string) peer {
	name, version, _ := strings.Cut(filepath.Base(module), "@")
	path := filepath.Join(dir, name+"-"+version, name)
	if _, err := os.Stat(path); err != nil {
		cmd := exec.CommandContext(ctx, "go", "install", module)
		cmd.Env = append(os.Environ(), "GOBIN="+filepath.Dir(path), "GOFLAGS=")
		cmd.Dir = os.TempDir() // outside this module
		if out, err := cmd.CombinedOutput(); err != nil {
			return peer{why: fmt.Sprintf("go install %s: %v: %s", module, err, lastLine(out))}
		}
	}
	return peer{path: path, version: version}
}

// washPeer is the real wash, where WASH names it.
func washPeer(ctx context.Context) peer {
	path := os.Getenv("WASH")
	if path == "" {
		return peer{why: "set WASH to a wash 0.17.1 to compare with it"}
	}
	out, err := exec.CommandContext(ctx, path, "--version").Output()
	if err != nil {
		return peer{why: fmt.Sprintf("%s --version: %v", path, err)}
	}
	return peer{path: path, version: strings.TrimPrefix(strings.TrimSpace(string(out)), "wash ")}
}

func lastLine(b []byte) string {
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return lines[len(lines)-1]
}
