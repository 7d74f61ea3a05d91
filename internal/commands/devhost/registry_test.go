package devhost

import (
	"crypto/tls"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// TestTrustsTheAuthorityOfAFile: hosts fetch by the client that pushes, and trust the
// same authorities, by their flag or by the environment.
func TestTrustsTheAuthorityOfAFile(t *testing.T) {
	certFile, keyFile, _ := testkit.Certificate(t, t.TempDir())
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	check(t, err)
	server := httptest.NewUnstartedServer(registry.New(registry.Options{}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // one handshake fails on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	for name, c := range map[string]struct {
		args []string
		env  string
		ok   bool
	}{"flag": {[]string{"--ca-file", certFile}, "", true}, "environment": {nil, certFile, true}, "neither": {nil, "", false}} {
		t.Run(name, func(t *testing.T) {
			s := cli.System()
			s.Env = func(key string) string { return map[string]string{"WASMCLOUD_CA_FILE": c.env}[key] }
			var f hostFlags
			cmd := &cobra.Command{}
			f.addTo(cmd, false)
			check(t, cmd.ParseFlags(c.args))
			var cfg core.Config
			f.ociInto(&cfg, s, &environment{get: s.Env})
			client := oci.New(cfg.OCI)
			defer client.Close()
			err := client.Ping(t.Context(), server.Listener.Addr().String())
			if (err == nil) != c.ok || err != nil && !strings.Contains(err.Error(), "--ca-file") {
				t.Errorf("%v", err)
			}
		})
	}
}
