package wash

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

func ctlCommand(s *cli.IO) *cobra.Command {
	tool := latticeTool(s)
	get := take(tool, "get")
	get.RemoveCommand(child(get, "links")) // wash has link query alone
	return group("ctl", "Interact with a wasmCloud control interface", get, take(tool, "link"), take(tool, "start"), take(tool, "stop"),
		take(tool, "update"), take(tool, "scale"))
}

func callCommand(s *cli.IO) *cobra.Command {
	c := take(latticeTool(s), "call")
	c.Short = "Invoke a wasmCloud actor"
	return c
}

// latticeTool is the lattice tool in wash's words; it looks at wash's contexts.
func latticeTool(s *cli.IO) *cobra.Command {
	tool := lattice.CommandIn(s, lattice.Words{
		Hosts: printHosts, Inventory: printInventory, Claims: printClaims, Links: printLinks,
		Reply: func(w io.Writer, raw, _ []byte) {
			// What is no UTF-8 is shown as such: a reply is MessagePack.
			fmt.Fprintf(w, "\nCall response (raw): %s\n", string([]rune(string(raw))))
		},
	})
	useDefaultContext(s, tool)
	return tool
}

// columns are the cells of a table, which scripts cut at white space.
type columns struct{ tw *tabwriter.Writer }

func newColumns(w io.Writer) columns { return columns{tabwriter.NewWriter(w, 0, 0, 4, ' ', 0)} }

func (c columns) row(cells ...string) { fmt.Fprintln(c.tw, "  "+strings.Join(cells, "\t")) }
func (c columns) end()                { _ = c.tw.Flush() } // into cli.Print's buffer

func printHosts(w io.Writer, hosts []wasmbus.Host) {
	t := newColumns(w)
	t.row("Host ID", "Uptime (seconds)")
	for _, h := range hosts {
		t.row(h.ID, fmt.Sprint(h.UptimeSeconds))
	}
	t.end()
}

func printInventory(w io.Writer, inv *wasmbus.HostInventory) {
	fmt.Fprintf(w, "  Host Inventory (%s)\n\n", inv.HostID)
	if len(inv.Labels) == 0 {
		fmt.Fprintln(w, "  No labels present")
	}
	labels := newColumns(w)
	for _, name := range slices.Sorted(maps.Keys(inv.Labels)) {
		labels.row(name, inv.Labels[name])
	}
	labels.end()
	fmt.Fprintln(w)
	if len(inv.Actors) == 0 {
		fmt.Fprintln(w, "  No actors found")
	} else {
		t := newColumns(w)
		t.row("Actor ID", "Name", "Image Reference")
		for _, a := range inv.Actors {
			t.row(a.ID, cmp.Or(a.Name, "N/A"), cmp.Or(a.ImageRef, "N/A"))
		}
		t.end()
	}
	fmt.Fprintln(w)
	if len(inv.Providers) == 0 {
		fmt.Fprintln(w, "  No providers found")
		return
	}
	t := newColumns(w)
	t.row("Provider ID", "Name", "Link Name", "Image Reference")
	for _, p := range inv.Providers {
		t.row(p.ID, cmp.Or(p.Name, "N/A"), p.LinkName, cmp.Or(p.ImageRef, "N/A"))
	}
	t.end()
}

func printClaims(w io.Writer, claims []wasmbus.ClaimsRecord) {
	fmt.Fprintln(w, "  Claims")
	t := newColumns(w)
	for _, c := range claims {
		t.row("Issuer", c[wasmbus.ClaimIssuer])
		t.row("Subject", c[wasmbus.ClaimSubject])
		t.row("Capabilities", c[wasmbus.ClaimCaps])
		t.row("Version", c[wasmbus.ClaimVersion])
		t.row("Revision", c[wasmbus.ClaimRevision])
		t.row("")
	}
	t.end()
}

func printLinks(w io.Writer, links []wasmbus.LinkDefinition) {
	t := newColumns(w)
	t.row("Actor ID", "Provider ID", "Contract ID", "Link Name")
	for _, l := range links {
		t.row(l.ActorID, l.ProviderID, l.ContractID, l.LinkName)
	}
	t.end()
}
