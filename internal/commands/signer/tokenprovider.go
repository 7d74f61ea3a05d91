package signer

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func tokenProvider(s *cli.IO) *cobra.Command {
	var (
		keys     signing.KeyFlags
		when     signing.DateFlags
		provider signing.ProviderFlags
		hashes   []string
		unsigned bool
	)
	cmd := &cobra.Command{
		Use:   "provider --name NAME --capid ID --vendor VENDOR",
		Short: "Make the token of a capability provider",
		Long: `Make the token of a capability provider whose executables have the hashes given; ` + "`parpack create --jwt`" + ` packs them with it.
With --unsigned the claims are printed instead, for ` + "`signer sign-request`" + ` on another machine.`,
		Example: `  signer token provider -n "K/V store" -c wasmcloud:keyvalue -v Acme --hash x86_64-linux=A807…
  signer token provider -n kv -c wasmcloud:keyvalue -v Acme --hash "$(parpack hash -b build/kv)" --unsigned > kv.request.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			meta, err := provider.Metadata(cmd)
			if err != nil {
				return err
			}
			if meta.TargetHashes, err = targetHashes(s, hashes); err != nil {
				return err
			}
			c, err := signing.ProviderClaims(cmd, s, meta, &when)
			if err != nil {
				return err
			}
			if unsigned {
				return printProviderRequest(s, &c, &keys)
			}
			issuer, subject, err := keys.ProviderKeys(s, *meta.Name, *meta.Name)
			if err != nil {
				return err
			}
			signing.NoteDevelopment(s, issuer)
			c.Subject = subject
			token, err := claims.Sign(c, issuer)
			if err != nil {
				return err
			}
			return printToken(cmd, s, token)
		},
	}
	provider.Add(cmd, "e")
	cmd.Flags().StringArrayVar(&hashes, "hash", nil, "`ARCH-OS=HASH` of an executable, as `parpack hash` prints it (repeatable)")
	keys.Add(cmd, "")
	when.Add(cmd, true)
	cmd.Flags().BoolVar(&unsigned, "unsigned", false, "print the claims as a request for sign-request; no key is needed")
	return cmd
}

// targetHashes reads the hashes; one text may hold several lines of them.
func targetHashes(s *cli.IO, texts []string) (map[string]string, error) {
	hashes := map[string]string{}
	for _, text := range strings.Fields(strings.Join(texts, " ")) {
		name, hash, _ := strings.Cut(text, "=")
		target, err := par.ParseTarget(name)
		if err != nil {
			return nil, cli.Usage("--hash %q: want ARCH-OS=HASH: %w", text, err)
		}
		if err := checkHash(hash); err != nil {
			return nil, cli.Usage("--hash %q: want ARCH-OS=HASH: %w", text, err)
		}
		if string(target) != name {
			cli.Notef(s, "note: %s is signed as %s, which is what such a host looks for", name, target)
		}
		if _, twice := hashes[string(target)]; twice {
			return nil, cli.Usage("two hashes for %s", target)
		}
		hashes[string(target)] = hash
	}
	if len(hashes) == 0 {
		cli.Notef(s, "note: without --hash the token fits no archive")
	}
	return hashes, nil
}

// printProviderRequest prints the claims with what is known without a key, as
// printRequest does for a module.
func printProviderRequest(s *cli.IO, c *claims.Claims[claims.Provider], keys *signing.KeyFlags) error {
	if keys.Subject != "" || s.Env(strkey.SubjectVariable) != "" {
		subject, err := keys.Identity(s, strkey.Service, "", "", *c.Metadata.Name)
		if err != nil {
			return err
		}
		c.Subject = string(subject)
	}
	body, err := claims.Encode(*c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%s\n", body)
	return err
}
