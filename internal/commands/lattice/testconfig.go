package lattice

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// defaultTestConfig is where the Rust SDK's test harness looks.
const defaultTestConfig = "provider_test_config.toml"

// providerTestConfig is the file of the Rust SDK's test harness. Its delays stand for
// a readiness that we ask for, and its NATS address for a server that we bring.
type providerTestConfig struct {
	BinPath       string         `toml:"bin_path"`
	RustLog       string         `toml:"rust_log"`
	RustBacktrace any            `toml:"rust_backtrace"`
	NatsURL       string         `toml:"nats_url"`
	Lattice       string         `toml:"lattice_rpc_prefix"`
	LinkName      string         `toml:"link_name"`
	ContractID    string         `toml:"contract_id"`
	StartDelay    any            `toml:"start_delay_sec"`
	LinkDelay     any            `toml:"link_delay_sec"`
	Values        map[string]any `toml:"values"`
}

// readTestConfig reads the named file, or else PROVIDER_TEST_CONFIG's, or else the
// one in this folder if there is one.
func readTestConfig(s *cli.IO, path string) (*providerTestConfig, error) {
	asked := path != ""
	if !asked {
		path = s.Env("PROVIDER_TEST_CONFIG")
		asked = path != ""
	}
	if !asked {
		path = defaultTestConfig
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return &providerTestConfig{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the test's configuration: %w", err)
	}
	c := &providerTestConfig{}
	meta, err := toml.Decode(string(text), c)
	var at toml.ParseError
	switch {
	case errors.As(err, &at):
		return nil, fmt.Errorf("%s:%d:%d: %s", path, at.Position.Line, at.Position.Col, at.Message)
	case err != nil:
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, key := range meta.Undecoded() {
		cli.Notef(s, "%s: %s is not known and is left out", path, key)
	}
	// Paths are those of the crate in whose root the file lies.
	if c.BinPath != "" && !filepath.IsAbs(c.BinPath) {
		c.BinPath = filepath.Join(filepath.Dir(path), c.BinPath)
	}
	return c, nil
}

// linkValues is the table as the harness hands it to the provider: scalars as
// strings, and the whole as one more value.
func (c *providerTestConfig) linkValues() (map[string]string, error) {
	out := map[string]string{}
	if c.Values == nil {
		return out, nil
	}
	for name, v := range c.Values {
		switch v := v.(type) {
		case string:
			out[name] = v
		case int64, float64, bool:
			out[name] = fmt.Sprint(v)
		case time.Time:
			out[name] = v.Format(time.RFC3339Nano)
		}
	}
	all, err := json.Marshal(c.Values)
	if err != nil {
		return nil, fmt.Errorf("the test's configuration, [values]: %w", err)
	}
	out["config_b64"] = base64.RawStdEncoding.EncodeToString(all)
	return out, nil
}

// env is what the harness puts into the provider's environment.
func (c *providerTestConfig) env() []string {
	level := c.RustLog
	if level == "" {
		level = "info"
	}
	env := []string{"RUST_LOG=" + level}
	switch c.RustBacktrace {
	case "1", int64(1), true:
		env = append(env, "RUST_BACKTRACE=1")
	}
	return env
}
