package parpack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// inspected is the answer of inspect. The members down to targets are wash's;
// those after are ours.
type inspected struct {
	Name        string            `json:"name"`
	Issuer      strkey.PublicKey  `json:"issuer"`
	Service     string            `json:"service"`
	ContractID  string            `json:"capability_contract_id"`
	Vendor      string            `json:"vendor"`
	Version     string            `json:"version"`  // "None" if absent
	Revision    string            `json:"revision"` // "None" if absent
	Targets     []string          `json:"targets"`  // sorted
	Valid       bool              `json:"valid"`    // may be used now
	Problem     string            `json:"problem,omitempty"`
	Signature   string            `json:"signature"` // always "valid": another is an error
	Hashes      map[string]string `json:"hashes"`    // of the executables, verified
	Sizes       map[string]int64  `json:"sizes"`     // bytes
	Compressed  bool              `json:"compressed"`
	Schema      json.RawMessage   `json:"config_schema,omitempty"`
	ExpiresAt   string            `json:"expires_at,omitempty"` // RFC 3339
	NotBefore   string            `json:"not_before,omitempty"`
	CacheFolder string            `json:"cache_folder"` // of a host, under its cache: KEY/REVISION
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Development bool              `json:"development_key"`
}

func inspectCommand(s *cli.IO) *cobra.Command {
	var jwtOnly bool
	var pins []string
	cmd := &cobra.Command{
		Use:   "inspect ARCHIVE",
		Short: "Show what a provider archive claims, if its signature holds",
		Long: `Show the claims of a provider archive. Its signature must be sound, and every executable in it the one that was signed, else
the command fails; dates are shown, and a token that is not valid now is named on standard error. To decide by them:
parpack verify. Only local files are read: fetch an archive by ` + "`ocipush pull`" + ` first.`,
		Example: `  parpack inspect build/kv.par.gz
  parpack inspect build/kv.par.gz --output json
  parpack inspect build/kv.par.gz --jwt-only`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			issuers, err := pinned(pins)
			if err != nil {
				return err
			}
			return Inspect(cmd, s, args[0], issuers, jwtOnly)
		},
	}
	cmd.Flags().BoolVar(&jwtOnly, "jwt-only", false, "print the token alone")
	addPins(cmd, &pins)
	return cmd
}

// Inspect shows what an archive claims, or its token alone, if the signature holds
// and is by one of the issuers; none named means anyone's.
func Inspect(cmd *cobra.Command, s *cli.IO, path string, issuers []strkey.PublicKey, jwtOnly bool) error {
	a, err := read(cmd.Context(), s, path)
	if err != nil {
		return err
	}
	problem := a.Verify(artifact.Policy{Now: s.Now(), Issuers: issuers})
	var dates *claims.TimeError
	switch {
	case problem != nil && !errors.As(problem, &dates):
		return fmt.Errorf("%s: %w", path, problem)
	case problem != nil:
		cli.Notef(s, "warning: %s: the signature holds, but %v", path, problem)
	default:
		cli.Notef(s, "checked: the signature holds, each executable is the one that was signed, and it may be used now")
	}
	noteTargets(s, a.Archive)
	if jwtOnly {
		return cli.Print(cmd, s, struct {
			Token string `json:"token"`
		}{a.Token}, func(w io.Writer) { fmt.Fprintln(w, a.Token) })
	}
	result := describe(a, problem)
	return cli.Print(cmd, s, result, result.table)
}

// noteTargets names what no host will ever look for.
func noteTargets(s *cli.IO, archive *par.Archive) {
	for _, e := range archive.Entries {
		if t, err := par.ParseTarget(string(e.Target)); err == nil && t != e.Target {
			cli.Notef(s, "warning: no host finds %s: such machines look for %s", e.Target, t)
		}
	}
}

