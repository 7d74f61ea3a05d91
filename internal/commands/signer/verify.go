package signer

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// verified is the answer of verify: what was checked, and how it was found.
type verified struct {
	File         string           `json:"file"`
	Kind         artifact.Kind    `json:"kind"`
	Name         string           `json:"name"`
	Account      strkey.PublicKey `json:"account"`
	Module       string           `json:"module"`
	Signature    string           `json:"signature"`
	Hash         string           `json:"hash"`
	HashMatches  bool             `json:"hash_matches"`
	Dates        string           `json:"dates"`
	IssuerPinned bool             `json:"issuer_pinned"`
	Digest       string           `json:"digest"`
}

func verifyCommand(s *cli.IO) *cobra.Command {
	var (
		pins   []string
		legacy bool
	)
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check signature, hash, dates and issuer of a signed module",
		Long: `Check that a module is signed by an account key, for a module key, with exactly these bytes, that it may be used now, and, with
--issuer, by whom it was signed. Without --issuer anyone may have signed it. What was checked is printed; the first thing
found wrong ends the command with exit code 1.`,
		Example: `  signer verify build/echo_s.wasm --issuer ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			issuers, err := pinned(pins)
			if err != nil {
				return err
			}
			a, err := readArtifact(cmd, s, args[0])
			if err != nil {
				return err
			}
			policy := artifact.Policy{Now: s.Now(), Issuers: issuers, AllowLegacyHash: legacy}
			if err := a.Verify(policy); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			result := verifiedResult(args[0], a, s.Now().Unix(), len(issuers) > 0)
			result.note(s)
			return cli.Print(cmd, s, result, result.print)
		},
	}
	addPins(cmd, &pins)
	cmd.Flags().BoolVar(&legacy, "allow-legacy-hash", false, "accept a token of an old wash although its hash is not the module's: it may have been moved here")
	return cmd
}

func verifiedResult(file string, a *artifact.Artifact, now int64, isPinned bool) *verified {
	r := &verified{
		File: file, Kind: a.Kind, Name: a.Name(), Account: a.Issuer(), Module: a.Subject(), Signature: "valid",
		Hash: a.Hash, HashMatches: a.Actor.Metadata.Hash == a.Hash, IssuerPinned: isPinned, Digest: a.Digest,
	}
	switch c := a.Actor; {
	case c.Expires != 0:
		r.Dates = "valid now; expires " + signing.Human(c.Expires, now) + " (" + signing.RFC3339(c.Expires) + ")"
	default:
		r.Dates = "valid now; never expires"
	}
	return r
}

// note says what the checks do not show.
func (r *verified) note(s *cli.IO) {
	if !r.HashMatches {
		cli.Notef(s, "warning: the token's hash is not the module's, and was accepted on request: the token may come from another module")
	}
	if strkey.IsDevelopment(r.Account) {
		cli.Notef(s, "warning: signed by the development key, which anyone can sign with")
	} else if !r.IssuerPinned {
		cli.Notef(s, "note: anyone may have signed this; name who may by --issuer %s", r.Account)
	}
}

func (r *verified) print(w io.Writer) {
	issuer, hash := "not pinned", "is that of the module"
	if r.IssuerPinned {
		issuer = "as pinned"
	}
	if !r.HashMatches {
		hash = "of the module; the token has another"
	}
	fmt.Fprintf(w, "%s: verified\n", r.File)
	fmt.Fprintf(w, "  signature  valid\n  issuer     %s (%s)\n  subject    %s\n", r.Account, issuer, r.Module)
	fmt.Fprintf(w, "  hash       %s (%s)\n  dates      %s\n", r.Hash, hash, r.Dates)
}
