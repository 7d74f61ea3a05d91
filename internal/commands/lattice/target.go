package lattice

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// keyLength is the length of every public key.
const keyLength = 56

// looksLikeKey tells a key, perhaps a mistyped one, from an alias or reference.
func looksLikeKey(text string, kind strkey.Kind) bool {
	return len(text) == keyLength && text[0] == byte(kind) && strings.ToUpper(text) == text
}

// parseKey reads a key of one kind; anything else is wrong usage.
func parseKey(text, what string, kind strkey.Kind) (string, error) {
	key, err := strkey.ParsePublic(text, kind)
	if err != nil {
		return "", cli.Usage("%s %q: %v", what, text, err)
	}
	return string(key), nil
}

// actorKey finds the actor that text means: its key, a signed file, a call
// alias, or the reference it was started from.
func (s *session) actorKey(ctx context.Context, text string) (string, error) {
	switch {
	case looksLikeKey(text, strkey.Module):
		return parseKey(text, "actor", strkey.Module)
	case isFile(text):
		return fileSubject(text)
	}
	key, aliases, err := s.byAlias(ctx, text)
	if err != nil || key != "" {
		return key, err
	}
	if key, err = s.byReference(ctx, text); err != nil || key != "" {
		return key, err
	}
	known := "it knows no aliases"
	if len(aliases) > 0 {
		known = "it knows the aliases " + strings.Join(aliases, ", ")
	}
	return "", fmt.Errorf("no actor has the call alias, or was started from the reference, %q on lattice %s at %s (%s); name an M… key, an alias, a reference or a signed .wasm file", text, s.place.lattice, s.conn.URL(), known)
}

func isFile(text string) bool {
	info, err := os.Stat(text)
	return err == nil && info.Mode().IsRegular() && strings.HasSuffix(text, ".wasm")
}

func fileSubject(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	art, err := artifact.Read(f)
	if err == nil && art.Token == "" {
		err = errors.New("it is not signed; sign it by `make` or `signer sign`")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return parseKey(art.Subject(), "the subject of "+path, strkey.Module)
}

// byAlias looks among the claims. Several actors may have had an alias, in the
// end the one that runs has it.
func (s *session) byAlias(ctx context.Context, alias string) (key string, known []string, err error) {
	claims, err := s.control.Claims(ctx)
	if errors.Is(err, bus.ErrNoHost) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, err
	}
	var found []string
	for _, r := range claims {
		if a := r[wasmbus.ClaimAlias]; a != "" {
			known = append(known, a)
			if a == alias && !slices.Contains(found, r[wasmbus.ClaimSubject]) {
				found = append(found, r[wasmbus.ClaimSubject])
			}
		}
	}
	slices.Sort(known)
	known = slices.Compact(known)
	if len(found) > 1 {
		running, err := s.running(ctx, func(a wasmbus.ActorDescription) bool { return slices.Contains(found, a.ID) })
		if err != nil {
			return "", known, err
		}
		found = running
	}
	switch len(found) {
	case 0:
		return "", known, nil
	case 1:
		return found[0], known, nil
	}
	return "", known, fmt.Errorf("the call alias %q belongs to several running actors (%s): name one by its key", alias, strings.Join(found, ", "))
}

// byReference asks the bucket, and if it doesn't know the hosts.
func (s *session) byReference(ctx context.Context, ref string) (string, error) {
	state, err := bus.FindState(ctx, s.conn, s.place.lattice)
	if err == nil {
		if key, ok, err := state.Ref(ctx, ref); ok || err != nil {
			return key, err
		}
	} else if !errors.Is(err, bus.ErrNoState) {
		return "", err
	}
	found, err := s.running(ctx, func(a wasmbus.ActorDescription) bool { return a.ImageRef == ref })
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

// running lists the keys of the actors that match on all hosts.
func (s *session) running(ctx context.Context, match func(wasmbus.ActorDescription) bool) ([]string, error) {
	hosts, err := s.control.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, h := range hosts {
		inv, err := s.control.Inventory(ctx, h.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range inv.Actors {
			if match(a) && !slices.Contains(out, a.ID) {
				out = append(out, a.ID)
			}
		}
	}
	return out, nil
}

// onlyHost finds the host that is meant when none was named: the devhost that
// led us here, or else the only one of the lattice.
func (s *session) onlyHost(ctx context.Context) (string, error) {
	if s.place.hostID != "" {
		return s.place.hostID, nil
	}
	hosts, err := s.control.Hosts(ctx)
	if err != nil {
		return "", err
	}
	switch len(hosts) {
	case 0:
		return "", fmt.Errorf("%w at %s", bus.ErrNoHost, s.conn.URL())
	case 1:
		return hosts[0].ID, nil
	}
	ids := make([]string, len(hosts))
	for i, h := range hosts {
		ids[i] = h.ID
	}
	slices.Sort(ids)
	return "", cli.Usage("several hosts answer, name one: %s", strings.Join(ids, ", "))
}

// hostOf finds the host that runs an actor, and what it says of it. The devhost
// that led us here is asked first, without waiting for others.
func (s *session) hostOf(ctx context.Context, actor string) (host string, a wasmbus.ActorDescription, err error) {
	if id := s.place.hostID; id != "" {
		if inv, err := s.control.Inventory(ctx, id); err == nil {
			for _, running := range inv.Actors {
				if running.ID == actor {
					return id, running, nil
				}
			}
		}
	}
	hosts, err := s.control.Hosts(ctx)
	if err != nil {
		return "", a, err
	}
	if len(hosts) == 0 {
		return "", a, fmt.Errorf("%w at %s", bus.ErrNoHost, s.conn.URL())
	}
	var found []string
	for _, h := range hosts {
		inv, err := s.control.Inventory(ctx, h.ID)
		if err != nil {
			return "", a, err
		}
		for _, running := range inv.Actors {
			if running.ID == actor {
				a, found = running, append(found, h.ID)
			}
		}
	}
	switch len(found) {
	case 0:
		return "", a, fmt.Errorf("actor %s runs on no host of lattice %s at %s", actor, s.place.lattice, s.conn.URL())
	case 1:
		return found[0], a, nil
	}
	return "", a, cli.Usage("actor %s runs on several hosts, name one: %s", actor, strings.Join(found, ", "))
}

// reference makes what a host can load of what a user typed: a file becomes a
// file:// URL, because the host has another working folder.
func reference(text string) (string, error) {
	if strings.HasPrefix(text, "file://") {
		return text, nil
	}
	if info, err := os.Stat(text); err == nil {
		if !info.Mode().IsRegular() {
			return "", cli.Usage("%s is no file: want a signed .wasm file or an OCI reference", text)
		}
		abs, err := filepath.Abs(text)
		return "file://" + filepath.ToSlash(abs), err
	}
	if strings.HasSuffix(text, ".wasm") {
		return "", fmt.Errorf("%s: no such file; build it first, or name an OCI reference", text)
	}
	return text, nil
}
