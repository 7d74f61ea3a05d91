package par

import (
	"errors"
	"io"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
)

// Archive is what reading a provider archive told. Its token's signature and
// the hash of every entry have been verified; who signed, for whom and for how
// long is for the caller to judge.
type Archive struct {
	Token      string
	Claims     *claims.Claims[claims.Provider]
	Entries    []Entry // sorted by target
	Compressed bool
}

// Entry is one executable.
type Entry struct {
	Target Target // as it is called in the archive
	Size   int64  // bytes
	Hash   string // SHA-256, upper hex
}

// Find gives the entry of a target.
func (a *Archive) Find(t Target) (Entry, bool) {
	for _, e := range a.Entries {
		if e.Target == t {
			return e, true
		}
	}
	return Entry{}, false
}

// Targets are those of the entries, sorted.
func (a *Archive) Targets() []string {
	names := make([]string, len(a.Entries))
	for i, e := range a.Entries {
		names[i] = string(e.Target)
	}
	return names
}

// Limits say how much of an archive is read before it is refused. Zero means the
// default of DefaultLimits.
type Limits struct {
	Entries int   // files, the token included
	Entry   int64 // bytes of one file
	Total   int64 // bytes of the archive, decompressed
}

// DefaultLimits holds six unstripped executables with room to spare.
func DefaultLimits() Limits {
	return Limits{Entries: 64, Entry: 1 << 30, Total: 4 << 30}
}

func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Entries == 0 {
		l.Entries = d.Entries
	}
	if l.Entry == 0 {
		l.Entry = d.Entry
	}
	if l.Total == 0 {
		l.Total = d.Total
	}
	return l
}

// Reasons for which an archive is refused; errors wrap one of them where a
// caller could want to know.
var (
	ErrHash     = errors.New("its bytes are not those that were signed")
	ErrNoTarget = errors.New("no executable for the target")
	ErrLimit    = errors.New("more than is read")
	ErrFormat   = errors.New("no provider archive")
)

// StartSize is how many bytes of a file IsArchive looks at.
const StartSize = 512

// IsArchive reports whether a file that begins so may be a provider archive: it
// is compressed, or its first block is a tar header.
func IsArchive(start []byte) bool {
	if isGzip(start) || len(start) >= 262 && string(start[257:262]) == "ustar" {
		return true
	}
	// The form of tar before 1988, with nothing to know it by but the first name.
	return len(start) >= StartSize && strings.HasPrefix(string(start), claimsStem+".")
}

func isGzip(start []byte) bool { return len(start) >= 2 && start[0] == 0x1f && start[1] == 0x8b }

// counted counts what is read and refuses more than the limit.
type counted struct {
	r     io.Reader
	n     int64
	limit int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > c.limit {
		return 0, limitError("the archive", c.limit)
	}
	return n, err
}
