// Package smithy is the command for wasmCloud interfaces: models in Smithy are
// checked, formatted, compared and turned into other forms.
package smithy

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/download"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
)

// inputs are the flags that say which models are meant.
type inputs struct {
	config  string
	offline bool
	last    release // one that is fetched with the user's password
}

// Command returns the smithy command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "smithy", "Check, format and compare wasmCloud interfaces in Smithy")
	root.Long = `Check, format and compare wasmCloud interfaces written in Smithy (IDL 1.0 and 2.0, or the JSON AST).

Models are the files and folders that are named, or else those of codegen.toml:

  [[models]]
  path = "."
  files = ["payments.smithy"]

  [[models]]
  url = "https://example.org/interfaces"
  files = ["common.smithy"]

  [[models]]
  oci = "ghcr.io/me/common-interface:0.1.0"

What is fetched from a URL or a registry is kept for a day, and used longer than that where it cannot be
fetched anew; ` + "`drain smithy`" + ` clears it. An oci entry is what ` + "`make publish`" + ` pushed, by tag or by digest: all of
its models, and those that they need. A tag on this machine's registry is asked for each time. The models org.wasmcloud.model and org.wasmcloud.core come with the
tool.`
	root.Example = `  smithy lint                       # what codegen.toml names
  smithy validate payments.smithy   # as Smithy's own command line judges it
  smithy fmt --check .              # which files are not in the one form
  smithy diff old/payments.smithy payments.smithy`
	root.AddCommand(lintCommand(s), validateCommand(s), fmtCommand(s), astCommand(s), diffCommand(s), bundleCommand(s), genCommand(s), actionCommand(s))
	return root
}

func (in *inputs) flags(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&in.config, "config", "c", "", "the configuration that names the models (default codegen.toml)")
	cmd.Flags().BoolVar(&in.offline, "offline", false, "take models at URLs and in registries from the cache alone")
}

func (in *inputs) load(ctx context.Context, s *cli.IO, files []string) (*project.Project, error) {
	cache, err := in.cache(s)
	if err != nil {
		return nil, err
	}
	return project.Load(ctx, cache, in.config, files)
}

func (in *inputs) cache(s *cli.IO) (*project.Cache, error) {
	dir, err := project.CacheDir(s.Env)
	if err != nil {
		return nil, err
	}
	return &project.Cache{
		Dir:      dir,
		Download: download.Model,
		Pull:     func(ctx context.Context, reference string) ([]byte, error) { return in.pull(ctx, s, reference) },
		Now:      s.Now,
		Offline:  in.offline,
		Forever:  s.Env("SMITHY_CACHE") == "NO_EXPIRE",
		Note:     func(format string, args ...any) { cli.Notef(s, format, args...) },
	}, nil
}
