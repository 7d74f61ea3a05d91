package signer

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// inspected is the answer of inspect. The members down to call_alias are wash's;
// those after are ours. Of the two lists of capabilities one is absent.
type inspected struct {
	Account     strkey.PublicKey `json:"account"`
	Module      string           `json:"module"`
	Name        string           `json:"name"`
	Expires     string           `json:"expires"`
	CanBeUsed   string           `json:"can_be_used"`
	Version     string           `json:"version"`
	Revision    int32            `json:"revision"`
	Caps        []string         `json:"capabilities,omitzero"`        // names for people
	ProvCaps    []string         `json:"capability_provider,omitzero"` // the same, of a provider
	Tags        string           `json:"tags"`
	CallAlias   string           `json:"call_alias"`
	Valid       bool             `json:"valid"`             // may be used now
	Problem     string           `json:"problem,omitempty"` // why not
	Signature   string           `json:"signature"`         // always "valid": another is an error
	Hash        string           `json:"hash"`              // of the module
	ContractIDs []string         `json:"contract_ids"`
	Kind        artifact.Kind    `json:"kind"`
	Form        string           `json:"section"`
	ExpiresAt   string           `json:"expires_at,omitempty"` // RFC 3339
	NotBefore   string           `json:"not_before,omitempty"`
	IssuedAt    string           `json:"issued_at,omitempty"` // absent when 0: signed reproducibly
	Digest      string           `json:"digest"`
	Size        int64            `json:"size"`
	Development bool             `json:"development_key"`
}

func inspectCommand(s *cli.IO) *cobra.Command {
	var (
		jwtOnly bool
		pins    []string
	)
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a signed module claims, if its signature holds",
		Long: `Show the claims of a signed module or component. The signature must be sound and its hash that of the module, else the
command fails; dates are shown, and a token that is not valid now is named on standard error. To decide by them: signer verify.
Only local files are read: fetch an artifact by ` + "`ocipush pull`" + ` first.`,
		Example: `  signer inspect build/echo_s.wasm
  signer inspect build/echo_s.wasm --output json
  signer inspect build/echo_s.wasm --jwt-only`,
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

// Inspect shows what a signed module claims, or its token alone, if the signature
// holds and is by one of the issuers; none named means anyone's.
func Inspect(cmd *cobra.Command, s *cli.IO, path string, issuers []strkey.PublicKey, jwtOnly bool) error {
	a, err := readArtifact(cmd, s, path)
	if err != nil {
		return err
	}
	problem := a.Verify(artifact.Policy{Now: s.Now(), Issuers: issuers})
	if problem != nil && !shown(a, problem) {
		return fmt.Errorf("%s: %w", path, problem)
	}
	// The table is wash's, which checks no signature; what was checked here is said beside it.
	if problem != nil {
		cli.Notef(s, "warning: %s: the signature holds, but %v", path, problem)
	} else {
		cli.Notef(s, "checked: the signature holds, the hash is that of the module, and it may be used now")
	}
	if jwtOnly {
		return printToken(cmd, s, a.Token)
	}
	result := describe(a, s.Now(), problem)
	return cli.Print(cmd, s, result, result.table)
}

func addPins(cmd *cobra.Command, pins *[]string) {
	cmd.Flags().StringArrayVarP(pins, "issuer", "i", nil, "`account` (A…) that may sign (repeatable); without it anyone may")
}

func pinned(pins []string) ([]strkey.PublicKey, error) {
	var issuers []strkey.PublicKey
	for _, pin := range pins {
		issuer, err := strkey.ParsePublic(strings.TrimSpace(pin), strkey.Account)
		if err != nil {
			return nil, cli.Usage("--issuer: %w", err)
		}
		issuers = append(issuers, issuer)
	}
	return issuers, nil
}

func readArtifact(cmd *cobra.Command, s *cli.IO, path string) (*artifact.Artifact, error) {
	in, err := signing.Open(cmd.Context(), s, path)
	if err != nil {
		return nil, fmt.Errorf("opening the signed module: %w", err)
	}
	defer in.Close()
	a, err := artifact.Read(in)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if a.Kind == artifact.Provider {
		return nil, fmt.Errorf("%s is a provider archive: use `parpack inspect` and `parpack verify`", path)
	}
	if a.Actor == nil {
		return nil, fmt.Errorf("%s: %w: no capabilities discovered, for it holds no token; sign it by `signer sign`", path, artifact.ErrUnsigned)
	}
	return a, nil
}

// shown says whether inspect shows an artifact in spite of a problem: dates, and
// the hashes of tokens that no reader checks, are facts about it. A moved token
// or an untrusted issuer make the claims those of something else.
func shown(a *artifact.Artifact, problem error) bool {
	var dates *claims.TimeError
	old := errors.Is(problem, artifact.ErrHash) && a.Actor.Revision < claims.Revision
	return old || errors.As(problem, &dates)
}

func describe(a *artifact.Artifact, now time.Time, problem error) *inspected {
	c, m := a.Actor, a.Actor.Metadata
	r := &inspected{
		Account: c.Issuer, Module: c.Subject, Name: m.Name, Version: "None", Tags: "None", CallAlias: "(Not set)",
		Expires: "never", CanBeUsed: "immediately", Valid: problem == nil, Signature: "valid", Hash: a.Hash,
		ContractIDs: append([]string{}, m.Caps...), Kind: a.Kind, Form: "modern", Digest: a.Digest, Size: a.Size,
		Development: strkey.IsDevelopment(c.Issuer), IssuedAt: signing.RFC3339(c.IssuedAt), ExpiresAt: signing.RFC3339(c.Expires), NotBefore: signing.RFC3339(c.NotBefore),
	}
	if problem != nil {
		r.Problem = problem.Error()
	}
	if a.Legacy {
		r.Form = "legacy"
	}
	if c.Expires != 0 {
		r.Expires = signing.Human(c.Expires, now.Unix())
	}
	if c.NotBefore != 0 {
		r.CanBeUsed = signing.Human(c.NotBefore, now.Unix())
	}
	if m.Ver != nil {
		r.Version = *m.Ver
	}
	if m.Rev != nil {
		r.Revision = *m.Rev
	}
	if len(m.Tags) > 0 {
		r.Tags = strings.Join(m.Tags, ",")
	}
	if m.CallAlias != nil {
		r.CallAlias = *m.CallAlias
	}
	names := make([]string, len(m.Caps))
	for i, id := range m.Caps {
		names[i] = claims.CapabilityName(id)
	}
	if r.Caps = names; m.Prov {
		r.Caps, r.ProvCaps = nil, names
	}
	return r
}

// table writes the claims as wash does.
func (r *inspected) table(w io.Writer) {
	heading, caps := "Capabilities", r.Caps
	if r.ProvCaps != nil {
		heading, caps = "Capability Provider", r.ProvCaps
	}
	t := &signing.Table{}
	t.Center(r.Name + " - Module")
	t.Pair("Account", string(r.Account))
	t.Pair("Module", r.Module)
	t.Pair("Expires", r.Expires)
	t.Pair("Can Be Used", r.CanBeUsed)
	t.Pair("Version", fmt.Sprintf("%s (%d)", r.Version, r.Revision))
	t.Pair("Call Alias", r.CallAlias)
	t.Center(heading)
	if len(caps) == 0 {
		t.Left("") // wash leaves a line here
	}
	for _, name := range caps {
		t.Left(name)
	}
	t.Center("Tags")
	t.Left(r.Tags)
	t.Print(w)
}
