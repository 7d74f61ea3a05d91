package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// httpCases: requests through our HTTP server, packed and launched as users do
// it, the host and an actor, by the number of connections. All of them and the
// load share this machine.
func (b *bench) httpCases(ctx context.Context) error {
	echo, err := b.goActor(ctx)
	if err != nil {
		return err
	}
	probe, err := filepath.Abs(filepath.Join("internal", "artifact", "testdata", "probe_s.wasm"))
	if err != nil {
		return err
	}
	archive, err := b.providerArchive(ctx, "httpserver", "wasmcloud:httpserver")
	if err != nil {
		return err
	}
	state, stop, err := b.devhost(ctx)
	if err != nil {
		return err
	}
	defer stop()
	caller, err := newCaller(ctx, state)
	if err != nil {
		return err
	}
	defer caller.conn.Close()
	server, err := caller.control.LaunchProvider(ctx, lattice.ProviderOptions{Ref: "file://" + archive})
	if err != nil {
		return err
	}
	for _, a := range []struct{ name, file string }{{rustProbe, probe}, {goEcho, echo}} {
		address, err := caller.serve(ctx, server.PublicKey, a.file)
		if err != nil {
			return fmt.Errorf("%s: %w", a.name, err)
		}
		for _, connections := range []int{1, 8, 64} {
			got, err := getLoad(ctx, connections, "http://"+address+"/bench")
			if err != nil {
				return fmt.Errorf("%s, %d connections: %w", a.name, connections, err)
			}
			b.report.throughput(fmt.Sprintf("HTTP, %s, %d connections", a.name, connections), got, nil, goal{})
		}
	}
	return nil
}

// providerArchive builds and packs a provider of this repository.
func (b *bench) providerArchive(ctx context.Context, name, contract string) (string, error) {
	binary, archive := filepath.Join(b.dir, name), filepath.Join(b.dir, name+".par.gz")
	build := append(os.Environ(), "CGO_ENABLED=0")
	if _, err := command(build, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", binary, "./providers/"+name)(ctx); err != nil {
		return "", err
	}
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer)
	_, err := command(env, b.tool("parpack"), "create", "-n", name, "-c", contract, "-v", "bench", "-b", binary, "--destination", archive)(ctx)
	return archive, err
}

// serve starts eight instances of an actor, links it to the HTTP server and waits until it answers there.
func (c *caller) serve(ctx context.Context, provider, file string) (address string, err error) {
	started, err := c.control.Start(ctx, lattice.StartOptions{Ref: "file://" + file, Count: 8})
	if err != nil {
		return "", err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	address = l.Addr().String()
	l.Close()
	link := wasmbus.LinkDefinition{
		ActorID: started.PublicKey, ProviderID: provider, LinkName: "default", ContractID: "wasmcloud:httpserver",
		Values: map[string]string{"address": address, "timeout_ms": "20000"},
	}
	if err := c.control.PutLink(ctx, link); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := get(ctx, http.DefaultClient, "http://"+address+"/bench")
		if err == nil || ctx.Err() != nil {
			return address, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func getLoad(ctx context.Context, connections int, url string) ([]time.Duration, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	return load(ctx, connections, func(ctx context.Context) error { return get(ctx, client, url) })
}

func get(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	return err
}
