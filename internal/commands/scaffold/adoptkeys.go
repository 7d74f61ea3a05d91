package scaffold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// signedProject is what decides the identity of a project's artifact.
type signedProject struct {
	dir, rel  string
	kind      strkey.Kind // Module or Service
	file      string      // the signed artifact, relative to dir
	before    string      // where it was until now, if elsewhere
	stem      string      // what wash named the key by
	name      string      // in the claims
	keys      strkey.Keys
	issuerArg string // what the Makefile itself says
	subject   string
}

// identify finds out who the artifact is and will be, and pins that where it is not the project's own
// matter. It returns the new text of the Makefile, with the pin at the given offset.
func (p *plan) identify(ctx context.Context, a *adoption, dir string, old, new []byte, at int) ([]byte, error) {
	if a.Kind != kindActor && a.Kind != kindProvider {
		return new, nil
	}
	sp, err := p.signedProject(dir, a, old)
	if err != nil {
		p.leave(a.Makefile, 0, "its keys: %v", err)
		return new, nil
	}
	pin, err := p.identities(ctx, a, sp)
	if err != nil || pin == "" {
		return new, err
	}
	a.Pinned = pin
	text := fmt.Sprintf("# The id that hosts know this %s by. It is public and signs nothing.\nWASH_SUBJECT_KEY ?= %s\nexport WASH_SUBJECT_KEY\n", a.Kind, pin)
	if bytes.Contains(old, []byte("\r\n")) {
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	return append(new[:at:at], append([]byte(text), new[at:]...)...), nil
}

func (p *plan) signedProject(dir string, a *adoption, text []byte) (*signedProject, error) {
	mk, err := upstream.ReadMakefile(filepath.Join(dir, filepath.Base(a.Makefile)), text, nil)
	if err != nil {
		return nil, err
	}
	word := func(name, otherwise string) (value string) {
		if mk.Has(name) {
			var fault error
			value, fault = mk.Word(name)
			err = errors.Join(err, fault)
			return value
		}
		return otherwise
	}
	project := word("PROJECT", "")
	sp := &signedProject{dir: dir, rel: a.Makefile, issuerArg: word(strkey.IssuerVariable, ""), subject: word(strkey.SubjectVariable, "")}
	if a.Kind == kindActor {
		sp.kind, sp.name = strkey.Module, word("ACTOR_NAME", project)
		sp.file = word("DIST_WASM", "build/"+project+"_s.wasm")
		sp.stem = strings.TrimSuffix(filepath.Base(word("UNSIGNED_WASM", project)), ".wasm")
		if a.From == fromToml { // wash 0.17 takes no notice of filename
			sp.before = "build/" + project + "_s.wasm"
		}
	} else {
		bin := word("bin_name", project)
		sp.kind, sp.name, sp.stem = strkey.Service, word("NAME", project), bin
		sp.file = word("dest_par", "build/"+bin+".par.gz")
	}
	keyDir := word("KEYDIR", p.io.Env("KEYDIR"))
	if keyDir == "" {
		keyDir = ".keys"
	}
	if !filepath.IsAbs(keyDir) {
		keyDir = filepath.Join(dir, keyDir)
	}
	sp.keys = strkey.Keys{Env: p.io.Env, KeyDir: keyDir}
	return sp, err
}

// identities fills in before and after, and says which subject to pin, if any: that which the artifact
// has, or else a key in somebody's home gives, where the project alone would give another.
func (p *plan) identities(ctx context.Context, a *adoption, sp *signedProject) (pin string, err error) {
	file := filepath.Join(sp.dir, filepath.FromSlash(sp.file))
	built := file
	if sp.before != "" && !exists(file) {
		built = filepath.Join(sp.dir, filepath.FromSlash(sp.before))
	}
	had, digest, err := readSigned(built)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		p.leave(p.rel(built), 0, "what was built before: %v", err)
	default:
		a.Before = &identity{File: p.rel(built), Digest: digest, Subject: had.Subject(), Account: string(had.Issuer())}
		sp.name = had.Name()
	}
	issuer, err := sp.keys.Issuer(sp.issuerArg)
	if err != nil {
		p.leave(sp.rel, 0, "the key that signs: %v", err)
		return "", nil
	}
	subject, err := sp.keys.Subject(sp.kind, sp.subject, sp.stem, issuer.Public, sp.name)
	if err != nil {
		p.leave(sp.rel, 0, "the key that it is known by: %v", err)
		return "", nil
	}
	pin = sp.pin(a.Before, subject)
	if pin != "" {
		subject.Public = strkey.PublicKey(pin)
	}
	a.After = &identity{File: p.rel(file), Subject: string(subject.Public), Account: string(issuer.Public), Key: string(issuer.Source)}
	if a.Before == nil {
		return pin, nil
	}
	if a.Before.Account != a.After.Account {
		p.leave(sp.rel, 0, "signed by another account from now on (%s): to keep %s, put its seed into %s, or give it as %s",
			a.After.Key, a.Before.Account, filepath.Base(sp.keys.KeyDir), strkey.IssuerVariable)
	}
	if a.Before.Subject != a.After.Subject {
		p.leave(sp.rel, 0, "another subject from now on: %s is given by %s", a.After.Subject, subject.Source)
	}
	a.After.Digest, err = signedAgain(ctx, built, had, a.After.Subject, issuer.Seed)
	return pin, err
}

// pin gives the subject that has to be written down.
func (sp *signedProject) pin(before *identity, here strkey.Found) string {
	if here.Source == strkey.FromArgument { // the Makefile says so itself
		return ""
	}
	known := ""
	if before != nil {
		known = before.Subject
	} else if here.Source == strkey.FromDirectory {
		known = string(here.Public)
	}
	alone, err := strkey.Keys{KeyDir: sp.keys.KeyDir}.Subject(sp.kind, "", sp.stem, "", "")
	if err == nil && alone.Source == strkey.FromKeyDir && (known == "" || known == string(alone.Public)) {
		return ""
	}
	return known
}

func readSigned(file string) (a *artifact.Artifact, digest string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	a, err = artifact.Read(f)
	if err == nil && a.Token == "" {
		err = errors.New("it is not signed")
	}
	if err != nil {
		return nil, "", err
	}
	return a, a.Digest, nil
}

// signedAgain gives the digest of the same code with the same claims as make signs it: for the given
// subject, by the given account, without wash's random id and time.
func signedAgain(ctx context.Context, file string, had *artifact.Artifact, subject string, issuer *strkey.Seed) (digest string, err error) {
	if had.Provider != nil {
		return packedAgain(ctx, file, had, subject, issuer)
	}
	in, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer in.Close()
	c, meta := *had.Actor, *had.Actor.Metadata
	c.ID, c.IssuedAt, c.Subject, c.Metadata, c.Revision = "", 0, subject, &meta, claims.Revision
	_, digest, err = wasmbin.Embed(io.Discard, in, wasmbin.TokenSection, func(info wasmbin.Info) (string, error) {
		meta.Hash = info.Hash
		return claims.Sign(c, issuer)
	})
	if err != nil {
		return "", fmt.Errorf("signing %s again: %w", file, err)
	}
	return digest, nil
}
