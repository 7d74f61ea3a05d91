package lattice_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

func TestHostConfigRoundTrip(t *testing.T) {
	path := lattice.HostConfigPath(t.TempDir())
	want := lattice.HostConfig{LatticePrefix: "default", CtlHost: "127.0.0.1", CtlPort: 4222, RPCHost: "127.0.0.1", RPCPort: 4222, ClusterSeed: "SC…"}
	for range 2 { // the second time over the first
		if err := lattice.WriteHostConfig(path, want); err != nil {
			t.Fatal(err)
		}
	}
	got, err := lattice.ReadHostConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, *got); diff != "" {
		t.Error(diff)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v: it holds a secret", info.Mode(), err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"cluster_seed", "ctl_jwt", "ctl_seed", "rpc_jwt", "rpc_seed"} {
		if !strings.Contains(string(text), `"`+key+`"`) {
			t.Errorf("%s is missing, and wash cannot read the file without it", key)
		}
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadHostConfig(t *testing.T) {
	dir := t.TempDir()
	for text, want := range map[string]*lattice.HostConfig{
		`{"rpc_port":"4223","ctl_port":4224,"rpc_timeout_ms":2000,"rpc_seed":null,"js_domain":""}`: {RPCPort: 4223, CtlPort: 4224, RPCTimeoutMS: 2000},
		`{}`:                   {},
		`{"rpc_port":"many"}`:  nil,
		`{"lattice_prefix":1}`: nil,
		``:                     nil,
	} {
		path := filepath.Join(dir, "context.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := lattice.ReadHostConfig(path)
		if want == nil {
			if err == nil || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v, %v", text, got, err)
			}
			continue
		}
		if err != nil || !cmp.Equal(*got, *want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
}

func TestWriteHostConfigKeepsTheOld(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := lattice.WriteHostConfig(filepath.Join(file, "host_config.json"), lattice.HostConfig{}); err == nil {
		t.Error("a file where a folder is wanted: no error")
	}
	dir := filepath.Join(t.TempDir(), "host_config.json")
	if err := os.MkdirAll(filepath.Join(dir, "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := lattice.WriteHostConfig(dir, lattice.HostConfig{}); err == nil {
		t.Error("a folder where a file is wanted: no error")
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestReadHostState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.json")
	if _, err := lattice.ReadHostState(path); err == nil {
		t.Error("no file: no error")
	}
	for text, ok := range map[string]bool{
		`{"pid":1,"nats_url":"nats://127.0.0.1:1","host_id":"N"}`: true,
		`{"pid":1}`: false,
		`{`:         false,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := lattice.ReadHostState(path); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
