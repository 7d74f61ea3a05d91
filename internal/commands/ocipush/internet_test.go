package ocipush

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// TestInternet runs the scripts that meet imitations of the registries that people use,
// by their real names: $INTERNET is a web proxy that leads to them, $LOCKEDPROXY one that
// wants a login, internet.pem their authority, logins/NAME/config.json the logins, and
// tunnels.log says whom the proxy was asked for. large.wasm is larger than GHCR takes in
// one request.
func TestInternet(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/internet", Setup: setupInternet, RequireExplicitExec: true})
}

func setupInternet(env *testscript.Env) error {
	if err := setup(env); err != nil {
		return err
	}
	world := registry.Everybody()
	dir := filepath.Join(env.WorkDir, "internet")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	names := world.Hosts()
	if ip := outside(); ip != "" {
		names = append(names, ip)
	}
	address, err := listenTLS(env, world, dir, "127.0.0.1", names...)
	if err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(dir, "cert.pem"), filepath.Join(env.WorkDir, "internet.pem")); err != nil {
		return err
	}
	to := registry.Proxy{To: address, Log: filepath.Join(env.WorkDir, "tunnels.log")}
	env.Setenv("INTERNET", "http://"+listen(env, &to, "127.0.0.1"))
	locked := registry.Proxy{To: address, Log: to.Log, Login: "Basic " + "cHJveHk6c2VzYW1l"} // proxy:sesame
	env.Setenv("LOCKEDPROXY", listen(env, &locked, "127.0.0.1"))
	for _, p := range world.Profiles {
		if err := writeFile(filepath.Join(env.WorkDir, "logins", p.Name, "config.json"), p.Login); err != nil {
			return err
		}
	}
	return embedDevelopment(filepath.Join(env.WorkDir, "large.wasm"), 9<<20)
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

// listenTLS serves h with a certificate for names, whose files go to dir.
func listenTLS(env *testscript.Env, h http.Handler, dir, ip string, names ...string) (string, error) {
	certFile, keyFile, _, err := testkit.CertificateFor(dir, names...)
	if err != nil {
		return "", err
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return "", err
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		return "", err
	}
	s := &httptest.Server{
		Listener: ln, TLS: &tls.Config{Certificates: []tls.Certificate{cert}},
		Config: &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}, // clients go away on purpose
	}
	s.StartTLS()
	env.Defer(s.Close)
	return ln.Addr().String(), nil
}
