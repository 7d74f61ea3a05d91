package parpack

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

// actionFiles are what the actions of the Bazel rules read and write. Each is named
// by a flag: an action has declared all its files, and nothing is found by a name.
type actionFiles struct {
	binary, claims, token, out, descriptor, archive string
	hashes, binaries, status                        []string
}

// actionCommand holds packing taken apart into steps that a build system caches one
// by one: only `sign` needs a key, and it never reads an executable.
func actionCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "action",
		Short:  "The steps of packing, for build rules",
		Hidden: true, // people have create, which finds keys for them
	}
	cmd.AddCommand(actionHash(s), actionSign(s), actionRequest(s), actionAttach(s), actionPack(s), actionVerify(s))
	return cmd
}

// needs declares file flags, all of which must be given.
func needs(cmd *cobra.Command, flags map[string]*string) *cobra.Command {
	for name, value := range flags {
		cmd.Flags().StringVar(value, name, "", "`file`")
		_ = cmd.MarkFlagRequired(name)
	}
	cmd.Args = cobra.NoArgs
	return cmd
}

// needsClaims declares what tells the claims: their file, a hash for each target,
// and where a stamped build has its values.
func (f *actionFiles) needsClaims(cmd *cobra.Command, more map[string]*string) *cobra.Command {
	needs(cmd, map[string]*string{"claims": &f.claims, "out": &f.out})
	needs(cmd, more)
	cmd.Flags().StringArrayVar(&f.hashes, "hash", nil, "`TARGET=FILE` with the hash of an executable (repeatable)")
	_ = cmd.MarkFlagRequired("hash")
	cmd.Flags().StringArrayVar(&f.status, "status", nil, "workspace status `file` with values for {KEY} in the claims")
	return cmd
}

func writeText(path, text string) error {
	_, err := signing.WriteOutput(path, func(w io.Writer) error {
		_, err := io.WriteString(w, text+"\n")
		return err
	})
	return err
}

func actionHash(s *cli.IO) *cobra.Command {
	var f actionFiles
	return needs(&cobra.Command{
		Use: "hash", Short: "Write an executable's hash",
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := par.Measure(cmd.Context(), "the target", func() (io.ReadCloser, error) { return signing.Open(cmd.Context(), s, f.binary) })
			if err != nil {
				return fmt.Errorf("hashing %s: %w", f.binary, err)
			}
			return writeText(f.out, file.Hash)
		},
	}, map[string]*string{"binary": &f.binary, "out": &f.out})
}

func actionSign(s *cli.IO) *cobra.Command {
	var f actionFiles
	return f.needsClaims(&cobra.Command{
		Use: "sign", Short: "Sign claims and hashes with the account's key",
		RunE: func(*cobra.Command, []string) error {
			c, err := f.wanted()
			if err != nil {
				return err
			}
			issuer, err := signing.AccountSeed(s, c.Issuer)
			if err != nil {
				return err
			}
			token, err := claims.Sign(*c, issuer)
			if err != nil {
				return fmt.Errorf("signing for %s: %w", c.Issuer, err)
			}
			return writeText(f.out, token)
		},
	}, nil)
}

func actionRequest(*cli.IO) *cobra.Command {
	var f actionFiles
	return f.needsClaims(&cobra.Command{
		Use: "request", Short: "Write what would be signed, for `signer sign-request` elsewhere",
		RunE: func(*cobra.Command, []string) error {
			c, err := f.wanted()
			if err != nil {
				return err
			}
			body, err := claims.Encode(*c)
			if err != nil {
				return err
			}
			return writeText(f.out, string(body))
		},
	}, nil)
}

func actionAttach(s *cli.IO) *cobra.Command {
	var f actionFiles
	return f.needsClaims(&cobra.Command{
		Use: "attach", Short: "Compare a token that was signed elsewhere with what is built here",
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, diff, err := f.compare(cmd, s)
			if err != nil {
				return err
			}
			if diff != "" {
				return fmt.Errorf("%s was signed for something else:\n%sbuild the output group signing_request, sign that, and put the new token in its place", f.token, diff)
			}
			return writeText(f.out, token)
		},
	}, map[string]*string{"token": &f.token})
}

func (f *actionFiles) compare(cmd *cobra.Command, s *cli.IO) (token, diff string, err error) {
	want, err := f.wanted()
	if err != nil {
		return "", "", err
	}
	if token, err = readToken(cmd.Context(), s, f.token); err != nil {
		return "", "", err
	}
	got, err := par.ParseToken(token)
	if err != nil {
		return "", "", err
	}
	return token, differences(want, got), nil
}

// descriptor is what an OCI manifest says of the archive; with it, the manifest is
// made without reading the archive.
type descriptor struct {
	MediaType  string `json:"mediaType"`
	Digest     string `json:"digest"`
	Size       int64  `json:"size"`
	ConfigType string `json:"configType"`
	Issuer     string `json:"issuer"`
	Subject    string `json:"subject"`
}

