package devhost

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// published are the files by which others find a host.
type published struct {
	state lattice.HostState
	files map[string][]byte // what was written, by path
}

// publish writes wash's file if wanted, the context beside the state file (0600:
// it holds the cluster seed), and at last the state file, which by being there
// says that everything else is. An empty stateFile means none of the two.
func (r *server) publish(s *cli.IO, stateFile, log string, wash bool) (*published, error) {
	p := &published{files: map[string][]byte{}, state: r.state(log, "")}
	if wash {
		p.publishToWash(s, r)
	}
	if stateFile == "" {
		return p, nil
	}
	stateFile, err := filepath.Abs(stateFile) // what it names is read from other folders
	if err != nil {
		p.remove()
		return nil, err
	}
	p.state.Context = strings.TrimSuffix(stateFile, filepath.Ext(stateFile)) + ".context.json"
	err = p.writeContext(p.state.Context, r)
	if err == nil {
		err = p.writeLogin(stateFile, r.dash.loginURL())
	}
	if err == nil {
		err = p.writeState(stateFile)
	}
	if err != nil {
		p.remove()
		return nil, err
	}
	return p, nil
}

func (p *published) writeState(path string) error {
	text, err := json.MarshalIndent(p.state, "", "  ")
	if err != nil {
		return err
	}
	p.files[path] = append(text, '\n')
	return fsx.WriteFile(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(p.files[path])
		return err
	})
}

func (p *published) writeContext(path string, r *server) error {
	c, err := washContext(r)
	if err != nil {
		return err
	}
	if err := lattice.WriteHostConfig(path, c); err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	p.files[path] = text
	return err
}

// publishToWash writes ~/.wash/host_config.json, where wash looks for a host on
// every command. A home that cannot be written to is worth a note and no more.
func (p *published) publishToWash(s *cli.IO, r *server) {
	home := s.Env("HOME")
	if home == "" {
		home = s.Env("USERPROFILE")
	}
	if home == "" {
		return
	}
	if err := p.writeContext(lattice.HostConfigPath(home), r); err != nil {
		cli.Notef(s, "wash will not find this host by itself: %v", err)
	}
}

// remove takes the files away, unless somebody else has written them since:
// wash's file belongs to whichever host started last.
func (p *published) remove() {
	for path, wrote := range p.files {
		if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, wrote) {
			_ = os.Remove(path) // gone or not, nothing more can be done
			if strings.HasSuffix(path, loginSuffix) {
				_ = os.Remove(path + ".html") // openBrowser's
			}
		}
	}
}

// washContext is what wash and our own tools need to reach the host.
func washContext(r *server) (lattice.HostConfig, error) {
	host, port, err := hostPort(r.info.NATSURL)
	if err != nil {
		return lattice.HostConfig{}, err
	}
	connect := r.cfg.Connect
	return lattice.HostConfig{
		LatticePrefix: r.info.Lattice, JSDomain: r.info.JSDomain,
		CtlHost: host, CtlPort: port, CtlJWT: connect.JWT, CtlSeed: connect.Seed, CtlCredsFile: connect.CredsFile,
		RPCHost: host, RPCPort: port, RPCJWT: connect.JWT, RPCSeed: connect.Seed, RPCCredsFile: connect.CredsFile,
		ClusterSeed: r.cfg.ClusterSeed.Reveal(),
	}, nil
}

// hostPort splits a NATS URL; of several, the first.
func hostPort(natsURL string) (string, int, error) {
	first, _, _ := strings.Cut(natsURL, ",")
	u, err := url.Parse(first)
	if err != nil || u.Hostname() == "" {
		return "", 0, fmt.Errorf("NATS address %q: want a URL such as nats://127.0.0.1:4222", natsURL)
	}
	if u.Port() == "" {
		return u.Hostname(), 4222, nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil {
		return "", 0, fmt.Errorf("NATS address %q: %w", natsURL, err)
	}
	return u.Hostname(), port, nil
}

// childEnv is the environment of exec's command: the addresses, no seed.
func childEnv(environ []string, stateFile string, st lattice.HostState) ([]string, error) {
	host, port, err := hostPort(st.NATSURL)
	if err != nil {
		return nil, err
	}
	env := append([]string{}, environ...)
	env = append(env, "WASMCLOUD_STATE_FILE="+stateFile, "WASMCLOUD_LATTICE_PREFIX="+st.LatticePrefix)
	for _, use := range []string{"RPC", "CTL"} {
		env = append(env, "WASMCLOUD_"+use+"_HOST="+host, "WASMCLOUD_"+use+"_PORT="+strconv.Itoa(port))
	}
	return env, nil
}

// shown is a host's address as people are told it.
func shown(st lattice.HostState) string {
	where := st.NATSURL
	if host, port, err := hostPort(where); err == nil {
		where = net.JoinHostPort(host, strconv.Itoa(port))
	}
	return fmt.Sprintf("%s on lattice %s, NATS at %s", st.HostID, st.LatticePrefix, where)
}
