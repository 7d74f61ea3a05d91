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
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/spf13/cobra"
)

// spec is written by rules/private/push.bzl. Paths are rlocation paths.
type spec struct {
	Artifacts     []artifact `json:"artifacts"`
	InsecureHosts []string   `json:"insecure_hosts"`
	Jobs          int        `json:"jobs"`
}

type artifact struct {
	Annotations map[string]string `json:"annotations"`
	Digest      string            `json:"digest"`
	File        string            `json:"file"`
	References  []string          `json:"references"`
	Claims      string            `json:"claims"`   // for --sign, as is the next
	Unsigned    string            `json:"unsigned"` //
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
		item := ocipush.BatchItem{References: a.References, Annotations: a.Annotations}
		if sign {
			if item.File, err = a.sign(ctx, s, program, filepath.Join(folder, strconv.Itoa(i)+".wasm")); err != nil {
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

// sign runs `signer sign`, which looks for the key as it does for anybody.
func (a artifact) sign(ctx context.Context, s *cli.IO, program *bazel.Program, out string) (string, error) {
	if a.Claims == "" {
		return "", fmt.Errorf("--sign: %s was not signed by these rules", a.File)
	}
	body, err := read(program, a.Claims)
	if err != nil {
		return "", err
	}
	unsigned, err := program.Runfile(a.Unsigned)
	if err != nil {
		return "", err
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		return "", fmt.Errorf("the claims in %s: %w", a.Claims, err)
	}
	if version, _ := claims["version"].(string); strings.Contains(version, "{") {
		return "", fmt.Errorf("--sign: the version of %s is stamped (%s), which only a build does: build with --stamp and push without --sign", a.File, version)
	}
	args := []string{"sign", unsigned, "--destination", out}
	for member, flag := range map[string]string{"name": "--name", "version": "--ver", "revision": "--rev", "call_alias": "--call-alias",
		"subject": "--subject", "expires": "--expires-at", "not_before": "--nbf-at"} {
		if v, ok := claims[member].(string); ok {
			args = append(args, flag, v)
		}
	}
	for member, flag := range map[string]string{"caps": "--cap", "tags": "--tag"} {
		list, _ := claims[member].([]any)
		for _, v := range list {
			args = append(args, flag, fmt.Sprint(v))
		}
	}
	if claims["provider"] == true {
		args = append(args, "--prov")
	}
	if claims["legacy"] == true {
		args = append(args, "--section", "legacy")
	}
	quiet := *s
	quiet.Out = s.Err // standard output is for digests
	if code := cli.Main(ctx, &quiet, args, signer.Command); code != 0 {
		return "", fmt.Errorf("%s was not signed", a.File)
	}
	return out, nil
}
