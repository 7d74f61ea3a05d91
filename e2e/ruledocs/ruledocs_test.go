package ruledocs

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func tree(t *testing.T) fstest.MapFS {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/all.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		files[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return files
}

func TestPages(t *testing.T) {
	pages, err := Read(tree(t))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.Write(Index(pages))
	for _, p := range pages {
		out.WriteString("\n==== " + p.Topic + "\n")
		out.Write(p.Markdown())
	}
	testkit.Golden(t, "all.golden", out.Bytes())
	if missing := Missing(pages); len(missing) > 0 {
		t.Errorf("missed, and is there: %q", missing)
	}
}

// What has no documentation is named. Each case takes one piece away.
func TestMissing(t *testing.T) {
	for name, tt := range map[string]struct{ file, old, new, want string }{
		"of a file":           {"rules/extensions.bzl", `"""For MODULE.bazel."""`, "", "rules/extensions.bzl"},
		"of a rule":           {"rules/topic.bzl", `doc = "Tests.", `, "", "rules/topic.bzl: a_test"},
		"of an attribute":     {"rules/topic.bzl", `doc = "How, a|b.", `, "", "rules/topic.bzl: an_executable: mode"},
		"of a macro":          {"rules/topic.bzl", "Makes targets.\n\n    More of it.", "", "rules/topic.bzl: a_macro"},
		"of a parameter":      {"rules/topic.bzl", "      deps: others.\n", "", "rules/topic.bzl: a_macro: deps"},
		"of a constant":       {"rules/topic.bzl", "# What it is worth.\n", "", "rules/topic.bzl: A_CONSTANT"},
		"of a tag":            {"rules/extensions.bzl", `doc = "Fetches.", `, "", "rules/extensions.bzl: an_extension: pull"},
		"of a tag's":          {"rules/extensions.bzl", `doc = "Which.", `, "", "rules/extensions.bzl: an_extension: pull: digest"},
		"of a provider":       {"rules/providers/info.bzl", `doc = "It.", `, "", "rules/providers.bzl: AnInfo"},
		"of a provider's":     {"rules/providers/info.bzl", `"without a type"`, `""`, "rules/providers.bzl: AnInfo: bare"},
		"of a flag":           {"rules/settings/BUILD.bazel", "# Who.\n", "", "rules/settings/BUILD.bazel: keys"},
		"of what is repeated": {"rules/private/impl.bzl", `doc = """Does.`, `docs = """Does.`, "rules/topic.bzl: a_rule"},
	} {
		t.Run(name, func(t *testing.T) {
			pages, err := Read(edit(t, tt.file, tt.old, tt.new))
			if err != nil {
				t.Fatal(err)
			}
			if got := Missing(pages); !slices.Equal(got, []string{tt.want}) {
				t.Errorf("missing %q; want %q", got, tt.want)
			}
		})
	}
}

// What is not understood is an error: a page with a gap looks complete.
func TestWhatIsNotUnderstood(t *testing.T) {
	for name, tt := range map[string]struct{ file, old, new, want string }{
		"a broken file":          {"rules/topic.bzl", "a_rule =", "a_rule = =", "syntax error"},
		"a load of nothing":      {"rules/topic.bzl", "private:impl.bzl", "private:gone.bzl", "gone.bzl"},
		"a load without package": {"rules/topic.bzl", `"//rules/private:impl.bzl"`, `"impl.bzl"`, "neither //package:file nor :file"},
		"a name of nothing":      {"rules/topic.bzl", "a_rule = _hidden_rule", "a_rule = _gone", "_gone is bound nowhere"},
		"a name of elsewhere":    {"rules/topic.bzl", "a_rule = _hidden_rule", "a_rule = SOMETHING", "comes from another repository"},
		"a circle":               {"rules/topic.bzl", "a_rule = _hidden_rule", "a_rule = a_rule", "more than 20 names"},
		"attributes of a call":   {"rules/topic.bzl", "attrs = ATTRS | {", "attrs = attributes() | {", "want a dictionary"},
		"an attribute of a call": {"rules/private/impl.bzl", `attr.int(doc = "Replaced.")`, `number()`, "not a call of attr"},
		"an attribute of a list": {"rules/private/impl.bzl", `attr.int(doc = "Replaced.")`, `[]`, "not a call of attr"},
		"a tag of a call":        {"rules/extensions.bzl", "_pull = tag_class(", "_pull = tag(", "pull is not a tag_class"},
		"a parameter too many":   {"rules/topic.bzl", "      deps: others.\n", "      dep: others.\n", "describes dep, which is no parameter"},
		"fields that are open":   {"rules/providers/info.bzl", "fields =", "field =", "fields are not said"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(edit(t, tt.file, tt.old, tt.new)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want %q", err, tt.want)
			}
		})
	}
}

func edit(t *testing.T, file, old, new string) fstest.MapFS {
	t.Helper()
	files := maps.Clone(tree(t))
	text := string(files[file].Data)
	if !strings.Contains(text, old) {
		t.Fatalf("%s has no %q", file, old)
	}
	files[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, new, 1))}
	return files
}
