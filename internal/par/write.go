package par

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// File is an executable to be packed: read once for its hash, which the token
// before it needs, and once to be packed, so that it is never held in memory.
type File struct {
	Entry
	Open func() (io.ReadCloser, error) // from the start, each time
}

// Measure reads an executable for its hash and size.
func Measure(ctx context.Context, t Target, open func() (io.ReadCloser, error)) (File, error) {
	r, err := open()
	if err != nil {
		return File{}, err
	}
	defer r.Close()
	hash := sha256.New()
	n, err := io.Copy(hash, fsx.Stoppable(ctx, r))
	if err != nil {
		return File{}, fmt.Errorf("hashing the executable for %s: %w", t, err)
	}
	if n == 0 {
		return File{}, fmt.Errorf("the executable for %s is empty", t)
	}
	return File{Entry{t, n, fmt.Sprintf("%X", hash.Sum(nil))}, open}, nil
}

// CreateOptions says what an archive is made of.
type CreateOptions struct {
	// Files are its executables, in any order.
	Files []File
	// Token was signed for exactly these files. If it is empty, Claims are signed
	// by Issuer instead.
	Token  string
	Claims claims.Claims[claims.Provider] // the hashes are filled in
	Issuer *strkey.Seed
	// Compress the archive; Fast takes half of the time for some 2 % more bytes.
	Compress, Fast bool
}

// Create writes an archive. Equal options give equal bytes.
func Create(ctx context.Context, w io.Writer, o CreateOptions) (*Archive, error) {
	files := slices.SortedFunc(slices.Values(o.Files), func(a, b File) int { return cmp.Compare(a.Target, b.Target) })
	hashes, err := Hashes(files)
	if err != nil {
		return nil, err
	}
	if o.Token == "" {
		if o.Token, err = sign(o.Claims, hashes, o.Issuer); err != nil {
			return nil, err
		}
	}
	c, err := ParseToken(o.Token)
	if err != nil {
		return nil, err
	}
	if err := sameHashes(c.Metadata.TargetHashes, hashes); err != nil {
		return nil, err
	}
	if err := write(ctx, w, o, files); err != nil {
		return nil, err
	}
	a := &Archive{Token: o.Token, Claims: c, Compressed: o.Compress}
	for _, f := range files {
		a.Entries = append(a.Entries, f.Entry)
	}
	return a, nil
}

// Hashes gives the hash of each target. Two files for one target are an error.
func Hashes(files []File) (map[string]string, error) {
	if len(files) == 0 {
		return nil, errors.New("an archive needs at least one executable")
	}
	hashes := make(map[string]string, len(files))
	for _, f := range files {
		if _, ok := hashes[string(f.Target)]; ok {
			return nil, fmt.Errorf("two executables for %s: one of them is for another target, or too many", f.Target)
		}
		hashes[string(f.Target)] = f.Hash
	}
	return hashes, nil
}

func sign(c claims.Claims[claims.Provider], hashes map[string]string, issuer *strkey.Seed) (string, error) {
	var m claims.Provider
	if c.Metadata != nil {
		m = *c.Metadata
	}
	m.TargetHashes = hashes
	c.Metadata = &m
	return claims.Sign(c, issuer)
}

func sameHashes(signed, have map[string]string) error {
	for t, hash := range have {
		if other, ok := signed[t]; !ok {
			return fmt.Errorf("the token has no hash for %s: it was signed for other executables", t)
		} else if other != hash {
			return fmt.Errorf("%s: %w: its hash is %s, the token has %.64q", t, ErrHash, hash, other)
		}
	}
	for t := range signed {
		if _, ok := have[t]; !ok {
			return fmt.Errorf("the token was signed for an executable for %q too, which is not given", t)
		}
	}
	return nil
}

func write(ctx context.Context, w io.Writer, o CreateOptions, files []File) error {
	if !o.Compress {
		return writeTar(ctx, w, o.Token, files)
	}
	z, err := fsx.NewGzip(w, o.Fast)
	if err != nil {
		return err
	}
	// Closed in any case: it has workers.
	return errors.Join(writeTar(ctx, z, o.Token, files), z.Close())
}

func writeTar(ctx context.Context, w io.Writer, token string, files []File) error {
	t := fsx.NewTar(w)
	if err := t.Add(claimsStem+".jwt", 0o644, int64(len(token)), strings.NewReader(token)); err != nil {
		return err
	}
	for _, f := range files {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := writeFile(ctx, t, f); err != nil {
			return err
		}
	}
	return t.Close()
}

// writeFile hashes the file again: it may have been built anew meanwhile.
func writeFile(ctx context.Context, t *fsx.Tar, f File) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	hash := sha256.New()
	name := string(f.Target) + ".bin"
	if f.Target == worldEntry {
		name = worldEntry
	}
	if err := t.Add(name, 0o755, f.Size, io.TeeReader(fsx.Stoppable(ctx, r), hash)); err != nil {
		return fmt.Errorf("packing the executable for %s, which may have changed meanwhile: %w", f.Target, err)
	}
	if got := fmt.Sprintf("%X", hash.Sum(nil)); got != f.Hash {
		return fmt.Errorf("the executable for %s changed while it was packed: run this again", f.Target)
	}
	return nil
}
