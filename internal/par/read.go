package par

import (
	"archive/tar"
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

const (
	claimsStem = "claims"     // of the entry that holds the token
	worldEntry = "world.wasm" // an interface description, hashed under its whole name; wash writes it from 1.0 on
)

// Read reads an archive to its end, keeping nothing, and verifies the token's
// signature and the hash of every entry. What real loaders pass over or fall
// over is refused by the name of the entry: links, folders, names that lead
// elsewhere, a second entry of the same stem, one without a hash, a missing one.
func Read(ctx context.Context, r io.Reader, lim Limits) (*Archive, error) {
	return Unpack(ctx, r, lim, nil)
}

// Extract is Read and writes the executable of one target to w as it streams by.
// With an error, throw away what was written.
func Extract(ctx context.Context, r io.Reader, t Target, w io.Writer, lim Limits) (*Archive, error) {
	a, err := Unpack(ctx, r, lim, func(e Target, r io.Reader) error {
		if e != t {
			return nil
		}
		_, err := io.Copy(w, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, ok := a.Find(t); !ok {
		return nil, fmt.Errorf("%w %s: it holds %s", ErrNoTarget, t, strings.Join(a.Targets(), ", "))
	}
	return a, nil
}

// Unpack is Read and hands each executable to each (which may be nil, and need
// not read it) as it streams by. With an error, throw away what was made of them.
func Unpack(ctx context.Context, r io.Reader, lim Limits, each func(Target, io.Reader) error) (*Archive, error) {
	s := scanner{archive: new(Archive), limits: lim.orDefault(), each: each, seen: map[string]string{}}
	if err := s.scan(fsx.Stoppable(ctx, r)); err != nil {
		return nil, err
	}
	if err := s.finish(); err != nil {
		return nil, err
	}
	return s.archive, nil
}

// ReadClaims reads no further than the token, whose signature it verifies. It
// says nothing about the executables.
func ReadClaims(ctx context.Context, r io.Reader) (token string, c *claims.Claims[claims.Provider], err error) {
	s := scanner{archive: new(Archive), limits: DefaultLimits(), seen: map[string]string{}, claimsOnly: true}
	if err := s.scan(fsx.Stoppable(ctx, r)); err != nil {
		return "", nil, err
	}
	if s.archive.Claims == nil {
		return "", nil, fmt.Errorf("%w: it holds no claims.jwt", ErrFormat)
	}
	return s.archive.Token, s.archive.Claims, nil
}

type scanner struct {
	archive    *Archive
	limits     Limits
	each       func(Target, io.Reader) error
	seen       map[string]string // stem to the entry's whole name
	claimsOnly bool
	stream     *counted
}

func (s *scanner) scan(r io.Reader) error {
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if len(start) < 2 {
		return fmt.Errorf("%w: it has %d bytes", ErrFormat, len(start))
	}
	var stream io.Reader = in
	if s.archive.Compressed = isGzip(start); s.archive.Compressed {
		if stream, err = fsx.NewGunzip(in); err != nil {
			return err
		}
	}
	s.stream = &counted{r: stream, limit: s.limits.Total}
	return s.entries(tar.NewReader(s.stream))
}

func (s *scanner) entries(t *tar.Reader) error {
	for {
		end := s.stream.n // of the last entry's content
		header, err := t.Next()
		if errors.Is(err, io.EOF) {
			return s.end(end)
		}
		if err != nil {
			return s.tarError(err)
		}
		if err := s.entry(header, t); err != nil {
			return err
		}
		if s.claimsOnly && s.archive.Claims != nil {
			return nil
		}
	}
}

func (s *scanner) tarError(err error) error {
	if errors.Is(err, tar.ErrHeader) && len(s.seen) == 0 {
		return fmt.Errorf("%w: its content is no tar stream", ErrFormat)
	}
	if errors.Is(err, tar.ErrHeader) {
		return fmt.Errorf("after %s: damaged, for what follows is no tar header", s.last())
	}
	return fmt.Errorf("after %s: %w", s.last(), err)
}

// last names the entry before the point where reading ended.
func (s *scanner) last() string {
	if n := len(s.archive.Entries); n > 0 {
		return fmt.Sprintf("entry %q", s.seen[string(s.archive.Entries[n-1].Target)])
	}
	if name, ok := s.seen[claimsStem]; ok {
		return fmt.Sprintf("entry %q", name)
	}
	return "the start"
}

// end checks the two empty blocks that end a tar stream, and that only more of
// them follow. Go's reader takes the end of the file for an end as well.
func (s *scanner) end(content int64) error {
	const block = 512
	padded := (content + block - 1) / block * block
	if s.stream.n < padded+2*block {
		return fmt.Errorf("after %s: %w: the archive is cut off", s.last(), io.ErrUnexpectedEOF)
	}
	for buf := make([]byte, 32<<10); ; {
		n, err := s.stream.Read(buf)
		for _, b := range buf[:n] {
			if b != 0 {
				return fmt.Errorf("the tar stream: %w", fsx.ErrTrailing)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *scanner) entry(h *tar.Header, r io.Reader) error {
	stem, err := stemOf(h)
	if err != nil {
		return err
	}
	if other, ok := s.seen[stem]; ok {
		return fmt.Errorf("entry %q: it stands for the same as entry %q, for only names without folder and extension count", h.Name, other)
	}
	s.seen[stem] = h.Name
	if len(s.seen) > s.limits.Entries {
		return fmt.Errorf("entry %q: %w: it is the %dth file, and %d are the limit", h.Name, ErrLimit, len(s.seen), s.limits.Entries)
	}
	if stem == claimsStem {
		return s.claims(h, r)
	}
	if h.Size > s.limits.Entry {
		return limitError(fmt.Sprintf("entry %q", h.Name), s.limits.Entry)
	}
	if _, err := s.wanted(h.Name, stem); err != nil {
		return err
	}
	return s.executable(h, Target(stem), r)
}

func limitError(what string, limit int64) error {
	return fmt.Errorf("%s: %w: over %d bytes", what, ErrLimit, limit)
}

// stemOf gives what loaders call an entry: its name without folder and last
// extension. Anything but a plain file under a plain name is refused.
func stemOf(h *tar.Header) (string, error) {
	refuse := func(why string) (string, error) {
		return "", fmt.Errorf("entry %q: %s; an archive holds claims.jwt and executables", h.Name, why)
	}
	switch {
	case h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink:
		return refuse("it is a link")
	case h.Typeflag == tar.TypeDir:
		return refuse("it is a folder")
	case h.Typeflag != tar.TypeReg || h.PAXRecords["GNU.sparse.major"] != "" || h.PAXRecords["GNU.sparse.map"] != "":
		return refuse("it is no plain file")
	case !utf8.ValidString(h.Name) || strings.ContainsFunc(h.Name, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == ':' }):
		return refuse("its name holds characters that have no place there")
	case path.IsAbs(h.Name) || slices.Contains(strings.Split(h.Name, "/"), ".."):
		return refuse("its name leads out of the archive")
	}
	base := path.Base(h.Name)
	stem := base
	if i := strings.LastIndexByte(base, '.'); i > 0 {
		stem = base[:i]
	}
	if base == worldEntry {
		stem = base
	}
	if stem == "." || stem == ".." || stem == "/" {
		return refuse("it has no name") // also of "...bin": what is left of it is a folder's
	}
	return stem, nil
}

func (s *scanner) claims(h *tar.Header, r io.Reader) error {
	if h.Size > claims.MaxToken {
		return limitError(fmt.Sprintf("entry %q", h.Name), claims.MaxToken)
	}
	token, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("entry %q: %w", h.Name, err)
	}
	c, err := ParseToken(string(token))
	if err != nil {
		return fmt.Errorf("entry %q: %w", h.Name, err)
	}
	s.archive.Token, s.archive.Claims = string(token), c
	for _, e := range s.archive.Entries { // those that came before it
		if err := s.compare(e); err != nil {
			return err
		}
	}
	return nil
}

// ParseToken reads a provider's token and verifies its signature.
func ParseToken(token string) (*claims.Claims[claims.Provider], error) {
	c, err := claims.Parse[claims.Provider](token)
	if err != nil {
		return nil, err
	}
	if c.Metadata == nil || c.Metadata.TargetHashes == nil {
		return nil, errors.New("its token says nothing about a provider (no target_hashes)")
	}
	return c, nil
}

func (s *scanner) executable(h *tar.Header, t Target, r io.Reader) error {
	hash := sha256.New()
	in := io.TeeReader(r, hash)
	if s.each != nil {
		if err := s.each(t, in); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
	if _, err := io.Copy(io.Discard, in); err != nil {
		return fmt.Errorf("entry %q: %w", h.Name, err)
	}
	e := Entry{Target: t, Size: h.Size, Hash: fmt.Sprintf("%X", hash.Sum(nil))}
	s.archive.Entries = append(s.archive.Entries, e)
	return s.compare(e)
}

// wanted gives the hash that was signed for a stem; "" while no token was seen.
func (s *scanner) wanted(name, stem string) (string, error) {
	if s.archive.Claims == nil {
		return "", nil
	}
	want, ok := s.archive.Claims.Metadata.TargetHashes[stem]
	if !ok {
		return "", fmt.Errorf("entry %q: the token has no hash for %q, so nobody signed it, and hosts fall over such a file", name, stem)
	}
	return want, nil
}

func (s *scanner) compare(e Entry) error {
	name := s.seen[string(e.Target)]
	want, err := s.wanted(name, string(e.Target))
	if err != nil || s.archive.Claims == nil {
		return err
	}
	if want != e.Hash {
		return fmt.Errorf("entry %q: %w: its hash is %s, the token has %.64q", name, ErrHash, e.Hash, want)
	}
	return nil
}

// finish looks for what is missing, and sorts.
func (s *scanner) finish() error {
	a := s.archive
	if a.Claims == nil {
		return fmt.Errorf("%w: it holds no claims.jwt", ErrFormat)
	}
	for stem := range a.Claims.Metadata.TargetHashes {
		if _, ok := s.seen[stem]; !ok || stem == claimsStem {
			return fmt.Errorf("entry %q is missing: the token has a hash for it", stem+".bin")
		}
	}
	if len(a.Entries) == 0 {
		return fmt.Errorf("%w: it holds no executable", ErrFormat)
	}
	slices.SortFunc(a.Entries, func(a, b Entry) int { return cmp.Compare(a.Target, b.Target) })
	return nil
}
