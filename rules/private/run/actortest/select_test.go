package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// layProgram makes what a rule does: a program, its spec and its runfiles, by their rlocation paths.
func layProgram(t *testing.T, spec string, runfiles map[string]string) (arg0 string) {
	t.Helper()
	arg0 = filepath.Join(t.TempDir(), "test")
	files := map[string]string{arg0: "", arg0 + ".spec.json": spec}
	for name, text := range runfiles {
		files[filepath.Join(arg0+".runfiles", name)] = text
	}
	for file, text := range files {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return arg0
}

// variables gives an environment of "KEY=VALUE …".
func variables(text string) func(string) string {
	return func(key string) string {
		for _, pair := range strings.Fields(text) {
			if value, ok := strings.CutPrefix(pair, key+"="); ok {
				return value
			}
		}
		return ""
	}
}

func TestArguments(t *testing.T) {
	const none = "none" // of the tests belongs to this shard
	cases := []string{"_main/cases/log.txtar", "_main/cases/note.txtar", "_main/cases/roll.txtar"}
	arg0 := layProgram(t, "{}", map[string]string{cases[0]: "", cases[1]: "", cases[2]: "", "_main/options.json": ""})
	program, err := bazel.Find(arg0, variables(""))
	if err != nil {
		t.Fatal(err)
	}
	alone := spec{Cases: cases}
	both := spec{Cases: cases, Options: "_main/options.json"}
	for name, tt := range map[string]struct {
		what    spec
		env     string
		want    string // without the folder of the runfiles
		wantErr string
	}{
		"cases":                    {alone, "", "--cases cases/log.txtar --cases cases/note.txtar --cases cases/roll.txtar", ""},
		"own tests beside":         {both, "", "--cases cases/log.txtar --cases cases/note.txtar --cases cases/roll.txtar --options options.json", ""},
		"own tests alone":          {spec{}, "", "", ""},
		"a report":                 {spec{}, "XML_OUTPUT_FILE=/t/test.xml", "--junit /t/test.xml", ""},
		"a filter":                 {alone, "TESTBRIDGE_TEST_ONLY=o[gt]", "--cases cases/log.txtar --cases cases/note.txtar", ""},
		"a filter of own tests":    {both, "TESTBRIDGE_TEST_ONLY=guids", "--options options.json --filter guids", ""},
		"a filter of both":         {both, "TESTBRIDGE_TEST_ONLY=^r", "--cases cases/roll.txtar --options options.json --filter ^r", ""},
		"a filter, all own":        {spec{}, "TESTBRIDGE_TEST_ONLY=guids", "--filter guids", ""},
		"a filter of nothing":      {alone, "TESTBRIDGE_TEST_ONLY=txtar", "", "--test_filter=txtar matches none of the cases _main/cases/log.txtar, _main/cases/note.txtar, "},
		"a filter that is none":    {both, "TESTBRIDGE_TEST_ONLY=(", "", "--test_filter: error parsing regexp"},
		"the first shard":          {both, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=0", "--cases cases/log.txtar --cases cases/roll.txtar --options options.json", ""},
		"the second":               {both, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=1 XML_OUTPUT_FILE=/t/x", "--cases cases/note.txtar --junit /t/x", ""},
		"one too many":             {both, "TEST_TOTAL_SHARDS=4 TEST_SHARD_INDEX=3 XML_OUTPUT_FILE=/t/x", none, ""},
		"filtered, the first":      {both, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=0 TESTBRIDGE_TEST_ONLY=note", "--cases cases/note.txtar --options options.json --filter note", ""},
		"filtered, the second":     {both, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=1 TESTBRIDGE_TEST_ONLY=note", none, ""},
		"filtered cases, a second": {alone, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=1 TESTBRIDGE_TEST_ONLY=note", none, ""},
		"a shard that is none":     {both, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=2", "", "the shard variables of the test: number 2 of 2"},
		"a file that is not there": {spec{Cases: []string{"_main/gone.txtar"}}, "", "", `"_main/gone.txtar" is not in `},
	} {
		t.Run(name, func(t *testing.T) {
			args, some, err := arguments(&cli.IO{Env: variables(tt.env)}, program, tt.what)
			if tt.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wantErr) {
					t.Errorf("%q, %v; want %q", args, err, tt.wantErr)
				}
				return
			}
			got := strings.ReplaceAll(strings.Join(args, " "), arg0+".runfiles/_main/", "")
			if !some && got == "" {
				got = none
			}
			if err != nil || got != tt.want {
				t.Errorf("%q, %v; want %q", got, err, tt.want)
			}
		})
	}
}
