package release

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Commit is one that a release is made of.
type Commit struct {
	repository string
	ID         string // in full
	Version    string // that its includes name, without v: 0.1.0
}

var version = regexp.MustCompile(`(?m)^_wm_version := v(\S+)$`)

// Find looks a revision up, such as HEAD, in the repository that lies in a folder.
func Find(ctx context.Context, repository, revision string) (*Commit, error) {
	c := &Commit{repository: repository}
	id, err := c.git(ctx, "rev-parse", "--verify", "--end-of-options", revision+"^{commit}")
	if err != nil {
		return nil, err
	}
	c.ID = strings.TrimSpace(string(id))
	const file = "rules/make/wasmcloud.mk"
	text, err := c.git(ctx, "show", c.ID+":"+file)
	if err != nil {
		return nil, err
	}
	m := version.FindSubmatch(text)
	if m == nil {
		return nil, fmt.Errorf("%s of %s names no version: want a line _wm_version := v0.1.0", file, c.ID)
	}
	c.Version = string(m[1])
	return c, nil
}

// git runs git where neither the user's nor the machine's settings have a say in the bytes.
func (c *Commit) git(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "tar.umask=0022", "-c", "core.autocrlf=false", "-c", "core.attributesFile=" + os.DevNull}, args...)...)
	cmd.Dir = c.repository
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w\n%s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return stdout.Bytes(), nil
}

// Edited names the files of the working tree that differ from what is committed.
func (c *Commit) Edited(ctx context.Context) (string, error) {
	out, err := c.git(ctx, "status", "--porcelain")
	return string(out), err
}

// Prefix is the folder that the archive of the sources has everything in.
func (c *Commit) Prefix() string { return "rules_wasmcloud-" + c.Version }

// SourceArchive writes the sources to dir, and gives the file's name. All that is in it has the
// time of the commit.
func (c *Commit) SourceArchive(ctx context.Context, dir string) (name string, err error) {
	sources, err := c.sources(ctx)
	if err != nil {
		return "", err
	}
	name = c.Prefix() + ".tar.gz"
	return name, zipped(filepath.Join(dir, name), func(w io.Writer) error {
		_, err := w.Write(sources)
		return err
	})
}

func (c *Commit) sources(ctx context.Context) ([]byte, error) {
	return c.git(ctx, "archive", "--format=tar", "--prefix="+c.Prefix()+"/", c.ID)
}

// zipped compresses what is written. git's own compression is that of the machine's gzip or zlib.
func zipped(file string, write func(io.Writer) error) error {
	return fsx.WriteFile(file, 0o644, func(w io.Writer) error {
		z, err := fsx.NewGzip(w, false)
		if err != nil {
			return err
		}
		return errors.Join(write(z), z.Close())
	})
}

// unpack lays the sources out in dir, without the prefix.
func (c *Commit) unpack(ctx context.Context, dir string) error {
	sources, err := c.sources(ctx)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(bytes.NewReader(sources)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, c.Prefix()+"/"), "/")
		switch {
		case name == "" || h.Typeflag == tar.TypeXGlobalHeader:
		case h.Typeflag == tar.TypeDir:
			err = root.Mkdir(name, 0o755)
		case h.Typeflag == tar.TypeReg:
			err = unpackFile(root, name, r)
		}
		if err != nil {
			return fmt.Errorf("unpacking the sources: %w", err)
		}
	}
}

func unpackFile(root *os.Root, name string, r io.Reader) error {
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
