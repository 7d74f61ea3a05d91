package par

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
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
