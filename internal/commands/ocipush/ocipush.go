// Package ocipush is the ocipush tool: push, pull, copy, ping and tags, with wash's
// flags, environment and JSON keys, and with artifacts verified on both ways.
package ocipush

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// Command is the tool's root command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "ocipush", "Push and pull signed wasmCloud artifacts")
	root.Long = `Push signed actors and provider archives to OCI registries and pull them, verified on both ways.

Credentials are -u and -p (or WASH_REG_USER and WASH_REG_PASSWORD), else the logins of docker and podman with
their helpers. Plain HTTP is for registries on this machine, for those listed in WASMCLOUD_OCI_ALLOWED_INSECURE
(host[:port], comma-separated) and for --insecure; credentials never leave this machine over it.
HTTPS_PROXY and NO_PROXY are honoured; --ca-file and WASMCLOUD_CA_FILE name authorities to trust beside the system's.`
	root.Example = `  ocipush push localhost:5000/echo:0.1.0 build/echo_s.wasm
  ocipush pull ghcr.io/me/echo:0.1.0 --digest sha256:…
  ocipush copy ghcr.io/me/echo:0.1.0 registry.example.com/echo:0.1.0
  ocipush ping ghcr.io --explain-auth`
	own := Words{Pushed: digestOf, Pulled: func(p *Pulled) string { return p.File }}
	root.AddCommand(pushCommand(s, own.Pushed), manifestCommand(s), layoutCommand(s), pullCommand(s, own.Pulled), copyCommand(s), pingCommand(s), tagsCommand(s))
	return root
}

// trustFlags are what an artifact must be to be passed on.
type trustFlags struct {
	issuers []string
	legacy  bool
}

func (f *trustFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.issuers, "issuer", nil, "public `key` (A…) that must have signed; may be given more than once (default: anybody)")
	cmd.Flags().BoolVar(&f.legacy, "allow-legacy-hash", false, "accept a token of before 2022, whose hash cannot be checked")
}

func (f *trustFlags) policy(s *cli.IO) (artifact.Policy, error) {
	p := artifact.Policy{Now: s.Now(), AllowLegacyHash: f.legacy}
	for _, text := range f.issuers {
		key, err := strkey.ParsePublic(text, strkey.Account)
		if err != nil {
			return p, cli.Usage("--issuer %q: %v", text, err)
		}
		p.Issuers = append(p.Issuers, key)
	}
	return p, nil
}

// parseRef reads the reference argument; a wrong one is wrong usage. What
// lower-casing changed is said, because the tag will not be found as typed.
func parseRef(s *cli.IO, text string) (oci.Ref, error) {
	ref, err := oci.ParseRef(text)
	if err != nil {
		return ref, cli.Usage("%v", err)
	}
	if strings.ToLower(text) != text {
		cli.Notef(s, "note: references are lower-cased, as hosts and wash do: %s", ref)
	}
	return ref, nil
}

func pingCommand(s *cli.IO) *cobra.Command {
	var f registryFlags
	cmd := &cobra.Command{
		Use:     "ping REGISTRY|REFERENCE",
		Short:   "See whether a registry answers",
		Example: `  ocipush ping localhost:5000`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			host := strings.ToLower(args[0])
			if strings.Contains(host, "/") {
				ref, err := parseRef(s, args[0])
				if err != nil {
					return err
				}
				host = ref.Registry
			}
			client, done, err := f.client(s)
			if err != nil {
				return err
			}
			defer done()
			if err := client.Ping(cmd.Context(), host); err != nil {
				return err
			}
			return pong(cmd, s)
		},
	}
	f.add(cmd)
	return cmd
}

func tagsCommand(s *cli.IO) *cobra.Command {
	var f registryFlags
	cmd := &cobra.Command{
		Use:     "tags REPOSITORY",
		Short:   "List the tags of a repository",
		Example: `  ocipush tags localhost:5000/echo`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := parseRef(s, args[0])
			if err != nil {
				return err
			}
			client, done, err := f.client(s)
			if err != nil {
				return err
			}
			defer done()
			tags, err := client.Tags(cmd.Context(), ref)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, struct {
				Repository string   `json:"repository"`
				Tags       []string `json:"tags"`
			}{ref.Registry + "/" + ref.Repository, tags}, func(w io.Writer) {
				for _, tag := range tags {
					fmt.Fprintln(w, tag)
				}
			})
		},
	}
	f.add(cmd)
	return cmd
}
