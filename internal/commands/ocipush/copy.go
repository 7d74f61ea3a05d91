package ocipush

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/bundle"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

type copyOptions struct {
	registry               registryFlags
	trust                  trustFlags
	fromUser, fromPassword string
	tags                   []string
	any                    bool
	allowLatest            bool
	force                  bool
	allowDevKey            bool
}

// copyResult is the answer of copy.
type copyResult struct {
	Source string    `json:"source"` // with the digest
	Digest string    `json:"digest"`
	Copied []*Pushed `json:"copied"`
}

func copyCommand(s *cli.IO) *cobra.Command {
	var o copyOptions
	cmd := &cobra.Command{
		Use:   "copy SOURCE DESTINATION...",
		Short: "Copy an artifact to other tags, repositories or registries, under its digest",
		Long: `Copy an actor, a provider archive or an interface from one reference to others, byte for byte, so that its digest stays.
It is fetched once and verified as push verifies a file, before anything is written; then only what a destination
lacks is sent, and between repositories of one registry nothing is, where the registry can mount. An index is copied with all
that it lists. A destination without a tag gets the source's.

-u and -p are for the destinations, and for the source if it is in the same registry; else the source has its own.`,
		Example: `  ocipush copy localhost:5000/echo:0.1.0 ghcr.io/me/echo:0.1.0
  ocipush copy ghcr.io/me/echo:0.2.0-rc.1 ghcr.io/me/echo:0.2.0 --tag stable --force --issuer A…
  ocipush copy ghcr.io/me/echo@sha256:… registry.example.com/echo:0.1.0 mirror.example.com/echo:0.1.0`,
		Args: cobra.MinimumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := o.run(cmd, s, args[0], args[1:])
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, result.Digest) })
		},
	}
	o.registry.add(cmd)
	o.trust.add(cmd)
	fl := cmd.Flags()
	fl.StringVar(&o.fromUser, "from-user", "", "`user` for the source's registry")
	fl.StringVar(&o.fromPassword, "from-password", "", "`password` for the source's registry; other users of this machine can see it")
	fl.StringArrayVar(&o.tags, "tag", nil, "give this `tag` too, beside each destination; may be given more than once")
	fl.BoolVar(&o.any, "any", false, "copy what is no wasmCloud artifact too, with no check but that of its digests")
	fl.BoolVar(&o.allowLatest, "allow-latest", false, "allow the tag latest, named or implied")
	fl.BoolVar(&o.force, "force", false, "move a tag that names something else, off this machine too")
	fl.BoolVar(&o.allowDevKey, "allow-dev-key", false, "copy what the development key signed, off this machine too")
	return cmd
}

func (o *copyOptions) run(cmd *cobra.Command, s *cli.IO, source string, destinations []string) (*copyResult, error) {
	src, err := parseRef(s, source)
	if err != nil {
		return nil, err
	}
	to, err := o.destinations(s, src, destinations)
	if err != nil {
		return nil, err
	}
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	login := oci.Config{}
	client, end, err := o.registry.client(s, acceptArtifacts, func(c *oci.Config) { login = *c })
	if err != nil {
		return nil, err
	}
	defer end()
	if err := oneLogin(login, to); err != nil {
		return nil, err
	}
	from, end, err := o.source(s, src, to, client)
	if err != nil {
		return nil, err
	}
	defer end()
	copied, err := client.Copy(cmd.Context(), from, src, to, oci.Copy{
		AllowLatest: o.allowLatest, Force: o.force, Any: o.any,
		Check: func(m oci.Pulled, r io.Reader) (bool, error) { return o.check(m, r, policy) },
	})
	result := &copyResult{}
	for _, c := range copied {
		result.Digest = c.Digest
		result.Copied = append(result.Copied, told(s, c.Ref, c))
	}
	if err != nil {
		return nil, err
	}
	src.Digest = result.Digest
	result.Source = src.String()
	return result, nil
}

// destinations adds the further tags to those that were named.
func (o *copyOptions) destinations(s *cli.IO, src oci.Ref, texts []string) (to []oci.Ref, err error) {
	for _, text := range texts {
		ref, err := parseRef(s, text)
		if err != nil {
			return nil, err
		}
		if ref.Tag == "" && ref.Digest == "" {
			ref.Tag = src.Tag
		}
		to = append(to, ref)
		for _, tag := range o.tags {
			more, err := parseRef(s, ref.Registry+"/"+ref.Repository+":"+tag)
			if err != nil {
				return nil, err
			}
			to = append(to, more)
		}
	}
	return to, nil
}

func acceptArtifacts(c *oci.Config) { c.Accept = accepted() }

// oneLogin refuses to send one password to several registries.
func oneLogin(cfg oci.Config, to []oci.Ref) error {
	for _, ref := range to {
		if cfg.User != "" && ref.Registry != to[0].Registry {
			return cli.Usage("%s are for one registry, and the destinations are in %s and %s: copy to each by itself, or log in with docker or podman",
				cfg.LoginName, to[0].Registry, ref.Registry)
		}
	}
	return nil
}

// source is the client that reads. A password goes to the registry that it was given
// for, and to no other.
func (o *copyOptions) source(s *cli.IO, src oci.Ref, to []oci.Ref, client *oci.Client) (*oci.Client, func(), error) {
	same := true
	for _, ref := range to {
		same = same && ref.Registry == src.Registry
	}
	if same && o.fromUser == "" && o.fromPassword == "" {
		return client, func() {}, nil
	}
	flags := o.registry
	flags.passwordStdin = false
	return flags.client(s, acceptArtifacts, func(c *oci.Config) {
		c.User, c.Password, c.LoginName = o.fromUser, o.fromPassword, "--from-user and --from-password"
	})
}

// check verifies one artifact, as push does with a file.
func (o *copyOptions) check(m oci.Pulled, r io.Reader, policy artifact.Policy) (loopbackOnly bool, err error) {
	if m.LayerType == artifact.InterfaceLayer {
		if len(policy.Issuers) > 0 {
			return false, errors.New("it is the models of an interface, which nobody signs: leave --issuer out")
		}
		_, err := bundle.Read(r)
		return false, err
	}
	in := bufio.NewReaderSize(r, par.StartSize)
	start, err := in.Peek(par.StartSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	if err := fits(m.LayerType, par.IsArchive(start)); err != nil {
		return false, err
	}
	a, err := readArtifact(in)
	if err == nil {
		err = a.Verify(policy)
	}
	if err != nil {
		return false, err
	}
	return strkey.IsDevelopment(a.Issuer()) && !o.allowDevKey, nil
}
