// Package artifact tells what a file is — a signed module, component or provider
// archive — and whether its signature holds: one answer for every tool and for
// the host.
package artifact

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// Kind is what an artifact is.
type Kind string

// The kinds of artifact.
const (
	Actor     Kind = "actor"     // a core module
	Component Kind = "component" // of the component model
	Provider  Kind = "provider"  // a provider archive
)

// The OCI media types of the manifests that wash pushes and hosts pull.
const (
	ModuleLayer    = "application/vnd.module.wasm.content.layer.v1+wasm"
	ModuleConfig   = "application/vnd.wasmcloud.actor.archive.config"
	ProviderLayer  = "application/vnd.wasmcloud.provider.archive.layer.v1+par"
	ProviderConfig = "application/vnd.wasmcloud.provider.archive.config"
)

// Those of the models of an interface. Nothing runs them, so nothing signs them:
// who must know that they are the right ones names them by digest.
const (
	InterfaceLayer  = "application/vnd.wasmcloud.interface.layer.v1+tar"
	InterfaceConfig = "application/vnd.wasmcloud.interface.config"
)

// Reasons for which Verify refuses an artifact; its errors wrap one of them, a
// *claims.TimeError, or strkey.ErrSignature.
var (
	ErrUnsigned = errors.New("not signed")
	ErrHash     = errors.New("the token belongs to another module")
	ErrIssuer   = errors.New("signed by an issuer that is not trusted here")
	ErrKeyKind  = errors.New("signed with a key of the wrong kind")
)

// Artifact is what reading a file told. Its token's signature has been verified;
// whether it belongs to these bytes, and may be used now, is for Verify.
type Artifact struct {
	Kind  Kind
	Token string                       // "" if unsigned
	Actor *claims.Claims[claims.Actor] // nil if unsigned, and of a provider
	Hash  string                       // of the canonical form of the bytes read, upper hex; "" of a provider

	Provider *claims.Claims[claims.Provider] // nil but of a provider
	Archive  *par.Archive                    // the same; every hash in it has been verified

	Size   int64  // bytes of the file
	Digest string // sha256:… of the file
	Legacy bool   // the token was in the section that old readers know
}

// Read reads a module, component or provider archive to its end, in one pass and
// without keeping it. An unsigned module is no error; broken wasm, two tokens, a
// token that is broken or badly signed, and whatever par.Read refuses are.
func Read(r io.Reader) (*Artifact, error) {
	start, r, err := peek(r)
	if err != nil {
		return nil, err
	}
	if par.IsArchive(start) {
		return readArchive(r)
	}
	return readModule(r)
}

// peek gives the start of r, and r from the start: a file itself, so that it can
// be read twice.
func peek(r io.Reader) ([]byte, io.Reader, error) {
	start := make([]byte, par.StartSize)
	file, ok := r.(io.ReadSeeker)
	at := int64(0)
	if ok {
		var err error
		at, err = file.Seek(0, io.SeekCurrent)
		ok = err == nil // a pipe has the method, and no position
	}
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil, err
	}
	if !ok {
		return start[:n], io.MultiReader(bytes.NewReader(start[:n]), r), nil
	}
	_, err = file.Seek(at, io.SeekStart)
	return start[:n], r, err
}

