package core

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
)

// loadProvider fetches the archive that ref names, verifies all of it, and
// places the executable for this machine.
func (h *Host) loadProvider(ctx context.Context, ref string) (*providerCode, error) {
	f, err := h.openArtifact(ctx, ref)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	archive, err := h.verifyArchive(ref, f)
	if err != nil {
		return nil, err
	}
	entry, ok := archive.Find(par.HostTarget())
	if !ok {
		return nil, fmt.Errorf("%s has no executable for this machine, which is %s: it is made for %s", ref, par.HostTarget(), strings.Join(archive.Targets(), ", "))
	}
	c := &providerCode{ref: ref, hash: entry.Hash, claims: archive.Claims}
	c.path, err = h.executables.Place(ctx, entry.Hash, func(ctx context.Context, w io.Writer) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := par.Extract(ctx, f, entry.Target, w, par.Limits{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	if err := par.CheckPlaced(c.path); err != nil {
		return nil, fmt.Errorf("%s: %w", ref, err)
	}
	return c, nil
}

// verifyArchive reads an archive to its end: its token's signature, its dates
// and the hash of every executable in it.
func (h *Host) verifyArchive(ref string, f *os.File) (*par.Archive, error) {
	art, err := artifact.Read(f)
	if err != nil {
		return nil, fmt.Errorf("%s is refused: %w", ref, err)
	}
	if art.Kind != artifact.Provider {
		return nil, fmt.Errorf("%s is not a provider archive but of the kind %s: start it as an actor", ref, art.Kind)
	}
	if err := art.Verify(artifact.Policy{Now: h.cfg.Now(), Issuers: h.cfg.Issuers}); err != nil {
		return nil, fmt.Errorf("%s is refused: %w", ref, err)
	}
	return art.Archive, nil
}
