// Package providertest runs a capability provider, in whatever language it is
// written, as a host would, and tests it from outside: whether it starts, becomes
// healthy and stops when asked, and what it answers to the calls of case files.
//
// Each test has a provider process and an actor of its own on a NATS server of this
// process, so that no test sees what another left.
package providertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Config says what is tested, and as what.
type Config struct {
	Path     string             // a provider archive or an executable
	Issuers  []strkey.PublicKey // accounts that may have signed the archive; empty = any
	Contract string             // "" = the archive's, or else wasmcloud:example
	LinkName string             // "" = default
	Values   map[string]string  // of the link
	Lattice  string             // "" = TEST
	TestMode bool               // as the Rust SDK's test harness: host id _TEST_, bodies in JSON
	Env      []string           // the provider's whole environment, NAME=value

	StartTimeout time.Duration // until it is healthy; 0 = 10 s
	CallTimeout  time.Duration // of each call and of a stop; 0 = 2 s
	Now          func() time.Time
}

const (
	defaultContract     = "wasmcloud:example" // of the Rust SDK's harness
	defaultLattice      = "TEST"
	defaultStartTimeout = 10 * time.Second
)

// Runner makes tests of one provider. Close it.
type Runner struct {
	cfg     Config
	program *program
	dir     string
	server  *embedded.Server
	conn    *lattice.Conn
	hostKey *strkey.Seed
	cluster *strkey.Seed
}

// New reads and verifies the provider and starts the NATS server.
func New(ctx context.Context, cfg Config) (_ *Runner, err error) {
	r := &Runner{cfg: cfg}
	defer func() {
		if err != nil {
			r.Close()
		}
	}()
	if r.dir, err = os.MkdirTemp("", "providertest"); err != nil {
		return nil, err
	}
	if r.program, err = findProgram(ctx, cfg, filepath.Join(r.dir, "bin")); err != nil {
		return nil, err
	}
	r.withDefaults()
	if r.hostKey, err = strkey.Generate(strkey.Server, rand.Reader); err != nil {
		return nil, err
	}
	if r.cluster, err = strkey.Generate(strkey.Cluster, rand.Reader); err != nil {
		return nil, err
	}
	if r.server, err = embedded.Start(ctx, embedded.Config{Port: -1, StoreDir: filepath.Join(r.dir, "nats")}); err != nil {
		return nil, err
	}
	r.conn, err = lattice.Connect(ctx, lattice.ConnectConfig{InProcess: r.server, Name: "provider test"})
	return r, err
}

func (r *Runner) withDefaults() {
	c := &r.cfg
	if c.Contract == "" {
		c.Contract = r.program.contract
	}
	for _, d := range []struct {
		value *string
		or    string
	}{{&c.Contract, defaultContract}, {&c.LinkName, casefile.DefaultLink}, {&c.Lattice, defaultLattice}} {
		if *d.value == "" {
			*d.value = d.or
		}
	}
	if c.StartTimeout <= 0 {
		c.StartTimeout = defaultStartTimeout
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = lattice.DefaultCallTimeout
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Close ends the server and removes what was written.
func (r *Runner) Close() {
	if r.conn != nil {
		r.conn.Close()
	}
	if r.server != nil {
		r.server.Shutdown()
	}
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
}

// Lifecycle tests that the provider starts, becomes healthy, and ends when asked.
func (r *Runner) Lifecycle(ctx context.Context) error {
	return r.with(ctx, &casefile.Case{Path: "lifecycle"}, func(*instance) error { return nil })
}

// with runs f on a provider that is up, and ends the provider, whatever happens.
func (r *Runner) with(ctx context.Context, tc *casefile.Case, f func(*instance) error) (err error) {
	in, err := r.newInstance(tc)
	if err != nil {
		return err
	}
	stop, err := in.actor(r)
	if err != nil {
		return err
	}
	defer stop()
	if err := in.start(ctx); err != nil {
		return err
	}
	defer in.kill()
	err = in.ready(ctx)
	if err == nil {
		err = f(in)
		// A test that failed still wants to know whether the provider can end.
		err = errors.Join(err, in.stop(ctx))
	}
	if err != nil && ctx.Err() == nil {
		in.kill() // whose last words are wanted
		err = fmt.Errorf("%w\n%s", err, in.output.text())
	}
	return err
}

// newInstance prepares a process and its link; the link's name is the process's.
func (r *Runner) newInstance(tc *casefile.Case) (*instance, error) {
	key, err := r.program.key()
	if err != nil {
		return nil, err
	}
	actor, err := strkey.Generate(strkey.Module, rand.Reader)
	if err != nil {
		return nil, err
	}
	in := &instance{r: r, tc: tc, player: casefile.NewPlayer(tc, "the provider"), ports: ports{}, link: wasmbus.LinkDefinition{
		ActorID: string(actor.Public()), ProviderID: string(key), LinkName: r.cfg.LinkName, ContractID: r.cfg.Contract, Values: map[string]string{},
	}}
	for name, value := range r.cfg.Values {
		in.link.Values[name] = value
	}
	for _, l := range tc.Links {
		if l.Contract != "" {
			in.link.ContractID = l.Contract
		}
		if l.Name != casefile.DefaultLink {
			in.link.LinkName = l.Name
		}
		for name, value := range l.Values {
			in.link.Values[name] = value
		}
	}
	for name, value := range in.link.Values {
		if in.link.Values[name], err = in.ports.fill(value); err != nil {
			return nil, err
		}
	}
	return in, nil
}
