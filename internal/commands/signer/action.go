package signer

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// actionFiles are what the actions of the Bazel rules read and write. Each is named
// by a flag: an action has declared all its files, and nothing is found by a name.
type actionFiles struct {
	module, claims, hash, schema, token, request, out, descriptor string
	targets                                                       []string
}

// actionCommand holds signing taken apart into steps that a build system caches one
// by one: only `sign` needs a key, and it never reads what it signs.
func actionCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "action",
		Short:  "The steps of signing, for build rules",
		Hidden: true, // people have sign, hash, token and embed, which find files and keys for them
	}
	cmd.AddCommand(actionHash(s), actionSign(s), actionRequest(s), actionAttach(s), actionEmbed(s), actionVerify(s), actionExpand(s))
	return cmd
}

func actionHash(s *cli.IO) *cobra.Command {
	var f actionFiles
	return signing.NeedFiles(&cobra.Command{
		Use: "hash", Short: "Write a module's hash",
		RunE: func(cmd *cobra.Command, _ []string) error {
			in, err := signing.Open(cmd.Context(), s, f.module)
			if err != nil {
				return fmt.Errorf("hashing a module: %w", err)
			}
			defer in.Close()
			info, err := wasmbin.Canonical(io.Discard, in)
			if err != nil {
				return fmt.Errorf("hashing %s: %w", f.module, err)
			}
			return signing.WriteText(f.out, info.Hash)
		},
	}, map[string]*string{"module": &f.module, "out": &f.out})
}

func actionSign(s *cli.IO) *cobra.Command {
	var f actionFiles
	return f.claimed(signing.NeedFiles(&cobra.Command{
		Use: "sign", Short: "Sign claims and a hash with the account's key",
		RunE: func(*cobra.Command, []string) error {
			spec, want, err := f.read(s)
			if err != nil {
				return err
			}
			issuer, err := signing.AccountSeed(s, spec.Account)
			if err != nil {
				return err
			}
			token, err := want.Sign(issuer)
			if err != nil {
				return fmt.Errorf("signing for %s: %w", spec.Account, err)
			}
			return signing.WriteText(f.out, token)
		},
	}, map[string]*string{"claims": &f.claims, "out": &f.out}))
}

func actionRequest(s *cli.IO) *cobra.Command {
	var f actionFiles
	return f.claimed(signing.NeedFiles(&cobra.Command{
		Use: "request", Short: "Write what would be signed, for `signer sign-request` elsewhere",
		RunE: func(*cobra.Command, []string) error {
			_, want, err := f.read(s)
			if err != nil {
				return err
			}
			body, err := want.Encode()
			if err != nil {
				return err
			}
			return signing.WriteText(f.out, string(body))
		},
	}, map[string]*string{"claims": &f.claims, "out": &f.out}))
}

func actionAttach(s *cli.IO) *cobra.Command {
	var f actionFiles
	return f.claimed(signing.NeedFiles(&cobra.Command{
		Use: "attach", Short: "Compare a token that was signed elsewhere with what is built here",
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, diff, err := f.compare(cmd, s)
			if err != nil {
				return err
			}
			if diff != "" {
				return fmt.Errorf("%s was signed for something else:\n%sbuild the output group signing_request, sign that, and put the new token in its place", f.token, diff)
			}
			return signing.WriteText(f.out, token)
		},
	}, map[string]*string{"claims": &f.claims, "token": &f.token, "out": &f.out}))
}

// compare holds the token against what was to be signed.
func (f *actionFiles) compare(cmd *cobra.Command, s *cli.IO) (token, diff string, err error) {
	_, want, err := f.read(s)
	if err != nil {
		return "", "", err
	}
	if token, err = signing.ReadToken(cmd.Context(), s, f.token); err != nil {
		return "", "", err
	}
	if diff, err = want.Differs(token); err != nil {
		err = fmt.Errorf("the token in %s: %w", f.token, err)
	}
	return token, diff, err
}

// descriptor is what an OCI manifest says of the signed file; with it, the manifest
// is made without reading the file.
type descriptor struct {
	MediaType  string `json:"mediaType"`
	Digest     string `json:"digest"`
	Size       int64  `json:"size"`
	ConfigType string `json:"configType"`
	Issuer     string `json:"issuer"`
	Subject    string `json:"subject"`
}

func actionEmbed(s *cli.IO) *cobra.Command {
	var f actionFiles
	var section sectionFlag
	cmd := signing.NeedFiles(&cobra.Command{
		Use: "embed", Short: "Put a token into its module",
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := embed(cmd, s, f.module, f.token, f.out, &section)
			if err != nil {
				return err
			}
			info, err := os.Stat(f.out)
			if err != nil {
				return err
			}
			d := descriptor{Digest: result.Digest, Size: info.Size(), Issuer: string(result.Account), Subject: result.Module}
			d.MediaType, d.ConfigType = (&artifact.Artifact{Kind: artifact.Actor}).MediaTypes()
			text, err := json.Marshal(d)
			if err != nil {
				return err
			}
			return signing.WriteText(f.descriptor, string(text))
		},
	}, map[string]*string{"module": &f.module, "token": &f.token, "out": &f.out, "descriptor": &f.descriptor})
	section.add(cmd)
	return cmd
}

func actionVerify(s *cli.IO) *cobra.Command {
	var f actionFiles
	cmd := f.claimed(signing.NeedFiles(&cobra.Command{
		Use: "verify", Short: "Check a token against account and hash; with --artifact the artifact's bytes too",
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, diff, err := f.compare(cmd, s)
			if err != nil {
				return err
			}
			if diff != "" {
				return fmt.Errorf("the token in %s is not what was to be signed:\n%sa cache may have been tampered with", f.token, diff)
			}
			if f.module != "" {
				if err := holds(cmd, s, f.module, token); err != nil {
					return fmt.Errorf("%s: %w", f.module, err)
				}
			}
			return signing.WriteText(f.out, "ok")
		},
	}, map[string]*string{"claims": &f.claims, "token": &f.token, "out": &f.out}))
	cmd.Flags().StringVar(&f.module, "artifact", "", "signed `file`, to be hashed")
	return cmd
}

// holds reads a signed file: its token is this one, and is its own.
func holds(cmd *cobra.Command, s *cli.IO, path, token string) error {
	in, err := signing.Open(cmd.Context(), s, path)
	if err != nil {
		return err
	}
	defer in.Close()
	a, err := artifact.Read(in)
	switch {
	case err != nil:
		return err
	case a.Token != token:
		return fmt.Errorf("%w: it holds another token", artifact.ErrHash)
	}
	// Dates are for those who use the file; a build is not the time of use.
	if a.Provider != nil {
		a.Provider.Expires, a.Provider.NotBefore = 0, 0
	} else {
		a.Actor.Expires, a.Actor.NotBefore = 0, 0
	}
	return a.Verify(artifact.Policy{Now: s.Now()})
}
