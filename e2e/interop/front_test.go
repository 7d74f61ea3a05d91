package interop

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

var record = flag.Bool("record", false, "write down what the real wash says (WASH names it), for those who have none")

const recording = "testdata/wash-0.17.1.json"

func key(part string, i int, line string) string { return fmt.Sprintf("%s %d: wash %s", part, i, line) }

// TestFrontEnd runs the script against our wash and compares it with what the real
// one said: where they differ, docs/differences.md says so.
func TestFrontEnd(t *testing.T) {
	t.Parallel()
	real := readSaid(t, recording)
	// Machines that test are busy. To wash these are how long it waits for more, always.
	ours := playAll(t, "wash", "WASMCLOUD_CTL_TIMEOUT_MS=30000", "WASMCLOUD_RPC_TIMEOUT_MS=30000")
	differing := map[string][]said{}
	for part, steps := range script() {
		if len(ours[part]) != len(steps) {
			continue // it failed
		}
		for i, st := range steps {
			name := key(part, i, st.args)
			want, known := real[name]
			if !known {
				t.Errorf("%s: not in the recording: WASH=… go test ./e2e/interop -record", name)
				continue
			}
			got := ours[part][i]
			diff := compare(want, got, st.bag)
			switch {
			case diff != "" && len(st.differs) == 0:
				t.Errorf("%s: differs, and no row of docs/differences.md is named for it:\n%s", name, diff)
			case diff == "" && len(st.differs) > 0:
				t.Errorf("%s: does not differ any more; named is %v", name, st.differs)
			case diff != "":
				differing[part] = append(differing[part], got)
			}
		}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(differing); err != nil {
		t.Fatal(err)
	}
	if !t.Failed() {
		testkit.Golden(t, "differing.json", text.Bytes())
	}
}

// playAll runs the parts of the script, which have nothing to do with each other.
func playAll(t *testing.T, wash string, env ...string) map[string][]said {
	all := map[string][]said{}
	var mu sync.Mutex
	t.Run("script", func(t *testing.T) {
		for part, steps := range script() {
			t.Run(part, func(t *testing.T) {
				t.Parallel()
				got := play(t, wash, part, steps, env)
				mu.Lock()
				defer mu.Unlock()
				all[part] = got
			})
		}
	})
	return all
}

// TestRealWash holds the recording against the real program.
func TestRealWash(t *testing.T) {
	got := playAll(t, realWash(t))
	if *record {
		writeSaid(t, got)
		return
	}
	want := readSaid(t, recording)
	for part, list := range got {
		for i, s := range list {
			name := key(part, i, s.Step)
			_, before, _ := object(s.Out) // which compare takes for a difference
			s.Out = strings.TrimPrefix(s.Out, before)
			recorded := want[name]
			_, before, _ = object(recorded.Out)
			recorded.Out = strings.TrimPrefix(recorded.Out, before)
			if diff := compare(recorded, s, true); diff != "" {
				t.Errorf("%s: the recording differs from the real wash:\n%s", name, diff)
			}
		}
	}
}

func writeSaid(t *testing.T, all map[string][]said) {
	t.Helper()
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(all); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(recording, text.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// compare says what of an answer is not as wash's: the exit code, and the answer, of
// which JSON may have more members (row members). What is on standard error is prose
// (row errors): it must be there for a failure.
func compare(want, got said, bag bool) string {
	if want.Exit != got.Exit && !(want.Exit == 101 && got.Exit == 1) { // row panics
		return fmt.Sprintf("exit code %d, wash %d\nours: %s%s\nwash: %s%s", got.Exit, want.Exit, got.Out, got.Err, want.Out, want.Err)
	}
	if got.Exit != 0 {
		if got.Err == "" {
			return "it fails and says nothing on standard error"
		}
		return ""
	}
	theirs, before, isJSON := object(want.Out)
	if !isJSON {
		mine, wash := strings.Split(got.Out, "\n"), strings.Split(want.Out, "\n")
		if bag {
			slices.Sort(mine)
			slices.Sort(wash)
		}
		return cmp.Diff(wash, mine)
	}
	if before != "" {
		return "wash prints before its JSON: " + before
	}
	var mine map[string]any
	if err := json.Unmarshal([]byte(got.Out), &mine); err != nil {
		return fmt.Sprintf("no JSON object: %v\n%s", err, got.Out)
	}
	return lacks("", theirs, mine)
}

// lacks says what of the first value is missing or other in the second.
func lacks(path string, want, got any) string {
	switch want := want.(type) {
	case map[string]any:
		mine, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s is %v, wash %v\n", path, got, want)
		}
		text := ""
		for _, name := range slices.Sorted(maps.Keys(want)) {
			if _, ok := mine[name]; !ok && want[name] != nil {
				text += fmt.Sprintf("%s.%s is missing; wash %v\n", path, name, want[name])
			} else {
				text += lacks(path+"."+name, want[name], mine[name])
			}
		}
		return text
	case []any:
		mine, ok := got.([]any)
		if !ok || len(mine) != len(want) {
			return fmt.Sprintf("%s is %v, wash %v\n", path, got, want)
		}
		if sorted(want) {
			return lacksSorted(path, want, mine)
		}
		text := ""
		for i := range want {
			text += lacks(fmt.Sprintf("%s[%d]", path, i), want[i], mine[i])
		}
		return text
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s is %v, wash %v\n", path, got, want)
	}
	return ""
}

// sorted: lists of texts come in no order from wash's hash maps and folders.
func sorted(list []any) bool {
	return !slices.ContainsFunc(list, func(v any) bool { _, ok := v.(string); return !ok })
}

func lacksSorted(path string, want, got []any) string {
	text := func(list []any) []string {
		var out []string
		for _, v := range list {
			out = append(out, fmt.Sprint(v))
		}
		slices.Sort(out)
		return out
	}
	if diff := cmp.Diff(text(want), text(got)); diff != "" {
		return path + ":\n" + diff
	}
	return ""
}

// elsewhere are the rows that no step of the script shows, and what does: a file and
// what it says there.
func elsewhere() map[string][2]string {
	const scripts, here = "internal/commands/wash/testdata/script/", "e2e/interop/"
	const away = "internal/commands/ocipush/testdata/away/away.txtar"
	return map[string][2]string{
		"errors": {here + "front_test.go", "(row errors)"}, "members": {here + "front_test.go", "(row members)"}, "panics": {here + "front_test.go", "// row panics"},
		"blank-line": {here + "tidy_test.go", "white space"}, "columns": {here + "tidy_test.go", "white space"},
		"first-run":     {scripts + "home.txtar", "! stdout Congratulations"},
		"key-folder":    {scripts + "keygen.txtar", "-perm 0755"},
		"up-down":       {scripts + "up.txtar", "--wasmcloud-version has no effect"},
		"up-seeds":      {scripts + "up.txtar", "--cluster-seed takes a file"},
		"up-one-server": {scripts + "up.txtar", "--ctl-host has no effect"},
		"ctx-copies":    {scripts + "ctx.txtar", "! exists home/.wash/contexts"},
		"inspect-cache": {scripts + "inspect.txtar", "wasmcloud_ocicache"},
		"refused-acks":  {"internal/commands/lattice/testdata/script/link.txtar", "wash prints success"},
		"host-found":    {"internal/commands/lattice/testdata/script/where.txtar", "rules_wasmcloud/devhost.json"},
		"tag-moves":     {away, "would be moved.*--force"},
		"dev-key-away":  {away, "development key.*--allow-dev-key"},
		"login-in-open": {away, "credentials are never sent there over plain HTTP"},
		"logins":        {"internal/commands/ocipush/testdata/script/login.txtar", "credHelpers"},
		"drain-in-use":  {"internal/commands/drain/drain_test.go", "func TestFilesInUseAreLeft("},
	}
}

// The rows of the page are those that the script names.
func TestDifferencesAreListed(t *testing.T) {
	page, err := os.ReadFile("../../docs/differences.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		if listed[m[1]] {
			t.Errorf("the row %s is there twice", m[1])
		}
		listed[m[1]] = true
	}
	used := map[string]bool{}
	for part, steps := range script() {
		for _, st := range steps {
			for _, id := range st.differs {
				used[id] = true
				if !listed[id] {
					t.Errorf("%s: wash %s: docs/differences.md has no row `%s`", part, st.args, id)
				}
			}
		}
	}
	for id := range listed {
		if !used[id] && elsewhere()[id] == [2]string{} {
			t.Errorf("nothing shows the row `%s` of docs/differences.md", id)
		}
	}
	for id, shown := range elsewhere() {
		text, err := os.ReadFile(filepath.Join("../..", shown[0]))
		if err != nil || !strings.Contains(string(text), shown[1]) {
			t.Errorf("%s, which is to show the row `%s` by %q, does not (%v)", shown[0], id, shown[1], err)
		}
		if used[id] {
			t.Errorf("the script shows the row `%s` too", id)
		}
		if !listed[id] {
			t.Errorf("docs/differences.md has no row `%s`", id)
		}
	}
}
