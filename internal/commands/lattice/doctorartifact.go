package lattice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// built is a signed file.
type built struct {
	path string
	*artifact.Artifact
}

// stem is the name by which keys are found: that of the file that was signed.
func (b built) stem() string {
	name := filepath.Base(b.path)
	for _, end := range []string{"_s.wasm", ".wasm", ".par.gz", ".par"} {
		if stem, found := strings.CutSuffix(name, end); found {
			return stem
		}
	}
	return name
}

func (b built) subjectKind() strkey.Kind {
	if b.Kind == artifact.Provider {
		return strkey.Service
	}
	return strkey.Module
}

// digest is what a host says of the file when it runs it; for a provider, of the executable
// for that host. "" means that the host cannot run it.
func (b built) digest(h wasmbus.HostInventory) string {
	if b.Kind != artifact.Provider {
		return b.Digest
	}
	target, err := par.ParseTarget(h.Labels["hostcore.arch"] + "-" + h.Labels["hostcore.os"])
	if err != nil {
		return ""
	}
	for _, e := range b.Archive.Entries {
		if e.Target == target {
			return "sha256:" + strings.ToLower(e.Hash)
		}
	}
	return ""
}

// checkArtifacts reads what was built.
func checkArtifacts(_ context.Context, p *patient) finding {
	paths := p.files
	for _, pattern := range []string{"*_s.wasm", "*.par.gz", "*.par"} {
		if len(p.files) == 0 {
			found, _ := filepath.Glob(filepath.Join(p.dir, "build", pattern)) // fails only for a bad pattern
			paths = append(paths, found...)
		}
	}
	if len(paths) == 0 {
		return skip("nothing is built in %s", filepath.Join(p.dir, "build"))
	}
	var texts []string
	for _, path := range paths {
		b, err := readBuilt(path)
		if err == nil {
			err = b.Verify(artifact.Policy{Now: p.io.Now()})
		}
		if err != nil {
			return fault("build it again: `make`", "%s: %v", path, err)
		}
		p.artifacts = append(p.artifacts, b)
		texts = append(texts, fmt.Sprintf("%s is %s, %s", path, b.Subject(), b.Digest))
	}
	return ok("%s", strings.Join(texts, "; "))
}

func readBuilt(path string) (built, error) {
	f, err := os.Open(path)
	if err != nil {
		return built{}, errors.Unwrap(err) // the caller names the file
	}
	defer f.Close()
	a, err := artifact.Read(f)
	return built{path, a}, err
}

// checkRegistry asks the registry that is pushed to. One of this machine that was not started
// yet is no fault.
func checkRegistry(ctx context.Context, p *patient) finding {
	host, _, _ := strings.Cut(p.registry, "/")
	if host == "" {
		host = p.ownRegistry()
	}
	client := oci.New(oci.Config{Env: p.io.Env, NoKeychain: true, Now: p.io.Now})
	defer client.Close()
	err := client.Ping(ctx, host)
	switch name, _, _ := strings.Cut(host, ":"); {
	case errors.Is(err, oci.ErrDenied):
		return ok("%s answers over %s and asks for a login", host, client.Scheme(host))
	case err != nil && name == "localhost":
		return warn("", "%v", err)
	case err != nil:
		return fault("", "%v", err)
	}
	return ok("%s answers over %s", host, client.Scheme(host))
}

// ownRegistry is the one that `registry up` started.
func (p *patient) ownRegistry() string {
	var st struct {
		Address string `json:"address"`
	}
	if dir, err := fsx.UserStateDir(p.io.Env); err == nil {
		if alive, err := daemon.Alive(filepath.Join(dir, "registry.json"), &st); err == nil && alive && st.Address != "" {
			return st.Address
		}
	}
	return "localhost:5000"
}

// checkRunning compares what was built with what the hosts run.
func checkRunning(ctx context.Context, p *patient) finding {
	switch {
	case len(p.hosts) == 0:
		return skip("no host")
	case len(p.artifacts) == 0:
		return skip("nothing is built to compare with what runs")
	}
	inventories := make([]*wasmbus.HostInventory, len(p.hosts))
	for i, h := range p.hosts {
		var err error
		if inventories[i], err = p.ses.control.Inventory(ctx, h.ID); err != nil {
			return fault("", "%v", err)
		}
	}
	var texts []string
	for _, b := range p.artifacts {
		f := compare(b, inventories)
		if f.Status != good {
			return f
		}
		texts = append(texts, f.Text)
	}
	return ok("%s", strings.Join(texts, "; "))
}

func compare(b built, inventories []*wasmbus.HostInventory) finding {
	var same []string
	for _, inv := range inventories {
		ref, runs, found := lookFor(b, inv)
		switch want := b.digest(*inv); {
		case !found:
		case runs == "":
			return warn("compare the digest of "+ref+" by `ocipush`", "host %s runs %s from %s and does not say which bytes", inv.HostID, b.Name(), ref)
		case want != "" && runs != want:
			return warn("replace it: `make start`", "host %s runs %s of %s (from %s), you built %s", inv.HostID, runs, b.Name(), ref, want)
		default:
			same = append(same, inv.HostID)
		}
	}
	if len(same) == 0 {
		return warn("start it: `make start`", "no host runs %s (%s)", b.path, b.Subject())
	}
	slices.Sort(same)
	return ok("%s is what runs on %s", b.path, strings.Join(same, ", "))
}

// lookFor finds an artifact by its identity.
func lookFor(b built, inv *wasmbus.HostInventory) (ref, digest string, found bool) {
	for _, a := range inv.Actors {
		if a.ID == b.Subject() {
			return a.ImageRef, a.Digest, true
		}
	}
	for _, pr := range inv.Providers {
		if pr.ID == b.Subject() {
			return pr.ImageRef, pr.Digest, true
		}
	}
	return "", "", false
}
