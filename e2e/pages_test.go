package e2e

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-wasmcloud/rules_wasmcloud/e2e/ruledocs"
)

// block is a fenced block of a page. "```starlark PATH" says that it is taken from
// that file; PATH is from the repository's root.
type block struct {
	page           string
	line           int
	language, path string
	text           string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

func blocks(t *testing.T) []block {
	t.Helper()
	var all []block
	for page, text := range pages(t) {
		all = append(all, blocksOf(page, text)...)
	}
	if len(all) < 20 {
		t.Fatalf("found %d blocks: they are not recognised", len(all))
	}
	return all
}

func blocksOf(page, text string) []block {
	var all []block
	var open *block
	for i, line := range strings.Split(text, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case open == nil && isFence:
			language, path, _ := strings.Cut(fence, " ")
			open = &block{page: page, line: i + 1, language: language, path: path}
		case open != nil && line == "```":
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += line + "\n"
		}
	}
	return all
}

// What a page shows of a file is what the file says. A line "…" stands for lines left out.
func TestSnippetsAreTheirFiles(t *testing.T) {
	compared := 0
	for _, b := range blocks(t) {
		if b.path == "" {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", b.path))
		if err != nil {
			t.Errorf("%s: %v", b, err)
			continue
		}
		compared++
		if missing := notIn(string(text), b.text); missing != "" {
			t.Errorf("%s: %s has no such lines, or in another order:\n%s", b, b.path, missing)
		}
	}
	if compared < 5 {
		t.Errorf("only %d blocks name a file", compared)
	}
}

// notIn gives the first piece of a snippet that does not follow in text.
func notIn(text, snippet string) string {
	text = "\n" + text
	for piece := range strings.SplitSeq(snippet, "…\n") {
		at := strings.Index(text, "\n"+piece)
		if at < 0 {
			return piece
		}
		text = text[at+len(piece):]
	}
	return ""
}

func TestSnippetsThatDifferAreFound(t *testing.T) {
	const file = "a\nb\nc\nd\n"
	for snippet, missing := range map[string]string{
		"b\nc\n": "", "a\n…\nd\n": "", "a\n…\nb\n": "",
		"b\nd\n": "b\nd\n", "d\n…\na\n": "a\n", "bb\n": "bb\n", " b\n": " b\n", "…\ne\n": "e\n",
	} {
		if got := notIn(file, snippet); got != missing {
			t.Errorf("%q: %q; want %q", snippet, got, missing)
		}
	}
}

// Starlark in pages loads what is there and sets what can be set.
func TestStarlarkInPages(t *testing.T) {
	symbols := map[string]ruledocs.Symbol{}
	loads := map[string]bool{}
	for _, page := range rules(t) {
		for _, s := range page.Symbols {
			symbols[s.Name] = s
			loads[page.Load+" "+s.Name] = true
			for _, tag := range s.Tags {
				symbols[s.Name+"."+tag.Name] = tag
			}
		}
		for _, s := range page.Same {
			loads[page.Load+" "+s[0]] = true
		}
	}
	calls := 0
	for _, b := range blocks(t) {
		if b.language != "starlark" {
			continue
		}
		// A snippet of a file may end in the middle of a call.
		text := strings.ReplaceAll(b.text, "…\n", "")
		if strings.Count(text, "(") > strings.Count(text, ")") {
			text += ")\n"
		}
		f, err := build.ParseDefault(b.page, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", b, err)
			continue
		}
		build.Walk(f, func(e build.Expr, _ []build.Expr) {
			switch e := e.(type) {
			case *build.LoadStmt:
				for _, from := range e.From {
					if strings.HasPrefix(e.Module.Value, "@rules_wasmcloud//") && !loads[e.Module.Value+" "+from.Name] {
						t.Errorf("%s: %s has no %s", b, e.Module.Value, from.Name)
					}
				}
			case *build.CallExpr:
				if name := build.FormatString(e.X); strings.HasPrefix(name, "wasmcloud_") || strings.HasPrefix(name, "wasmcloud.") {
					calls++
					for _, problem := range wrongArguments(symbols, name, e) {
						t.Errorf("%s: %s", b, problem)
					}
				}
			}
		})
	}
	if calls < 5 {
		t.Errorf("the pages call rules %d times", calls)
	}
}

func wrongArguments(symbols map[string]ruledocs.Symbol, name string, call *build.CallExpr) (problems []string) {
	symbol, ok := symbols[name]
	if !ok {
		return []string{name + " is no rule"}
	}
	known := []string{"size", "tags", "testonly", "visibility", "shard_count"} // Bazel's own
	for _, p := range symbol.Params {
		known = append(known, p.Name)
		if p.Name == "**kwargs" { // goes on to the rule that signs
			for _, p := range symbols[passesOnTo[name]].Params {
				known = append(known, p.Name)
			}
		}
	}
	for _, arg := range call.List {
		if a, ok := arg.(*build.AssignExpr); ok && !slices.Contains(known, build.FormatString(a.LHS)) {
			problems = append(problems, name+" has no "+build.FormatString(a.LHS))
		}
	}
	return problems
}

// passesOnTo is the rule that has a macro's **kwargs as attributes.
var passesOnTo = map[string]string{"wasmcloud_actor": "wasmcloud_sign", "wasmcloud_provider": "wasmcloud_par"}

// A macro's documentation names each attribute that it passes on.
func TestMacrosNameWhatTheyPassOn(t *testing.T) {
	symbols := map[string]ruledocs.Symbol{}
	for _, page := range rules(t) {
		for _, s := range page.Symbols {
			symbols[s.Name] = s
		}
	}
	for macro, rule := range passesOnTo {
		var own, named []string
		for _, p := range symbols[macro].Params {
			if p.Name == "**kwargs" {
				named = regexp.MustCompile(`\w+`).FindAllString(strings.SplitN(p.Doc, ":", 2)[0], -1)
			} else {
				own = append(own, p.Name)
			}
		}
		var passed []string
		for _, p := range symbols[rule].Params {
			passed = append(passed, p.Name)
			if slices.Contains(own, p.Name) == slices.Contains(named, p.Name) {
				t.Errorf("%s names the attribute %s twice or not at all", macro, p.Name)
			}
		}
		for _, name := range named {
			if !slices.Contains(passed, name) {
				t.Errorf("%s names %s, which %s does not have", macro, name, rule)
			}
		}
		if len(named) < 5 {
			t.Errorf("%s passes on %q: its documentation is read wrongly", macro, named)
		}
	}
}

// Sentences that pages quote from rules and tools are theirs, with … for each value.
func TestQuotedErrorsAreOurs(t *testing.T) {
	var ours strings.Builder
	verb := regexp.MustCompile(`%[a-z]`)
	add := func(text string) { ours.WriteString("\x00" + verb.ReplaceAllString(text, "…")) }
	buildFiles(t, func(file string, text []byte) {
		if !strings.HasSuffix(file, ".bzl") {
			return
		}
		build.Walk(parseBuildFile(t, file, text), func(e build.Expr, _ []build.Expr) { add(starlarkText(e)) })
	})
	goFiles(t, func(path string, text []byte) {
		f, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
		if err != nil {
			t.Error(err)
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if e, ok := n.(ast.Expr); ok {
				add(goText(e))
			}
			return true
		})
	})
	quoted := 0
	for _, b := range blocks(t) {
		if b.language == "error" {
			quoted++
			if !strings.Contains(ours.String(), strings.TrimSuffix(b.text, "\n")) {
				t.Errorf("%s: nobody says this:\n%s", b, b.text)
			}
		}
	}
	if quoted < 5 {
		t.Errorf("the pages quote %d errors", quoted)
	}
}

// starlarkText gives a text that is written in pieces, "" for anything else.
func starlarkText(e build.Expr) string {
	switch e := e.(type) {
	case *build.StringExpr:
		return e.Value
	case *build.ParenExpr:
		return starlarkText(e.X)
	case *build.BinaryExpr:
		if e.Op == "+" || e.Op == "%" {
			left := starlarkText(e.X)
			if e.Op == "+" && left != "" {
				left += starlarkText(e.Y)
			}
			return left
		}
	}
	return ""
}

func goText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); e.Kind == token.STRING && err == nil {
			return text
		}
	case *ast.BinaryExpr:
		if left := goText(e.X); e.Op == token.ADD && left != "" {
			return left + goText(e.Y)
		}
	}
	return ""
}
