package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func TestStartRefusesWhatIsNotInOrder(t *testing.T) {
	w := start(t, func(c *Config) { c.Issuers = []strkey.PublicKey{strkey.Development().Public()} })
	relay, now := read(t, "relay.wasm"), time.Now().Unix()
	signed := sign(t, relay, "relay", nil)
	tampered := variant(t, signed, "x")
	component := []byte("\x00asm\x0d\x00\x01\x00")

	for name, c := range map[string]struct{ ref, want string }{
		"unsigned":      {file(t, relay), "is not signed: sign it first"},
		"expired":       {file(t, sign(t, relay, "e", func(c *claims.Claims[claims.Actor]) { c.Expires = now - 10 })), "the token expired"},
		"not yet":       {file(t, sign(t, relay, "n", func(c *claims.Claims[claims.Actor]) { c.NotBefore = now + 1000 })), "the token is not valid before"},
		"tampered":      {file(t, tampered), "the token belongs to another module"},
		"other issuer":  {file(t, read(t, "probe_s.wasm")), "signed by an issuer that is not trusted here"},
		"provider key":  {file(t, sign(t, relay, "v", func(c *claims.Claims[claims.Actor]) { c.Subject = string(key(strkey.Service, "v").Public()) })), "wrong kind"},
		"old hash":      {file(t, sign(t, relay, "o", func(c *claims.Claims[claims.Actor]) { c.Revision, c.Metadata.Hash = 2, "AB" })), "made by an old wash"},
		"two tokens":    {file(t, append(signed, signed[len(relay):]...)), "2 signatures"},
		"truncated":     {file(t, signed[:len(signed)-5]), "is not an actor"},
		"no wasm":       {file(t, []byte("#!/bin/sh")), "is not an actor"},
		"component":     {file(t, sign(t, component, "c", nil)), "is a component"},
		"no guest call": {file(t, sign(t, []byte("\x00asm\x01\x00\x00\x00"), "g", nil)), "it exports no __guest_call"},
		"no file":       {"file:///nowhere/a.wasm", "no such file"},
		"a folder":      {"file://" + t.TempDir(), "not a regular file"},
		"no reference":  {"localhost:5000/UPPER CASE", "localhost:5000/UPPER CASE"},
		"no such tag":   {"localhost:5000/test:9", "localhost:5000/test:9"},
		"latest":        {"localhost:5000/test:latest", "--allow-latest"},
		"no tag":        {"localhost:5000/test", "--allow-latest"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.startFails(c.ref); !strings.Contains(got, c.want) {
				t.Errorf("reason %q, want one with %q", got, c.want)
			}
		})
	}
	if inv := w.host.Inventory(); len(inv.Actors) != 0 {
		t.Errorf("%d actors run", len(inv.Actors))
	}
}

func TestLegacyHashIsAcceptedWhenAllowed(t *testing.T) {
	w := start(t, func(c *Config) { c.AllowLegacyHash = true })
	old := sign(t, read(t, "relay.wasm"), "o", func(c *claims.Claims[claims.Actor]) { c.Revision, c.Metadata.Hash = 2, "AB" })
	w.startRef(file(t, old))
	if !strings.Contains(w.logs.String(), "the token's hash is not this module's") {
		t.Error("no warning is in the log")
	}
}

func TestFilesOnlyWhenAllowed(t *testing.T) {
	w := start(t, func(c *Config) { c.AllowFile = false })
	ref := file(t, sign(t, read(t, "relay.wasm"), "relay", nil))
	for _, r := range []string{ref, strings.TrimPrefix(ref, "file://"), "./relative.wasm", "../up.wasm"} {
		if got := w.startFails(r); !strings.Contains(got, "--allow-file-load") {
			t.Errorf("%s: reason %q", r, got)
		}
	}
}

func TestReferencesWithSchemes(t *testing.T) {
	w := start(t, nil)
	ref := w.push("1", sign(t, read(t, "relay.wasm"), "relay", nil))
	for _, r := range []string{ref, "oci://" + ref, "http://" + ref, "https://" + ref} {
		if e := w.startRef(r); e.ImageRef != r {
			t.Errorf("event has reference %q, want %q as it was given", e.ImageRef, r)
		}
	}
	if n := w.host.Inventory().Actors[0].Instances; len(n) != 4 {
		t.Errorf("%d instances of one actor, want 4", len(n))
	}
}

