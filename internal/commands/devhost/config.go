package devhost

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// config makes the host's configuration of flags and environment.
func (f *hostFlags) config(s *cli.IO, forExec bool) (core.Config, error) {
	e := &environment{get: s.Env}
	cfg := core.Config{
		Lattice:         cmp.Or(f.lattice, e.first("WASMCLOUD_LATTICE_PREFIX", "WASMCLOUD_LATTICE")),
		CtlPrefix:       cmp.Or(f.ctlPrefix, e.first("WASMCLOUD_CTL_TOPIC_PREFIX")),
		HostSeed:        e.readSeed("host-seed", f.hostSeed, "WASMCLOUD_HOST_SEED", strkey.Server),
		ClusterSeed:     e.readSeed("cluster-seed", f.clusterSeed, "WASMCLOUD_CLUSTER_SEED", strkey.Cluster),
		ClusterIssuers:  e.keys("cluster issuer", append(f.clusterIssuers, e.list("WASMCLOUD_CLUSTER_ISSUERS")...), strkey.Cluster),
		Issuers:         e.keys("--issuer", f.issuers, strkey.Account),
		AllowLegacyHash: f.allowLegacyHash,
		Version:         strings.TrimPrefix(cli.Version().Version, "v"),
		RPCTimeout:      f.rpcTimeout,
		Queue:           f.actorQueue,
		Now:             s.Now,
	}
	if cfg.RPCTimeout == 0 {
		cfg.RPCTimeout = time.Duration(e.number("WASMCLOUD_RPC_TIMEOUT_MS", 0)) * time.Millisecond
	}
	for flag, l := range map[string]struct{ given, most int }{
		"--actor-queue": {f.actorQueue, 1 << 16}, "--actor-memory": {f.actorMemory, 4096}, "--call-depth": {f.callDepth, 1000},
	} {
		if l.given < 1 || l.given > l.most {
			e.fail(cli.Usage("%s %d: want a number from 1 to %d", flag, l.given, l.most))
		}
	}
	if s.Env("WASMCLOUD_POLICY_TOPIC") != "" {
		e.fail(errors.New("WASMCLOUD_POLICY_TOPIC is set, and this host asks no policy service: unset it to run without one"))
	}
	f.natsInto(&cfg, s, e, forExec)
	f.ociInto(&cfg, s, e)
	cfg.AllowFile = f.allowFile
	if !f.set.Changed("allow-file-load") {
		// Whoever reaches the embedded server is on this machine already.
		cfg.AllowFile = e.flag("WASMCLOUD_ALLOW_FILE_LOAD", cfg.Server != nil)
	}
	f.logInto(&cfg, s, e, forExec)
	var err error
	if cfg.Labels, err = labels(os.Environ(), f.labels); err != nil {
		e.fail(err)
	}
	f.providers.into(&cfg, s, e, cfg.Server != nil && cfg.ClusterSeed == nil && len(cfg.ClusterIssuers) == 0)
	if cfg.ClusterSeed == nil { // here, because it goes into the context file
		if cfg.ClusterSeed, err = strkey.Generate(strkey.Cluster, rand.Reader); err != nil {
			e.fail(err)
		}
	}
	return cfg, e.err
}

// keys parses public keys of one kind.
func (e *environment) keys(what string, texts []string, kind strkey.Kind) []strkey.PublicKey {
	var out []strkey.PublicKey
	for _, t := range texts {
		k, err := strkey.ParsePublic(t, kind)
		if err != nil {
			e.fail(cli.Usage("%s: %v", what, err))
			continue
		}
		out = append(out, k)
	}
	return out
}

// natsInto decides between an embedded server and a lattice to join. exec does
// not look at the environment for that: a test's host is its own, also where
// the variables are set for wash.
func (f *hostFlags) natsInto(cfg *core.Config, s *cli.IO, e *environment, forExec bool) {
	url, domain := f.natsURL, cmp.Or(f.jsDomain, e.first("WASMCLOUD_JS_DOMAIN"))
	connect := lattice.ConnectConfig{
		CredsFile: f.natsCreds, CAFile: f.natsCA, CertFile: f.natsCert, KeyFile: f.natsKey, JSDomain: domain,
	}
	if !forExec {
		rpc, ctl := e.address("WASMCLOUD_RPC"), e.address("WASMCLOUD_CTL")
		if rpc != "" && ctl != "" && rpc != ctl {
			e.fail(fmt.Errorf("WASMCLOUD_RPC_HOST and _PORT say %s, WASMCLOUD_CTL_ ones %s: this host uses one NATS server for both", rpc, ctl))
		}
		url = cmp.Or(url, cmp.Or(rpc, ctl))
		connect.JWT, connect.Seed = e.first("WASMCLOUD_RPC_JWT", "WASMCLOUD_CTL_JWT"), e.first("WASMCLOUD_RPC_SEED", "WASMCLOUD_CTL_SEED")
		connect.TLS = e.flag("WASMCLOUD_RPC_TLS", false)
	}
	connect.URL, connect.TLS = url, connect.TLS || f.natsTLS
	if url == "" {
		cfg.Server = &embedded.Config{Port: f.natsPort, StoreDir: f.storeDir, JSDomain: domain}
		if f.natsPort == 0 {
			cfg.Server.Port = -1
		}
		cfg.Connect = lattice.ConnectConfig{JSDomain: domain}
		return
	}
	cfg.Connect = connect
	if cfg.ClusterSeed == nil {
		cli.Notef(s, "no cluster seed is given: of the other hosts and tools on %s, only those that get this host's are accepted (WASMCLOUD_CLUSTER_SEED)", url)
	}
}

