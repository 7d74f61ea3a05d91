package interop

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// The real wash and ours share the contexts of a home: what one makes, chooses or
// deletes the other sees, and both reach the host that a context names.
func TestContextsInBothDirections(t *testing.T) {
	w := newWorld(t)
	w.serveHost()
	w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, "WASMCLOUD_") }) // the context alone says where
	other := &world{t: t, wash: "wash", dir: w.dir, env: w.env}
	for name, pair := range map[string][2]*world{"theirs first": {w, other}, "ours first": {other, w}} {
		first, second := pair[0], pair[1]
		context := strings.ReplaceAll(name, " ", "_")
		first.real(&map[string]any{}, "ctx", "new", context)
		// A new context has the default address; this one is to be the host's.
		path := filepath.Join(w.dir, "home", ".wash", "contexts", context+".json")
		config, err := lattice.ReadHostConfig(path)
		if err != nil {
			t.Fatal(err)
		}
		if config.Name != context || config.CtlPort != 4222 || config.CtlHost != "127.0.0.1" || config.LatticePrefix != "default" || config.RPCTimeoutMS != 2000 {
			t.Errorf("%s: a new context holds %+v", name, config)
		}
		host, err := lattice.ReadHostConfig(w.host.Context)
		if err != nil {
			t.Fatal(err)
		}
		host.Name = context
		if err := lattice.WriteHostConfig(path, *host); err != nil {
			t.Fatal(err)
		}
		first.real(&map[string]any{}, "ctx", "default", context)
		for _, reader := range []*world{second, first} {
			var list struct {
				Contexts []string
				Default  string
			}
			reader.real(&list, "ctx", "list")
			if list.Default != context || !slices.Contains(list.Contexts, context) {
				t.Errorf("%s: %s sees %+v", name, reader.wash, list)
			}
			var hosts struct{ Hosts []struct{ ID string } }
			reader.real(&hosts, "ctl", "get", "hosts")
			if len(hosts.Hosts) != 1 || hosts.Hosts[0].ID != w.host.HostID {
				t.Errorf("%s: %s reaches the hosts %v", name, reader.wash, hosts.Hosts)
			}
		}
		second.real(&map[string]any{}, "ctx", "del", context)
		var list map[string]json.RawMessage
		first.real(&list, "ctx", "list")
		if strings.Contains(string(list["contexts"]), context) || string(list["default"]) != `"host_config"` {
			t.Errorf("%s: after the deletion %s sees %s, default %s", name, first.wash, list["contexts"], list["default"])
		}
	}
}