func TestMovedTagIsSeenAtTheNextStart(t *testing.T) {
	w := start(t, nil)
	relay := read(t, "relay.wasm")
	ref := w.push("1", sign(t, relay, "relay", nil))
	e := w.startRef(ref)

	// Started again as it is: one more instance, and nothing is fetched.
	w.registry.ResetLog()
	w.startRef(ref)
	if lines := w.registry.Lines(); len(lines) != 1 || !strings.HasPrefix(lines[0], "HEAD") {
		t.Errorf("an unchanged tag cost %q, want one HEAD", lines)
	}

	second := sign(t, variant(t, relay, "second edition"), "relay", nil)
	w.push("1", second)
	why := w.startFails(ref)
	if !strings.Contains(why, "runs already") || !strings.Contains(why, e.PublicKey) {
		t.Errorf("reason %q", why)
	}
	// What the lattice tool does then: replace it, with no drain.
	w.command(wasmbus.UpdateActorCommand{ActorID: e.PublicKey, NewActorRef: ref})
	var updated wasmbus.ActorUpdated
	w.event(wasmbus.EventActorUpdated, &updated)
	// Once more: everything is as it should be, so nothing is compiled.
	module := w.host.actor(e.PublicKey).code().module
	w.command(wasmbus.UpdateActorCommand{ActorID: e.PublicKey, NewActorRef: ref})
	if w.host.actor(e.PublicKey).code().module != module {
		t.Error("an update to the same code made a new module")
	}
	sum := sha256.Sum256(second)
	if got, want := w.host.actor(e.PublicKey).code().digest, "sha256:"+hex.EncodeToString(sum[:]); got != want {
		t.Errorf("runs %s, want %s", got, want)
	}
	if n := w.host.actor(e.PublicKey).count(); n != 2 {
		t.Errorf("%d instances after the update, want the 2 from before", n)
	}
}

func TestLyingAndFailingRegistries(t *testing.T) {
	for name, fault := range map[string]registry.Fault{
		"lies about a layer":    {Path: "/blobs/", Serve: registry.Replace(registry.Flip)},
		"lies about a manifest": {Method: http.MethodGet, Path: "/manifests/", Serve: registry.Replace(registry.Flip)},
		"breaks off":            {Path: "/blobs/", Serve: registry.DropResponse(20)},
		"denies":                {Serve: registry.Answer(http.StatusForbidden, "")},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, nil)
			ref := w.push("1", sign(t, read(t, "relay.wasm"), "relay", nil))
			w.registry.Inject(fault)
			if why := w.startFails(ref); why == "" {
				t.Error("no reason given")
			}
			w.registry.ClearFaults()
			w.startRef(ref) // nothing bad was kept
		})
	}
}

// A registry without TLS, really on the network.
func TestPlainHTTPOnlyOnLoopbackOrWhenListed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(c *oci.Config, registry string)
		works  bool
	}{
		"loopback":            {func(*oci.Config, string) {}, true},
		"strict":              {func(c *oci.Config, _ string) { c.StrictLoopback = true }, false},
		"strict and listed":   {func(c *oci.Config, r string) { c.StrictLoopback, c.PlainHTTP = true, []string{r} }, true},
		"strict, environment": {func(c *oci.Config, r string) { c.StrictLoopback, c.Env = true, insecureEnv(r) }, true},
		"other port listed":   {func(c *oci.Config, r string) { c.StrictLoopback, c.PlainHTTP = true, []string{r + "0"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			var host string
			w := start(t, func(cfg *Config) {
				server := httptest.NewServer(cfg.OCI.Transport.(http.Handler))
				t.Cleanup(server.Close)
				host = strings.TrimPrefix(server.URL, "http://")
				cfg.OCI.Transport = nil
				c.change(&cfg.OCI, host)
			})
			ref := strings.Replace(w.push("1", sign(t, read(t, "relay.wasm"), "relay", nil)), "localhost:5000", host, 1)
			if c.works {
				w.startRef(ref)
			} else if why := w.startFails(ref); !strings.Contains(why, "WASMCLOUD_OCI_ALLOWED_INSECURE") {
				t.Errorf("reason %q does not name the setting", why)
			}
		})
	}
}

func insecureEnv(registry string) func(string) string {
	return func(name string) string {
		if name == "WASMCLOUD_OCI_ALLOWED_INSECURE" {
			return "other:1, " + registry
		}
		return ""
	}
}

