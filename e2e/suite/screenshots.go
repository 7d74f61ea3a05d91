package main

import (
	"os"
	"path/filepath"
)

// keepScreenshots names a folder in which pictures of the browser's tests outlive the
// run, empties it, and leaves alone the one that SCREENSHOTS names already.
func keepScreenshots(folder string) error {
	const variable = "SCREENSHOTS" // read by e2e/browser
	if os.Getenv(variable) != "" {
		return nil
	}
	path, err := filepath.Abs(folder) // tests run elsewhere, each in its package's folder
	if err != nil {
		return err
	}
	// A picture of what failed in the last run would be taken for one of this.
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Setenv(variable, path)
}
