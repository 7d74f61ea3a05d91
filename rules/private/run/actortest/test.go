package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

const (
	latticeName = "test"
	reference   = "registry.test/actor:test"
	// A call may take this long on a busy machine; one that hangs is cut by it.
	callTime = 30 * time.Second
)

// spec is written by rules/private/test.bzl. Paths are rlocation paths.
type spec struct {
	Actor   string   `json:"actor"`
	Cases   []string `json:"cases"`
	Compile bool     `json:"compile"`
	Issuer  string   `json:"issuer"`
	Options string   `json:"options"`
}

func run(ctx context.Context, s *cli.IO, argv []string) (int, error) {
	program, err := bazel.Find(argv[0], s.Env)
	if err != nil {
		return 1, err
	}
	var what spec
	if err := program.Spec(&what); err != nil {
		return 1, err
	}
	args, some, err := arguments(s, program, what)
	if err != nil || !some {
		return 0, err
	}
	file, err := program.Runfile(what.Actor)
	if err != nil {
		return 1, err
	}
	folder, err := os.MkdirTemp(s.Env("TEST_TMPDIR"), "")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(folder)
	registry := registry.New(registry.Options{})
	ref, err := push(ctx, registry, file)
	if err != nil {
		return 1, err
	}
	host, end, err := start(ctx, s, what, registry, folder)
	if err != nil {
		return 1, err
	}
	defer end()
	conn, err := bus.Connect(ctx, bus.ConnectConfig{InProcess: host.InProcess(), Name: "actortest"})
	if err != nil {
		return 1, err
	}
	args = append([]string{"test", ref, "--rpc-timeout-ms", fmt.Sprint(callTime.Milliseconds())}, args...)
	return cli.Main(ctx, s, append(args, argv[1:]...), func(s *cli.IO) *cobra.Command {
		return lattice.TestCommand(s, conn, latticeName, host.cluster)
	}), nil
}

// push puts the actor into the registry, and gives the reference by digest.
func push(ctx context.Context, r *registry.Registry, file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	a, err := artifact.Read(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	ref, err := oci.ParseRef(reference)
	if err != nil {
		return "", err
	}
	p := oci.Push{Layer: oci.FileSource(file, a.Digest, a.Size)}
	p.LayerType, p.ConfigType = a.MediaTypes()
	done, err := oci.New(oci.Config{Transport: r, NoKeychain: true}).Push(ctx, ref, p)
	return reference + "@" + done.Digest, err
}

// running is a host and the key that signs calls to it.
type running struct {
	*core.Host
	cluster *strkey.Seed
}

func start(ctx context.Context, s *cli.IO, what spec, r *registry.Registry, folder string) (*running, func(), error) {
	cluster, err := strkey.Generate(strkey.Cluster, rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	cfg := core.Config{
		Lattice: latticeName, ClusterSeed: cluster, Version: cli.Version().Version,
		Server: &embedded.Config{StoreDir: filepath.Join(folder, "nats")}, CacheDir: filepath.Join(folder, "cache"),
		OCI:        oci.Config{Transport: r, NoKeychain: true},
		Runtime:    wasmrt.Config{Interpreter: !what.Compile},
		RPCTimeout: callTime,
		Log:        cli.Logger(s, slog.LevelWarn, false),
	}
	if what.Issuer != "" {
		issuer, err := strkey.ParsePublic(what.Issuer, strkey.Account)
		if err != nil {
			return nil, nil, err
		}
		cfg.Issuers = []strkey.PublicKey{issuer}
	}
	host, err := core.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- host.Run(ctx) }()
	end := func() { cancel(); <-done }
	select {
	case <-host.Ready():
		return &running{host, cluster}, end, nil
	case err := <-done:
		cancel()
		return nil, nil, fmt.Errorf("starting the host: %w", err)
	}
}
