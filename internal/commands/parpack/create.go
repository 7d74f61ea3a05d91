package parpack

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// packed is the answer of create and insert; file is wash's key.
type packed struct {
	File    string            `json:"file"`
	Service string            `json:"service"`
	Account strkey.PublicKey  `json:"account"`
	Targets []string          `json:"targets"`
	Hashes  map[string]string `json:"hashes"` // of each target, upper hex
	Digest  string            `json:"digest"` // of the archive
	Size    int64             `json:"size"`   // of the archive, bytes
	Changed bool              `json:"changed"`
}

// outputFlags say what is written.
type outputFlags struct {
	destination    string
	compress, fast bool
}

func (o *outputFlags) add(cmd *cobra.Command, what string) {
	f := cmd.Flags()
	f.StringVar(&o.destination, "destination", "", "`file` to write (default "+what+")")
	f.BoolVar(&o.fast, "fast", false, "compress in half of the time, to some 1 to 2 % more bytes")
}

type createOptions struct {
	provider signing.ProviderFlags
	binaries binaryFlags
	keys     signing.KeyFlags
	dates    signing.DateFlags
	output   outputFlags
	token    string
}

// Create returns the command that packs, with its answer in the words of the caller.
func Create(s *cli.IO, answer signing.Answer) *cobra.Command {
	var o createOptions
	cmd := &cobra.Command{
		Use:   "create --name NAME --capid ID --vendor VENDOR --bin TARGET=FILE…",
		Short: "Pack executables into a signed provider archive",
		Long: `Pack one executable per target into a signed provider archive. All targets go in at once, in any order, and always give
the same bytes; the file is left alone, its time included, if its bytes would not change.

With --jwt the token was signed elsewhere, and no key is needed. Without --name, --capid and --vendor it must be for exactly these
executables. With them it is used if it is for these executables and these claims; if it is not, what differs is said, and the
archive is signed as without it. How to come by a token:
` + "`parpack hash`, `signer token provider --unsigned` and `signer sign-request`" + `.`,
		Example: `  parpack create -n "K/V store" -c wasmcloud:keyvalue -v Acme --version 0.3.0 --bin x86_64-linux=build/kv --bin arm-linux=build/kv-arm --destination build/kv.par.gz
  parpack create -n hello -c example:hello -v Acme -a x86_64-linux -b target/release/hello --compress     # writes hello.par.gz
  parpack create --jwt kv.jwt --bin x86_64-linux=build/kv --destination build/kv.par.gz`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			result, err := o.run(cmd, s)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				answer(w, "Successfully created archive "+result.File, result.File, result.Changed)
			})
		},
	}
	o.provider.Add(cmd, "")
	o.binaries.add(cmd)
	o.keys.Add(cmd, "d")
	o.dates.Add(cmd, false)
	o.output.add(cmd, "the first executable's name with .par or .par.gz")
	cmd.Flags().BoolVar(&o.output.compress, "compress", false, "compress the archive (default: if the destination ends in .gz)")
	cmd.Flags().StringVar(&o.token, "jwt", "", "`file` with a token signed elsewhere for these executables (- for standard input)")
	return cmd
}

func (o *createOptions) run(cmd *cobra.Command, s *cli.IO) (*packed, error) {
	list, err := o.binaries.list(s)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, cli.Usage("nothing to pack: give --bin TARGET=FILE, such as --bin %s=build/kv", par.HostTarget())
	}
	o.place(cmd, list)
	create := par.CreateOptions{Compress: o.output.compress, Fast: o.output.fast}
	exact := o.token != "" && !o.provider.Given(cmd)
	var meta *claims.Provider
	if !exact {
		if meta, err = o.provider.Metadata(cmd); err != nil {
			return nil, err
		}
	}
	if create.Files, err = measure(cmd.Context(), s, list); err != nil {
		return nil, err
	}
	differs := ""
	if exact {
		create.Token, err = readToken(cmd.Context(), s, o.token)
	} else {
		differs, err = o.claim(cmd, s, meta, &create, signing.Stem(list[0].path))
	}
	if err != nil {
		return nil, err
	}
	result, err := write(cmd.Context(), s, o.output.destination, create)
	if err == nil && result.Changed && differs != "" {
		signing.NoteEarlier(s, o.token, differs)
	}
	return result, err
}

