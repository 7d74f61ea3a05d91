package signer

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// signed is the answer of sign and embed. Destination and capabilities are wash's
// keys; the others are ours.
type signed struct {
	Destination  string           `json:"destination"`
	Capabilities []string         `json:"capabilities"`
	Module       string           `json:"module"`
	Account      strkey.PublicKey `json:"account"`
	Hash         string           `json:"hash"`
	Digest       string           `json:"digest"` // of the signed file
	Changed      bool             `json:"changed"`
}

func (r *signed) print(w io.Writer) {
	unchanged := ""
	if !r.Changed {
		unchanged = " (unchanged)"
	}
	fmt.Fprintf(w, "Successfully signed %s with capabilities: %s%s\n", r.Destination, strings.Join(r.Capabilities, ","), unchanged)
}

type signOptions struct {
	actor       actorFlags
	keys        signing.KeyFlags
	dates       signing.DateFlags
	section     sectionFlag
	destination string
}

func signCommand(s *cli.IO) *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:   "sign MODULE --name NAME",
		Short: "Sign a module or component",
		Long: `Sign a WebAssembly module or component, in one pass and in memory that does not grow with it.
An earlier signature is replaced. The destination is left alone, its time included, if its bytes would not change.`,
		Example: `  signer sign build/echo.wasm --name echo -q --rev 1 --ver 0.1.0
  signer sign build/kv.wasm -n "K/V counter" -q -c wasmcloud:keyvalue -a example/kv -d dist/kv_s.wasm
  signer sign build/echo.wasm -n echo --section legacy               # for hosts of 2022`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := o.run(cmd, s, args[0])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	o.actor.add(cmd)
	o.keys.Add(cmd, "")
	o.dates.Add(cmd, true)
	o.section.add(cmd)
	cmd.Flags().StringVarP(&o.destination, "destination", "d", "", "`file` to write (default MODULE with _s.wasm in place of its extension)")
	return cmd
}

func (o *signOptions) run(cmd *cobra.Command, s *cli.IO, source string) (*signed, error) {
	meta, err := o.actor.metadata(s, cmd)
	if err != nil {
		return nil, err
	}
	if o.destination == "" {
		if source == "-" {
			return nil, cli.Usage("standard input has no name: say with --destination what to write")
		}
		o.destination = signedName(source)
	}
	in, err := signing.Open(cmd.Context(), s, source)
	if err != nil {
		return nil, fmt.Errorf("opening the module to sign: %w", err)
	}
	defer in.Close()
	c, issuer, err := actorClaims(cmd, s, meta, &o.keys, &o.dates, &o.section, signing.Stem(source))
	if err != nil {
		return nil, err
	}
	result := &signed{Destination: o.destination, Capabilities: meta.Caps, Module: c.Subject, Account: issuer.Public()}
	result.Changed, err = signing.WriteOutput(o.destination, func(w io.Writer) error {
		_, digest, err := wasmbin.Embed(w, in, o.section.name(), func(info wasmbin.Info) (string, error) {
			meta.Hash = info.Hash
			return claims.Sign(c, issuer)
		})
		result.Hash, result.Digest = meta.Hash, digest
		if err != nil {
			return fmt.Errorf("signing %s: %w", source, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	// Make asks at every step: of an equal file it was said when the file was made.
	if result.Changed {
		signing.NoteDevelopment(s, issuer)
	}
	return result, nil
}

// actorClaims finds the keys and gives the claims of a module's token, complete
// but for the hash.
func actorClaims(cmd *cobra.Command, s *cli.IO, meta *claims.Actor, keys *signing.KeyFlags, when *signing.DateFlags, section *sectionFlag, stem string) (claims.Claims[claims.Actor], *strkey.Seed, error) {
	none := claims.Claims[claims.Actor]{}
	at, err := when.Resolve(s, cmd)
	if err != nil {
		return none, nil, err
	}
	issuer, err := keys.Account(s)
	if err != nil {
		return none, nil, err
	}
	subject, err := keys.Identity(s, strkey.Module, stem, issuer.Public(), meta.Name)
	if err != nil {
		return none, nil, err
	}
	id, err := when.FreshID()
	if err != nil {
		return none, nil, err
	}
	c := claims.Claims[claims.Actor]{
		Expires: at.Expires, ID: id, IssuedAt: at.Issued, Subject: string(subject), NotBefore: at.NotBefore,
		Metadata: meta, Revision: claims.Revision,
	}
	if section.legacy {
		c.Revision = 0 // old readers check the hash of a token without one
	}
	return c, issuer, nil
}
