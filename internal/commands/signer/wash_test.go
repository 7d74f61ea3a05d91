package signer

import (
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// TestAgainstWash compares with a real wash 0.17.1 what the vectors have no case of.
// Set WASH to its path.
func TestAgainstWash(t *testing.T) {
	wash := os.Getenv("WASH")
	if wash == "" {
		t.Skip("WASH names no wash 0.17.1 to compare with")
	}
	w := newWorld(t)
	run := func(t *testing.T, args ...string) string {
		t.Helper()
		cmd := exec.Command(wash, args...)
		cmd.Env = append(os.Environ(), "HOME="+w.dir, "WASH_KEYS="+w.dir+"/k",
			"WASH_ISSUER_KEY="+key(strkey.Account, 1).Reveal(), "WASH_SUBJECT_KEY="+key(strkey.Module, 2).Reveal())
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("wash %q: %v", args, err)
		}
		return string(out)
	}
	for _, args := range [][]string{
		{"-n", "a"},
		{"-n", "even"},
		{"-n", strings.Repeat("long name ", 9)},
		{"-n", "<é&> \"q\""},
		{"-n", "caps", "-k", "-g", "--http_client", "-q", "-f", "-l", "-e", "-z", "-c", "a:b", "-c", "wasmcloud:builtin:numbergen"},
		{"-n", "prov", "-p", "-q"},
		{"-n", "tags", "-t", "a", "-t", "b,c", "-r", "7", "-v", "1.0.0-rc.1", "-a", "a/b_1"},
		{"-n", "dates", "-x", "400", "-b", "3"},
	} {
		t.Run(args[1], func(t *testing.T) {
			// wash's own file, as both show it.
			run(t, append([]string{"claims", "sign", "probe.wasm", "--destination", "w.wasm"}, args...)...)
			inspectAlike(t, "w.wasm", w, run)

			// The same flags here: the claims differ in id and time only, and with
			// wash's the file is wash's.
			issuer := []string{"-i", "keys/A.nk", "-s", "keys/M.nk"}
			w.must(append(append([]string{"sign", "probe.wasm", "-d", "o.wasm"}, args...), issuer...)...)
			inspectAlike(t, "o.wasm", w, run)
			theirs, ours := payload(t, w.must("inspect", "w.wasm", "--jwt-only")), payload(t, w.must("inspect", "o.wasm", "--jwt-only"))
			if args[1] != "dates" && stable(theirs) != stable(ours) {
				t.Errorf("claims: wash's %s\nours %s", theirs, ours)
			}
			w.in = theirs
			w.in = w.must("sign-request", "-", "-i", "keys/A.nk")
			w.must("embed", "probe.wasm", "-", "-d", "again.wasm")
			if string(w.file("again.wasm")) != string(w.file("w.wasm")) {
				t.Error("wash's claims, signed here, do not give wash's file")
			}
		})
	}
}

// stable leaves out what wash makes anew each time.
func stable(claims string) string {
	return regexp.MustCompile(`"jti":"[^"]*","iat":\d+,`).ReplaceAllString(claims, "")
}

// inspectAlike checks that both show file in the same words. wash has no clock but
// the machine's, and days are shown whole: where a second passes between the two, a
// second look settles it.
func inspectAlike(t *testing.T, file string, w *world, run func(t *testing.T, args ...string) string) {
	t.Helper()
	var diff string
	for range 3 {
		w.now = time.Now()
		diff = cmp.Diff(strings.TrimSpace(run(t, "inspect", file)), strings.TrimSpace(w.must("inspect", file)))
		diff += jsonDiff(t, run(t, "inspect", file, "-o", "json"), w.must("inspect", file, "-o", "json"))
		if diff == "" {
			return
		}
	}
	t.Errorf("%s, wash's - and ours +: %s", file, diff)
}

// jsonDiff names each member that wash prints and that is not there, or not equal.
func jsonDiff(t *testing.T, wash, ours string) (all string) {
	t.Helper()
	var want, got map[string]any
	if err := json.Unmarshal([]byte(wash), &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(ours), &got); err != nil {
		t.Fatal(err)
	}
	for member, value := range want {
		if diff := cmp.Diff(value, got[member]); diff != "" {
			all += member + ": " + diff
		}
	}
	return all
}