func TestCredentialsByRegistriesPut(t *testing.T) {
	w := start(t, func(c *Config) { c.OCI.Transport = nil })
	secret := registry.New(registry.Options{User: "u", Password: "hunter2secret"})
	server := httptest.NewServer(secret)
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	w.registry = secret
	ref := strings.Replace(w.push("1", sign(t, read(t, "relay.wasm"), "relay", nil)), "localhost:5000", host, 1)
	w.startFails(ref)
	body := `{"` + host + `":{"registryType":"oci","username":"u","password":"hunter2secret","token":null}}`
	// wash publishes without wanting an answer; with one, the test knows when.
	if _, err := w.conn.NATS().Request(w.host.control().Registries(), []byte(body), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	w.startRef(ref)
	if strings.Contains(w.logs.String(), "hunter2secret") {
		t.Error("the password is in the log")
	}
}

func TestUpdateKeepsIdentity(t *testing.T) {
	w := start(t, nil)
	e := w.startRef(file(t, sign(t, read(t, "relay.wasm"), "relay", nil)))
	other := file(t, sign(t, read(t, "relay.wasm"), "other", nil))
	err := w.send(wasmbus.UpdateActorCommand{ActorID: e.PublicKey, NewActorRef: other})
	if err == nil || !strings.Contains(err.Error(), "an update keeps the identity") {
		t.Errorf("update to another actor: %v", err)
	}
	var failed wasmbus.ActorUpdated
	w.event(wasmbus.EventActorUpdateFailed, &failed)
	if failed.PublicKey != e.PublicKey || failed.Reason == "" {
		t.Errorf("%+v", failed)
	}
	err = w.send(wasmbus.UpdateActorCommand{ActorID: probeKey, NewActorRef: other})
	if err == nil || !strings.Contains(err.Error(), "does not run on this host") {
		t.Errorf("update of nothing: %v", err)
	}
}

func TestScaleAndStop(t *testing.T) {
	w := start(t, nil)
	ref := file(t, sign(t, read(t, "relay.wasm"), "relay", nil))
	id := string(key(strkey.Module, "relay").Public())

	w.command(wasmbus.ScaleActorCommand{ActorID: id, ActorRef: ref, Count: 3})
	var scaled wasmbus.ActorScaled
	w.event(wasmbus.EventActorScaled, &scaled)
	if n := w.host.actor(id).count(); n != 3 || scaled.MaxInstances != 3 {
		t.Fatalf("%d instances, event says %d; want 3", n, scaled.MaxInstances)
	}
	w.command(wasmbus.ScaleActorCommand{ActorID: id, ActorRef: ref, Count: 1})
	var stopped wasmbus.ActorsStopped
	w.event(wasmbus.EventActorsStopped, &stopped)
	if stopped.Count != 2 || stopped.Remaining != 1 {
		t.Errorf("%+v", stopped)
	}
	w.command(wasmbus.ScaleActorCommand{ActorID: id, ActorRef: "localhost:5000/other:1", Count: 2})
	w.event(wasmbus.EventActorScaleFailed, &scaled)
	if !strings.Contains(scaled.Error, "update it first") {
		t.Errorf("%+v", scaled)
	}
	w.command(wasmbus.ScaleActorCommand{ActorID: id, ActorRef: ref, Count: 0})
	w.event(wasmbus.EventActorsStopped, &stopped)
	if w.host.actor(id) != nil || stopped.Remaining != 0 {
		t.Errorf("scaled to 0: it still runs; %+v", stopped)
	}
	w.command(wasmbus.StopActorCommand{ActorRef: id})
	var failed wasmbus.ActorStopFailed
	w.event(wasmbus.EventActorStopFailed, &failed)
	if failed.PublicKey != id || !strings.Contains(failed.Error, "does not run") {
		t.Errorf("%+v", failed)
	}
	if _, err := w.call(id, "Any.Thing", nil); err == nil || !strings.Contains(err.Error(), "nobody listens") {
		t.Errorf("call of a stopped actor: %v", err)
	}
	w.startRef(ref) // and it can come back
}

// The host's clock stands still at the last second in which the token is valid,
// so that the start cannot be too late; the timer runs in real time.
func TestTokenThatExpiresWhileRunning(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	w := start(t, func(c *Config) { c.Now = func() time.Time { return now } })
	signed := sign(t, read(t, "relay.wasm"), "short", func(c *claims.Claims[claims.Actor]) { c.Expires = now.Unix() })
	e := w.startRef(file(t, signed))
	var stopped wasmbus.ActorsStopped
	w.event(wasmbus.EventActorsStopped, &stopped)
	if stopped.PublicKey != e.PublicKey || stopped.Remaining != 0 {
		t.Errorf("%+v", stopped)
	}
	if !strings.Contains(w.logs.String(), "its token has expired") {
		t.Error("the log does not say why")
	}
}

// A machine that slept has timers that are late, but knows the time.
func TestExpiredTokenServesNoCall(t *testing.T) {
	var later atomic.Int64
	w := start(t, func(c *Config) { c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) } })
	expires := time.Now().Add(30 * time.Minute).Unix()
	a := w.startRef(file(t, sign(t, read(t, "relay.wasm"), "short", func(c *claims.Claims[claims.Actor]) { c.Expires = expires }))).PublicKey
	const operation, payload = "NumberGen.Random32", "wasmcloud:builtin:numbergen"
	call := dash.Call{ID: "1", Target: a, Operation: operation, Payload: []byte(payload)}
	if _, err := w.host.View().Call(context.Background(), call); err != nil {
		t.Fatal(err)
	}
	later.Store(int64(time.Hour))
	call.ID = "2"
	if _, err := w.host.View().Call(context.Background(), call); err == nil || !strings.Contains(err.Error(), "the token expired") {
		t.Errorf("error %v", err)
	}
}

