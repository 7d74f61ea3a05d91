package smithy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
)

func config(s *cli.IO) oci.Config {
	return oci.Config{Env: s.Env, Accept: []string{artifact.InterfaceLayer}, Now: s.Now, UserAgent: "smithy/" + cli.Version().Version}
}

// releases gives a client for the place that somebody releases to, with the login that `ocipush push`
// has there.
func releases(s *cli.IO) *oci.Client {
	c := config(s)
	c.User, c.Password = s.Env("WASH_REG_USER"), s.Env("WASH_REG_PASSWORD")
	return oci.New(c)
}

// pull fetches a bundle of models. Logins are those of docker and podman: the
// reference may come from somebody else's codegen.toml, so no password of the
// environment goes there, but for the release that the user named.
func (in *inputs) pull(ctx context.Context, s *cli.IO, reference string) ([]byte, error) {
	ref, err := oci.ParseRef(reference)
	if err != nil {
		return nil, err
	}
	c := in.last.client
	if c == nil || reference != in.last.reference {
		c = oci.New(config(s))
		defer c.Close()
	}
	var data []byte
	_, err = c.Pull(ctx, ref, "", func(m oci.Pulled, r io.Reader) error {
		const most = bundle.MaxSize + 1024*(bundle.MaxFiles+2) // with what tar adds
		if m.Size > most {
			return fmt.Errorf("it has %d bytes, and interfaces at most %d", m.Size, most)
		}
		data, err = io.ReadAll(r)
		return err
	})
	return data, err
}

// release is what was published before a reference.
type release struct {
	reference string // with the digest; "" if there is none
	mayBreak  bool
	client    *oci.Client // that reached it
}

// lastRelease finds the greatest version among the tags of a repository, up to
// that of the reference itself, which may have been published before.
func lastRelease(ctx context.Context, c *oci.Client, reference string) (release, error) {
	ref, err := oci.ParseRef(reference)
	if err != nil {
		return release{}, cli.Usage("%v", err)
	}
	next, ok := parseVersion(ref.Tag)
	if !ok {
		return release{}, cli.Usage("%s: the tag is no version like 0.1.0, by which the last release is found", reference)
	}
	tags, err := c.Tags(ctx, ref)
	if errors.Is(err, oci.ErrNotFound) {
		return release{}, nil
	}
	if err != nil {
		return release{}, err
	}
	var last version
	found := ""
	for _, tag := range tags {
		if v, ok := parseVersion(tag); ok && v.compare(next) <= 0 && (found == "" || v.compare(last) > 0) {
			last, found = v, tag
		}
	}
	if found == "" {
		return release{}, nil
	}
	ref.Tag, ref.Digest = found, ""
	is, err := c.Resolve(ctx, ref) // a tag off this machine may have moved since it was kept
	if err != nil {
		return release{}, err
	}
	ref.Digest = is.Digest
	return release{reference: ref.String(), mayBreak: next.breaks(last), client: c}, nil
}

// version is MAJOR.MINOR.PATCH, perhaps with a pre-release.
type version struct {
	numbers [3]int
	pre     string
}

func parseVersion(tag string) (v version, ok bool) {
	text, pre, isPre := strings.Cut(strings.TrimPrefix(tag, "v"), "-")
	parts := strings.Split(text, ".")
	if len(parts) != len(v.numbers) || isPre && pre == "" {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 31)
		if err != nil {
			return v, false
		}
		v.numbers[i] = int(n)
	}
	v.pre = pre
	return v, true
}

// compare orders versions; of two pre-releases of one version the text decides.
func (v version) compare(other version) int {
	for i, n := range v.numbers {
		if n != other.numbers[i] {
			return n - other.numbers[i]
		}
	}
	switch {
	case v.pre == other.pre:
		return 0
	case v.pre == "":
		return 1
	case other.pre == "":
		return -1
	}
	return strings.Compare(v.pre, other.pre)
}

// breaks tells whether a version after old may break what uses old: whether the
// first number that is not 0 has changed, as cargo has it.
func (v version) breaks(old version) bool {
	for i, n := range v.numbers {
		if n != old.numbers[i] {
			return true
		}
		if n != 0 {
			return false
		}
	}
	return false
}
