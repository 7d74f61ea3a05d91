package lattice

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// HostState is the file that devhost writes when it is ready: everything that
// a command needs to reach it. The cluster seed is not in it but in the file
// that Context names. The first three members are those of daemon.State.
type HostState struct {
	PID           int       `json:"pid"`
	Started       time.Time `json:"started"`
	Log           string    `json:"log,omitempty"`
	HostID        string    `json:"host_id"`
	LatticePrefix string    `json:"lattice_prefix"` // the lattice's name
	NATSURL       string    `json:"nats_url"`
	CtlPrefix     string    `json:"ctl_topic_prefix"`
	JSDomain      string    `json:"js_domain,omitempty"`
	ClusterKey    string    `json:"cluster_key"` // public, C…
	Context       string    `json:"context"`     // path of a HostConfig file, 0600
	Version       string    `json:"version"`
	Dashboard     string    `json:"dashboard,omitempty"` // URL; the token is not in it
}

// ReadHostState reads such a file.
func ReadHostState(path string) (*HostState, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("host state: %w", err)
	}
	var s HostState
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("host state %s: %w", path, err)
	}
	if s.NATSURL == "" {
		return nil, fmt.Errorf("host state %s: it names no nats_url; is it the file of a devhost?", path)
	}
	return &s, nil
}

// HostConfig is a wash context, such as the file ~/.wash/host_config.json that
// hosts write on start. The five secrets are written even when empty: wash's
// reader demands them.
type HostConfig struct {
	Name          string `json:"name,omitempty"` // of a context in wash's folder
	LatticePrefix string `json:"lattice_prefix,omitempty"`
	CtlHost       string `json:"ctl_host,omitempty"`
	CtlPort       int    `json:"ctl_port,omitempty"`
	CtlJWT        string `json:"ctl_jwt"`
	CtlSeed       string `json:"ctl_seed"`
	CtlCredsFile  string `json:"ctl_credsfile,omitempty"`
	CtlTimeoutMS  int64  `json:"ctl_timeout,omitempty"`
	RPCHost       string `json:"rpc_host,omitempty"`
	RPCPort       int    `json:"rpc_port,omitempty"`
	RPCJWT        string `json:"rpc_jwt"`
	RPCSeed       string `json:"rpc_seed"`
	RPCCredsFile  string `json:"rpc_credsfile,omitempty"`
	RPCTimeoutMS  int64  `json:"rpc_timeout,omitempty"`
	JSDomain      string `json:"js_domain,omitempty"`
	ClusterSeed   string `json:"cluster_seed"`
}

// HostConfigPath is where hosts write their context and wash looks for it.
func HostConfigPath(home string) string { return filepath.Join(home, ".wash", "host_config.json") }

// DefaultContextPath is wash's own copy of it.
func DefaultContextPath(home string) string {
	return filepath.Join(home, ".wash", "contexts", "host_config.json")
}

// ReadHostConfig reads a context. Ports may be numbers or strings: the Elixir
// host has written both. An unreadable number is an error that names it.
func ReadHostConfig(path string) (*HostConfig, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("context: %w", err)
	}
	var loose struct {
		HostConfig
		CtlPort      looseInt `json:"ctl_port"`
		RPCPort      looseInt `json:"rpc_port"`
		CtlTimeoutMS looseInt `json:"ctl_timeout"`
		RPCTimeoutMS looseInt `json:"rpc_timeout"`
		CtlTimeout2  looseInt `json:"ctl_timeout_ms"`
		RPCTimeout2  looseInt `json:"rpc_timeout_ms"`
	}
	if err := json.Unmarshal(b, &loose); err != nil {
		return nil, fmt.Errorf("context %s: %w", path, err)
	}
	c := loose.HostConfig
	c.CtlPort, c.RPCPort = int(loose.CtlPort), int(loose.RPCPort)
	c.CtlTimeoutMS = int64(max(loose.CtlTimeoutMS, loose.CtlTimeout2))
	c.RPCTimeoutMS = int64(max(loose.RPCTimeoutMS, loose.RPCTimeout2))
	return &c, nil
}

type looseInt int64

// UnmarshalJSON takes a number, a string of one, "" or null.
func (n *looseInt) UnmarshalJSON(b []byte) error {
	text := string(b)
	if len(text) >= 2 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	if text == "" || text == "null" {
		return nil
	}
	return json.Unmarshal([]byte(text), (*int64)(n))
}

// WriteHostConfig writes a context: mode 0600, because it holds the cluster
// seed, and atomically, so that nobody reads half of it. The folder is made
// 0700 if it is missing and left as it is otherwise.
func WriteHostConfig(path string, c HostConfig) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("writing context: %w", err)
	}
	err = fsx.WriteFile(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(append(b, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("context: %w", err)
	}
	return nil
}
