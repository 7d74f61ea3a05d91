package parpack

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

// actionFiles are what the actions of the Bazel rules read and write. Each is named
// by a flag: an action has declared all its files, and nothing is found by a name.
type actionFiles struct {
	binary, token, out, descriptor string
	binaries                       []string
}

// actionCommand holds the steps of packing that a build system caches one by one.
// Between them `signer action` signs, which needs the hashes and no executable.
func actionCommand(s *cli.IO) *cobra.Command {
	cmd := &cobra.Command{
		Use:    "action",
		Short:  "The steps of packing, for build rules",
		Hidden: true, // people have create, which finds keys for them
	}
	cmd.AddCommand(actionHash(s), actionPack(s))
	return cmd
}

func actionHash(s *cli.IO) *cobra.Command {
	var f actionFiles
	return signing.NeedFiles(&cobra.Command{
		Use: "hash", Short: "Write an executable's hash",
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, err := par.Measure(cmd.Context(), "the target", func() (io.ReadCloser, error) { return signing.Open(cmd.Context(), s, f.binary) })
			if err != nil {
				return fmt.Errorf("hashing %s: %w", f.binary, err)
			}
			return signing.WriteText(f.out, file.Hash)
		},
	}, map[string]*string{"binary": &f.binary, "out": &f.out})
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
	cmd := signing.NeedFiles(&cobra.Command{
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
			return signing.WriteText(f.descriptor, string(text))
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
