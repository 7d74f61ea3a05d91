package devhost

import (
	"bytes"
	"context"
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	nats "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nkeys"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
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

// closedNATS is a server of operator mode with JetStream: it lets in the user of
// the credentials file, over TLS with a client certificate.
func closedNATS(t *testing.T, dir string) (url, creds, certFile, keyFile string) {
	t.Helper()
	operator, err := nkeys.CreateOperator()
	check(t, err)
	account, err := nkeys.CreateAccount()
	check(t, err)
	system, err := nkeys.CreateAccount() // JetStream wants one that is not the users'
	check(t, err)
	user, err := nkeys.CreateUser()
	check(t, err)
	public := func(k nkeys.KeyPair) string {
		p, err := k.PublicKey()
		check(t, err)
		return p
	}
	operatorJWT, err := jwt.NewOperatorClaims(public(operator)).Encode(operator)
	check(t, err)
	trusted, err := jwt.DecodeOperatorClaims(operatorJWT)
	check(t, err)
	members := jwt.NewAccountClaims(public(account))
	members.Limits.JetStreamLimits = jwt.JetStreamLimits{MemoryStorage: -1, DiskStorage: -1, Streams: -1, Consumer: -1}
	accountJWT, err := members.Encode(operator)
	check(t, err)
	systemJWT, err := jwt.NewAccountClaims(public(system)).Encode(operator)
	check(t, err)
	userJWT, err := jwt.NewUserClaims(public(user)).Encode(account)
	check(t, err)
	seed, err := user.Seed()
	check(t, err)
	text, err := jwt.FormatUserConfig(userJWT, seed)
	check(t, err)
	creds = filepath.Join(dir, "user.creds")
	check(t, os.WriteFile(creds, text, 0o600))

	resolver := &nats.MemAccResolver{}
	check(t, resolver.Store(public(account), accountJWT), resolver.Store(public(system), systemJWT))
	certFile, keyFile, pool := testkit.Certificate(t, dir)
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	check(t, err)
	s, err := nats.NewServer(&nats.Options{
		Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
		TrustedOperators: []*jwt.OperatorClaims{trusted}, AccountResolver: resolver, SystemAccount: public(system),
		TLS: true, TLSTimeout: 5, TLSVerify: true,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert},
	})
	check(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("the NATS server does not come up")
	}
	return s.ClientURL(), creds, certFile, keyFile
}

// A lattice with accounts and TLS is joined with what it asks for, and not without.
func TestJoinsAClosedLattice(t *testing.T) {
	dir := t.TempDir()
	url, creds, cert, key := closedNATS(t, dir)
	seed := filepath.Join(dir, "cluster.nk")
	check(t, os.WriteFile(seed, []byte("SCAAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBANEQ\n"), 0o600))
	all := []string{"--nats-creds", creds, "--nats-ca", cert, "--nats-cert", cert, "--nats-key", key}
	for name, tt := range map[string]struct {
		flags []string
		ok    bool
	}{
		"everything":            {all, true},
		"no credentials":        {all[2:], false},
		"no client certificate": {all[:4], false},
		"an unknown authority":  {all[:2], false},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			var out, errs bytes.Buffer
			env := map[string]string{"HOME": t.TempDir(), "PATH": os.Getenv("PATH")}
			s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Env: func(k string) string { return env[k] }, Now: time.Now}
			args := append([]string{"exec", "--nats-url", url, "--cluster-seed", seed}, tt.flags...)
			code := cli.Main(ctx, s, append(args, "--", "sh", "-c", "cat $WASMCLOUD_STATE_FILE"), Command)
			joined := strings.Contains(out.String(), `"nats_url": "`+url)
			if tt.ok && (code != 0 || !joined) {
				t.Errorf("exit %d\n%s%s", code, out.String(), errs.String())
			}
			if !tt.ok && (code != 1 || joined || !strings.Contains(errs.String(), url)) {
				t.Errorf("exit %d, wanted is a refusal that names %s\n%s%s", code, url, out.String(), errs.String())
			}
		})
	}
}
