// Package events tells the lattice what happened on a host. One command gives
// the singular events of the Elixir host, one per instance, for which wash 0.17
// waits, and the plural ones of the Rust host.
package events

import (
	"log/slog"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Config says where events go and whose they are.
type Config struct {
	Host    string // N… key, the source of every event
	Lattice string
	Publish func(subject string, data []byte) error
	Now     func() time.Time
	Log     *slog.Logger
}

// Emitter publishes events. It may be used concurrently. An event that cannot
// be published is logged: the work it tells of is done already.
type Emitter struct{ cfg Config }

// New makes an Emitter.
func New(cfg Config) *Emitter { return &Emitter{cfg: cfg} }

// Emit publishes one event by its name (a wasmbus.Event… constant).
func (e *Emitter) Emit(name string, data any) {
	b := wasmbus.NewEvent(e.cfg.Host, name, data, e.cfg.Now())
	if err := e.cfg.Publish(wasmbus.EventSubject(e.cfg.Lattice), b); err != nil {
		e.cfg.Log.Error("event was not published", "event", name, "error", err)
	}
}

// Provider is what provider events say about one run of a provider.
type Provider struct {
	Entity      wasmbus.Entity
	Ref         string // as it was given to the command: wash compares it
	Instance    string
	Claims      wasmbus.ProviderClaims
	Annotations map[string]string
}

func (p Provider) annotations() map[string]string {
	if p.Annotations == nil {
		return map[string]string{}
	}
	return p.Annotations
}

// ProviderStarted tells that a provider's process serves.
func (e *Emitter) ProviderStarted(p Provider) {
	e.Emit(wasmbus.EventProviderStarted, wasmbus.ProviderStarted{
		Annotations: p.annotations(), Claims: p.Claims, ContractID: p.Entity.ContractID, HostID: e.cfg.Host,
		ImageRef: p.Ref, InstanceID: p.Instance, LinkName: p.Entity.LinkName, PublicKey: p.Entity.PublicKey,
	})
}

// ProviderStartFailed tells why a provider does not run (any more).
func (e *Emitter) ProviderStartFailed(ref, link string, cause error) {
	e.Emit(wasmbus.EventProviderFailed, wasmbus.ProviderStartFailed{Error: cause.Error(), LinkName: link, ProviderRef: ref})
}

// ProviderStopped tells that a provider's process is gone, and why.
func (e *Emitter) ProviderStopped(p Provider, reason string) {
	e.Emit(wasmbus.EventProviderStopped, wasmbus.ProviderStopped{
		Annotations: p.annotations(), ContractID: p.Entity.ContractID, HostID: e.cfg.Host, InstanceID: p.Instance,
		LinkName: p.Entity.LinkName, PublicKey: p.Entity.PublicKey, Reason: reason,
	})
}

// ProviderStopFailed tells why a provider was not stopped.
func (e *Emitter) ProviderStopFailed(p wasmbus.Entity, cause error) {
	e.Emit(wasmbus.EventProviderStopFailed, wasmbus.ProviderStopFailed{
		ContractID: p.ContractID, Error: cause.Error(), LinkName: p.LinkName, PublicKey: p.PublicKey,
	})
}

// Actor is what actor events say about an actor.
type Actor struct {
	Key         string // M…
	Ref         string // as it was given to the command: wash compares it
	Claims      wasmbus.ActorClaims
	Annotations map[string]string
}

func (a Actor) annotations() map[string]string {
	if a.Annotations == nil {
		return map[string]string{} // peers expect an object
	}
	return a.Annotations
}

// ActorsStarted tells of new instances.
func (e *Emitter) ActorsStarted(a Actor, instances []string) {
	for _, id := range instances {
		e.Emit(wasmbus.EventActorStarted, wasmbus.ActorStarted{
			Annotations: a.annotations(), APIVersion: "n/a", Claims: a.Claims,
			ImageRef: a.Ref, InstanceID: id, PublicKey: a.Key,
		})
	}
	e.Emit(wasmbus.EventActorsStarted, wasmbus.ActorsStarted{
		Annotations: a.annotations(), Claims: a.Claims, Count: len(instances),
		HostID: e.cfg.Host, ImageRef: a.Ref, PublicKey: a.Key,
	})
}

// ActorStartFailed tells why nothing was started. The key may be unknown.
func (e *Emitter) ActorStartFailed(a Actor, cause error) {
	e.Emit(wasmbus.EventActorStartFailed, wasmbus.ActorStartFailed{ActorRef: a.Ref, Error: cause.Error()})
	e.Emit(wasmbus.EventActorsStartFailed, wasmbus.ActorsStartFailed{
		Annotations: a.annotations(), Error: cause.Error(), HostID: e.cfg.Host, ImageRef: a.Ref, PublicKey: a.Key,
	})
}

// ActorsStopped tells of instances that are gone, and how many remain.
func (e *Emitter) ActorsStopped(a Actor, instances []string, remaining int) {
	for _, id := range instances {
		e.Emit(wasmbus.EventActorStopped, wasmbus.ActorStopped{
			Annotations: a.annotations(), InstanceID: id, PublicKey: a.Key,
		})
	}
	e.Emit(wasmbus.EventActorsStopped, wasmbus.ActorsStopped{
		Annotations: a.annotations(), Count: len(instances), HostID: e.cfg.Host, PublicKey: a.Key, Remaining: remaining,
	})
}

// ActorStopFailed tells why an actor was not stopped. The real hosts stay
// silent here, and wash waits until its time is over.
func (e *Emitter) ActorStopFailed(key string, cause error) {
	e.Emit(wasmbus.EventActorStopFailed, wasmbus.ActorStopFailed{PublicKey: key, Error: cause.Error()})
}

// ActorUpdated tells that all instances run other code now.
func (e *Emitter) ActorUpdated(a Actor, instances []string) {
	for _, id := range instances {
		e.Emit(wasmbus.EventActorUpdated, wasmbus.ActorUpdated{InstanceID: id, PublicKey: a.Key, Revision: a.Claims.Revision})
	}
}

// ActorUpdateFailed tells why an actor runs on unchanged.
func (e *Emitter) ActorUpdateFailed(key string, revision int32, cause error) {
	e.Emit(wasmbus.EventActorUpdateFailed, wasmbus.ActorUpdated{PublicKey: key, Revision: revision, Reason: cause.Error()})
}

// ActorScaled tells the instance count that a scale command led to.
func (e *Emitter) ActorScaled(a Actor, count int) {
	e.Emit(wasmbus.EventActorScaled, wasmbus.ActorScaled{
		Annotations: a.annotations(), Claims: &a.Claims, HostID: e.cfg.Host,
		ImageRef: a.Ref, MaxInstances: count, PublicKey: a.Key,
	})
}

// ActorScaleFailed tells why the instance count did not change.
func (e *Emitter) ActorScaleFailed(a Actor, count int, cause error) {
	e.Emit(wasmbus.EventActorScaleFailed, wasmbus.ActorScaled{
		Annotations: a.annotations(), Error: cause.Error(), HostID: e.cfg.Host,
		ImageRef: a.Ref, MaxInstances: count, PublicKey: a.Key,
	})
}
