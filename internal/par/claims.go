package par

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
)

// IssuedAt gives the issue date (iat) for a provider with revision 0 or none.
// Real hosts name the folder of its executable by that date and never write it
// again, so each content gets a date of its own: 1 + the first 30 bits of a
// SHA-256 over the targets' hashes, which lies before 2004.
func IssuedAt(hashes map[string]string) int64 {
	h := sha256.New()
	for _, t := range slices.Sorted(maps.Keys(hashes)) {
		fmt.Fprintf(h, "%s=%s\n", t, hashes[t])
	}
	return 1 + int64(binary.BigEndian.Uint32(h.Sum(nil))>>2)
}

// IssueDate gives the issue date of a provider's token: otherwise, unless hosts
// would take it for the revision.
func IssueDate(m *claims.Provider, otherwise int64) int64 {
	if m.Rev != nil && *m.Rev > 0 {
		return otherwise
	}
	return IssuedAt(m.TargetHashes)
}

// Insert gives the files of an archive with more put in, or in the place of
// those for the same target.
func Insert(old []File, more ...File) []File {
	files := make([]File, 0, len(old)+len(more))
	for _, f := range old {
		if !slices.ContainsFunc(more, func(m File) bool { return m.Target == f.Target }) {
			files = append(files, f)
		}
	}
	return append(files, more...)
}

// CacheFolder names the folder that a real host keeps a provider's executable in,
// under the cache of its machine: KEY/REVISION, or KEY/DATE without a positive
// revision. What lies there is run, whatever the archive holds.
func CacheFolder(c *claims.Claims[claims.Provider]) string {
	n := c.IssuedAt
	if m := c.Metadata; m != nil && m.Rev != nil && *m.Rev > 0 {
		n = int64(*m.Rev)
	}
	return fmt.Sprintf("%s/%d", c.Subject, n)
}

// CheckHash refuses a text that is no hash of an executable.
func CheckHash(hash string) error {
	raw, err := hex.DecodeString(hash)
	if err != nil || len(raw) != sha256.Size || hash != strings.ToUpper(hash) {
		return fmt.Errorf("%.80q is no hash: want 64 upper-case hex digits, as `parpack hash` prints them", hash)
	}
	return nil
}
