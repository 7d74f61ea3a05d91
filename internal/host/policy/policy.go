// Package policy decides which calls may pass an actor's door, in either
// direction, and which signed modules may be loaded at all. It holds rules
// only: signatures are checked by wasmbus and artifact, facts come from the
// host.
package policy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// WashOrigin is the pseudo-key under which wash up to 0.22 calls. Whoever uses
// it has signed with the cluster seed, which is what counts.
const WashOrigin = "__WASH__"

// Lattice is what the rules need to know.
type Lattice interface {
	// Linked says whether actor is linked to this very provider under
	// contract and link name.
	Linked(actor, provider, contract, link string) bool
	// KnownActor says whether the lattice holds claims of this actor.
	KnownActor(key string) bool
}

// Origin returns the check of who may call an actor with these capabilities:
// wash, an actor with claims in the lattice, or a provider whose contract the
// actor has signed for and to which it is linked. The original hosts ask for
// half of the last each.
func Origin(l Lattice, actor string, caps []string) func(wasmbus.Entity) error {
	return func(o wasmbus.Entity) error {
		switch {
		case o.PublicKey == WashOrigin && o.ContractID == "":
			return nil
		case o.ContractID != "":
			if err := Capability(caps, o.ContractID); err != nil {
				return err
			}
			if !l.Linked(actor, o.PublicKey, o.ContractID, o.LinkName) {
				return fmt.Errorf("missing link definition for %s, link %q, from provider %s to this actor", o.ContractID, o.LinkName, o.PublicKey)
			}
			return nil
		case strings.HasPrefix(o.PublicKey, "M") && l.KnownActor(o.PublicKey):
			return nil
		}
		return fmt.Errorf("origin %.60q is neither an actor known to the lattice nor a linked provider", o.PublicKey)
	}
}

// Capability checks that an actor was signed for a contract. The beginning of
// the text is the Elixir host's, which some tools look for.
func Capability(caps []string, contract string) error {
	if slices.Contains(caps, contract) {
		return nil
	}
	return fmt.Errorf("missing capability claim for %s: sign the actor with it (signer sign --cap %s)", contract, contract)
}

// MissingLink is the error for a call that no link covers.
func MissingLink(contract, link string) error {
	return fmt.Errorf("missing link definition for %s, link name %q: link the actor to a provider of it (lattice link put)", contract, link)
}

// Alias checks that the call alias of an actor to be started is free. owner
// is the running actor that has it, or "". (The original hosts let the first
// one win, in silence.)
func Alias(alias, actor, owner string) error {
	if alias == "" || owner == "" || owner == actor {
		return nil
	}
	return fmt.Errorf("call alias %q belongs to the running actor %s: stop that one or sign this one with another alias", alias, owner)
}

// Constraints says whether every constraint of an auction equals a label.
func Constraints(labels, constraints map[string]string) bool {
	for k, v := range constraints {
		if have, ok := labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// Provider checks what an archive says of itself: both names become parts of
// NATS subjects, of URLs that signatures cover, and of what links name.
func Provider(p wasmbus.Entity) error {
	if _, err := strkey.ParsePublic(p.PublicKey, strkey.Service); err != nil {
		return fmt.Errorf("the provider's key: %w", err)
	}
	if p.ContractID == "" {
		return fmt.Errorf("it names no contract that it fulfils (capid), such as wasmcloud:httpserver: pack it again with one")
	}
	return LinkName(p.LinkName)
}

// LinkName checks that a link name can be a part of a NATS subject.
func LinkName(name string) error {
	if name == "" {
		return fmt.Errorf(`link_name is empty: the usual one is "default"`)
	}
	if strings.ContainsAny(name, ".*> \t\r\n") {
		return fmt.Errorf("link_name %q: it becomes a part of NATS subjects and may hold no dot, star, > or space", name)
	}
	return nil
}

// Link checks that a link definition names an actor and a provider.
func Link(l wasmbus.LinkDefinition) error {
	if _, err := strkey.ParsePublic(l.ActorID, strkey.Module); err != nil {
		return fmt.Errorf("actor_id: %w", err)
	}
	if _, err := strkey.ParsePublic(l.ProviderID, strkey.Service); err != nil {
		return fmt.Errorf("provider_id: %w", err)
	}
	if l.ContractID == "" {
		return fmt.Errorf("contract_id is empty: it names what the provider does, such as wasmcloud:httpserver")
	}
	return LinkName(l.LinkName)
}
