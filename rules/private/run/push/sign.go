package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/parpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
)

// sign runs `signer sign` or `parpack create`, which look for the key as they do for
// anybody, and gives the signed file.
func (a artifact) sign(ctx context.Context, s *cli.IO, program *bazel.Program, stem string) (string, error) {
	if a.Interface {
		return "", fmt.Errorf("--sign: %s holds the models of an interface, which nobody signs", a.File)
	}
	if a.Claims == "" {
		return "", fmt.Errorf("--sign: %s was not signed by these rules", a.File)
	}
	body, err := read(program, a.Claims)
	if err != nil {
		return "", err
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		return "", fmt.Errorf("the claims in %s: %w", a.Claims, err)
	}
	args, out, tool, err := a.arguments(program, claims, stem)
	if err != nil {
		return "", err
	}
	quiet := *s
	quiet.Out = s.Err // standard output is for digests
	if code := cli.Main(ctx, &quiet, args, tool); code != 0 {
		return "", fmt.Errorf("%s was not signed", a.File)
	}
	return out, nil
}

// arguments gives the command for the claims that a rule wrote, and the file that it
// will write.
func (a artifact) arguments(program *bazel.Program, claims map[string]any, stem string) (args []string, out string, tool func(*cli.IO) *cobra.Command, err error) {
	given := func(member, flag string) {
		switch v := claims[member].(type) {
		case string:
			args = append(args, flag, v)
		case float64:
			args = append(args, flag, fmt.Sprintf("%.0f", v))
		case []any:
			for _, one := range v {
				args = append(args, flag, fmt.Sprint(one))
			}
		}
	}
	given("name", "--name")
	given("subject", "--subject")
	given("expires", "--expires-at")
	given("expires_in", "--expires")
	given("not_before", "--nbf-at")
	files := map[string]string{}
	for part, rlocation := range a.Unsigned {
		if files[part], err = program.Runfile(rlocation); err != nil {
			return nil, "", nil, err
		}
	}
	if _, provider := claims["capid"]; !provider {
		given("version", "--ver")
		given("revision", "--rev")
		given("call_alias", "--call-alias")
		given("caps", "--cap")
		given("tags", "--tag")
		if claims["provider"] == true {
			args = append(args, "--prov")
		}
		if claims["legacy"] == true {
			args = append(args, "--section", "legacy")
		}
		out = stem + ".wasm"
		return append([]string{"sign", files["wasm"], "--destination", out}, args...), out, signer.Command, nil
	}
	given("version", "--version")
	given("revision", "--revision")
	given("capid", "--capid")
	given("vendor", "--vendor")
	for _, target := range slices.Sorted(maps.Keys(files)) {
		args = append(args, "--bin", target+"="+files[target])
	}
	if a.Schema != "" {
		schema, err := program.Runfile(a.Schema)
		if err != nil {
			return nil, "", nil, err
		}
		args = append(args, "--schema", schema)
	}
	out = stem + ".par"
	if strings.HasSuffix(a.File, ".gz") {
		out += ".gz"
	}
	return append([]string{"create", "--destination", out}, args...), out, parpack.Command, nil
}
