package core

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// Config is everything a host needs to know. Zero values have the defaults
// named; New works on a copy.
type Config struct {
	Lattice   string // "" = default
	CtlPrefix string // of control subjects; "" = wasmbus.ctl

	HostSeed       *strkey.Seed       // N…; nil = a new one
	ClusterSeed    *strkey.Seed       // C…, signs invocations; nil = a new one
	ClusterIssuers []strkey.PublicKey // further clusters whose invocations are accepted

	Labels  map[string]string // besides the built-in hostcore.* ones
	Version string            // shown to the lattice

	Server  *embedded.Config // embed a NATS server; nil = join the one of Connect
	Connect lattice.ConnectConfig

	OCI             oci.Config         // Transport may be replaced for an in-process registry
	CacheDir        string             // of fetched artifacts; required
	AllowFile       bool               // start actors from files of this machine
	UploadDir       string             // files in it may always be started: the dashboard has verified them
	Issuers         []strkey.PublicKey // accounts that may sign actors; empty = any
	AllowLegacyHash bool               // see artifact.Policy

	// IssuerPerProvider gives each provider a key of its own to sign its calls
	// with, in place of the cluster seed. It is for a lattice that is this host's
	// alone: other hosts trust the cluster key only.
	IssuerPerProvider bool
	ProviderEnv       []string         // environment of providers, "NAME=value"; nil = empty
	ProviderLogLevel  string           // told to providers; "" = they decide
	ProviderLogJSON   bool             // told to providers
	ProviderRestart   provider.Backoff // of those that end by themselves
	ProviderShutdown  time.Duration    // for the shutdown request, before SIGTERM; 0 = 2 s
	HealthFirst       time.Duration    // from a provider's start to its first check; 0 = 5 s
	HealthEvery       time.Duration    // between two checks; 0 = 30 s

	Runtime    wasmrt.Config
	RPCTimeout time.Duration // of the callers; 0 = 2 s
	Queue      int           // calls that may wait for one actor; 0 = 256

	Traces *dash.Traces     // of the last calls, for the dashboard; nil = none
	Log    *slog.Logger     // nil = none
	Now    func() time.Time // nil = the real clock
}

// DefaultQueue is how many calls may wait for one actor if Config does not say otherwise.
const DefaultQueue = 256

// heartbeat is how often a host tells that it lives.
const heartbeat = 30 * time.Second

// stopTime is what calls under way may take when the host stops, beyond the
// time that any call has.
const stopTime = time.Second

func (c Config) withDefaults() (Config, error) {
	if c.Lattice == "" {
		c.Lattice = wasmbus.DefaultLattice
	}
	if strings.ContainsAny(c.Lattice, ".*> \t\r\n") {
		return c, fmt.Errorf("lattice name %q: it becomes a part of NATS subjects and may hold no dot, star, > or space", c.Lattice)
	}
	c.CtlPrefix = cmp.Or(c.CtlPrefix, wasmbus.DefaultControlPrefix)
	if c.CacheDir == "" {
		return c, errors.New("no folder for fetched artifacts was given")
	}
	var err error
	if c.HostSeed, err = seedOr(c.HostSeed, strkey.Server); err != nil {
		return c, err
	}
	if c.ClusterSeed, err = seedOr(c.ClusterSeed, strkey.Cluster); err != nil {
		return c, err
	}
	if c.RPCTimeout == 0 {
		c.RPCTimeout = lattice.DefaultCallTimeout
	}
	c.Queue = cmp.Or(c.Queue, DefaultQueue)
	c.ProviderShutdown = cmp.Or(c.ProviderShutdown, 2*time.Second)
	c.HealthFirst = cmp.Or(c.HealthFirst, 5*time.Second)
	c.HealthEvery = cmp.Or(c.HealthEvery, 30*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	c.Labels = withBuiltinLabels(c.Labels)
	return c, nil
}

func seedOr(s *strkey.Seed, kind strkey.Kind) (*strkey.Seed, error) {
	if s == nil {
		return strkey.Generate(kind, rand.Reader)
	}
	if s.Kind() != kind {
		return nil, fmt.Errorf("a %s seed was given where a %s seed is wanted", s.Kind(), kind)
	}
	return s, nil
}

const builtinLabel = "hostcore."

// withBuiltinLabels adds what auctions commonly ask for, in Rust's words.
func withBuiltinLabels(given map[string]string) map[string]string {
	labels := maps.Clone(given)
	if labels == nil {
		labels = map[string]string{}
	}
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64", "386": "x86"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	system := runtime.GOOS
	if system == "darwin" {
		system = "macos"
	}
	family := "unix"
	if system == "windows" {
		family = "windows"
	}
	labels[builtinLabel+"arch"] = arch
	labels[builtinLabel+"os"] = system
	labels[builtinLabel+"osfamily"] = family
	return labels
}

// clusterIssuers lists whose invocations are accepted, our own first.
func (c Config) clusterIssuers() []strkey.PublicKey {
	issuers := []strkey.PublicKey{c.ClusterSeed.Public()}
	for _, k := range c.ClusterIssuers {
		if !slices.Contains(issuers, k) {
			issuers = append(issuers, k)
		}
	}
	return issuers
}
