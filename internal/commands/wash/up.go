package wash

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// A setting is a flag of `wash up`, and what it is to our host.
type setting struct {
	name, variable string // the variable, if it is not one that the host reads itself
	ours           string // the host's flag; "" says that why holds
	boolean        bool
	why            string // it has no effect
	help           string
}

const (
	oneServer  = "one NATS server carries everything here"
	noDownload = "nothing is downloaded: host and NATS server are in this program"
)

// settings are all of wash's, so that a line in a script works as it stands.
func settings() []setting {
	return []setting{
		{name: "nats-remote-url", variable: "NATS_REMOTE_URL", ours: "nats-url", help: "join the NATS server at this `URL`"},
		{name: "nats-credsfile", variable: "NATS_CREDSFILE", ours: "nats-creds", help: "credentials `file` for --nats-remote-url"},
		{name: "nats-port", variable: "NATS_PORT", ours: "nats-port", help: "`port` of the NATS server (4222)"},
		{name: "nats-js-domain", variable: "NATS_JS_DOMAIN", ours: "js-domain", help: "JetStream `domain`"},
		{name: "wasmcloud-js-domain", ours: "js-domain", help: "JetStream `domain` that the host uses"},
		{name: "host-seed", ours: "host-seed", help: "`file` of the host's seed (WASMCLOUD_HOST_SEED holds the seed itself)"},
		{name: "cluster-seed", ours: "cluster-seed", help: "`file` of the cluster seed (WASMCLOUD_CLUSTER_SEED holds the seed itself)"},
		{name: "cluster-issuers", ours: "cluster-issuers", help: "further cluster `keys` whose invocations are accepted, comma-separated"},
		{name: "rpc-credsfile", ours: "nats-creds", help: "credentials `file` for the NATS server"},
		{name: "rpc-tls", ours: "nats-tls", boolean: true, help: "demand TLS of the NATS server"},
		{name: "allow-latest", ours: "allow-latest", boolean: true, help: "start actors and providers by the tag latest"},
		{name: "structured-log-level", ours: "log-level", help: "`level` of the host's log"},

		{name: "nats-version", why: noDownload}, {name: "wasmcloud-version", why: noDownload},
		{name: "wasmcloud-start-only", boolean: true, why: noDownload},
		{name: "prov-rpc-host", why: oneServer}, {name: "prov-rpc-port", why: oneServer}, {name: "prov-rpc-seed", why: oneServer},
		{name: "prov-rpc-tls", boolean: true, why: oneServer}, {name: "prov-rpc-jwt", why: oneServer}, {name: "prov-rpc-credsfile", why: oneServer},
		{name: "ctl-seed", why: oneServer}, {name: "ctl-jwt", why: oneServer}, {name: "ctl-credsfile", why: oneServer},
		{name: "ctl-tls", boolean: true, why: oneServer}, {name: "ctl-host", why: oneServer}, {name: "ctl-port", why: oneServer},
		{name: "config-service-enabled", boolean: true, why: "this host asks no config service"},
		{name: "enable-ipv6", boolean: true, why: "addresses of both kinds work always"},
	}
}

// upFlags are those of wash's flags that are more than another name.
type upFlags struct {
	detached, connectOnly, structured bool
	natsHost, rpcHost, rpcPort        string
	rpcJWT, rpcSeed, lattice          string
	insecure, fileLoad                string
	rpcTimeout, providerDelay         int
}