func actionPack(s *cli.IO) *cobra.Command {
	var f actionFiles
	var plain, fast bool
	cmd := needs(&cobra.Command{
		Use: "pack", Short: "Pack executables and their token",
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := par.CreateOptions{Compress: !plain, Fast: fast}
			list, err := pairs(f.binaries)
			if err != nil {
				return err
			}
			if o.Files, err = measure(cmd.Context(), s, list); err != nil {
				return err
			}
			if o.Token, err = readToken(cmd.Context(), s, f.token); err != nil {
				return err
			}
			digest, size := sha256.New(), new(counter)
			var archive *par.Archive
			if _, err = signing.WriteOutput(f.out, func(w io.Writer) (err error) {
				archive, err = par.Create(cmd.Context(), io.MultiWriter(w, digest, size), o)
				return err
			}); err != nil {
				return fmt.Errorf("packing %s: %w", f.out, err)
			}
			d := descriptor{Digest: fmt.Sprintf("sha256:%x", digest.Sum(nil)), Size: int64(*size),
				Issuer: string(archive.Claims.Issuer), Subject: archive.Claims.Subject}
			d.MediaType, d.ConfigType = (&artifact.Artifact{Kind: artifact.Provider}).MediaTypes()
			text, err := json.Marshal(d)
			if err != nil {
				return err
			}
			return writeText(f.descriptor, string(text))
		},
	}, map[string]*string{"token": &f.token, "out": &f.out, "descriptor": &f.descriptor})
	fl := cmd.Flags()
	fl.StringArrayVar(&f.binaries, "binary", nil, "`TARGET=FILE`: an executable (repeatable)")
	_ = cmd.MarkFlagRequired("binary")
	fl.BoolVar(&plain, "plain", false, "do not compress the archive")
	fl.BoolVar(&fast, "fast", false, "compress in half of the time")
	return cmd
}

// pairs reads TARGET=FILE flags; a rule gives the names that hosts have, and
// others are an error rather than renamed.
func pairs(texts []string) ([]binary, error) {
	var list []binary
	for _, text := range texts {
		name, path, ok := strings.Cut(text, "=")
		target, err := par.ParseTarget(name)
		if err != nil || !ok || path == "" {
			return nil, cli.Usage("%q: want TARGET=FILE, such as x86_64-linux=build/kv", text)
		}
		list = append(list, binary{target, path})
	}
	return list, nil
}

func actionVerify(s *cli.IO) *cobra.Command {
	var f actionFiles
	cmd := f.needsClaims(&cobra.Command{
		Use: "verify", Short: "Check a token against account and hashes; with --archive the archive's bytes too",
		RunE: func(cmd *cobra.Command, _ []string) error {
			token, diff, err := f.compare(cmd, s)
			if err != nil {
				return err
			}
			if diff != "" {
				return fmt.Errorf("the token in %s is not what was to be signed:\n%sa cache may have been tampered with", f.token, diff)
			}
			if f.archive != "" {
				if err := holds(cmd, s, f.archive, token); err != nil {
					return err
				}
			}
			return writeText(f.out, "ok")
		},
	}, map[string]*string{"token": &f.token})
	cmd.Flags().StringVar(&f.archive, "archive", "", "archive `file`, all of which is verified")
	return cmd
}

// holds reads an archive: its token is this one, and is its own.
func holds(cmd *cobra.Command, s *cli.IO, path, token string) error {
	a, err := read(cmd.Context(), s, path)
	switch {
	case err != nil:
		return err
	case a.Token != token:
		return fmt.Errorf("%s: %w: it holds another token", path, par.ErrHash)
	}
	// Dates are for those who use the file; a build is not the time of use.
	a.Provider.Expires, a.Provider.NotBefore = 0, 0
	return a.Verify(artifact.Policy{Now: s.Now()})
}

// differences shows claim by claim what is not as wanted, one line each.
func differences(want, got *claims.Claims[claims.Provider]) string {
	var out bytes.Buffer
	compare := func(what string, want, got any) {
		w, _ := json.Marshal(want)
		g, _ := json.Marshal(got)
		if !bytes.Equal(w, g) {
			fmt.Fprintf(&out, "  %s: wanted %s, signed %s\n", what, w, g)
		}
	}
	compare("issuer", want.Issuer, got.Issuer)
	compare("subject", want.Subject, got.Subject)
	compare("expires", want.Expires, got.Expires)
	compare("not before", want.NotBefore, got.NotBefore)
	w, g := *want.Metadata, *got.Metadata
	compare("hashes of the executables", w.TargetHashes, g.TargetHashes)
	compare("name", w.Name, g.Name)
	compare("contract", w.CapID, g.CapID)
	compare("vendor", w.Vendor, g.Vendor)
	compare("version", w.Ver, g.Ver)
	compare("revision", w.Rev, g.Rev)
	compare("schema", w.ConfigSchema, g.ConfigSchema)
	// Without a positive revision hosts know a build by its date.
	if w.Rev == nil || *w.Rev <= 0 {
		compare("date of issue, which tells one build from another", want.IssuedAt, got.IssuedAt)
	}
	return out.String()
}

// wanted reads the claims and the hashes that go with them.
func (f *actionFiles) wanted() (*claims.Claims[claims.Provider], error) {
	body, err := os.ReadFile(f.claims)
	if err != nil {
		return nil, fmt.Errorf("reading the claims: %w", err)
	}
	c := &claimsFile{}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(c); err != nil {
		return nil, fmt.Errorf("the claims in %s: %w", f.claims, err)
	}
	if len(f.status) > 0 {
		if err := c.stamp(f.status); err != nil {
			return nil, err
		}
	}
	hashes := map[string]string{}
	list, err := pairs(f.hashes)
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		text, err := os.ReadFile(h.path)
		if err != nil {
			return nil, fmt.Errorf("reading the hash for %s: %w", h.target, err)
		}
		hash := strings.TrimSpace(string(text))
		if err := par.CheckHash(hash); err != nil {
			return nil, fmt.Errorf("%s: %w", h.path, err)
		}
		if _, twice := hashes[string(h.target)]; twice {
			return nil, cli.Usage("two hashes for %s", h.target)
		}
		hashes[string(h.target)] = hash
	}
	return c.claims(hashes)
}
