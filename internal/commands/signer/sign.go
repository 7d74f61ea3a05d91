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

func (r *signed) print(answer signing.Answer) func(w io.Writer) {
	return func(w io.Writer) {
		answer(w, fmt.Sprintf("Successfully signed %s with capabilities: %s", r.Destination, strings.Join(r.Capabilities, ",")), r.Destination, r.Changed)
	}
}

type signOptions struct {
	actor       actorFlags
	keys        signing.KeyFlags
	dates       signing.DateFlags
	section     sectionFlag
	destination string
	earlier     string
}

// Sign returns the command that signs, with its answer in the words of the caller.
func Sign(s *cli.IO, answer signing.Answer) *cobra.Command {
	var o signOptions
	cmd := &cobra.Command{
		Use:   "sign MODULE --name NAME",
		Short: "Sign a module or component",
		Long: `Sign a WebAssembly module or component, in one pass and in memory that does not grow with it.
An earlier signature is replaced. The destination is left alone, its time included, if its bytes would not change.

With --jwt, a token that was signed before is put in if it is for this module and these claims: no key is needed then. If it is
not, what differs is said, and the module is signed as without it.`,
		Example: `  signer sign build/echo.wasm --name echo -q --rev 1 --ver 0.1.0
  signer sign build/kv.wasm -n "K/V counter" -q -c wasmcloud:keyvalue -a example/kv -d dist/kv_s.wasm
  signer sign build/echo.wasm -n echo --section legacy               # for hosts of 2022
  signer sign build/echo.wasm -n echo -q --jwt echo.jwt`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := o.run(cmd, s, args[0])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print(answer))
		},
	}
	o.actor.add(cmd)
	o.keys.Add(cmd, "")
	o.dates.Add(cmd, true)
	o.section.add(cmd)
	cmd.Flags().StringVarP(&o.destination, "destination", "d", "", "`file` to write (default MODULE with _s.wasm in place of its extension)")
	cmd.Flags().StringVar(&o.earlier, "jwt", "", "`file` with a token signed before, to be used where it fits")
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
	result := &signed{Destination: o.destination, Capabilities: meta.Caps}
	token, err := o.signer(cmd, s, meta, signing.Stem(source), result)
	if err != nil {
		return nil, err
	}
	var notes func()
	result.Changed, err = signing.WriteOutput(o.destination, func(w io.Writer) error {
		_, digest, err := wasmbin.Embed(w, in, o.section.name(), func(info wasmbin.Info) (text string, err error) {
			meta.Hash, result.Hash = info.Hash, info.Hash
			text, notes, err = token()
			return text, err
		})
		result.Digest = digest
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
		notes()
	}
	return result, nil
}

// signer gives what makes the token, once the hash is in meta, and fills in who signed. What it returns beside the
// token says what a person should know of it.
func (o *signOptions) signer(cmd *cobra.Command, s *cli.IO, meta *claims.Actor, stem string, result *signed) (func() (string, func(), error), error) {
	c, err := unsignedClaims(cmd, s, meta, &o.dates, &o.section)
	if err != nil {
		return nil, err
	}
	sign := func(issuer *strkey.Seed) (string, func(), error) {
		result.Module, result.Account = c.Subject, issuer.Public()
		text, err := claims.Sign(c, issuer)
		return text, func() { signing.NoteDevelopment(s, issuer) }, err
	}
	if o.earlier == "" {
		// A key that is not there is found out before anything is read.
		issuer, err := actorKeys(s, &c, &o.keys, stem)
		return func() (string, func(), error) { return sign(issuer) }, err
	}
	return func() (string, func(), error) {
		text, differs, err := signing.Fits(cmd, s, signing.Earlier{Path: o.earlier, Keys: &o.keys, Kind: strkey.Module}, c, meta.Name, signing.ActorClaimed)
		if err != nil {
			return "", nil, err
		}
		if differs == "" {
			got, err := signing.ParseActor(text)
			if err != nil {
				return "", nil, err
			}
			result.Module, result.Account = got.Subject, got.Issuer
			return text, func() {}, nil
		}
		issuer, err := actorKeys(s, &c, &o.keys, stem)
		if err != nil {
			return "", nil, fmt.Errorf("%s was signed for something else:\n%s%w", o.earlier, differs, err)
		}
		text, notes, err := sign(issuer)
		return text, func() { signing.NoteEarlier(s, o.earlier, differs); notes() }, err
	}, nil
}

// unsignedClaims gives the claims of a module's token without hash and keys.
func unsignedClaims(cmd *cobra.Command, s *cli.IO, meta *claims.Actor, when *signing.DateFlags, section *sectionFlag) (claims.Claims[claims.Actor], error) {
	none := claims.Claims[claims.Actor]{}
	at, err := when.Resolve(s, cmd)
	if err != nil {
		return none, err
	}
	id, err := when.FreshID()
	if err != nil {
		return none, err
	}
	c := claims.Claims[claims.Actor]{
		Expires: at.Expires, ID: id, IssuedAt: at.Issued, NotBefore: at.NotBefore, Metadata: meta, Revision: claims.Revision,
	}
	if section.legacy {
		c.Revision = 0 // old readers check the hash of a token without one
	}
	return c, nil
}

// actorKeys finds the key that signs, and fills in the subject.
func actorKeys(s *cli.IO, c *claims.Claims[claims.Actor], keys *signing.KeyFlags, stem string) (*strkey.Seed, error) {
	issuer, err := keys.Account(s)
	if err != nil {
		return nil, err
	}
	subject, err := keys.Identity(s, strkey.Module, stem, issuer.Public(), c.Metadata.Name)
	c.Subject = string(subject)
	return issuer, err
}
