package ocipush

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// BatchItem is an artifact to push, and where.
type BatchItem struct {
	File        string
	References  []string // one without a tag gets the version in the claims
	Annotations map[string]string
	Digest      string // "sha256:…" that the manifest must have; "" = whatever it has
}

// Batch is what a Bazel target pushes.
type Batch struct {
	Items         []BatchItem
	InsecureHosts []string // registries to speak plain HTTP to
	Jobs          int      // pushes at a time
}

// BatchCommand returns the command of such a target: the flags of push, without its
// arguments. All pushes share one client, and with it logins and connections.
func BatchCommand(s *cli.IO, b Batch) *cobra.Command {
	var o pushOptions
	var reference string
	root := cli.Root(s, "push", "Push the artifacts of this target")
	root.Args = cobra.NoArgs
	root.RunE = func(cmd *cobra.Command, _ []string) error {
		if reference != "" {
			if len(b.Items) != 1 {
				return cli.Usage("--reference names one artifact, and this target has %d", len(b.Items))
			}
			b.Items[0].References = []string{reference}
		}
		results, err := o.batch(cmd, s, b)
		if err != nil {
			return err
		}
		return cli.Print(cmd, s, struct {
			Pushed []*Pushed `json:"pushed"`
		}{results}, func(w io.Writer) {
			for _, r := range results {
				fmt.Fprintln(w, r.Digest)
			}
		})
	}
	o.registry.add(root)
	o.trust.add(root)
	o.addAllowances(root)
	fl := root.Flags()
	fl.StringVar(&reference, "reference", "", "push to this `reference` instead")
	fl.IntVar(&b.Jobs, "jobs", b.Jobs, "`number` of pushes at a time")
	return root
}

// batch pushes everything, as far as nothing fails, and gives the results in the
// order of the items.
func (o *pushOptions) batch(cmd *cobra.Command, s *cli.IO, b Batch) ([]*Pushed, error) {
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	cfg, err := o.registry.config(s)
	if err != nil {
		return nil, err
	}
	cfg.PlainHTTP = append(cfg.PlainHTTP, b.InsecureHosts...)
	client := oci.New(cfg)
	group, ctx := errgroup.WithContext(cmd.Context())
	group.SetLimit(max(1, b.Jobs))
	results := make([][]*Pushed, len(b.Items))
	for i, item := range b.Items {
		group.Go(func() error {
			a, err := verified(item.File, policy)
			if err != nil {
				return err
			}
			p := o.push(item.File, a)
			p.Annotations = item.Annotations
			if err := item.check(p); err != nil {
				return err
			}
			for _, text := range item.References {
				ref, err := parseRef(s, text)
				if err != nil {
					return err
				}
				if ref.Tag == "" && ref.Digest == "" {
					if ref.Tag, err = versionTag(a); err != nil {
						return fmt.Errorf("%s: %w", text, err)
					}
					text = ref.String()
				}
				done, err := client.Push(ctx, ref, p)
				if err != nil {
					return err
				}
				results[i] = append(results[i], told(s, text, done))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var all []*Pushed
	for _, r := range results {
		all = append(all, r...)
	}
	return all, nil
}

// versionTag is the tag of a target that names none. Signs that a version may have
// and a tag may not become dashes.
func versionTag(a *artifact.Artifact) (string, error) {
	if a.Version() == "" {
		return "", errors.New("the reference has no tag and the claims no version: name one with --reference HOST/NAME:TAG")
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.ToLower(a.Version())), nil
}

// check holds the manifest against the digest that the build gave out: the file was
// hashed just now, the digest may have come from a cache.
func (i BatchItem) check(p oci.Push) error {
	if i.Digest == "" {
		return nil
	}
	_, digest, err := oci.Manifest(p, p.Layer.Digest(), p.Layer.Size())
	if err == nil && digest != i.Digest {
		err = fmt.Errorf("%s is not pushed: its manifest would have the digest %s, and the build gave out %s; a cache may have been tampered with", i.File, digest, i.Digest)
	}
	return err
}
