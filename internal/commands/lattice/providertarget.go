package lattice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// checkProvider finds what surely is wrong usage, before anything is connected.
func checkProvider(text string) error {
	if strings.Contains(text, "/") || isArchive(text) {
		return nil
	}
	_, err := parseKey(text, "provider", strkey.Service)
	return err
}

func isArchive(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular() && (strings.HasSuffix(text, ".par") || strings.HasSuffix(text, ".par.gz"))
}

// providerKey finds the provider that text means: its key, an archive, or the
// reference that it was started from.
func (s *session) providerKey(ctx context.Context, text string) (string, error) {
	switch {
	case isArchive(text):
		return archiveSubject(text)
	case !strings.Contains(text, "/"):
		return parseKey(text, "provider", strkey.Service)
	}
	key, err := s.providerByReference(ctx, text)
	if err == nil && key == "" {
		err = fmt.Errorf("no provider was started from the reference %q on lattice %s at %s; name a V… key, a reference or a provider archive", text, s.place.lattice, s.conn.URL())
	}
	return key, err
}

func archiveSubject(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	art, err := artifact.Read(f)
	if err == nil && art.Kind != artifact.Provider {
		err = fmt.Errorf("it is an %s, not a provider archive", art.Kind)
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return parseKey(art.Subject(), "the subject of "+path, strkey.Service)
}

// providerByReference asks the hosts: the bucket's map of references outlives what runs.
func (s *session) providerByReference(ctx context.Context, ref string) (string, error) {
	hosts, err := s.control.Hosts(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, h := range hosts {
		inv, err := s.control.Inventory(ctx, h.ID)
		if errors.Is(err, bus.ErrNoHost) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return "", err
		}
		for _, p := range inv.Providers {
			if p.ImageRef == ref && !slices.Contains(found, p.ID) {
				found = append(found, p.ID)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", fmt.Errorf("several providers were started from %s (%s): name one by its key", ref, strings.Join(found, ", "))
}
