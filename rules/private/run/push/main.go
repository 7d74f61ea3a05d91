// Command push is what wasmcloud_push and wasmcloud_push_all run: it pushes the
// artifacts that the spec beside it names.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/ocipush"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/smithy"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
	"github.com/spf13/cobra"
)

// spec is written by rules/private/push.bzl. Paths are rlocation paths.
type spec struct {
	Artifacts     []artifact `json:"artifacts"`
	InsecureHosts []string   `json:"insecure_hosts"`
	Jobs          int        `json:"jobs"`
}

type artifact struct {
	Annotations string   `json:"annotations"`
	Digest      string   `json:"digest"`
	File        string   `json:"file"`
	Interface   bool     `json:"interface"` // compared with its last release before it is pushed
	References  []string `json:"references"`
	// For --sign: the claims, what is signed (by target, of a provider), and the
	// schema of a provider's configuration.
	Claims   string            `json:"claims"`
	Unsigned map[string]string `json:"unsigned"`
	Schema   string            `json:"schema"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, cli.System(), os.Args))
}

func run(ctx context.Context, s *cli.IO, argv []string) int {
	args := slices.DeleteFunc(slices.Clone(argv[1:]), func(a string) bool { return a == "--sign" })
	folder, err := os.MkdirTemp("", "push-")
	if err != nil {
		fmt.Fprintln(s.Err, "push:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	batch, err := load(ctx, s, argv[0], len(args) != len(argv)-1, folder)
	if err != nil {
		fmt.Fprintln(s.Err, "push:", err)
		return 1
	}
	return cli.Main(ctx, s, args, func(s *cli.IO) *cobra.Command { return ocipush.BatchCommand(s, batch) })
}

// load reads the spec. With sign the unsigned files are signed here, with a key that
// no build has seen.
func load(ctx context.Context, s *cli.IO, arg0 string, sign bool, folder string) (ocipush.Batch, error) {
	none := ocipush.Batch{}
	program, err := bazel.Find(arg0, s.Env)
	if err != nil {
		return none, err
	}
	var what spec
	if err := program.Spec(&what); err != nil {
		return none, err
	}
	out := ocipush.Batch{InsecureHosts: what.InsecureHosts, Jobs: what.Jobs}
	for i, a := range what.Artifacts {
		item := ocipush.BatchItem{References: a.References}
		if item.Annotations, err = annotations(program, a.Annotations); err != nil {
			return none, err
		}
		if sign {
			if item.File, err = a.sign(ctx, s, program, filepath.Join(folder, strconv.Itoa(i))); err != nil {
				return none, err
			}
			out.Items = append(out.Items, item)
			continue
		}
		if item.File, err = program.Runfile(a.File); err != nil {
			return none, err
		}
		digest, err := read(program, a.Digest)
		if err != nil {
			return none, err
		}
		item.Digest = strings.TrimSpace(string(digest))
		if a.Interface {
			item.Before = func(cmd *cobra.Command, client *oci.Client, ref oci.Ref) error {
				return smithy.CompareWithRelease(cmd, s, client, ref.String(), item.File)
			}
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func read(program *bazel.Program, rlocation string) ([]byte, error) {
	path, err := program.Runfile(rlocation)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// annotations are not taken from the manifest, which may have come out of a cache:
// the digest is held against these.
func annotations(program *bazel.Program, rlocation string) (map[string]string, error) {
	body, err := read(program, rlocation)
	if err != nil {
		return nil, err
	}
	var out map[string]string
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, fmt.Errorf("the annotations in %s: %w", rlocation, err)
	}
	return out, nil
}