// address joins X_HOST and X_PORT; "" if neither is set.
func (e *environment) address(prefix string) string {
	host, port := e.get(prefix+"_HOST"), e.get(prefix+"_PORT")
	if host == "" && port == "" {
		return ""
	}
	return net.JoinHostPort(cmp.Or(host, "127.0.0.1"), cmp.Or(port, "4222"))
}

func (f *hostFlags) ociInto(cfg *core.Config, s *cli.IO, e *environment) {
	cfg.OCI = oci.Config{
		Env: s.Env, PlainHTTP: f.allowInsecure, StrictLoopback: f.strictOCI, CAFile: f.caFile,
		AllowLatest: f.allowLatest || e.flag("WASMCLOUD_OCI_ALLOW_LATEST", false), Now: s.Now,
	}
}

// cacheInto names the folders of fetched and compiled actors. Without a home
// (in a sandbox) exec uses its own temporary folder.
func (f *hostFlags) cacheInto(cfg *core.Config, s *cli.IO, temp string) error {
	dir, err := fsx.UserCacheDir(s.Env)
	if err != nil {
		if temp == "" {
			return err
		}
		dir = temp
	}
	cfg.CacheDir = dir
	cfg.Runtime = wasmrt.Config{
		Interpreter: f.interpreter, Isolation: f.isolation, MemoryPages: uint32(f.actorMemory) * (1 << 20 / wasmrt.PageSize), MaxDepth: f.callDepth,
	}
	if f.interpreter {
		return nil
	}
	// Without a place for the key nothing is kept, and the host runs all the same.
	if key, err := compiledKey(s); err == nil {
		cfg.Runtime.CacheDir, cfg.Runtime.CacheKey = filepath.Join(dir, "wasm"), key
	}
	return nil
}

// logInto decides how the host logs, and what it tells its providers of that.
func (f *hostFlags) logInto(cfg *core.Config, s *cli.IO, e *environment, forExec bool) {
	level := cmp.Or(f.logLevel, cmp.Or(e.first("WASMCLOUD_LOG_LEVEL"), defaultLevel(forExec)))
	levels := map[string]slog.Level{
		"trace": slog.LevelDebug, "debug": slog.LevelDebug, "info": slog.LevelInfo,
		"warn": slog.LevelWarn, "warning": slog.LevelWarn, "error": slog.LevelError, "critical": slog.LevelError,
	}
	l, ok := levels[strings.ToLower(level)]
	if !ok {
		e.fail(cli.Usage("log level %q: want trace, debug, info, warn, error or critical", level))
	}
	format := f.logFormat
	if format == "" && e.flag("WASMCLOUD_STRUCTURED_LOGGING_ENABLED", false) {
		format = "json"
	}
	if format != "" && format != "text" && format != "json" {
		e.fail(cli.Usage("--log-format %q: want text or json", format))
	}
	cfg.Log = cli.Logger(s, l, format == "json")
	cfg.ProviderLogLevel, cfg.ProviderLogJSON = strings.ToLower(level), format == "json"
	if cfg.ProviderLogLevel == "warning" {
		cfg.ProviderLogLevel = "warn"
	}
}

// claimPort makes sure that the embedded server can have its port: the server's
// own error names neither who is there nor what to do.
func (f *hostFlags) claimPort(server *embedded.Config) error {
	if server == nil || server.Port <= 0 {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(server.Port)))
	if err == nil {
		return l.Close()
	}
	if f.anyPort {
		server.Port = -1
		return nil
	}
	return fmt.Errorf("port %d for the NATS server cannot be had: %w; "+
		"take a free one (--any-port), another (--nats-port N), or join the server that is there (--nats-url nats://127.0.0.1:%d)", server.Port, err, server.Port)
}
