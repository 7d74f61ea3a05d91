package signer

import (
	"slices"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// actorFlags are the flags that say what a module's token claims.
type actorFlags struct {
	name, ver, callAlias string
	rev                  int32
	caps, tags           []string
	known                []capability
	extras, prov         bool
}

// capability is a flag that stands for a contract id.
type capability struct {
	on              bool
	flag, short, id string
}

// knownCapabilities are in the order in which wash writes them into a token.
func knownCapabilities() []capability {
	return []capability{
		{flag: "keyvalue", short: "k", id: claims.CapKeyValue},
		{flag: "msg", short: "g", id: claims.CapMessaging},
		{flag: "http_client", id: claims.CapHTTPClient},
		{flag: "http_server", short: "q", id: claims.CapHTTPServer},
		{flag: "blob_store", short: "f", id: claims.CapBlobStore},
		{flag: "logging", short: "l", id: claims.CapLogging},
		{flag: "events", short: "e", id: claims.CapEvents},
	}
}

func (a *actorFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&a.name, "name", "n", "", "`name` of the actor, for people (required)")
	f.StringArrayVarP(&a.caps, "cap", "c", nil, "contract `id` that the actor uses, such as wasmcloud:keyvalue (repeatable)")
	a.known = knownCapabilities()
	for i := range a.known {
		f.BoolVarP(&a.known[i].on, a.known[i].flag, a.known[i].short, false, "claim "+a.known[i].id)
	}
	f.BoolVarP(&a.extras, "extras", "z", false, "claims nothing, as with wash: use -c "+claims.CapNumberGen)
	f.StringArrayVarP(&a.tags, "tag", "t", nil, "a `tag` (repeatable)")
	f.BoolVarP(&a.prov, "prov", "p", false, "the module is a provider (of at most one contract)")
	f.Int32VarP(&a.rev, "rev", "r", 0, "revision `number`")
	f.StringVarP(&a.ver, "ver", "v", "", "`version` for people")
	f.StringVarP(&a.callAlias, "call-alias", "a", "", "`name` that other actors may call this one by: lower-case letters, digits, _ and /")
}

// metadata checks the flags and gives the claims, without a hash.
func (a *actorFlags) metadata(s *cli.IO, cmd *cobra.Command) (*claims.Actor, error) {
	if a.name == "" {
		return nil, cli.Usage("the actor needs a name: --name NAME")
	}
	m := &claims.Actor{Name: a.name, Tags: append([]string{}, a.tags...), Caps: a.capabilities(), Prov: a.prov}
	for _, text := range slices.Concat(m.Caps, m.Tags, []string{a.name, a.ver, a.callAlias}) {
		if !utf8.ValidString(text) {
			return nil, cli.Usage("%q is not UTF-8", text)
		}
	}
	if slices.Contains(m.Caps, "") {
		return nil, cli.Usage("an empty contract id: --cap wants one such as wasmcloud:keyvalue")
	}
	if a.prov && len(m.Caps) > 1 {
		return nil, cli.Usage("a provider (--prov) has at most one contract; given are %d: %q", len(m.Caps), m.Caps)
	}
	if a.extras {
		cli.Notef(s, "note: --extras claims nothing, as with wash; for random numbers give -c %s", claims.CapNumberGen)
	}
	if cmd.Flags().Changed("call-alias") {
		if err := claims.CheckAlias(a.callAlias); err != nil {
			return nil, cli.Usage("--call-alias: %w", err)
		}
		m.CallAlias = &a.callAlias
	}
	if cmd.Flags().Changed("rev") {
		m.Rev = &a.rev
	}
	if cmd.Flags().Changed("ver") {
		m.Ver = &a.ver
	}
	return m, nil
}

func (a *actorFlags) capabilities() []string {
	ids := []string{}
	for _, c := range a.known {
		if c.on {
			ids = append(ids, c.id)
		}
	}
	return append(ids, a.caps...)
}
