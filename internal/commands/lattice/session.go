package lattice

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// The two kinds of connections that wash knows; they share a server as a rule.
const (
	kindRPC = "rpc"
	kindCtl = "ctl"
)

// connFlags are the flags of one connection.
type connFlags struct {
	kind                         string
	host, port, jwt, seed, creds string
	lattice, jsDomain            string
	context, stateFile           string
	clusterSeed                  string
	timeoutMS, auctionMS         int
	expectHosts                  int
	tls                          bool
	ca, cert, key                string
	given                        *session // used in place of a connection of our own
}

// register adds wash's flags for the kind. Defaults are not stated as values,
// because a flag that was not given must be told from one that was.
func (f *connFlags) register(cmd *cobra.Command, kind string) {
	f.kind = kind
	up := strings.ToUpper(kind)
	timeout, what := "timeout-ms", "`milliseconds` to wait for a reply, or an event if not 2000 (WASMCLOUD_CTL_TIMEOUT_MS; 2000, and 30000 for a start)"
	if kind == kindRPC {
		timeout, what = "rpc-timeout-ms", "`milliseconds` to wait for a reply (WASMCLOUD_RPC_TIMEOUT_MS; 2000)"
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.host, kind+"-host", "r", "", "NATS `host` (WASMCLOUD_"+up+"_HOST; 127.0.0.1)")
	fl.StringVarP(&f.port, kind+"-port", "p", "", "NATS `port` (WASMCLOUD_"+up+"_PORT; 4222)")
	fl.StringVar(&f.jwt, kind+"-jwt", "", "NATS user `JWT` (WASMCLOUD_"+up+"_JWT)")
	fl.StringVar(&f.seed, kind+"-seed", "", "NATS user `seed` SU… (WASMCLOUD_"+up+"_SEED, which other users of the machine do not see)")
	fl.StringVar(&f.creds, kind+"-credsfile", "", "`file` of a NATS user's JWT and seed (WASH_"+up+"_CREDS)")
	fl.BoolVar(&f.tls, "tls", false, "demand TLS (WASMCLOUD_"+up+"_TLS=1)")
	fl.StringVar(&f.ca, "tls-ca", "", "`file` of the certificate authority")
	fl.StringVar(&f.cert, "tls-cert", "", "`file` of a client certificate")
	fl.StringVar(&f.key, "tls-key", "", "`file` of the client certificate's key")
	fl.StringVarP(&f.lattice, "lattice-prefix", "x", "", "`name` of the lattice (WASMCLOUD_LATTICE_PREFIX; default)")
	fl.StringVar(&f.jsDomain, "js-domain", "", "JetStream `domain` (WASMCLOUD_JS_DOMAIN)")
	fl.StringVar(&f.context, "context", "", "wash context: a `file`, or a name in ~/.wash/contexts")
	fl.StringVar(&f.stateFile, "state-file", "", "state `file` of a devhost (WASMCLOUD_STATE_FILE)")
	fl.IntVarP(&f.timeoutMS, timeout, "t", 0, what)
	fl.IntVar(&f.expectHosts, "expect-hosts", 0, "stop waiting for more once this `number` of hosts replied")
	_ = fl.MarkHidden("expect-hosts")
}

func (f *connFlags) registerClusterSeed(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&f.clusterSeed, "cluster-seed", "c", "",
		"cluster `seed` SC… that signs calls (WASMCLOUD_CLUSTER_SEED, which other users of the machine do not see)")
}

// value is what was given for a member, by flag or by environment.
func (f *connFlags) value(s *cli.IO, member string) string {
	up := strings.ToUpper(f.kind)
	switch member {
	case "host":
		return given(f.host, s.Env("WASMCLOUD_"+up+"_HOST"))
	case "port":
		return given(f.port, s.Env("WASMCLOUD_"+up+"_PORT"))
	case "jwt":
		return given(f.jwt, s.Env("WASMCLOUD_"+up+"_JWT"))
	case "seed":
		return given(f.seed, s.Env("WASMCLOUD_"+up+"_SEED"))
	}
	return given(f.creds, s.Env("WASH_"+up+"_CREDS"))
}

