package wasmbus

import "strings"

// Defaults that every peer shares.
const (
	DefaultLattice       = "default"     // lattice name when none is configured
	DefaultControlPrefix = "wasmbus.ctl" // first part of control subjects
	RPCQueue             = "rpc"         // queue group in which providers listen
)

// ActorSubject is where invocations of an actor (an M… key) arrive.
// Hosts listen there in a queue group named like the subject itself.
func ActorSubject(lattice, actor string) string {
	return "wasmbus.rpc." + lattice + "." + actor
}

// ProviderSubject is where invocations of a provider's link name arrive.
func ProviderSubject(lattice, provider, link string) string {
	return "wasmbus.rpc." + lattice + "." + provider + "." + link
}

// LinkPutSubject tells a provider about a new link.
func LinkPutSubject(lattice, provider, link string) string {
	return ProviderSubject(lattice, provider, link) + ".linkdefs.put"
}

// LinkDelSubject tells a provider that a link is gone.
func LinkDelSubject(lattice, provider, link string) string {
	return ProviderSubject(lattice, provider, link) + ".linkdefs.del"
}

// HealthSubject asks a provider for its health.
func HealthSubject(lattice, provider, link string) string {
	return ProviderSubject(lattice, provider, link) + ".health"
}

// ShutdownSubject asks a provider to stop.
func ShutdownSubject(lattice, provider, link string) string {
	return ProviderSubject(lattice, provider, link) + ".shutdown"
}

// EventSubject carries the CloudEvents of a lattice. Rust hosts since 0.81
// publish each event a second time below it, see EventWildcard.
func EventSubject(lattice string) string { return "wasmbus.evt." + lattice }

// EventWildcard matches the per-name copies that newer Rust hosts publish.
func EventWildcard(lattice string) string { return EventSubject(lattice) + ".>" }

// ConfigSubject is asked once by a starting host that uses the configuration service.
func ConfigSubject(lattice string) string { return "wasmbus.cfg." + lattice + ".req" }

// LogSubject carries the log lines of actors as JSON LogLine. It is our own
// addition: no other host publishes there, and none is disturbed by it.
func LogSubject(lattice string) string { return "wasmbus.log." + lattice }

// TestingSubject carries the results of an actor's own tests that the provider of
// wasmcloud:testing ran. Our own addition.
func TestingSubject(lattice, actor string) string { return "wasmbus.testing." + lattice + "." + actor }

// KVBucket names the key-value bucket that holds links, claims and references.
func KVBucket(lattice string) string { return "LATTICEDATA_" + lattice }

// ObjectBucket names the object store that large payloads travel through.
func ObjectBucket(lattice string) string { return lattice }

// Control builds the subjects of the control interface of one lattice.
// The zero Prefix means DefaultControlPrefix.
type Control struct {
	Prefix  string
	Lattice string
}

// Base is the part all control subjects begin with, without a final dot.
func (c Control) Base() string {
	prefix := c.Prefix
	if prefix == "" {
		prefix = DefaultControlPrefix
	}
	return prefix + "." + c.Lattice
}

func (c Control) sub(parts ...string) string {
	return c.Base() + "." + strings.Join(parts, ".")
}

// All matches every control subject of the lattice.
func (c Control) All() string { return c.sub(">") }

// PingHosts asks every host to introduce itself.
func (c Control) PingHosts() string { return c.sub("ping", "hosts") }

// Inventory asks one host what it runs.
func (c Control) Inventory(host string) string { return c.sub("get", host, "inv") }

// Claims asks for the claims known to the lattice.
func (c Control) Claims() string { return c.sub("get", "claims") }

// Links asks for the link definitions known to the lattice.
func (c Control) Links() string { return c.sub("get", "links") }

// Get matches get.claims and get.links, not get.<host>.inv.
func (c Control) Get() string { return c.sub("get", "*") }

// AuctionActor asks which hosts would run an actor.
func (c Control) AuctionActor() string { return c.sub("auction", "actor") }

// AuctionProvider asks which hosts would run a provider.
func (c Control) AuctionProvider() string { return c.sub("auction", "provider") }

// Command is the subject of one command of one host; the names are below.
func (c Control) Command(host, name string) string { return c.sub("cmd", host, name) }

// Commands of Control.Command.
const (
	CmdStartActor    = "la"
	CmdScaleActor    = "scale"
	CmdStopActor     = "sa"
	CmdUpdateActor   = "upd"
	CmdStartProvider = "lp"
	CmdStopProvider  = "sp"
	CmdStopHost      = "stop"
)

// LinkPut stores a link definition.
func (c Control) LinkPut() string { return c.sub("linkdefs", "put") }

// LinkDel removes a link definition.
func (c Control) LinkDel() string { return c.sub("linkdefs", "del") }

// LinkAny matches LinkPut and LinkDel.
func (c Control) LinkAny() string { return c.sub("linkdefs", "*") }

// Registries replaces the registry credentials of every host.
func (c Control) Registries() string { return c.sub("registries", "put") }

// LabelPut sets a label of a host (Rust hosts since 0.81, and ours).
func (c Control) LabelPut(host string) string { return c.sub("labels", host, "put") }

// LabelDel removes a label of a host.
func (c Control) LabelDel(host string) string { return c.sub("labels", host, "del") }

// Queue is the queue group of the subjects that one host answers for all.
// The suffixes follow Rust hosts since 0.80, so that a mixed lattice of those
// and ours answers once.
func (c Control) Queue(kind string) string { return c.Base() + "." + kind }
