// Package oci moves wasmCloud artifacts to and from OCI registries: one layer,
// one config, one manifest, named by a reference.
//
// Transfers stand on oras-go, references and credential files on
// go-containerregistry; no type of either shows in this package's surface.
// It knows nothing of wasm or claims: what a layer means is its caller's duty.
package oci

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Config says how a Client speaks to registries. The zero value speaks HTTPS,
// except to loopback, anonymously or with the user's docker or podman login.
type Config struct {
	// Env looks up the environment; nil means an empty one. Read here:
	// WASMCLOUD_OCI_ALLOWED_INSECURE (see PlainHTTP), WASMCLOUD_CA_FILE and the hosts' scoped
	// credentials OCI_REGISTRY, WASMCLOUD_OCI_REGISTRY, each with _USER and
	// _PASSWORD. WASH_REG_USER is not: it names no registry, so only a command
	// whose user typed the reference may pass it on as User.
	Env func(string) string
	// User and Password are sent to any registry of this client that asks.
	// One without the other is an error.
	User, Password string
	// LoginName is how a command's user gives them, for messages; empty means not at all.
	LoginName string
	// Explain, if set, is told which login was chosen for which registry, and why, line
	// by line and without secrets.
	Explain func(line string)
	// CAFile is a file of PEM certificates of authorities that are trusted beside the
	// system's; empty means $WASMCLOUD_CA_FILE.
	CAFile string
	// PlainHTTP lists registries (exactly host or host:port) spoken to without TLS.
	PlainHTTP []string
	// Insecure makes every reference's registry plain HTTP (wash's --insecure).
	Insecure bool
	// StrictLoopback takes away loopback's exemption: TLS there too unless listed.
	StrictLoopback bool
	// AllowLatest lets Push and Pull use the tag latest, named or implied.
	AllowLatest bool
	// NoKeychain leaves docker's and podman's credential files unread.
	NoKeychain bool
	// Accept lists the layer media types that Pull takes; empty means any.
	Accept []string
	// Transport replaces the network, for a registry in this process. Nothing
	// is dialled then, so loopback is judged by the registry's name.
	Transport http.RoundTripper
	// Now and Sleep are the clock; nil means the real one. Sleep returns
	// early with ctx's error.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
	// UserAgent is sent to registries; empty means rules_wasmcloud.
	UserAgent string
}

// Descriptor is what a reference points at: a manifest.
type Descriptor struct {
	MediaType string
	Digest    string // "sha256:…"
	Size      int64  // bytes
}

// Source is a layer's bytes, which can be opened again for a retry.
type Source interface {
	Open() (io.ReadCloser, error)
	Size() int64    // bytes
	Digest() string // "sha256:…"
}

// Push is one artifact to be pushed.
type Push struct {
	Layer                 Source
	LayerType, ConfigType string
	Config                []byte // nil means {}
	Annotations           map[string]string
	AllowLatest           bool // as Config.AllowLatest, for this push
	// Force lets a tag off loopback move to another digest.
	Force bool
	// LoopbackOnly refuses a registry that is not on this machine, for
	// artifacts signed by a key that everybody has.
	LoopbackOnly bool
	// Progress, if set, is told the layer's bytes sent so far; it may go back
	// to 0 when an upload is tried again.
	Progress func(done, total int64)
}

// Status says what a push did to the registry.
type Status = string

// What a push can have done.
const (
	StatusPushed    Status = "pushed"    // the tag is new
	StatusUnchanged Status = "unchanged" // the tag named this digest already
	StatusMoved     Status = "moved"     // the tag named another digest
	StatusRetagged  Status = "retagged"  // the manifest was there, under another name
)

// Pushed tells what a push did.
type Pushed struct {
	Ref      string // registry/repository:tag, as sent
	Digest   string // of the manifest
	Status   Status
	Previous string // the digest the tag named before, if Status is moved
}

// Pulled describes the artifact that Pull fetches.
type Pulled struct {
	Ref         string
	Digest      string // of the manifest
	LayerType   string
	LayerDigest string
	ConfigType  string
	Size        int64 // of the layer, bytes
	Annotations map[string]string
}

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: the registry answers, and has no such thing.
	ErrNotFound = errors.New("not found")
	// ErrDenied: the registry wants other credentials, or any.
	ErrDenied = errors.New("denied")
	// ErrRefused: this side's own rules forbid it.
	ErrRefused = errors.New("refused")
	// ErrMismatch: the registry sent bytes that do not have their digest.
	ErrMismatch = errors.New("digest mismatch")
)
