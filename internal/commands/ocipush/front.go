package ocipush

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// Words say what is printed of a push and of a pull. A front end that stands in
// for another program has words of its own; JSON is the same for all.
type Words struct {
	Pushed func(*Pushed) string
	Pulled func(*Pulled) string
}

// Transfers returns push and pull with answers in other words, and the ping that
// wash has: it asks for an artifact, not only for its registry.
func Transfers(s *cli.IO, words Words) []*cobra.Command {
	return []*cobra.Command{pushCommand(s, words.Pushed), pullCommand(s, words.Pulled), artifactPing(s)}
}

func artifactPing(s *cli.IO) *cobra.Command {
	var f registryFlags
	cmd := &cobra.Command{
		Use:   "ping REFERENCE",
		Short: "See whether a registry has an artifact",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ref, err := parseRef(s, args[0])
			if err != nil {
				return err
			}
			client, end, err := f.client(s)
			if err != nil {
				return err
			}
			defer end()
			if _, err := client.Resolve(cmd.Context(), ref); err != nil {
				return err
			}
			return pong(cmd, s)
		},
	}
	f.add(cmd)
	return cmd
}

func pong(cmd *cobra.Command, s *cli.IO) error {
	return cli.Print(cmd, s, struct {
		Result string `json:"result"`
	}{"Pong!"}, func(w io.Writer) { fmt.Fprintln(w, "Pong!") })
}

// Fetcher is the flags of a command that shows an artifact wherever it is.
type Fetcher struct {
	registry    registryFlags
	digest      string
	allowLatest bool
}

// Add adds the flags.
func (f *Fetcher) Add(cmd *cobra.Command) {
	f.registry.add(cmd)
	cmd.Flags().StringVarP(&f.digest, "digest", "d", "", "`digest` that the manifest must have; sha256: may be left out")
	cmd.Flags().BoolVar(&f.allowLatest, "allow-latest", false, "allow the tag latest, named or implied")
}

// Fetch pulls an artifact into a file. Digests are verified; who signed it, and
// whether it may still be used, is for the caller to see.
func (f *Fetcher) Fetch(ctx context.Context, s *cli.IO, reference, file string) error {
	ref, err := parseRef(s, reference)
	if err != nil {
		return err
	}
	client, end, err := f.registry.client(s, func(c *oci.Config) { c.AllowLatest, c.Accept = f.allowLatest, accepted() })
	if err != nil {
		return err
	}
	defer end()
	_, err = client.Pull(ctx, ref, f.digest, func(_ oci.Pulled, r io.Reader) error {
		return fsx.WriteFile(file, 0o600, func(w io.Writer) error {
			_, err := io.Copy(w, r)
			return err
		})
	})
	return err
}
