package lattice_test

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func check(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func startNATS(t *testing.T, o *server.Options) string {
	t.Helper()
	o.Host, o.Port, o.NoLog, o.NoSigs = "127.0.0.1", -1, true, true
	s, err := server.NewServer(o)
	check(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s.ClientURL()
}

// jwtServer trusts one operator; the user's JWT and seed are returned.
func jwtServer(t *testing.T) (url, userJWT, seed string) {
	t.Helper()
	operator, err := nkeys.CreateOperator()
	check(t, err)
	account, err := nkeys.CreateAccount()
	check(t, err)
	user, err := nkeys.CreateUser()
	check(t, err)
	public := func(k nkeys.KeyPair) string {
		p, err := k.PublicKey()
		check(t, err)
		return p
	}
	oc := jwt.NewOperatorClaims(public(operator))
	operatorJWT, err := oc.Encode(operator)
	check(t, err)
	accountJWT, err := jwt.NewAccountClaims(public(account)).Encode(operator)
	check(t, err)
	userJWT, err = jwt.NewUserClaims(public(user)).Encode(account)
	check(t, err)
	trusted, err := jwt.DecodeOperatorClaims(operatorJWT)
	check(t, err)
	resolver := &server.MemAccResolver{}
	check(t, resolver.Store(public(account), accountJWT))
	raw, err := user.Seed()
	check(t, err)
	return startNATS(t, &server.Options{TrustedOperators: []*jwt.OperatorClaims{trusted}, AccountResolver: resolver}), userJWT, string(raw)
}

func TestConnectWithJWT(t *testing.T) {
	url, userJWT, seed := jwtServer(t)
	creds, err := jwt.FormatUserConfig(userJWT, []byte(seed))
	check(t, err)
	file := filepath.Join(t.TempDir(), "user.creds")
	check(t, os.WriteFile(file, creds, 0o600))
	for name, cfg := range map[string]lattice.ConnectConfig{
		"jwt and seed":     {JWT: userJWT, Seed: seed},
		"credentials file": {CredsFile: file},
	} {
		cfg.URL = url
		c, err := lattice.Connect(testContext(t), cfg)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		c.Close()
	}
	for name, cfg := range map[string]lattice.ConnectConfig{
		"nobody":          {},
		"the seed alone":  {Seed: seed},
		"a foreign token": {JWT: userJWT[:len(userJWT)-4] + "AAAA", Seed: seed},
	} {
		cfg.URL = url
		if c, err := lattice.Connect(testContext(t), cfg); err == nil {
			c.Close()
			t.Errorf("%s: no error", name)
		}
	}
}

func TestConnectWithTLS(t *testing.T) {
	certFile, keyFile, pool := testkit.Certificate(t, t.TempDir())
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	check(t, err)
	url := startNATS(t, &server.Options{TLS: true, TLSTimeout: 5, TLSVerify: true, TLSConfig: &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}})
	c, err := lattice.Connect(testContext(t), lattice.ConnectConfig{URL: url, CAFile: certFile, CertFile: certFile, KeyFile: keyFile})
	check(t, err)
	c.Close()
	for name, cfg := range map[string]lattice.ConnectConfig{
		"an unknown authority":  {TLS: true},
		"no client certificate": {CAFile: certFile},
		"no key":                {CAFile: certFile, CertFile: certFile},
	} {
		cfg.URL = url
		if c, err := lattice.Connect(testContext(t), cfg); err == nil {
			c.Close()
			t.Errorf("%s: no error", name)
		}
	}
}