// timeout is the time to wait; given says whether somebody asked for it.
func (f *connFlags) timeout(s *cli.IO) (d time.Duration, wasGiven bool, err error) {
	ms, text := f.timeoutMS, s.Env("WASMCLOUD_"+strings.ToUpper(f.kind)+"_TIMEOUT_MS")
	if ms == 0 && text != "" {
		if ms, err = strconv.Atoi(text); err != nil {
			return 0, false, cli.Usage("WASMCLOUD_%s_TIMEOUT_MS is %q; want milliseconds, such as 2000", strings.ToUpper(f.kind), text)
		}
	}
	if ms < 0 {
		return 0, false, cli.Usage("a timeout of %d ms: want a positive number of milliseconds", ms)
	}
	// wash's default given explicitly means what wash makes of it: nothing special.
	return time.Duration(ms) * time.Millisecond, ms != 0 && ms != 2000, nil
}

// seedLength is the length of every seed; anything shorter is a path.
const seedLength = 58

// session is a connection to a found lattice.
type session struct {
	io      *cli.IO
	place   place
	conn    *bus.Conn
	control *bus.Control
	timeout time.Duration // 0 = the default
	patient bool          // the user chose the timeout
}

// open finds the host and connects. The caller closes the session.
func (f *connFlags) open(ctx context.Context, s *cli.IO) (*session, error) {
	timeout, patient, err := f.timeout(s)
	if err != nil {
		return nil, err
	}
	if f.given != nil {
		return f.on(s, f.given.conn, f.given.place, timeout, patient), nil
	}
	if port := f.value(s, "port"); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, cli.Usage("%s port %q: want a number from 1 to 65535", f.kind, port)
		}
	}
	for flag, value := range map[string]string{"--" + f.kind + "-seed": f.seed, "--cluster-seed": f.clusterSeed} {
		if len(value) >= seedLength {
			cli.Notef(s, "warning: a seed after %s can be read by other users of this machine; use the variable, a file or --context", flag)
		}
	}
	p, err := f.locate(s)
	if err != nil {
		return nil, err
	}
	if p.lattice == "" {
		p.lattice = wasmbus.DefaultLattice
	}
	env := s.Env("WASMCLOUD_" + strings.ToUpper(f.kind) + "_TLS")
	conn, err := bus.Connect(ctx, bus.ConnectConfig{
		URL: p.url, JWT: p.jwt, Seed: p.seed, CredsFile: p.creds, JSDomain: p.jsDomain, Name: "lattice",
		TLS: f.tls || env == "1" || strings.EqualFold(env, "true"), CAFile: f.ca, CertFile: f.cert, KeyFile: f.key,
	})
	if errors.Is(err, bus.ErrUnreachable) {
		return nil, fmt.Errorf("%w (an address from %s); start a host by `make up` or `devhost up`, or say where one is by --%s-host and --%s-port", err, p.source, f.kind, f.kind)
	}
	if err != nil {
		return nil, fmt.Errorf("%w (an address from %s)", err, p.source)
	}
	return f.on(s, conn, p, timeout, patient), nil
}

// on makes a session of a connection.
func (f *connFlags) on(s *cli.IO, conn *bus.Conn, p place, timeout time.Duration, patient bool) *session {
	control := bus.NewControl(conn, bus.ControlConfig{Lattice: p.lattice, Prefix: p.ctlPrefix, Timeout: timeout, ExpectHosts: f.expectHosts,
		AuctionTimeout: time.Duration(f.auctionMS) * time.Millisecond})
	return &session{io: s, place: p, conn: conn, control: control, timeout: timeout, patient: patient}
}

func (s *session) close() { s.conn.Close() }

// wait is how long to wait for an event: 0, the default of the operation,
// unless the user chose a timeout.
func (s *session) wait() time.Duration {
	if s.patient {
		return s.timeout
	}
	return 0
}

// withSession runs f on a connection.
func withSession(f *connFlags, s *cli.IO, run func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ses, err := f.open(cmd.Context(), s)
		if err != nil {
			return err
		}
		defer ses.close()
		err = run(cmd.Context(), ses, cmd, args)
		if errors.Is(err, bus.ErrNoHost) {
			return fmt.Errorf("%w (an address from %s, lattice %s); start a host by `make up` or `devhost up`", err, ses.place.source, ses.place.lattice)
		}
		return err
	}
}