func TestCallAliasBelongsToOneActor(t *testing.T) {
	w := start(t, nil)
	alias := "shared/alias"
	set := func(c *claims.Claims[claims.Actor]) { c.Metadata.CallAlias = &alias }
	first := w.startRef(file(t, sign(t, read(t, "relay.wasm"), "first", set)))
	why := w.startFails(file(t, sign(t, read(t, "relay.wasm"), "second", set)))
	if !strings.Contains(why, `call alias "shared/alias" belongs to the running actor `+first.PublicKey) {
		t.Errorf("reason %q", why)
	}
	// Nor may an update take it.
	third := w.startRef(file(t, sign(t, read(t, "relay.wasm"), "third", nil)))
	err := w.send(wasmbus.UpdateActorCommand{ActorID: third.PublicKey, NewActorRef: file(t, sign(t, variant(t, read(t, "relay.wasm"), "x"), "third", set))})
	if err == nil || !strings.Contains(err.Error(), "belongs to the running actor "+first.PublicKey) {
		t.Errorf("error %v", err)
	}
	if got, _ := w.host.actorNamed(alias); got != first.PublicKey || w.host.actor(third.PublicKey).code().alias() != "" {
		t.Errorf("the alias leads to %s", got)
	}
}

func TestClaimsAndReferencesReachTheBucket(t *testing.T) {
	w := start(t, nil)
	ref := w.push("1", read(t, "probe_s.wasm"))
	w.startRef(ref)
	ctx := context.Background()
	records, err := w.ctl.Claims(ctx)
	if err != nil || len(records) != 1 {
		t.Fatalf("%v, %v", records, err)
	}
	// The record that the Rust host 0.80 wrote for the same actor.
	want := wasmbus.ClaimsRecord{
		"call_alias": "vector/probe", "caps": "wasmcloud:httpserver,wasmcloud:builtin:logging,wasmcloud:keyvalue,wasmcloud:builtin:numbergen",
		"contract_id": "", "iss": "AALSO6EPE54BWUHXTVJLDIABLYOTXMCOTK52THAIKMKHD32YYWWGQQPW", "name": "Vector probe",
		"rev": "3", "sub": probeKey, "tags": "alpha,beta", "version": "1.2.3",
	}
	for k, v := range want {
		if records[0][k] != v {
			t.Errorf("%s is %q, want %q", k, records[0][k], v)
		}
	}
	if got, ok, err := w.host.state.Ref(ctx, ref); err != nil || !ok || got != probeKey {
		t.Errorf("reference maps to %q, %v, %v", got, ok, err)
	}
}

// A full cache folder, made so that it holds for root too: a file where a
// folder is wanted.
func TestUnusableCacheIsSaidAtStart(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "oci"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{CacheDir: dir, Server: &embedded.Config{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "artifact cache") {
		t.Errorf("got %v", err)
	}
}

func TestStopCommandEndsTheHost(t *testing.T) {
	w := start(t, nil)
	w.startRef(file(t, sign(t, read(t, "relay.wasm"), "relay", nil)))
	if err := w.ctl.StopHost(context.Background(), w.host.Info().HostID, time.Second); err != nil {
		t.Fatal(err)
	}
	if err := <-w.done; err != nil {
		t.Errorf("Run ended with %v", err)
	}
	w.done <- nil
	testkit.Eventually(t, "the connection to end with the server", func() bool { return !w.conn.NATS().IsConnected() })
}
