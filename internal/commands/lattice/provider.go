package lattice

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

type startProviderFlags struct {
	conn        connFlags
	host, link  string
	configFile  string
	constraints []string
	skipWait    bool
}

// startProviderAnswer is wash's {result} with what a script wants to know besides.
type startProviderAnswer struct {
	Result     string `json:"result"`
	HostID     string `json:"host_id"`
	ProviderID string `json:"provider_id,omitempty"`
	ContractID string `json:"contract_id,omitempty"`
	LinkName   string `json:"link_name"`
	Reference  string `json:"reference"`
	Replaced   string `json:"replaced,omitempty"` // reference that ran before
}

func startProviderCommand(s *cli.IO) *cobra.Command {
	var f startProviderFlags
	cmd := &cobra.Command{
		Use:   "provider REFERENCE",
		Short: "Start a capability provider, or replace the running one",
		Long: `Start a provider from an OCI reference, or from a provider archive (.par.gz) if the host loads files, and wait
until it serves.

If a host runs the provider already under this link name, recognised by its reference without tag and digest, the
old one is stopped first, which is said on standard error. Without --host-id the first host that bids gets it.
Exit code 1 if no host bids, the host refuses, or its event says that it failed.`,
		Example: `  lattice start provider localhost:5000/httpserver:0.1.0
  lattice start provider build/keyvalue.par.gz --link-name cache --config-json keyvalue.json`,
		Args: cobra.ExactArgs(1),
	}
	f.conn.register(cmd, kindCtl)
	fl := cmd.Flags()
	fl.StringVar(&f.host, "host-id", "", "`host` to start it on (N…)")
	fl.StringVarP(&f.link, "link-name", "l", bus.DefaultLinkName, "`name` under which actors link to it")
	fl.StringVar(&f.configFile, "config-json", "", "JSON `file` to hand to the provider")
	fl.StringArrayVarP(&f.constraints, "constraint", "c", nil, "label that the host must have, as `key=value`; may be repeated")
	fl.IntVar(&f.conn.auctionMS, "auction-timeout-ms", 2000, "`milliseconds` to wait for a first bid")
	fl.BoolVar(&f.skipWait, "skip-wait", false, "do not wait for the host's event")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := f.options(args[0])
		if err != nil {
			return err
		}
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
			return f.run(ctx, ses, cmd, o)
		})(cmd, args)
	}
	return cmd
}

func (f *startProviderFlags) options(ref string) (o bus.ProviderOptions, err error) {
	o = bus.ProviderOptions{HostID: f.host, LinkName: f.link, SkipWait: f.skipWait}
	if f.host != "" {
		if _, err := parseKey(f.host, "--host-id", strkey.Server); err != nil {
			return o, err
		}
	}
	if o.Constraints, err = pairs("--constraint", f.constraints); err != nil {
		return o, err
	}
	if o.Ref, err = reference(ref); err != nil || f.configFile == "" {
		return o, err
	}
	text, err := os.ReadFile(f.configFile)
	if err != nil {
		return o, fmt.Errorf("--config-json: %w", err)
	}
	if !json.Valid(text) {
		return o, cli.Usage("--config-json: %s holds no JSON", f.configFile)
	}
	o.Configuration = string(text)
	return o, nil
}

func (f *startProviderFlags) run(ctx context.Context, ses *session, cmd *cobra.Command, o bus.ProviderOptions) error {
	o.Wait = ses.wait()
	started, err := ses.control.LaunchProvider(ctx, o)
	if err != nil {
		return err
	}
	if started.Replaced != "" {
		cli.Notef(ses.io, "replaced the running provider (was %s)", started.Replaced)
	}
	a := startProviderAnswer{
		Result: fmt.Sprintf("Provider %s started on host %s", o.Ref, started.HostID),
		HostID: started.HostID, ProviderID: started.PublicKey, ContractID: started.ContractID, LinkName: o.LinkName,
		Reference: o.Ref, Replaced: started.Replaced,
	}
	if f.skipWait {
		a.Result = "Start provider request received: " + o.Ref
	}
	return cli.Print(cmd, ses.io, a, func(w io.Writer) { fmt.Fprintln(w, a.Result) })
}

func stopProviderCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var skipWait bool
	cmd := &cobra.Command{
		Use:   "provider [HOST] PROVIDER [LINK [CONTRACT]]",
		Short: "Stop a capability provider",
		Long: `Stop a provider: it is asked to end, then told to by SIGTERM, then killed. It is named by its key (V…), its name,
or the reference it was started from.`,
		Example: `  lattice stop provider keyvalue
  lattice stop provider NBVH…EQ6K VBM5…VPZQF default wasmcloud:httpserver`,
		Args: cobra.RangeArgs(1, 4),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().BoolVar(&skipWait, "skip-wait", false, "do not wait for the host's event")
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		end, err := ses.providerArgs(ctx, args)
		if err != nil {
			return err
		}
		end.SkipWait, end.Wait = skipWait, ses.wait()
		if err := ses.control.EndProvider(ctx, end); err != nil {
			return err
		}
		if skipWait {
			return printResult(cmd, ses.io, "Provider %s stop request received", end.ProviderID)
		}
		return printResult(cmd, ses.io, "Provider %s stopped successfully", end.ProviderID)
	})
	return cmd
}

// providerArgs reads [HOST] PROVIDER [LINK [CONTRACT]] and finds what was left
// out in the inventories.
func (s *session) providerArgs(ctx context.Context, args []string) (bus.ProviderEnd, error) {
	var end bus.ProviderEnd
	if looksLikeKey(args[0], strkey.Server) {
		host, err := parseKey(args[0], "host", strkey.Server)
		if err != nil {
			return end, err
		}
		end.HostID, args = host, args[1:]
	}
	if len(args) == 0 || len(args) > 3 {
		return end, cli.Usage("want [HOST] PROVIDER [LINK [CONTRACT]]")
	}
	name := args[0]
	args = append(args, "", "")
	end.LinkName, end.ContractID = args[1], args[2]
	hosts, err := s.control.Hosts(ctx)
	if err != nil {
		return end, err
	}
	found := 0
	for _, h := range hosts {
		if end.HostID != "" && h.ID != end.HostID {
			continue
		}
		inv, err := s.control.Inventory(ctx, h.ID)
		if err != nil {
			return end, err
		}
		for _, p := range inv.Providers {
			if name != p.ID && name != p.Name && name != p.ImageRef || args[1] != "" && args[1] != p.LinkName {
				continue
			}
			found++
			end = bus.ProviderEnd{HostID: h.ID, ProviderID: p.ID, LinkName: p.LinkName, ContractID: given(args[2], p.ContractID)}
		}
	}
	switch found {
	case 0:
		return end, fmt.Errorf("no host runs a provider %s%s: see `lattice get inventory`", name, underLink(args[1]))
	case 1:
		return end, nil
	}
	return end, cli.Usage("%d providers are called %s: name host and link name too", found, name)
}

func underLink(link string) string {
	if link == "" {
		return ""
	}
	return " under link name " + link
}
