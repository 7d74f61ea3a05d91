package release

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

const module = "github.com/rules-wasmcloud/rules_wasmcloud"

// member is a file of an archive of tools.
type member struct {
	name string
	mode int64
	file string // on disk
}

// ToolArchives writes an archive for each platform to dir, and gives their names: bin with the tools, wash apart from them,
// share/rules_wasmcloud/make with the includes, which find the tools from there. only names tools; none means all.
func (c *Commit) ToolArchives(ctx context.Context, dir string, platforms, only []string) (names []string, err error) {
	sources, err := os.MkdirTemp("", "release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(sources)
	if err := c.unpack(ctx, sources); err != nil {
		return nil, err
	}
	if len(only) == 0 {
		mains, err := filepath.Glob(filepath.Join(sources, "tools/*/main.go"))
		if err != nil {
			return nil, err
		}
		for _, file := range mains {
			only = append(only, filepath.Base(filepath.Dir(file)))
		}
	}
	for _, p := range platforms {
		name, err := c.toolArchive(ctx, dir, sources, p, only)
		if err != nil {
			return nil, fmt.Errorf("the tools for %s: %w", p, err)
		}
		names = append(names, name)
	}
	return names, nil
}

func (c *Commit) toolArchive(ctx context.Context, dir, sources, platform string, tools []string) (name string, err error) {
	goos, goarch, ok := strings.Cut(platform, "/")
	if !ok {
		return "", errors.New("no platform: want GOOS/GOARCH, such as linux/amd64")
	}
	bin := filepath.Join(sources, "dist", goos+"-"+goarch)
	if err := c.build(ctx, sources, bin, goos, goarch, tools); err != nil {
		return "", err
	}
	top := c.Prefix() + "-" + goos + "-" + goarch
	members, err := c.members(sources, bin)
	if err != nil {
		return "", err
	}
	for i := range members {
		members[i].name = top + "/" + members[i].name
	}
	slices.SortFunc(members, func(a, b member) int { return strings.Compare(a.name, b.name) })
	if goos == "windows" {
		return top + ".zip", zipArchive(filepath.Join(dir, top+".zip"), members)
	}
	return top + ".tar.gz", tarArchive(filepath.Join(dir, top+".tar.gz"), members)
}

// build compiles static tools that hold no path of this machine.
func (c *Commit) build(ctx context.Context, sources, bin, goos, goarch string, tools []string) error {
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	flags := fmt.Sprintf("-s -w -buildid= -X %[1]s/internal/cli.version=v%[2]s -X %[1]s/internal/cli.commit=%.12[3]s", module, c.Version, c.ID)
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", flags, "-o", bin + string(filepath.Separator)}
	for _, tool := range tools {
		args = append(args, "./tools/"+tool)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = sources
	// What a user sets for builds of their own must not show in ours.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch, "GOARM=6", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, bytes.TrimSpace(out))
	}
	return nil
}

func (c *Commit) members(sources, bin string) (members []member, err error) {
	tools, err := os.ReadDir(bin)
	if err != nil {
		return nil, err
	}
	for _, e := range tools {
		folder := "bin/"
		if strings.TrimSuffix(e.Name(), ".exe") == "wash" {
			folder = "share/rules_wasmcloud/wash-path/" // it must not hide another wash on a PATH
		}
		members = append(members, member{folder + e.Name(), 0o755, filepath.Join(bin, e.Name())})
	}
	includes, err := filepath.Glob(filepath.Join(sources, "rules/make/*.mk"))
	if err != nil {
		return nil, err
	}
	const share = "share/rules_wasmcloud/make/"
	for _, file := range includes {
		members = append(members, member{share + filepath.Base(file), 0o644, file})
	}
	// By this list `make upgrade` knows what somebody edited in a copy of the folder.
	sums := filepath.Join(sources, "dist", SumsFile)
	if err := writeSums(sums, filepath.Join(sources, "rules/make"), includes); err != nil {
		return nil, err
	}
	members = append(members, member{share + SumsFile, 0o644, sums})
	for _, name := range []string{"CHANGELOG.md", "LICENSE", "README.md"} {
		members = append(members, member{name, 0o644, filepath.Join(sources, name)})
	}
	return members, nil
}

func tarArchive(file string, members []member) error {
	return zipped(file, func(w io.Writer) error {
		t := fsx.NewTar(w)
		for _, m := range members {
			if err := m.open(func(r io.Reader, size int64) error { return t.Add(m.name, m.mode, size, r) }); err != nil {
				return err
			}
		}
		return t.Close()
	})
}

// zipArchive is for Windows, which unpacks nothing else by itself. Its times are those of a file
// without any.
func zipArchive(file string, members []member) error {
	return fsx.WriteFile(file, 0o644, func(w io.Writer) error {
		z := zip.NewWriter(w)
		for _, m := range members {
			h := &zip.FileHeader{Name: m.name, Method: zip.Deflate}
			h.SetMode(os.FileMode(m.mode))
			out, err := z.CreateHeader(h)
			if err != nil {
				return err
			}
			if err := m.open(func(r io.Reader, _ int64) error { _, err := io.Copy(out, r); return err }); err != nil {
				return err
			}
		}
		return z.Close()
	})
}

func (m member) open(use func(io.Reader, int64) error) error {
	f, err := os.Open(m.file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return use(f, info.Size())
}

// SumsFile is the list that `sha256sum -c` reads.
const SumsFile = "SHA256SUMS"

// Sums writes the list of the named files in dir.
func Sums(dir string, names []string) error {
	return writeSums(filepath.Join(dir, SumsFile), dir, names)
}

func writeSums(list, dir string, names []string) error {
	var text bytes.Buffer
	for _, name := range slices.Sorted(slices.Values(names)) {
		data, err := os.ReadFile(filepath.Join(dir, filepath.Base(name)))
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), path.Base(filepath.ToSlash(name)))
	}
	return fsx.WriteFile(list, 0o644, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
}