// place decides on the file's name and form: the name given is the name written.
func (o *createOptions) place(cmd *cobra.Command, list []binary) {
	if o.output.destination == "" {
		o.output.destination = signing.Stem(list[0].path) + ".par"
		if o.output.compress {
			o.output.destination += ".gz"
		}
	}
	if !cmd.Flags().Changed("compress") {
		o.output.compress = strings.HasSuffix(o.output.destination, ".gz")
	}
}

// claim fills in what is signed and by whom, or the earlier token if it fits; if not, it tells what differs.
func (o *createOptions) claim(cmd *cobra.Command, s *cli.IO, meta *claims.Provider, create *par.CreateOptions, stem string) (differs string, err error) {
	if meta.TargetHashes, err = par.Hashes(create.Files); err != nil {
		return "", err
	}
	if create.Claims, err = signing.ProviderClaims(cmd, s, meta, &o.dates); err != nil {
		return "", err
	}
	if o.token != "" {
		create.Token, differs, err = signing.Fits(cmd, s, signing.Earlier{Path: o.token, Keys: &o.keys, Kind: strkey.Service}, create.Claims, *meta.Name, signing.ProviderClaimed)
		if err != nil || differs == "" {
			return "", err
		}
	}
	create.Issuer, create.Claims.Subject, err = o.keys.ProviderKeys(s, stem, *meta.Name)
	if err != nil && differs != "" {
		err = fmt.Errorf("%s was signed for something else:\n%s%w", o.token, differs, err)
	}
	return differs, err
}

// readToken reads a provider's token and verifies its signature.
func readToken(ctx context.Context, s *cli.IO, path string) (string, error) {
	token, err := signing.ReadToken(ctx, s, path)
	if err != nil {
		return "", err
	}
	c, err := par.ParseToken(token)
	if err == nil && c.Issuer.Kind() != strkey.Account {
		err = fmt.Errorf("its issuer %s is no account (A…)", c.Issuer)
	}
	if err == nil {
		_, err = strkey.ParsePublic(c.Subject, strkey.Service)
	}
	if err != nil {
		return "", fmt.Errorf("the token in %s: %w", path, err)
	}
	return token, nil
}

// write writes the archive. What was there before stays if anything fails, and is
// looked at first: hosts may have its executables.
func write(ctx context.Context, s *cli.IO, path string, o par.CreateOptions) (*packed, error) {
	before := previous(ctx, path)
	result := &packed{File: path}
	var archive *par.Archive
	var err error
	result.Changed, err = signing.WriteOutput(path, func(w io.Writer) error {
		digest, size := sha256.New(), new(counter)
		archive, err = par.Create(ctx, io.MultiWriter(w, digest, size), o)
		result.Digest, result.Size = fmt.Sprintf("sha256:%x", digest.Sum(nil)), int64(*size)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", path, err)
	}
	c := archive.Claims
	result.Service, result.Account = c.Subject, c.Issuer
	result.Targets, result.Hashes = archive.Targets(), c.Metadata.TargetHashes
	if result.Changed {
		if o.Issuer != nil {
			signing.NoteDevelopment(s, o.Issuer)
		}
		warnStale(s, before, c)
	}
	return result, nil
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// previous gives the claims of the archive that is to be replaced, nil if there is
// none that can be read.
func previous(ctx context.Context, path string) *claims.Claims[claims.Provider] {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil // a pipe would block
	}
	_, c, err := par.ReadClaims(ctx, f)
	if err != nil {
		return nil
	}
	return c
}

// warnStale says that hosts will not take notice of a change: they keep the
// executable of a positive revision for good.
func warnStale(s *cli.IO, before, now *claims.Claims[claims.Provider]) {
	if before == nil || before.Subject != now.Subject || before.Metadata.Rev == nil || now.Metadata.Rev == nil {
		return
	}
	rev := *now.Metadata.Rev
	if rev <= 0 || *before.Metadata.Rev != rev {
		return
	}
	for target, hash := range before.Metadata.TargetHashes {
		if other, ok := now.Metadata.TargetHashes[target]; ok && other != hash {
			cli.Notef(s, "warning: revision %d had other executables a moment ago, and a host that has started it keeps running those: raise --revision, leave it out, or run `drain lib` there", rev)
			return
		}
	}
}
