//go:build unix

package core

import (
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// TestProviderServesActor is the whole way: archive, process, link, a call of
// the actor that reaches the provider, stop.
func TestProviderServesActor(t *testing.T) {
	w := start(t, func(c *Config) { c.IssuerPerProvider = true })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	ref := parFile(t, archive(t, "kv", nil))
	p := w.startProvider(ref, "")
	if p.ContractID != kvContract || p.ImageRef != ref || p.LinkName != "default" || p.Claims.Name != "kv" {
		t.Errorf("event %+v", p)
	}
	l := w.link(p.PublicKey, "default")
	for _, want := range []string{"count=1", "count=2"} {
		testkit.Eventually(t, want, func() bool {
			got, err := w.get(probeKey, "/count")
			return err == nil && got == want
		})
	}
	d := w.describe(p)
	if len(d.Links) != 1 || d.Links[0].ID() != l.ID() || d.Links[0].Values["a"] != "b" {
		t.Errorf("links %+v", d.Links)
	}
	if stopped := w.stopProvider(p); stopped.Reason != "stopped" || stopped.InstanceID != p.InstanceID {
		t.Errorf("event %+v", stopped)
	}
	if alive(d.PID) {
		t.Error("its process lives on")
	}
	if inv := w.host.Inventory(); len(inv.Providers) != 0 {
		t.Errorf("inventory %+v", inv.Providers)
	}
}

func TestProvidersGetLittleOfTheHost(t *testing.T) {
	t.Setenv("SECRET_OF_THE_HOST", "x")
	w := start(t, func(c *Config) { c.ProviderEnv = []string{"WANTED=1"} })
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), `{"Unhealthy":false}`)
	w.link(p.PublicKey, "default")
	testkit.Eventually(t, "the link", func() bool { _, err := w.ask(p, "Test.Echo", nil); return err == nil })
	d := w.describe(p)
	if !slices.Equal(d.Env, []string{"WANTED=1"}) {
		t.Errorf("environment %q", d.Env)
	}
	if len(d.Args) != 1 {
		t.Errorf("arguments %q", d.Args)
	}
	if d.Data.HostID != w.host.Info().HostID || d.Data.ProviderKey != p.PublicKey || d.Data.InstanceID != p.InstanceID ||
		d.Data.ConfigJSON == nil || *d.Data.ConfigJSON != `{"Unhealthy":false}` {
		t.Errorf("host data %+v", d.Data)
	}
}

func TestProvidersThatAreNotInOrderAreRefused(t *testing.T) {
	w := start(t, nil)
	executable, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"other machine": {archive(t, "p", func(o *par.CreateOptions) {
			o.Files = []par.File{measure(t, otherTarget(), executable)}
		}), "which is " + string(par.HostTarget()) + ": it is made for " + string(otherTarget())},
		"other machine inside": {pack(t, "p", foreignProgram(), nil), "is none: it is an executable for "},
		"an actor":             {read(t, "probe_s.wasm"), "not a provider archive"},
		"noise":                {[]byte("hello"), "is refused"},
		"expired":              {archive(t, "p", func(o *par.CreateOptions) { o.Claims.Expires = 1 }), "expired"},
		"no contract":          {archive(t, "p", func(o *par.CreateOptions) { o.Claims.Metadata.CapID = "" }), "names no contract"},
		"tampered":             {tampered(archive(t, "p", nil)), "hash"},
		"cut off":              {archive(t, "p", func(o *par.CreateOptions) { o.Compress = true })[:10_000], "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.providerFails(parFile(t, c.archive), "default", ""); !strings.Contains(got, c.want) {
				t.Errorf("%q, want something with %q", got, c.want)
			}
		})
	}
	if inv := w.host.Inventory(); len(inv.Providers) != 0 {
		t.Errorf("inventory %+v", inv.Providers)
	}
}

// Providers, which are programs on this machine, are signed by whom this host trusts.
func TestProvidersOfOtherIssuersAreRefused(t *testing.T) {
	w := start(t, func(c *Config) { c.Issuers = []strkey.PublicKey{key(strkey.Account, "trusted").Public()} })
	if got := w.providerFails(parFile(t, archive(t, "p", nil)), "default", ""); !strings.Contains(got, "signed by an issuer that is not trusted here") {
		t.Errorf("%q", got)
	}
	trusted := func(o *par.CreateOptions) { o.Issuer = key(strkey.Account, "trusted") }
	w.startProvider(parFile(t, archive(t, "p", trusted)), "")
}

// tampered changes a byte in the middle of the executable.
func tampered(archive []byte) []byte {
	archive[len(archive)/2] ^= 1
	return archive
}

func TestSameProviderTwice(t *testing.T) {
	w := start(t, nil)
	ref := parFile(t, archive(t, "kv", nil))
	first := w.startProvider(ref, "")
	second := w.startProviderAs(ref, "cache", "")
	if first.PublicKey != second.PublicKey || first.InstanceID == second.InstanceID {
		t.Errorf("%+v and %+v", first, second)
	}
	var names []string
	for _, p := range w.host.Inventory().Providers {
		names = append(names, p.LinkName)
	}
	if !slices.Equal(names, []string{"cache", "default"}) {
		t.Errorf("link names %q", names)
	}
	// The same archive from elsewhere is found out only when it was read.
	again := w.providerFails(parFile(t, archive(t, "kv", nil)), "default", "")
	if !strings.Contains(again, "runs already under link name \"default\"") {
		t.Error(again)
	}
	other := w.providerFails(parFile(t, archive(t, "kv", func(o *par.CreateOptions) { o.Claims.Metadata.CapID = "wasmcloud:messaging" })), "third", "")
	if !strings.Contains(other, "one key is one provider") {
		t.Error(other)
	}
	// The same reference is refused at once, and by an event too: wash waits for that.
	err := w.ctl.StartProvider(t.Context(), wasmbus.StartProviderCommand{ProviderRef: ref, LinkName: "default", HostID: w.host.Info().HostID})
	if err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Errorf("error %v", err)
	}
	var failed wasmbus.ProviderStartFailed
	w.event(wasmbus.EventProviderFailed, &failed)
	// One is stopped, the other serves on.
	w.stopProvider(first)
	w.link(second.PublicKey, "cache")
	testkit.Eventually(t, "the other one", func() bool { _, err := w.ask(second, "Test.Echo", nil); return err == nil })
}
