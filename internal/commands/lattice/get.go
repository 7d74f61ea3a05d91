package lattice

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func getCommand(s *cli.IO, words Words) *cobra.Command {
	return group("get", "Show hosts, what they run, claims and links",
		getHostsCommand(s, words.Hosts), getInventoryCommand(s, words.Inventory), getClaimsCommand(s, words.Claims),
		getLinksCommand(s, "links", words.Links))
}

// table writes aligned columns; the first row is the head.
func table(w io.Writer, rows func(row func(cells ...any))) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	rows(func(cells ...any) {
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, c)
		}
		fmt.Fprintln(tw)
	})
	_ = tw.Flush()
}

func getHostsCommand(s *cli.IO, words func(io.Writer, []wasmbus.Host)) *cobra.Command {
	var f connFlags
	cmd := &cobra.Command{
		Use:   "hosts",
		Short: "Show the hosts of the lattice",
		Long: `Show the hosts of the lattice.

Nobody knows how many there are: after the first reply, others are waited for as long as each next one comes
within 200 ms; the first is waited for during --timeout-ms. If nobody listens the list is empty at once.`,
		Example: "  lattice get hosts\n  lattice get hosts --output json",
		Args:    cobra.NoArgs,
	}
	f.register(cmd, kindCtl)
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
		hosts, err := ses.control.Hosts(ctx)
		if err != nil {
			return err
		}
		slices.SortFunc(hosts, func(a, b wasmbus.Host) int { return cmp.Compare(a.ID, b.ID) })
		if len(hosts) == 0 {
			cli.Notef(ses.io, "no host answers on lattice %s at %s; start one by `make up` or `devhost up`", ses.place.lattice, ses.conn.URL())
		}
		result := struct {
			Hosts []wasmbus.Host `json:"hosts"`
		}{hosts}
		return cli.Print(cmd, ses.io, result, func(w io.Writer) { words(w, hosts) })
	})
	return cmd
}

func getInventoryCommand(s *cli.IO, words func(io.Writer, *wasmbus.HostInventory)) *cobra.Command {
	var f connFlags
	cmd := &cobra.Command{
		Use:     "inventory [HOST]",
		Short:   "Show what a host runs",
		Example: "  lattice get inventory                # of the only host\n  lattice get inventory NBVH…EQ6K --output json",
		Args:    cobra.MaximumNArgs(1),
	}
	f.register(cmd, kindCtl)
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		host, err := ses.hostArg(ctx, args)
		if err != nil {
			return err
		}
		inv, err := ses.control.Inventory(ctx, host)
		if err != nil {
			return err
		}
		result := struct {
			Inventory *wasmbus.HostInventory `json:"inventory"`
		}{inv}
		return cli.Print(cmd, ses.io, result, func(w io.Writer) { words(w, inv) })
	})
	return cmd
}

func printInventory(w io.Writer, inv *wasmbus.HostInventory) {
	fmt.Fprintf(w, "Host %s (%s)\n", inv.HostID, inv.FriendlyName)
	table(w, func(row func(...any)) {
		row("\nActor", "Name", "Instances", "Image Reference")
		for _, a := range inv.Actors {
			row(a.ID, given(a.Name, "N/A"), len(a.Instances), given(a.ImageRef, "N/A"))
		}
		if len(inv.Providers) == 0 {
			return
		}
		row("\nProvider", "Name", "Link Name", "Image Reference")
		for _, p := range inv.Providers {
			row(p.ID, given(p.Name, "N/A"), p.LinkName, given(p.ImageRef, "N/A"))
		}
	})
	if len(inv.Actors) == 0 {
		fmt.Fprintln(w, "(no actors)")
	}
	fmt.Fprintln(w)
	table(w, func(row func(...any)) {
		row("Label", "Value")
		for _, k := range sortedKeys(inv.Labels) {
			row(k, inv.Labels[k])
		}
	})
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func getClaimsCommand(s *cli.IO, words func(io.Writer, []wasmbus.ClaimsRecord)) *cobra.Command {
	var f connFlags
	cmd := &cobra.Command{
		Use:     "claims",
		Short:   "Show the claims known to the lattice",
		Example: "  lattice get claims\n  lattice get claims --output json",
		Args:    cobra.NoArgs,
	}
	f.register(cmd, kindCtl)
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
		claims, err := ses.control.Claims(ctx)
		if err != nil {
			return err
		}
		// wash's doubled member: its client library's type has one as well.
		result := struct {
			Claims wasmbus.ClaimsReply `json:"claims"`
		}{wasmbus.ClaimsReply{Claims: claims}}
		return cli.Print(cmd, ses.io, result, func(w io.Writer) { words(w, claims) })
	})
	return cmd
}

// getLinksCommand is `get links` and `link query`.
func getLinksCommand(s *cli.IO, use string, words func(io.Writer, []wasmbus.LinkDefinition)) *cobra.Command {
	var f connFlags
	cmd := &cobra.Command{
		Use:     use,
		Short:   "Show the links of the lattice",
		Example: "  lattice get links\n  lattice link query --output json",
		Args:    cobra.NoArgs,
	}
	f.register(cmd, kindCtl)
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
		links, err := ses.control.Links(ctx)
		if err != nil {
			return err
		}
		result := wasmbus.LinksReply{Links: links}
		return cli.Print(cmd, ses.io, result, func(w io.Writer) { words(w, links) })
	})
	return cmd
}

func valuesText(m map[string]string) string {
	text := ""
	for i, k := range sortedKeys(m) {
		if i > 0 {
			text += " "
		}
		text += k + "=" + m[k]
	}
	return text
}