func upCommand(s *cli.IO) *cobra.Command {
	var f upFlags
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bootstrap a wasmCloud environment",
		Long: `Start a host with a NATS server of its own, here until Ctrl-C or, with --detached, in the background. Nothing is downloaded.
Flags and variables are wash's; those that have no meaning here are taken, and said. More can be set by ` + "`devhost run`" + `.`,
		Example: "  wash up\n  wash up --detached --nats-port 4333",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return f.run(cmd, s) },
	}
	fl := cmd.Flags()
	fl.BoolVarP(&f.detached, "detached", "d", false, "start the host in the background")
	fl.BoolVar(&f.connectOnly, "nats-connect-only", false, "join the NATS server at --nats-host and --nats-port, start none (NATS_CONNECT_ONLY)")
	fl.StringVar(&f.natsHost, "nats-host", "", "NATS `host` to join with --nats-connect-only (NATS_HOST; 127.0.0.1)")
	fl.StringVarP(&f.lattice, "lattice-prefix", "x", "", "`name` of the lattice (WASMCLOUD_LATTICE_PREFIX; default)")
	fl.StringVar(&f.rpcHost, "rpc-host", "", "NATS `host` to join (WASMCLOUD_RPC_HOST)")
	fl.StringVar(&f.rpcPort, "rpc-port", "", "NATS `port` to join (WASMCLOUD_RPC_PORT)")
	fl.StringVar(&f.rpcJWT, "rpc-jwt", "", "refused: set WASMCLOUD_RPC_JWT, which other users of the machine do not see")
	fl.StringVar(&f.rpcSeed, "rpc-seed", "", "refused: set WASMCLOUD_RPC_SEED, which other users of the machine do not see")
	fl.IntVar(&f.rpcTimeout, "rpc-timeout-ms", 0, "`milliseconds` that a call may take (WASMCLOUD_RPC_TIMEOUT_MS; 2000)")
	fl.IntVar(&f.providerDelay, "provider-delay", 0, "`milliseconds` that a provider has to end when asked (WASMCLOUD_PROV_SHUTDOWN_DELAY_MS)")
	fl.StringVar(&f.insecure, "allowed-insecure", "", "`registries` to speak plain HTTP to, comma-separated (WASMCLOUD_OCI_ALLOWED_INSECURE)")
	fl.StringVar(&f.fileLoad, "allow-file-load", "", "start actors and providers from files: `true or false` (WASMCLOUD_ALLOW_FILE_LOAD; true)")
	fl.BoolVar(&f.structured, "enable-structured-logging", false, "log in JSON (WASMCLOUD_STRUCTURED_LOGGING_ENABLED)")
	for _, one := range settings() {
		help := one.help
		if one.why != "" {
			help = "no effect: " + one.why
		} else if one.variable != "" {
			help += " (" + one.variable + ")"
		}
		if one.boolean {
			fl.Bool(one.name, false, help)
		} else {
			fl.String(one.name, "", help)
		}
	}
	return cmd
}

// args are the arguments of our host.
func (f *upFlags) args(s *cli.IO, fl *pflag.FlagSet) ([]string, error) {
	if f.rpcJWT != "" || f.rpcSeed != "" {
		return nil, cli.Usage("a seed or a token among the arguments can be read by everybody on this machine: set WASMCLOUD_RPC_JWT and WASMCLOUD_RPC_SEED, or give --rpc-credsfile")
	}
	var args []string
	add := func(name, value string) {
		if value != "" {
			args = append(args, "--"+name+"="+value)
		}
	}
	for _, one := range settings() {
		value, given := fl.Lookup(one.name).Value.String(), fl.Changed(one.name)
		if !given && one.variable != "" {
			value = s.Env(one.variable)
		}
		switch {
		case one.ours == "" && given:
			cli.Notef(s, "note: --%s has no effect: %s", one.name, one.why)
		case one.ours != "" && (given || !one.boolean):
			add(one.ours, value)
		}
	}
	f.join(s, fl, add)
	add("lattice-prefix", f.lattice)
	add("allow-file-load", f.fileLoad)
	for _, registry := range strings.FieldsFunc(f.insecure, func(r rune) bool { return r == ',' || r == ' ' }) {
		add("allow-insecure", registry)
	}
	if f.structured {
		add("log-format", "json")
	}
	for flag, ms := range map[string]int{"rpc-timeout": f.rpcTimeout, "provider-shutdown": f.providerDelay} {
		if ms != 0 {
			add(flag, fmt.Sprintf("%dms", ms))
		}
	}
	return args, nil
}

// join adds the address of a NATS server that is there already.
func (f *upFlags) join(s *cli.IO, fl *pflag.FlagSet, add func(name, value string)) {
	host, port := f.rpcHost, f.rpcPort
	if env := s.Env("NATS_CONNECT_ONLY"); f.connectOnly || env == "true" || env == "1" {
		host, port = first(host, f.natsHost, s.Env("NATS_HOST"), "127.0.0.1"), first(port, fl.Lookup("nats-port").Value.String(), s.Env("NATS_PORT"))
	} else if f.natsHost != "" {
		cli.Notef(s, "note: --nats-host has no effect without --nats-connect-only: the server that is started listens on 127.0.0.1")
	}
	if (host != "" || port != "") && !fl.Changed("nats-remote-url") {
		add("nats-url", "nats://"+net.JoinHostPort(first(host, "127.0.0.1"), first(port, "4222")))
	}
}

