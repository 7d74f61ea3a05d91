package scaffold

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// packedAgain gives the digest of an archive of the same executables. They are unpacked for it: the
// token, which comes first, holds their hashes.
func packedAgain(ctx context.Context, file string, had *artifact.Artifact, subject string, issuer *strkey.Seed) (digest string, err error) {
	dir, err := os.MkdirTemp("", "scaffold-")
	if err != nil {
		return "", fmt.Errorf("making a folder to unpack into: %w", err)
	}
	defer os.RemoveAll(dir)
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	archive, err := par.Unpack(ctx, in, par.Limits{}, func(t par.Target, r io.Reader) error {
		f, err := os.Create(spool(dir, t))
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	})
	if err != nil {
		return "", fmt.Errorf("unpacking %s: %w", file, err)
	}
	o := par.CreateOptions{Issuer: issuer, Compress: true}
	for _, e := range archive.Entries {
		o.Files = append(o.Files, par.File{Entry: e, Open: func() (io.ReadCloser, error) { return os.Open(spool(dir, e.Target)) }})
	}
	c, meta := *had.Provider, *had.Provider.Metadata
	if meta.TargetHashes, err = par.Hashes(o.Files); err != nil {
		return "", err
	}
	c.ID, c.Subject, c.Metadata, c.Revision = "", subject, &meta, claims.Revision
	c.IssuedAt = par.IssueDate(&meta, 0)
	o.Claims = c
	sum := sha256.New()
	if _, err := par.Create(ctx, sum, o); err != nil {
		return "", fmt.Errorf("packing %s again: %w", file, err)
	}
	return "sha256:" + hex.EncodeToString(sum.Sum(nil)), nil
}

// spool is a name of our own: that of an entry is anybody's. A target has no slash.
func spool(dir string, t par.Target) string { return filepath.Join(dir, string(t)) }
