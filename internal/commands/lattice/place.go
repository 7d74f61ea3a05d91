package lattice

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// place is where a lattice is and what is needed to join it. Empty members are
// unknown.
type place struct {
	source      string // for people: where we learned of it
	url         string
	jwt, seed   string
	creds       string
	lattice     string
	jsDomain    string
	ctlPrefix   string
	clusterSeed string
	seedSource  string // where clusterSeed comes from
	hostID      string // the devhost of the state file that was found
}

// locate finds the host: the first source that exists, with the explicit flags
// and variables laid over it.
func (f *connFlags) locate(s *cli.IO) (place, error) {
	p, err := f.search(s)
	if err != nil {
		return place{}, err
	}
	f.overlay(s, &p)
	return p, nil
}

func (f *connFlags) search(s *cli.IO) (place, error) {
	switch {
	case f.stateFile != "":
		return fromState(f.stateFile, "--state-file", true, f.kind)
	case f.context != "":
		return f.fromNamedContext(s)
	case s.Env("WASMCLOUD_STATE_FILE") != "":
		return fromState(s.Env("WASMCLOUD_STATE_FILE"), "WASMCLOUD_STATE_FILE", true, f.kind)
	}
	if dir, err := fsx.UserStateDir(s.Env); err == nil {
		p, err := fromState(filepath.Join(dir, "devhost.json"), "the running devhost", false, f.kind)
		if err == nil {
			return p, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return place{}, err
		}
	}
	if home := s.Env("HOME"); home != "" {
		// wash makes the second of the first whenever it looks, so the first is never older.
		for _, path := range []string{bus.HostConfigPath(home), bus.DefaultContextPath(home)} {
			p, err := fromContext(path, f.kind)
			if err == nil || !errors.Is(err, fs.ErrNotExist) {
				return p, err
			}
		}
	}
	return place{source: "the default address"}, nil
}

// fromState reads a devhost's state file. When the file was named, a host that
// is gone is an error; else its file counts as missing.
func fromState(path, source string, named bool, kind string) (place, error) {
	st, err := bus.ReadHostState(path)
	if err != nil {
		return place{}, err
	}
	if !daemon.Runs(daemon.State{PID: st.PID, Started: st.Started}) {
		if named {
			return place{}, fmt.Errorf("the host of %s (%s) is not running: its process %d is gone; start one by `make up` or `devhost up`", path, source, st.PID)
		}
		return place{}, fs.ErrNotExist
	}
	p := place{url: st.NATSURL, lattice: st.LatticePrefix, jsDomain: st.JSDomain, ctlPrefix: st.CtlPrefix, hostID: st.HostID}
	if st.Context != "" {
		c, err := fromContext(st.Context, kind)
		if err != nil {
			return place{}, fmt.Errorf("%s (%s): %w", path, source, err)
		}
		p.clusterSeed, p.seedSource, p.jwt, p.seed, p.creds = c.clusterSeed, c.seedSource, c.jwt, c.seed, c.creds
	}
	p.source = source + " " + path
	return p, nil
}

func (f *connFlags) fromNamedContext(s *cli.IO) (place, error) {
	path := f.context
	if home := s.Env("HOME"); home != "" && !strings.ContainsAny(path, `/\`) {
		named := filepath.Join(home, ".wash", "contexts", strings.TrimSuffix(path, ".json")+".json")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			path = named
		}
	}
	return fromContext(path, f.kind)
}

func fromContext(path, kind string) (place, error) {
	c, err := bus.ReadHostConfig(path)
	if err != nil {
		return place{}, err
	}
	p := place{source: "the context " + path, lattice: c.LatticePrefix, jsDomain: c.JSDomain, clusterSeed: c.ClusterSeed, seedSource: path}
	host, port := c.RPCHost, c.RPCPort
	p.jwt, p.seed, p.creds = c.RPCJWT, c.RPCSeed, c.RPCCredsFile
	if kind == kindCtl {
		host, port = c.CtlHost, c.CtlPort
		p.jwt, p.seed, p.creds = c.CtlJWT, c.CtlSeed, c.CtlCredsFile
	}
	if host != "" || port != 0 {
		p.url = natsURL(host, port)
	}
	return p, nil
}

// natsURL makes an address of a host, which may be a URL already, and a port.
func natsURL(host string, port int) string {
	if host == "" {
		host = "127.0.0.1"
	}
	if port == 0 {
		port = 4222
	}
	scheme, rest, found := strings.Cut(host, "://")
	if !found {
		scheme, rest = "nats", host
	}
	if _, _, err := net.SplitHostPort(rest); err != nil {
		rest = net.JoinHostPort(strings.Trim(rest, "[]"), strconv.Itoa(port))
	}
	return scheme + "://" + rest
}

// overlay lays what was given explicitly over the place.
func (f *connFlags) overlay(s *cli.IO, p *place) {
	found := *p
	host, port := f.value(s, "host"), f.value(s, "port")
	if host != "" || port != "" {
		if n, err := strconv.Atoi(port); err == nil || port == "" {
			p.url = natsURL(host, n)
			p.source = "--" + f.kind + "-host and --" + f.kind + "-port or their variables"
		}
	}
	if v := f.value(s, "jwt"); v != "" {
		p.jwt, p.creds = v, ""
	}
	if v := f.value(s, "seed"); v != "" {
		p.seed, p.creds = v, ""
	}
	for _, m := range []struct {
		to    *string
		value string
	}{
		{&p.creds, f.value(s, "credsfile")},
		{&p.lattice, given(f.lattice, s.Env("WASMCLOUD_LATTICE_PREFIX"), s.Env("WASMCLOUD_LATTICE"))},
		{&p.jsDomain, given(f.jsDomain, s.Env("WASMCLOUD_JS_DOMAIN"))},
		{&p.ctlPrefix, s.Env("WASMCLOUD_CTL_TOPIC_PREFIX")},
	} {
		if m.value != "" {
			*m.to = m.value
		}
	}
	if p.url != found.url || p.lattice != found.lattice {
		p.hostID = "" // it is elsewhere
	}
	switch env := s.Env("WASMCLOUD_CLUSTER_SEED"); {
	case f.clusterSeed != "":
		p.clusterSeed, p.seedSource = f.clusterSeed, "--cluster-seed"
	case env != "":
		p.clusterSeed, p.seedSource = env, "WASMCLOUD_CLUSTER_SEED"
	}
}

// given returns the first that is not empty.
func given(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}
