package provider_test

import (
	"encoding/base64"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// rustHostData has the members in the order and the forms of the Rust host 0.80.
const rustHostData = `{"host_id":"N1","lattice_rpc_prefix":"default","link_name":"default","lattice_rpc_user_jwt":"","lattice_rpc_user_seed":"",` +
	`"lattice_rpc_url":"nats://127.0.0.1:4222","env_values":{},"instance_id":"i","link_definitions":[{"actor_id":"M1","provider_id":"V1","link_name":"default",` +
	`"contract_id":"wasmcloud:keyvalue","values":{"URL":"redis://127.0.0.1"}}],"cluster_issuers":["C1"],"config_json":null,"default_rpc_timeout_ms":null,` +
	`"structured_logging":false,"log_level":null,"otel_config":{"traces_exporter":null,"exporter_otlp_endpoint":null},"provider_key":"V1","invocation_seed":"SC1"}`

func TestHostDataForms(t *testing.T) {
	std, raw, web := base64.StdEncoding.EncodeToString, base64.RawStdEncoding.EncodeToString, base64.RawURLEncoding.EncodeToString
	text := []byte(rustHostData)
	want, err := provider.ReadHostData(strings.NewReader(std(text) + "\n"))
	if err != nil || want.HostID != "N1" || want.LinkDefinitions[0].Values["URL"] != "redis://127.0.0.1" || want.ClusterIssuers[0] != "C1" {
		t.Fatalf("%+v, %v", want, err)
	}
	for name, line := range map[string]string{
		"Rust host":            std(text) + "\r\n",
		"test harness":         raw(text) + "\r\n",
		"URL alphabet":         web(text) + "\n",
		"no line end":          std(text),
		"spaces around":        "  " + std(text) + " \t\n",
		"more lines":           std(text) + "\nmore\n",
		"unknown members":      std([]byte(strings.Replace(rustHostData, `{"host_id"`, `{"new":[{"a":1}],"host_id"`, 1))) + "\n",
		"members left out":     std([]byte(strings.Replace(rustHostData, `"env_values":{},`, "", 1))) + "\n",
		"TLS as Elixir has it": std([]byte(strings.Replace(rustHostData, `{"host_id"`, `{"lattice_rpc_tls":0,"js_domain":"","host_id"`, 1))) + "\n",
	} {
		got, err := provider.ReadHostData(strings.NewReader(line))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got.EnvValues = want.EnvValues
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// An Elixir host keeps the stream open.
func TestHostDataDoesNotWaitForTheEnd(t *testing.T) {
	r, w := io.Pipe()
	go func() { _, _ = io.WriteString(w, base64.StdEncoding.EncodeToString([]byte(rustHostData))+"\n") }()
	done := make(chan error, 1)
	go func() {
		_, err := provider.ReadHostData(r)
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(providerbed.Patience):
		t.Error("it waits for more than a line")
	}
}

func TestBadHostData(t *testing.T) {
	seed := providerbed.Cluster().Reveal()
	for name, line := range map[string]string{
		"nothing":      "",
		"a blank line": "\r\n" + base64.StdEncoding.EncodeToString([]byte(rustHostData)),
		"no base64":    "{" + seed + "}\n",
		"no JSON":      base64.StdEncoding.EncodeToString([]byte("host " + seed)),
		"a list":       base64.StdEncoding.EncodeToString([]byte(`["` + seed + `"]`)),
		"wrong type":   base64.StdEncoding.EncodeToString([]byte(`{"host_id":{"` + seed + `":1}}`)),
		"wrong TLS":    base64.StdEncoding.EncodeToString([]byte(`{"lattice_rpc_tls":"` + seed + `"}`)),
	} {
		_, err := provider.ReadHostData(strings.NewReader(line))
		if err == nil || !strings.HasPrefix(err.Error(), "host data: ") || strings.Contains(err.Error(), seed[:20]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := provider.ReadHostData(io.LimitReader(zeros{}, 1<<40)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("an endless line: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'A'
	}
	return len(p), nil
}

// What a provider cannot work without is missed at its start, by name and without quoting seeds.
func TestRunChecksHostData(t *testing.T) {
	good := provider.HostData{
		HostID: providerbed.HostKey(), ProviderKey: providerbed.ProviderKey(), InvocationSeed: providerbed.Cluster().Reveal(), LatticeRPCURL: "127.0.0.1:1",
	}
	for _, tt := range []struct {
		name   string
		change func(d *provider.HostData)
		want   string
	}{
		{"no provider key", func(d *provider.HostData) { d.ProviderKey = "" }, "provider_key"},
		{"an actor's key", func(d *provider.HostData) { d.ProviderKey = actorKey }, "provider_key"},
		{"no host id", func(d *provider.HostData) { d.HostID = "" }, "host_id"},
		{"no seed", func(d *provider.HostData) { d.InvocationSeed = "" }, "invocation_seed"},
		{"another kind of seed", func(d *provider.HostData) { d.InvocationSeed = providerbed.Seed(strkey.Account, 1).Reveal() }, "invocation_seed"},
		{"an unknown level", func(d *provider.HostData) { d.LogLevel = "loud" }, `log_level "loud"`},
		{"nobody at the address", func(*provider.HostData) {}, "no NATS server answers"},
	} {
		d := good
		tt.change(&d)
		err := provider.Run(providerbed.Context(t), d, &sample{}, provider.Options{Log: io.Discard})
		if err == nil || !strings.Contains(err.Error(), tt.want) || d.InvocationSeed != "" && strings.Contains(err.Error(), d.InvocationSeed) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func FuzzReadHostData(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString([]byte(rustHostData)) + "\r\n")
	f.Add("e30")
	f.Add("")
	f.Add("bnVsbA==\n")
	f.Fuzz(func(t *testing.T, line string) {
		d, err := provider.ReadHostData(strings.NewReader(line))
		if err != nil {
			return
		}
		written, err := d.Line()
		if err != nil {
			t.Fatal(err)
		}
		again, err := provider.ReadHostData(strings.NewReader(string(written)))
		if err != nil {
			t.Fatal(err)
		}
		// Line gives nothing as null that peers need.
		if again.EnvValues == nil || again.ClusterIssuers == nil || again.LinkDefinitions == nil {
			t.Errorf("%s lacks a member", written)
		}
	})
}
