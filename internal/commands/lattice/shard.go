package lattice

import (
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// Shard reads which part of the tests is to run here, by the variables of Bazel's
// test protocol (https://bazel.build/reference/test-encyclopedia): test number i
// belongs to shard i modulo total. Without them everything runs.
func Shard(s *cli.IO) (index, total int, err error) {
	if s.Env("TEST_TOTAL_SHARDS") == "" {
		return 0, 1, nil
	}
	total, err1 := strconv.Atoi(s.Env("TEST_TOTAL_SHARDS"))
	index, err2 := strconv.Atoi(s.Env("TEST_SHARD_INDEX"))
	if err := errors.Join(err1, err2); err != nil {
		return 0, 0, fmt.Errorf("the shard variables of the test: %w", err)
	}
	if total < 1 || index < 0 || index >= total {
		return 0, 0, fmt.Errorf("the shard variables of the test: number %d of %d", index, total)
	}
	// Bazel asks for this sign that shards are understood.
	if file := s.Env("TEST_SHARD_STATUS_FILE"); file != "" {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			return 0, 0, err
		}
	}
	return index, total, nil
}
