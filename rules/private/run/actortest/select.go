package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// arguments applies Bazel's test protocol (https://bazel.build/reference/test-encyclopedia):
// which cases run here, and where the report goes. nil means that this shard has none.
func arguments(s *cli.IO, program *bazel.Program, what spec) ([]string, error) {
	index, total, err := shard(s)
	if err != nil {
		return nil, err
	}
	cases, err := filter(what.Cases, s.Env("TESTBRIDGE_TEST_ONLY"))
	if err != nil {
		return nil, err
	}
	own := what.Options != "" || len(what.Cases) == 0
	if len(cases) == 0 && !own {
		return nil, fmt.Errorf("--test_filter=%s matches none of the cases %s", s.Env("TESTBRIDGE_TEST_ONLY"), strings.Join(what.Cases, ", "))
	}
	var args []string
	for i, c := range cases {
		if i%total != index {
			continue
		}
		file, err := program.Runfile(c)
		if err != nil {
			return nil, err
		}
		args = append(args, "--cases", file)
	}
	if own && index == 0 && what.Options != "" { // the actor's own tests are one call
		file, err := program.Runfile(what.Options)
		if err != nil {
			return nil, err
		}
		args = append(args, "--options", file)
	}
	if args == nil && !(own && index == 0) {
		return nil, nil
	}
	if out := s.Env("XML_OUTPUT_FILE"); out != "" {
		args = append(args, "--junit", out)
	}
	return append([]string{}, args...), nil
}

func shard(s *cli.IO) (index, total int, err error) {
	if s.Env("TEST_TOTAL_SHARDS") == "" {
		return 0, 1, nil
	}
	total, err1 := strconv.Atoi(s.Env("TEST_TOTAL_SHARDS"))
	index, err2 := strconv.Atoi(s.Env("TEST_SHARD_INDEX"))
	if err := errors.Join(err1, err2); err != nil || total < 1 {
		return 0, 0, fmt.Errorf("the shard variables of the test: %w", err)
	}
	// Bazel asks for this sign that shards are understood.
	if file := s.Env("TEST_SHARD_STATUS_FILE"); file != "" {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			return 0, 0, err
		}
	}
	return index, total, nil
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
