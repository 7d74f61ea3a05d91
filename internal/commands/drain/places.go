package drain

import (
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// The sets, in the order wash clears them.
const (
	setLib       = "lib"
	setOCI       = "oci"
	setSmithy    = "smithy"
	setDownloads = "downloads"
	setRegistry  = "registry"
)

// A place is one cache folder. Its contents go, the folder itself stays.
type place struct {
	set, path string
	keep      []string // names in it that are no cache
	user      user     // whose running keeps the place from being cleared
	whole     bool     // one file in use keeps all of it
}

// user is a kind of program that holds a place while it runs.
type user int

const (
	nobody      user = iota
	washHost         // a host started by `wash up`
	washNATS         // its NATS server
	ourHost          // devhost
	ourRegistry      // the embedded registry
)

// layout holds the folders that the caches lie in; "" is one that cannot be
// known here (no HOME), whose caches are passed over.
type layout struct {
	tmp, home, cache, ours, state string
}

func newLayout(s *cli.IO) layout {
	var l layout
	switch runtime.GOOS {
	case "windows":
		l.tmp = first(s.Env("TMP"), s.Env("TEMP"))
		l.home = s.Env("USERPROFILE")
		l.cache = s.Env("LOCALAPPDATA")
	case "darwin":
		l.tmp, l.home = first(s.Env("TMPDIR"), "/tmp"), s.Env("HOME")
		l.cache = under(l.home, "Library", "Caches")
	default:
		l.tmp, l.home = first(s.Env("TMPDIR"), "/tmp"), s.Env("HOME")
		l.cache = first(s.Env("XDG_CACHE_HOME"), under(l.home, ".cache"))
	}
	// Without a home neither exists, and there is nothing of ours to clear.
	l.ours, _ = fsx.UserCacheDir(s.Env)
	l.state, _ = fsx.UserStateDir(s.Env)
	return l
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func under(dir string, parts ...string) string {
	if dir == "" {
		return ""
	}
	return filepath.Join(append([]string{dir}, parts...)...)
}

// The folders of real hosts, by generation: OTP and Rust hosts up to 1.x share
// one OCI cache folder under different file names; OTP 0.55 to 0.63 kept bindle
// parcels, with a key ring beside them that is no cache; wash 2.x keeps
// components under the user's cache folder; `wash up` of 1.x a JetStream store
// in the temporary one.
func (l layout) hostOCI() string    { return under(l.tmp, "wasmcloud_ocicache") }
func (l layout) hostLib() string    { return under(l.tmp, "wasmcloudcache") }
func (l layout) downloads() string  { return under(l.home, ".wash", "downloads") }
func (l layout) ourOCI() string     { return under(l.ours, "oci") }
func (l layout) ourLib() string     { return under(l.ours, "lib") }
func (l layout) jetstream() string  { return under(l.tmp, "wash-jetstream-*") }
func (l layout) ourFiles() string   { return under(l.ours, "registry") }
func (l layout) hostState() string  { return under(l.state, "devhost.json") }
func (l layout) storeState() string { return under(l.state, "registry.json") }

// places lists the folders of the given sets, whether they exist or not.
func (l layout) places(sets ...string) []place {
	all := []place{
		{set: setLib, path: l.hostLib(), user: washHost},
		{set: setLib, path: l.ourLib(), user: ourHost},
		{set: setOCI, path: l.hostOCI(), user: washHost},
		{set: setOCI, path: under(l.tmp, "wasmcloud_bindlecache"), keep: []string{"keyring.toml"}, user: washHost},
		{set: setOCI, path: under(l.cache, "wash", "oci")},
		{set: setOCI, path: l.ourOCI(), user: ourHost},
		{set: setSmithy, path: under(l.cache, "smithy")},
		{set: setDownloads, path: l.downloads(), user: washNATS, whole: true},
	}
	stores, _ := filepath.Glob(l.jetstream()) // the pattern is ours and well-formed
	for _, path := range stores {
		port := path[strings.LastIndexByte(path, '-')+1:]
		if strings.Trim(port, "0123456789") == "" {
			all = append(all, place{set: setDownloads, path: path, user: washNATS, whole: true})
		}
	}
	all = append(all, place{set: setRegistry, path: l.ourFiles(), user: ourRegistry, whole: true})
	return slices.DeleteFunc(all, func(p place) bool {
		return p.path == "" || !slices.Contains(sets, p.set)
	})
}
