package lattice

import (
	"fmt"
	"io"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Words say how answers are put into text. A front end that stands in for another
// program has words of its own; JSON is the same for all.
type Words struct {
	Hosts     func(io.Writer, []wasmbus.Host)
	Inventory func(io.Writer, *wasmbus.HostInventory)
	Claims    func(io.Writer, []wasmbus.ClaimsRecord)
	Links     func(io.Writer, []wasmbus.LinkDefinition)
	Reply     func(w io.Writer, raw, decoded []byte) // of a call: as it came, and as JSON
}

func ownWords() Words {
	return Words{Hosts: printHosts, Inventory: printInventory, Claims: printClaims, Links: printLinks,
		Reply: func(w io.Writer, _, decoded []byte) { fmt.Fprintf(w, "%s\n", decoded) }}
}

func printHosts(w io.Writer, hosts []wasmbus.Host) {
	table(w, func(row func(...any)) {
		row("Host ID", "Uptime (seconds)", "Name", "Version")
		for _, h := range hosts {
			row(h.ID, h.UptimeSeconds, h.FriendlyName, h.Version)
		}
	})
}

func printClaims(w io.Writer, claims []wasmbus.ClaimsRecord) {
	table(w, func(row func(...any)) {
		row("Subject", "Name", "Call Alias", "Version", "Revision", "Issuer")
		for _, c := range claims {
			row(c[wasmbus.ClaimSubject], given(c[wasmbus.ClaimName], "N/A"), c[wasmbus.ClaimAlias],
				c[wasmbus.ClaimVersion], c[wasmbus.ClaimRevision], c[wasmbus.ClaimIssuer])
		}
	})
}

func printLinks(w io.Writer, links []wasmbus.LinkDefinition) {
	table(w, func(row func(...any)) {
		row("Actor ID", "Provider ID", "Link Name", "Contract ID", "Values")
		for _, l := range links {
			row(l.ActorID, l.ProviderID, l.LinkName, l.ContractID, valuesText(l.Values))
		}
	})
}