func first(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

// environment is wash's answer to a start in the background, and what our host says
// of itself.
type environment struct {
	Dashboard string `json:"wasmcloud_url,omitempty"`
	Log       string `json:"wasmcloud_log,omitempty"`
	Kill      string `json:"kill_cmd,omitempty"`
	NATS      string `json:"nats_url,omitempty"`
	HostID    string `json:"host_id,omitempty"`
	Already   bool   `json:"already_running"`
}

// hostAnswer is what devhost says when it is ready.
type hostAnswer struct {
	Already   bool   `json:"already_running"`
	HostID    string `json:"host_id"`
	NATSURL   string `json:"nats_url"`
	Log       string `json:"log"`
	Dashboard string `json:"dashboard"`
	Login     string `json:"dashboard_login"`
}

func (f *upFlags) run(cmd *cobra.Command, s *cli.IO) error {
	args, err := f.args(s, cmd.Flags())
	if err != nil {
		return err
	}
	if !f.detached {
		inner := *s
		inner.Out = &readyWords{s: s}
		root := Command(&inner)
		root.SetArgs(append([]string{"devhost", "run", "--output=json"}, args...))
		if err := root.ExecuteContext(cmd.Context()); err != nil {
			return err
		}
		return cli.Print(cmd, s, struct{}{}, func(w io.Writer) { fmt.Fprintln(w, "\U0001F6C1 wash up completed successfully") })
	}
	text, err := within(cmd, s, append([]string{"devhost", "up", "--output=json"}, args...)...)
	if err != nil {
		return err
	}
	var host hostAnswer
	if err := json.Unmarshal([]byte(text), &host); err != nil {
		return err
	}
	if host.Already {
		cli.Notef(s, "note: the host runs already; these are its addresses")
	}
	result := environment{first(host.Login, host.Dashboard), host.Log, "wash down", strings.TrimPrefix(host.NATSURL, "nats://"), host.HostID, host.Already}
	return cli.Print(cmd, s, result, func(w io.Writer) {
		fmt.Fprintf(w, "\U0001F6C1 wash up completed successfully\n\U0001F578  NATS is running in the background at http://%s\n", result.NATS)
		if result.Dashboard != "" {
			fmt.Fprintf(w, "\U0001F310 The wasmCloud dashboard is running at %s\n", result.Dashboard)
		}
		fmt.Fprintf(w, "\U0001F4DC Logs for the host are being written to %s\n\n\U0001F6D1 To stop wasmCloud, run \"wash down\"\n", result.Log)
	})
}

// readyWords puts what the host says when it is ready into wash's words.
type readyWords struct{ s *cli.IO }

func (r *readyWords) Write(p []byte) (int, error) {
	var host hostAnswer
	if err := json.Unmarshal(bytes.TrimSpace(p), &host); err != nil {
		return r.s.Out.Write(p)
	}
	cli.Notef(r.s, "\U0001F3C3 Running in interactive mode, your host %s is running at %s", host.HostID, first(host.Login, host.Dashboard, host.NATSURL))
	cli.Notef(r.s, "\U0001F6AA Press `CTRL+c` at any time to exit")
	return len(p), nil
}

func downCommand(s *cli.IO) *cobra.Command {
	return &cobra.Command{
		Use:     "down",
		Short:   "Tear down a wasmCloud environment launched with wash up",
		Example: "  wash down",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := within(cmd, s, "devhost", "down", "--output=json")
			if err != nil {
				return err
			}
			var ended struct {
				Stopped bool `json:"stopped"`
			}
			if err := json.Unmarshal([]byte(text), &ended); err != nil {
				return err
			}
			if !ended.Stopped {
				return errors.New("no host that `wash up` or `devhost up` started is running")
			}
			result := struct {
				Host bool `json:"host_stopped"`
				NATS bool `json:"nats_stopped"`
			}{true, true}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				fmt.Fprint(w, "✅ wasmCloud host stopped successfully\n✅ NATS server stopped successfully\n\U0001F6C1 wash down completed successfully\n")
			})
		},
	}
}
