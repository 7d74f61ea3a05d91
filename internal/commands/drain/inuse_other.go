//go:build !linux

package drain

import "io/fs"

// Other systems do not tell without extra rights who has a file open; there pid
// and state files alone say what runs. Windows refuses to remove files in use.

type fileID struct{}

func idOf(fs.FileInfo) (fileID, bool) { return fileID{}, false }

func filesInUse() map[fileID]int { return nil }
