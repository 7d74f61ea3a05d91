package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/commands/signer"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// signedSpeaker gives an actor that answers every call with the same bytes.
func signedSpeaker(t *testing.T, reply string) string {
	t.Helper()
	wasm, err := testkit.Sign(t.Context(), t.TempDir(), signer.Command, testkit.Speaking([]byte(reply)), "--name", "speaker", "--ver", "0.1.0", "--rev", "0")
	if err != nil {
		t.Fatal(err)
	}
	return string(wasm)
}

func TestRun(t *testing.T) {
	// In MessagePack: the results of the actor's own tests, and none.
	passes := signedSpeaker(t, "\x91\x83\xa4name\xa6adds_1\xa6passed\xc3\xa8snapData\x90")
	nothing := signedSpeaker(t, "\x90")
	const nobody = "ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU"
	for name, tt := range map[string]struct {
		actor string
		what  spec
		env   string
		code  int
		want  string
	}{
		"own tests":            {passes, spec{}, "", 0, "Pass: adds_1\nTest results: 1/1 Passed"},
		"compiled":             {passes, spec{Compile: true, Options: "_main/options.json"}, "", 0, "Test results: 1/1 Passed"},
		"its account":          {passes, spec{Issuer: string(strkey.Development().Public())}, "", 0, "Test results: 1/1 Passed"},
		"another account":      {passes, spec{Issuer: nobody}, "", 1, "is not trusted"},
		"beside a case":        {passes, spec{Cases: []string{"_main/any.txtar"}, Options: "_main/options.json"}, "", 0, "Pass: any\nPass: adds_1\nTest results: 2/2 Passed"},
		"a filter of nothing":  {nothing, spec{Cases: []string{"_main/any.txtar"}, Options: "_main/options.json"}, "TESTBRIDGE_TEST_ONLY=gone", 1, "no test ran: none has a name that matches gone"},
		"a filter of the case": {nothing, spec{Cases: []string{"_main/any.txtar"}, Options: "_main/options.json"}, "TESTBRIDGE_TEST_ONLY=any", 0, "Pass: any\nTest results: 1/1 Passed"},
		"no part of it":        {passes, spec{}, "TEST_TOTAL_SHARDS=2 TEST_SHARD_INDEX=1", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			tt.what.Actor = "_main/actor_s.wasm"
			text, err := json.Marshal(tt.what)
			if err != nil {
				t.Fatal(err)
			}
			arg0 := layProgram(t, string(text), map[string]string{
				tt.what.Actor: tt.actor, "_main/any.txtar": "-- call Any.Thing --\n", "_main/options.json": `{"patterns":["adds"],"options":{}}`,
			})
			report := filepath.Join(t.TempDir(), "test.xml")
			env := variables(tt.env + " XML_OUTPUT_FILE=" + report + " TEST_TMPDIR=" + t.TempDir())
			var out bytes.Buffer
			code, err := run(t.Context(), &cli.IO{In: strings.NewReader(""), Out: &out, Err: &out, Env: env, Now: time.Now}, []string{arg0})
			if err != nil || code != tt.code || !strings.Contains(out.String(), tt.want) {
				t.Errorf("exit %d, %v, want %d and %q\n%s", code, err, tt.code, tt.want, out.String())
			}
			if _, err := os.Stat(report); (err == nil) != strings.Contains(out.String(), "Test results: ") {
				t.Errorf("the report: %v\n%s", err, out.String())
			}
		})
	}
}
