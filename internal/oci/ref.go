package oci

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Docker Hub's name in references. ggcr and credential files call it
// index.docker.io, its server is registry-1.docker.io.
const dockerHub = "docker.io"

// Ref is a parsed reference. Tag and Digest are both empty for a bare
// repository, which stands for the tag latest; with both, the digest decides
// what is read and the tag what is written.
type Ref struct {
	Registry   string // host[:port]; "docker.io" if none was written
	Repository string // with "library/" where Docker Hub implies it
	Tag        string // empty if none was written
	Digest     string // "sha256:…", empty if none was written
}

// ggcr lets ".." and "//" through, which would change the URL's meaning; this
// is the path grammar of the OCI distribution specification.
var repositoryPath = regexp.MustCompile(`^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*$`)

// ParseRef reads host[:port]/repository[:tag][@sha256:…], with an optional
// "oci://" before it.
//
// Everything is lower-cased, the tag too. Tags may have capitals by the
// standard, but wash and the real hosts lower-case a whole reference before
// they use it: a tag pushed as V1 could not be started by any of them. What
// was pushed is told (Pushed.Ref), so the change is seen.
func ParseRef(s string) (Ref, error) {
	given := s
	if len(s) > 1024 {
		return Ref{}, fmt.Errorf("the reference has %d characters, at most 1024 make sense", len(s))
	}
	if scheme, _, ok := strings.Cut(s, "://"); ok && !strings.EqualFold(scheme, "oci") {
		return Ref{}, fmt.Errorf("reference %q: leave out %s://, the registry alone decides between HTTP and HTTPS (see WASMCLOUD_OCI_ALLOWED_INSECURE)", given, scheme)
	} else if ok {
		s = s[len("oci://"):]
	}
	s, digest, hasDigest := strings.Cut(strings.ToLower(s), "@")
	// By the grammar this is an image of Docker Hub; nobody means that.
	if host, _, _ := strings.Cut(s, ":"); !strings.Contains(s, "/") && (host == "localhost" || strings.Contains(host, ".")) {
		return Ref{}, fmt.Errorf("reference %q names a registry and no artifact; want host[:port]/name:tag", given)
	}
	tag, err := name.NewTag(s)
	if err != nil {
		return Ref{}, fmt.Errorf("reference %q: %w; want host[:port]/name:tag", given, err)
	}
	r := Ref{Registry: tag.RegistryStr(), Repository: tag.RepositoryStr()}
	if r.Registry == name.DefaultRegistry {
		r.Registry = dockerHub
	}
	if strings.HasSuffix(s, ":"+tag.TagStr()) {
		r.Tag = tag.TagStr()
	}
	if err := r.check(); err != nil {
		return Ref{}, fmt.Errorf("reference %q: %w", given, err)
	}
	if hasDigest {
		if _, err := name.NewDigest(r.Registry + "/" + r.Repository + "@" + digest); err != nil || !isDigest(digest) {
			return Ref{}, fmt.Errorf("reference %q: %q is no digest: want sha256: and 64 hex digits", given, digest)
		}
		r.Digest = digest
	}
	return r, nil
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func isDigest(s string) bool { return digestForm.MatchString(s) }

// tagForm is stricter than ggcr's, which lets a tag begin with . or -.
var tagForm = regexp.MustCompile(`^[a-z0-9_][a-z0-9._-]{0,127}$`)

func (r Ref) check() error {
	if !repositoryPath.MatchString(r.Repository) {
		return fmt.Errorf("repository %q: want words of a-z, 0-9 joined by single . _ or -, and / between them", r.Repository)
	}
	if r.Tag != "" && !tagForm.MatchString(r.Tag) {
		return fmt.Errorf("tag %q: want up to 128 of a-z, 0-9, _ . -, not beginning with . or -", r.Tag)
	}
	return checkRegistry(r.Registry)
}

// hostForm: names, IPv4, and IPv6 in brackets, with an optional port. ggcr
// takes any URL authority, wild cards and percent signs included.
var hostForm = regexp.MustCompile(`^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?$`)

func checkRegistry(host string) error {
	m := hostForm.FindStringSubmatch(host)
	if m == nil {
		return fmt.Errorf("registry %q: want host or host:port", host)
	}
	if port, err := strconv.Atoi(m[1]); m[1] != "" && (err != nil || port < 1 || port > 65535) {
		return fmt.Errorf("registry %q: the port must be between 1 and 65535", host)
	}
	return nil
}

// String gives the reference in full; ParseRef reads it back to the same Ref.
func (r Ref) String() string {
	s := r.Registry + "/" + r.Repository
	if r.Tag != "" {
		s += ":" + r.Tag
	}
	if r.Digest != "" {
		s += "@" + r.Digest
	}
	return s
}

// latest tells whether the reference means the tag latest, named or implied.
func (r Ref) latest() bool {
	return r.Tag == "latest" || r.Tag == "" && r.Digest == ""
}

// target is what to ask a registry for when reading.
func (r Ref) target() string {
	switch {
	case r.Digest != "":
		return r.Digest
	case r.Tag != "":
		return r.Tag
	}
	return "latest"
}
