package devhost

import (
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmrt"
)

// hostFlags are the settings that run, up and exec share. Empty means: see the
// environment, then the default.
type hostFlags struct {
	natsPort                   int
	anyPort                    bool
	natsURL, natsCreds, natsCA string
	natsCert, natsKey          string
	natsTLS                    bool
	storeDir, jsDomain         string

	lattice, ctlPrefix    string
	labels                []string
	hostSeed, clusterSeed string // files
	clusterIssuers        []string

	allowFile              bool
	strictOCI, allowLatest bool
	allowInsecure, issuers []string
	caFile                 string
	allowLegacyHash        bool
	interpreter            bool
	isolation              wasmrt.Isolation
	rpcTimeout             time.Duration
	actorQueue             int
	actorMemory            int // MiB
	callDepth              int
	providers              providerFlags
	logLevel, logFormat    string
	stateFile, stateLog    string
	noHostConfig           bool
	hasDashboard           bool // exec's host has none: nobody would see it
	noDashboard            bool
	dashboardPort          int
	set                    *pflag.FlagSet // which of them were given
}

// addTo adds the flags. exec has no use for some of those of run.
func (f *hostFlags) addTo(cmd *cobra.Command, forExec bool) {
	fs := cmd.Flags()
	f.set = fs
	fs.StringVar(&f.natsURL, "nats-url", "", "join the NATS server at `URL` instead of embedding one (env WASMCLOUD_RPC_HOST, WASMCLOUD_RPC_PORT)")
	fs.StringVar(&f.natsCreds, "nats-creds", "", "credentials `file` for --nats-url")
	fs.BoolVar(&f.natsTLS, "nats-tls", false, "demand TLS of --nats-url (env WASMCLOUD_RPC_TLS)")
	fs.StringVar(&f.natsCA, "nats-ca", "", "PEM `file` of the authority to trust for --nats-url")
	fs.StringVar(&f.natsCert, "nats-cert", "", "PEM `file` of the client certificate for --nats-url")
	fs.StringVar(&f.natsKey, "nats-key", "", "PEM `file` of the key of --nats-cert")
	fs.StringVar(&f.jsDomain, "js-domain", "", "JetStream `domain` of the lattice's bucket (env WASMCLOUD_JS_DOMAIN)")

	fs.StringVarP(&f.lattice, "lattice-prefix", "x", "", "`name` of the lattice (env WASMCLOUD_LATTICE_PREFIX; default \"default\")")
	fs.StringVar(&f.ctlPrefix, "ctl-topic-prefix", "", "first `part` of control subjects (env WASMCLOUD_CTL_TOPIC_PREFIX; default wasmbus.ctl)")
	fs.StringArrayVar(&f.labels, "label", nil, "label `key=value` of the host, may be repeated (env WASMCLOUD_LABEL_x, HOST_x)")
	fs.StringVar(&f.hostSeed, "host-seed", "", "`file` of the host's seed, SN… (env WASMCLOUD_HOST_SEED; default a new one)")
	fs.StringVar(&f.clusterSeed, "cluster-seed", "", "`file` of the cluster seed, SC…, that signs invocations (env WASMCLOUD_CLUSTER_SEED; default a new one)")
	fs.StringSliceVar(&f.clusterIssuers, "cluster-issuers", nil, "further cluster `keys` (C…) whose invocations are accepted (env WASMCLOUD_CLUSTER_ISSUERS)")

	fs.BoolVar(&f.allowFile, "allow-file-load", false, "start actors and providers from files (env WASMCLOUD_ALLOW_FILE_LOAD; default true with the embedded NATS server)")
	fs.BoolVar(&f.strictOCI, "strict-oci", false, "speak HTTPS to registries on this machine too unless listed, as the real hosts do")
	fs.StringArrayVar(&f.allowInsecure, "allow-insecure", nil, "speak plain HTTP to the registry `host:port`, may be repeated (env WASMCLOUD_OCI_ALLOWED_INSECURE)")
	fs.StringVar(&f.caFile, "ca-file", "", "`file` of PEM certificates to trust for registries, beside the system's (env WASMCLOUD_CA_FILE)")
	fs.BoolVar(&f.allowLatest, "allow-latest", false, "start actors and providers by the tag latest (env WASMCLOUD_OCI_ALLOW_LATEST)")
	fs.StringArrayVar(&f.issuers, "issuer", nil, "account `key` (A…) that may sign actors and providers, may be repeated (default: any)")
	fs.BoolVar(&f.allowLegacyHash, "allow-legacy-hash", false, "accept old tokens whose hash is not that of the module")

	fs.BoolVar(&f.interpreter, "interpreter", forExec, "interpret actors: they start at once and run slower")
	fs.Var(&f.isolation, "isolation", "what an actor's calls see of one another: `how` is snapshot (each finds the state after a health request; the random numbers of a seeded generator repeat), fresh (each gets a new instance, at the cost of its start) or reuse (all that the last one left)")
	fs.DurationVar(&f.rpcTimeout, "rpc-timeout", 0, "`time` that a call may take (env WASMCLOUD_RPC_TIMEOUT_MS; default 2s)")
	fs.IntVar(&f.actorQueue, "actor-queue", core.DefaultQueue, "`number` of calls that may wait for one actor while all its instances are busy; further ones are refused")
	fs.IntVar(&f.actorMemory, "actor-memory", wasmrt.DefaultMemoryPages*wasmrt.PageSize>>20, "`MiB` of memory that one instance of an actor may have; asking for more fails in the actor")
	fs.IntVar(&f.callDepth, "call-depth", wasmrt.DefaultDepth, "`number` of calls that may be nested in one another, also across hosts; the next one is refused")
	f.providers.addTo(fs)
	fs.StringVar(&f.logLevel, "log-level", "", "trace, debug, info, warn, error or critical (env WASMCLOUD_LOG_LEVEL; default "+defaultLevel(forExec)+")")
	fs.StringVar(&f.logFormat, "log-format", "", "text or json (env WASMCLOUD_STRUCTURED_LOGGING_ENABLED; default text)")
	if forExec {
		return // its host has free ports, and no files but its own
	}
	fs.IntVar(&f.natsPort, "nats-port", 4222, "`port` of the embedded NATS server on 127.0.0.1; 0 takes a free one")
	fs.BoolVar(&f.anyPort, "any-port", false, "take a free port if --nats-port or --dashboard-port is taken")
	f.hasDashboard = true
	fs.IntVar(&f.dashboardPort, "dashboard-port", defaultDashboardPort, "`port` of the dashboard on 127.0.0.1; 0 takes a free one, and so does the default if it is taken (env WASMCLOUD_DASHBOARD_PORT)")
	fs.BoolVar(&f.noDashboard, "no-dashboard", false, "serve no dashboard")
	fs.StringVar(&f.storeDir, "store-dir", "", "`folder` in which the embedded NATS server keeps links and claims (default: forget them at the end)")
	fs.StringVar(&f.stateFile, "state-file", "", "`file` to write once the host is ready: JSON with every address; removed at the end")
	fs.BoolVar(&f.noHostConfig, "no-host-config", false, "leave ~/.wash/host_config.json alone, where wash finds a host")
	fs.StringVar(&f.stateLog, "state-log", "", "`file` named as the log in the state file")
	_ = fs.MarkHidden("state-log") // fails only for an unknown name
}

func defaultLevel(forExec bool) string {
	if forExec {
		return "warn" // the command's own output is what counts
	}
	return "info"
}
