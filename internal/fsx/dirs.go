package fsx

import (
	"fmt"
	"path/filepath"
	"runtime"
)

const appFolder = "rules_wasmcloud"

// UserCacheDir names the folder for what can be fetched or made again.
// WASMCLOUD_CACHE names it outright; else it is rules_wasmcloud in the
// platform's cache folder. It is not made here. env looks up the environment.
func UserCacheDir(env func(string) string) (string, error) {
	if dir := env("WASMCLOUD_CACHE"); dir != "" {
		return absolute("WASMCLOUD_CACHE", dir)
	}
	switch runtime.GOOS {
	case "windows":
		return under(env, "the cache", "WASMCLOUD_CACHE", "LocalAppData")
	case "darwin":
		return under(env, "the cache", "WASMCLOUD_CACHE", "HOME", "Library", "Caches")
	}
	if dir := env("XDG_CACHE_HOME"); dir != "" {
		dir, err := absolute("XDG_CACHE_HOME", dir)
		return filepath.Join(dir, appFolder), err
	}
	return under(env, "the cache", "WASMCLOUD_CACHE", "HOME", ".cache")
}

// UserStateDir names the folder for what running programs leave for others to
// find (addresses, process numbers, logs): rules_wasmcloud under
// XDG_STATE_HOME, or ~/.local/state. It is not made here.
func UserStateDir(env func(string) string) (string, error) {
	if dir := env("XDG_STATE_HOME"); dir != "" {
		dir, err := absolute("XDG_STATE_HOME", dir)
		return filepath.Join(dir, appFolder), err
	}
	if runtime.GOOS == "windows" {
		return under(env, "the state files", "XDG_STATE_HOME", "LocalAppData")
	}
	return under(env, "the state files", "XDG_STATE_HOME", "HOME", ".local", "state")
}

func under(env func(string) string, what, override, base string, parts ...string) (string, error) {
	dir := env(base)
	if dir == "" {
		return "", fmt.Errorf("no place for %s: %s is not set; set it, or set %s to a folder", what, base, override)
	}
	dir, err := absolute(base, dir)
	return filepath.Join(append(append([]string{dir}, parts...), appFolder)...), err
}

// absolute refuses relative folders: they would scatter caches over whatever
// folder a command happens to run in.
func absolute(name, dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("%s is %q: set it to an absolute path", name, dir)
	}
	return filepath.Clean(dir), nil
}
