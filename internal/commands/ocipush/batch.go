package ocipush

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

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
	config      []byte // the config blob; nil = {}
	// Before is asked for each reference before anything is pushed, with the client that will push; its error stops all.
	Before func(cmd *cobra.Command, client *oci.Client, ref oci.Ref) error
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
		return printBatch(cmd, s, results, digestOf)
	}
	o.registry.add(root)
	o.trust.add(root)
	o.addAllowances(root)
	fl := root.Flags()
	fl.StringVar(&reference, "reference", "", "push to this `reference` instead")
	fl.IntVar(&b.Jobs, "jobs", b.Jobs, "`number` of pushes at a time")
	return root
}

func digestOf(p *Pushed) string { return p.Digest }

func printBatch(cmd *cobra.Command, s *cli.IO, results []*Pushed, words func(*Pushed) string) error {
	return cli.Print(cmd, s, struct {
		Pushed []*Pushed `json:"pushed"`
	}{results}, func(w io.Writer) {
		for _, r := range results {
			fmt.Fprintln(w, words(r))
		}
	})
}

// planned is one artifact of a batch, verified, with all its references.
type planned struct {
	push  oci.Push
	texts []string // as they were given
	refs  []oci.Ref
}

// batch verifies everything, pushes everything as far as nothing fails, and gives the
// results in the order of the items.
func (o *pushOptions) batch(cmd *cobra.Command, s *cli.IO, b Batch) ([]*Pushed, error) {
	policy, err := o.trust.policy(s)
	if err != nil {
		return nil, err
	}
	client, end, err := o.registry.client(s, func(c *oci.Config) { c.PlainHTTP = append(c.PlainHTTP, b.InsecureHosts...) })
	if err != nil {
		return nil, err
	}
	defer end()
	s = cli.Shared(s)
	plan := make([]planned, len(b.Items))
	var group errgroup.Group
	group.SetLimit(max(1, b.Jobs))
	for i, item := range b.Items {
		group.Go(func() (err error) {
			plan[i], err = o.plan(cmd, s, client, item, policy)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return pushAll(cmd.Context(), s, client, plan, max(1, b.Jobs))
}

func (o *pushOptions) plan(cmd *cobra.Command, s *cli.IO, client *oci.Client, item BatchItem, policy artifact.Policy) (p planned, err error) {
	var version string
	if p.push, version, err = o.prepare(item.File, policy); err != nil {
		return p, err
	}
	p.push.Annotations, p.push.Config = item.Annotations, item.config
	if err := item.check(p.push); err != nil {
		return p, err
	}
	for _, text := range item.References {
		ref, err := parseRef(s, text)
		if err != nil {
			return p, err
		}
		if ref.Tag == "" && ref.Digest == "" {
			if ref.Tag, err = versionTag(version); err != nil {
				return p, fmt.Errorf("%s: %w", text, err)
			}
			text = ref.String()
		}
		if item.Before != nil {
			if err := item.Before(cmd, client, ref); err != nil {
				return p, fmt.Errorf("%s is not pushed to %s: %w", item.File, ref, err)
			}
		}
		p.refs, p.texts = append(p.refs, ref), append(p.texts, text)
	}
	return p, nil
}

// pushAll pushes some artifacts at a time. After a failure it begins no other and lets
// those end that it has begun: what was pushed is then known, and is said.
func pushAll(ctx context.Context, s *cli.IO, client *oci.Client, plan []planned, jobs int) ([]*Pushed, error) {
	results := make([][]*Pushed, len(plan))
	var failed atomic.Bool
	var group errgroup.Group
	group.SetLimit(jobs)
	for i, p := range plan {
		group.Go(func() error {
			for k, ref := range p.refs {
				if failed.Load() {
					return nil
				}
				done, err := client.Push(ctx, ref, p.push)
				if err != nil {
					failed.Store(true)
					return err
				}
				results[i] = append(results[i], told(s, p.texts[k], done))
			}
			return nil
		})
	}
	err := group.Wait()
	var all []*Pushed
	var missing []string
	for i, p := range plan {
		all = append(all, results[i]...)
		missing = append(missing, p.texts[len(results[i]):]...)
	}
	if err != nil {
		return nil, fmt.Errorf("%w; %d of %d were pushed, these were not: %s; push them all again when that is cured, what is there costs a request each",
			err, len(all), len(all)+len(missing), strings.Join(missing, ", "))
	}
	return all, nil
}

// versionTag is the tag of a target that names none. Signs that a version may have
// and a tag may not become dashes.
func versionTag(version string) (string, error) {
	if version == "" {
		return "", errors.New("the reference has no tag and the claims no version: name one with --reference HOST/NAME:TAG")
	}
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, strings.ToLower(version)), nil
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