func describe(a *artifact.Artifact, problem error) *inspected {
	c, m := a.Provider, a.Provider.Metadata
	r := &inspected{
		Name: orNone(m.Name), Issuer: c.Issuer, Service: c.Subject, ContractID: m.CapID, Vendor: m.Vendor,
		Version: orNone(m.Ver), Revision: orNone(m.Rev), Targets: a.Archive.Targets(), Valid: problem == nil, Signature: "valid",
		Hashes: map[string]string{}, Sizes: map[string]int64{}, Compressed: a.Archive.Compressed, Schema: m.ConfigSchema,
		ExpiresAt: signing.RFC3339(c.Expires), NotBefore: signing.RFC3339(c.NotBefore), CacheFolder: par.CacheFolder(c),
		Digest: a.Digest, Size: a.Size, Development: strkey.IsDevelopment(c.Issuer),
	}
	if problem != nil {
		r.Problem = problem.Error()
	}
	for _, e := range a.Archive.Entries {
		r.Hashes[string(e.Target)], r.Sizes[string(e.Target)] = e.Hash, e.Size
	}
	return r
}

// table writes the claims as wash does.
func (r *inspected) table(w io.Writer) {
	t := &signing.Table{}
	t.Center(r.Name + " - Provider Archive")
	t.Pair("Account", string(r.Issuer))
	t.Pair("Service", r.Service)
	t.Pair("Capability Contract ID", r.ContractID)
	t.Pair("Vendor", r.Vendor)
	t.Pair("Version", r.Version)
	t.Pair("Revision", r.Revision)
	t.Center("Supported Architecture Targets")
	for _, target := range r.Targets {
		t.Left(target)
	}
	t.Print(w)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// verified is the answer of verify: what was checked, and how it was found.
type verified struct {
	File         string            `json:"file"`
	Name         string            `json:"name"`
	Account      strkey.PublicKey  `json:"account"`
	Service      string            `json:"service"`
	Signature    string            `json:"signature"`
	Hashes       map[string]string `json:"hashes"`
	Dates        string            `json:"dates"`
	IssuerPinned bool              `json:"issuer_pinned"`
	Digest       string            `json:"digest"`
}

func verifyCommand(s *cli.IO) *cobra.Command {
	var pins []string
	cmd := &cobra.Command{
		Use:   "verify ARCHIVE",
		Short: "Check signature, hashes, dates and issuer of a provider archive",
		Long: `Check that an archive is signed by an account key, for a service key, that each executable in it is the one that was signed
and none is missing, that it may be used now, and, with --issuer, by whom it was signed. Without --issuer anyone may
have signed it. What was checked is printed; the first thing found wrong ends the command with exit code 1.`,
		Example: `  parpack verify build/kv.par.gz --issuer ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			issuers, err := pinned(pins)
			if err != nil {
				return err
			}
			a, err := read(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			if err := a.Verify(artifact.Policy{Now: s.Now(), Issuers: issuers}); err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			result := verifiedResult(args[0], a, s.Now(), len(issuers) > 0)
			result.note(s)
			noteTargets(s, a.Archive)
			return cli.Print(cmd, s, result, result.print)
		},
	}
	addPins(cmd, &pins)
	return cmd
}

func verifiedResult(file string, a *artifact.Artifact, now time.Time, isPinned bool) *verified {
	c := a.Provider
	r := &verified{
		File: file, Name: a.Name(), Account: c.Issuer, Service: c.Subject, Signature: "valid", Hashes: c.Metadata.TargetHashes,
		Dates: "valid now; never expires", IssuerPinned: isPinned, Digest: a.Digest,
	}
	if c.Expires != 0 {
		r.Dates = "valid now; expires " + signing.Human(c.Expires, now.Unix()) + " (" + signing.RFC3339(c.Expires) + ")"
	}
	return r
}

// note says what the checks do not show.
func (r *verified) note(s *cli.IO) {
	if strkey.IsDevelopment(r.Account) {
		cli.Notef(s, "warning: signed by the development key, which anyone can sign with")
	} else if !r.IssuerPinned {
		cli.Notef(s, "note: anyone may have signed this; name who may by --issuer %s", r.Account)
	}
}

func (r *verified) print(w io.Writer) {
	issuer := "not pinned"
	if r.IssuerPinned {
		issuer = "as pinned"
	}
	fmt.Fprintf(w, "%s: verified\n", r.File)
	fmt.Fprintf(w, "  signature  valid\n  issuer     %s (%s)\n  subject    %s\n  dates      %s\n", r.Account, issuer, r.Service, r.Dates)
	for _, target := range sortedKeys(r.Hashes) {
		fmt.Fprintf(w, "  hash       %s (%s)\n", r.Hashes[target], target)
	}
}
