package parpack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

type insertOptions struct {
	binaries binaryFlags
	keys     signing.KeyFlags
	output   outputFlags
	token    string
	revision int32
	version  string
}

// Insert returns the command that adds to an archive, with its answer in the words
// of the caller.
func Insert(s *cli.IO, answer signing.Answer) *cobra.Command {
	var o insertOptions
	cmd := &cobra.Command{
		Use:   "insert ARCHIVE --bin TARGET=FILE…",
		Short: "Add executables to an archive, or replace them",
		Long: `Add executables for more targets to a provider archive, or replace some, and sign it anew. It stays the same provider:
its identity, claims, dates, configuration schema and compression are kept, unless a flag says otherwise; and it must
be signed by the same account, unless --issuer or WASH_ISSUER_KEY names another.`,
		Example: `  parpack insert build/kv.par.gz --bin aarch64-macos=build/kv-mac --bin x86_64-windows=build/kv.exe
  parpack insert build/kv.par.gz -a arm-linux -b build/kv-arm --destination dist/kv.par.gz`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := o.binaries.list(s)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				return cli.Usage("nothing to insert: give --bin TARGET=FILE")
			}
			result, err := o.run(cmd, s, args[0], list)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				answer(w, fmt.Sprintf("Successfully inserted %s into archive %s", paths(list), result.File), result.File, result.Changed)
			})
		},
	}
	o.binaries.add(cmd)
	o.keys.Add(cmd, "d")
	o.output.add(cmd, "ARCHIVE itself")
	f := cmd.Flags()
	f.BoolVar(&o.output.compress, "compress", false, "compress the archive (default: if it was)")
	f.StringVar(&o.token, "jwt", "", "`file` with a token signed elsewhere for all executables (- for standard input)")
	f.Int32VarP(&o.revision, "revision", "r", 0, "another revision `number`")
	f.StringVar(&o.version, "version", "", "another `version`")
	return cmd
}

func paths(list []binary) string {
	names := make([]string, len(list))
	for i, b := range list {
		names[i] = b.path
	}
	return strings.Join(names, ", ")
}

func (o *insertOptions) run(cmd *cobra.Command, s *cli.IO, path string, list []binary) (*packed, error) {
	ctx := cmd.Context()
	more, err := measure(ctx, s, list)
	if err != nil {
		return nil, err
	}
	if _, err := par.Hashes(more); err != nil { // two for one target
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parpack-")
	if err != nil {
		return nil, fmt.Errorf("making a folder to unpack into: %w", err)
	}
	defer os.RemoveAll(dir)
	old, archive, err := unpack(ctx, s, path, dir)
	if err != nil {
		return nil, err
	}
	create := par.CreateOptions{Files: par.Insert(old, more...), Compress: archive.Compressed, Fast: o.output.fast}
	if cmd.Flags().Changed("compress") {
		create.Compress = o.output.compress
	}
	if o.token != "" {
		create.Token, err = readToken(ctx, s, o.token)
	} else {
		err = o.claim(cmd, s, path, archive.Claims, &create)
	}
	if err != nil {
		return nil, err
	}
	if o.output.destination == "" {
		o.output.destination = path
	}
	return write(ctx, s, o.output.destination, create)
}

// unpack puts an archive's executables into a folder: they are packed again after
// the new token, which holds their hashes, and in another order maybe.
func unpack(ctx context.Context, s *cli.IO, path, dir string) ([]par.File, *par.Archive, error) {
	in, err := signing.Open(ctx, s, path)
	if err != nil {
		return nil, nil, fmt.Errorf("opening the archive: %w", err)
	}
	defer in.Close()
	archive, err := par.Unpack(ctx, in, par.Limits{}, func(t par.Target, r io.Reader) error {
		f, err := os.Create(spoolName(dir, t))
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		return errors.Join(err, f.Close())
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", path, err)
	}
	var files []par.File
	for _, e := range archive.Entries {
		files = append(files, par.File{Entry: e, Open: func() (io.ReadCloser, error) { return openFile(ctx, s, spoolName(dir, e.Target)) }})
	}
	return files, archive, nil
}

// spoolName is a name of our own: that of an entry is anybody's.
func spoolName(dir string, t par.Target) string {
	return filepath.Join(dir, fmt.Sprintf("%x", string(t)))
}

// claim takes over the archive's claims and finds the keys.
func (o *insertOptions) claim(cmd *cobra.Command, s *cli.IO, path string, old *claims.Claims[claims.Provider], create *par.CreateOptions) error {
	c, meta := *old, *old.Metadata
	if cmd.Flags().Changed("revision") {
		meta.Rev = &o.revision
	}
	if cmd.Flags().Changed("version") {
		meta.Ver = &o.version
	}
	var err error
	if meta.TargetHashes, err = par.Hashes(create.Files); err != nil {
		return err
	}
	c.ID, c.Metadata, c.Revision = "", &meta, claims.Revision
	c.IssuedAt = par.IssueDate(&meta, old.IssuedAt)
	if create.Issuer, err = o.account(s, path, old.Issuer); err != nil {
		return err
	}
	if o.keys.Subject != "" || s.Env(strkey.SubjectVariable) != "" {
		subject, err := o.keys.Identity(s, strkey.Service, "", create.Issuer.Public(), "")
		if err != nil {
			return err
		}
		if c.Subject = string(subject); c.Subject != old.Subject {
			cli.Notef(s, "note: as asked, it is another provider now: %s instead of %s", c.Subject, old.Subject)
		}
	}
	create.Claims = c
	return nil
}

// account finds the key of the account that signed before; another one only if it
// is named.
func (o *insertOptions) account(s *cli.IO, path string, before strkey.PublicKey) (*strkey.Seed, error) {
	found, err := o.keys.Account(s)
	if err != nil {
		return nil, err
	}
	named := o.keys.Issuer != "" || s.Env(strkey.IssuerVariable) != ""
	if named || found.Public() == before {
		return found, nil
	}
	if strkey.IsDevelopment(before) {
		return strkey.Development(), nil
	}
	if own, err := o.keys.Keys(s).Issuer(string(before)); err == nil {
		return own.Seed, nil
	}
	return nil, fmt.Errorf("%s is signed by the account %s, and the key found is %s: give --issuer to say which one signs now", path, before, found.Public())
}
