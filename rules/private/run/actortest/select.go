package main

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/lattice"
)

// arguments applies Bazel's test protocol (https://bazel.build/reference/test-encyclopedia):
// which tests run here, and where the report goes. some is false when this shard has none.
//
// A filter picks cases here, because they are spread over the shards, and the actor's own
// tests in the actor, which alone knows their names. Whether it matches any of both is
// known to the first shard: that runs the own tests, and the first case that matches.
func arguments(s *cli.IO, program *bazel.Program, what spec) (args []string, some bool, err error) {
	index, total, err := lattice.Shard(s)
	if err != nil {
		return nil, false, err
	}
	only := s.Env("TESTBRIDGE_TEST_ONLY")
	cases, err := filter(what.Cases, only)
	if err != nil {
		return nil, false, err
	}
	own := what.Options != "" || len(what.Cases) == 0 // as `lattice test` decides
	if len(cases) == 0 && !own {
		return nil, false, fmt.Errorf("--test_filter=%s matches none of the cases %s", only, strings.Join(what.Cases, ", "))
	}
	own = own && index == 0 // they are one call
	for i, c := range cases {
		if i%total == index {
			if args, err = appendFile(args, "--cases", program, c); err != nil {
				return nil, false, err
			}
		}
	}
	if own && what.Options != "" {
		if args, err = appendFile(args, "--options", program, what.Options); err != nil {
			return nil, false, err
		}
	}
	if own && only != "" {
		args = append(args, "--filter", only)
	}
	some = own || len(args) > 0
	if out := s.Env("XML_OUTPUT_FILE"); some && out != "" {
		args = append(args, "--junit", out)
	}
	return args, some, nil
}

func appendFile(args []string, flag string, program *bazel.Program, rlocation string) ([]string, error) {
	file, err := program.Runfile(rlocation)
	return append(args, flag, file), err
}

func filter(cases []string, expression string) ([]string, error) {
	if expression == "" {
		return cases, nil
	}
	re, err := regexp.Compile(expression)
	if err != nil {
		return nil, fmt.Errorf("--test_filter: %w", err)
	}
	var out []string
	for _, c := range cases {
		if re.MatchString(strings.TrimSuffix(path.Base(c), ".txtar")) {
			out = append(out, c)
		}
	}
	return out, nil
}
