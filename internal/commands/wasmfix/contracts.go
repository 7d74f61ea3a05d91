package wasmfix

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// contracts makes contract ids of the texts found in a module's data. Rust stores
// texts without an end, so "wasmcloud:keyvalue" and the link name that follows it
// are found as "wasmcloud:keyvaluedefault": a text that begins with an id that is
// claimed or published is taken for that one.
func contracts(o *options, found []string) []string {
	known := append(claims.Contracts(), o.caps...)
	ids := []string{}
	for _, text := range found {
		id := strings.TrimSuffix(text, "default")
		longest := ""
		for _, k := range known {
			if k = strings.TrimSpace(k); strings.HasPrefix(text, k) && len(k) > len(longest) {
				longest = k
			}
		}
		if longest != "" {
			id = longest
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// unclaimed gives the contracts that are not among the claims; none if it was not
// said what will be claimed.
func unclaimed(o *options, ids []string) []string {
	missing := []string{}
	for _, id := range ids {
		claimed := slices.ContainsFunc(o.caps, func(c string) bool { return strings.TrimSpace(c) == id })
		if o.hasCaps && !claimed {
			missing = append(missing, id)
		}
	}
	return missing
}

func warnContracts(s *cli.IO, path string, missing []string) {
	for _, id := range missing {
		who := "hosts refuse calls to it"
		if strings.HasPrefix(id, "wasmcloud:builtin:") {
			who = "OTP hosts before 0.62 refuse calls to it"
		}
		cli.Notef(s, "warning: %s names the contract %s, which is not claimed: %s (claim it if the actor uses it)", path, id, who)
	}
}