func readArchive(r io.Reader) (*Artifact, error) {
	digest, size := sha256.New(), new(counter)
	archive, err := par.Read(context.Background(), io.TeeReader(r, io.MultiWriter(digest, size)), par.Limits{})
	if err != nil {
		return nil, err
	}
	return &Artifact{
		Kind: Provider, Token: archive.Token, Provider: archive.Claims, Archive: archive,
		Size: int64(*size), Digest: fmt.Sprintf("sha256:%x", digest.Sum(nil)),
	}, nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func readModule(r io.Reader) (*Artifact, error) {
	info, digest, err := scan(r)
	if err != nil {
		return nil, err
	}
	a := &Artifact{Kind: Actor, Token: info.Token, Hash: info.Hash, Size: info.Read, Legacy: info.Legacy, Digest: digest}
	if info.Format == wasmbin.Component {
		a.Kind = Component
	}
	if info.Tokens > 1 {
		return nil, fmt.Errorf("it holds %d signatures, and readers differ on which one counts: sign it again", info.Tokens)
	}
	if info.Tokens == 0 {
		return a, nil
	}
	if a.Actor, err = claims.Parse[claims.Actor](a.Token); err != nil {
		return nil, err
	}
	if a.Actor.Metadata == nil {
		return nil, errors.New("its token says nothing about a module (no wascap member)")
	}
	return a, nil
}

// scan reads a binary and gives its digest too. A file is hashed a second time
// only if its one hash did not give both; what can't be read again is hashed
// twice on the way.
func scan(r io.Reader) (wasmbin.Info, string, error) {
	digest := sha256.New()
	sum := func() string { return fmt.Sprintf("sha256:%x", digest.Sum(nil)) }
	file, ok := r.(io.ReadSeeker)
	start := int64(0)
	if ok {
		var err error
		start, err = file.Seek(0, io.SeekCurrent)
		ok = err == nil // a pipe has the method, and no position
	}
	if !ok {
		info, err := wasmbin.Canonical(io.Discard, io.TeeReader(r, digest))
		return info, sum(), err
	}
	info, err := wasmbin.Canonical(io.Discard, file)
	if err != nil || info.Digest != "" {
		return info, info.Digest, err
	}
	if _, err := file.Seek(start, io.SeekStart); err != nil {
		return info, "", err
	}
	if _, err := io.CopyN(digest, file, info.Read); err != nil {
		return info, "", fmt.Errorf("reading it again for its digest: %w", err)
	}
	return info, sum(), nil
}

// Policy says what Verify accepts.
type Policy struct {
	// Now is what dates are compared with.
	Now time.Time
	// Issuers are the accounts that may sign. Empty means any: then the signature
	// says that the module is what its issuer signed, but not that you know them.
	Issuers []strkey.PublicKey
	// AllowLegacyHash accepts a token of a revision whose hash was computed in
	// another way (below 3) although it is not that of the module. Such a token
	// could have been taken from any module.
	AllowLegacyHash bool
}

// Verify returns nil if the artifact is signed by an account that p trusts, for a
// module or service, with exactly these bytes, and is valid now.
func (a *Artifact) Verify(p Policy) error {
	if a.Token == "" {
		return fmt.Errorf("%w: it holds no token", ErrUnsigned)
	}
	if err := a.verifyKinds(); err != nil {
		return err
	}
	if a.Actor != nil {
		if err := a.verifyHash(p.AllowLegacyHash); err != nil {
			return err
		}
	}
	if err := a.checkTime(p.Now); err != nil {
		return err
	}
	return a.verifyIssuer(p.Issuers)
}

func (a *Artifact) checkTime(now time.Time) error {
	if a.Provider != nil {
		return a.Provider.CheckTime(now)
	}
	return a.Actor.CheckTime(now)
}

func (a *Artifact) verifyKinds() error {
	what, subject := "modules", strkey.Module
	if a.Provider != nil {
		what, subject = "providers", strkey.Service
	}
	if kind := a.Issuer().Kind(); kind != strkey.Account {
		return fmt.Errorf("%w: the issuer %s is a %s key; accounts (A…) sign %s", ErrKeyKind, a.Issuer(), kind, what)
	}
	if _, err := strkey.ParsePublic(a.Subject(), subject); err != nil {
		return fmt.Errorf("%w: the subject: %w", ErrKeyKind, err)
	}
	return nil
}

func (a *Artifact) verifyHash(allowLegacy bool) error {
	claimed := a.Actor.Metadata.Hash
	switch {
	case claimed == a.Hash:
		return nil
	case a.Actor.Revision >= claims.Revision:
		return fmt.Errorf("%w, or the module was changed: its hash is %s, the token is for %s", ErrHash, a.Hash, quote(claimed))
	case allowLegacy:
		return nil
	default:
		return fmt.Errorf("%w, or was made by an old wash: its hash is %s, the token (wascap revision %d) is for %s; sign it again", ErrHash, a.Hash, a.Actor.Revision, quote(claimed))
	}
}

func (a *Artifact) verifyIssuer(trusted []strkey.PublicKey) error {
	for _, issuer := range trusted {
		if issuer == a.Issuer() {
			return nil
		}
	}
	if len(trusted) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrIssuer, a.Issuer())
}

// quote shows a hash, or the start of whatever stands in its place.
func quote(s string) string {
	if len(s) > 64 {
		s = s[:64] + "…"
	}
	return fmt.Sprintf("%q", s)
}

// MediaTypes gives the media types of the artifact's layer and config in an OCI
// manifest.
func (a *Artifact) MediaTypes() (layer, config string) {
	if a.Kind == Provider {
		return ProviderLayer, ProviderConfig
	}
	return ModuleLayer, ModuleConfig
}

// Issuer gives the account that signed, or "" for an unsigned artifact.
func (a *Artifact) Issuer() strkey.PublicKey {
	switch {
	case a.Actor != nil:
		return a.Actor.Issuer
	case a.Provider != nil:
		return a.Provider.Issuer
	}
	return ""
}

// Subject gives the public key that identifies the artifact, or "".
func (a *Artifact) Subject() string {
	switch {
	case a.Actor != nil:
		return a.Actor.Subject
	case a.Provider != nil:
		return a.Provider.Subject
	}
	return ""
}

// Name gives the name in the claims, or "".
func (a *Artifact) Name() string {
	switch {
	case a.Actor != nil:
		return a.Actor.Metadata.Name
	case a.Provider != nil:
		return text(a.Provider.Metadata.Name)
	}
	return ""
}

// Version gives the version in the claims, or "".
func (a *Artifact) Version() string {
	switch {
	case a.Actor != nil:
		return text(a.Actor.Metadata.Ver)
	case a.Provider != nil:
		return text(a.Provider.Metadata.Ver)
	}
	return ""
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
