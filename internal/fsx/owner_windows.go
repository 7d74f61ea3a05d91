package fsx

import (
	"io/fs"
	"os"
)

// checkOwner trusts the access list that the user's profile folder hands down:
// Windows has no mode bits to look at.
func checkOwner(string, fs.FileInfo) error { return nil }

func openNoFollow(path string) (*os.File, error) { return os.Open(path) }
