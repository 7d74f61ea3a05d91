package scaffold

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// plan is what an adoption is going to do.
type plan struct {
	io       *cli.IO
	root     string
	from     module
	projects []adoption
	already  []string
	left     []remark
	changes  []change
}

// leave notes what is not touched.
func (p *plan) leave(rel string, line int, format string, args ...any) {
	p.left = append(p.left, remark{rel, line, fmt.Sprintf(format, args...)})
}

// makefileNames are those that make looks for, in its order.
var makefileNames = []string{"GNUmakefile", "makefile", "Makefile"}

// find looks at every folder that people write in.
func (p *plan) find(ctx context.Context) error {
	return filepath.WalkDir(p.root, func(name string, e fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || !e.IsDir() {
			return err
		}
		base := e.Name()
		if name != p.root && (strings.HasPrefix(base, ".") || slices.Contains([]string{"target", "node_modules", "build", "vendor"}, base)) {
			return fs.SkipDir
		}
		return p.folder(ctx, name)
	})
}

func (p *plan) folder(ctx context.Context, dir string) error {
	for _, name := range makefileNames {
		file := filepath.Join(dir, name)
		info, err := os.Lstat(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		rel := p.rel(file)
		if err == nil && !info.Mode().IsRegular() {
			p.leave(rel, 0, "it is no regular file, and what it leads to may be others'")
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("reading a Makefile: %w", err)
		}
		return p.makefile(ctx, dir, rel, text, info.Mode().Perm())
	}
	return p.tomlProject(ctx, dir)
}

// rel names a file as the answer does.
func (p *plan) rel(file string) string {
	rel, err := filepath.Rel(p.root, file)
	if err != nil {
		return filepath.ToSlash(file)
	}
	return filepath.ToSlash(rel)
}

// Words that each of upstream's includes has had in all its versions, and no other file of that name is
// likely to have.
var upstreamSigns = map[string]string{
	"actor.mk":     "claims sign",
	"provider.mk":  "par create",
	"interface.mk": "codegen_config",
	"common.mk":    "top_targets",
}

var includeLine = regexp.MustCompile(`^ *(?:-include|sinclude|include)[ \t]`)

// makefile swaps the includes of one Makefile.
func (p *plan) makefile(ctx context.Context, dir, rel string, text []byte, mode fs.FileMode) error {
	a := adoption{Makefile: rel}
	var out bytes.Buffer
	ours, at := false, 0
	number := 0
	for line := range bytes.Lines(text) {
		number++
		body, _, _ := strings.Cut(string(line), "#")
		if !includeLine.MatchString(body) {
			out.Write(line)
			continue
		}
		new := string(line)
		for _, word := range strings.Fields(body)[1:] {
			to, state := p.include(dir, rel, number, word)
			ours = ours || state == includesOurs
			if state != includesUpstream {
				continue
			}
			if a.From == "" {
				a.From, a.To, a.Kind, at = word, to, strings.TrimSuffix(path.Base(word), ".mk"), out.Len()
			}
			new = strings.Replace(new, word, to, 1)
		}
		out.WriteString(new)
	}
	switch {
	case a.From == "" && ours:
		p.already = append(p.already, rel)
		return nil
	case a.From == "":
		p.unknown(dir, rel, text)
		return nil
	}
	if clash := p.ownRules(dir, rel, a.Kind, text); clash {
		return nil
	}
	new, err := p.identify(ctx, &a, dir, text, out.Bytes(), at)
	if err != nil {
		return err
	}
	p.changes = append(p.changes, change{path: rel, old: text, new: new, mode: mode})
	p.projects = append(p.projects, a)
	return nil
}

const (
	includesOther    = iota
	includesOurs     // was adopted before
	includesUpstream // is to be swapped
)

// include says what an include line's word leads to, and what to write in its place. A file of that
// name that is not wasmCloud's is somebody's own.
func (p *plan) include(dir, rel string, line int, word string) (to string, state int) {
	base := path.Base(word)
	sign, known := upstreamSigns[base]
	if !known {
		return "", includesOther
	}
	if strings.Contains(word, "$") {
		p.leave(rel, line, "the path of %s has a variable: if it is wasmCloud's, write %s there", word, p.ours(dir, base))
		return "", includesOther
	}
	file := filepath.FromSlash(word)
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	text, err := os.ReadFile(file)
	switch {
	case err != nil:
		p.leave(rel, line, "%s cannot be read, so it is not known whether it was wasmCloud's; if it was, write %s there", word, p.ours(dir, base))
		return "", includesOther
	case bytes.Contains(text, []byte(ourSign)):
		return "", includesOurs
	case !bytes.Contains(text, []byte(sign)):
		p.leave(rel, line, "%s is not wasmCloud's: it has no %q", word, sign)
		return "", includesOther
	}
	return p.ours(dir, base), includesUpstream
}

// ours is the path of our include for a Makefile in dir. It has no folder's name but our own in it, so
// none with spaces, which make cannot include from.
func (p *plan) ours(dir, base string) string {
	if p.from.checkout != "" {
		return filepath.ToSlash(p.from.checkout) + "/" + includes + "/" + base
	}
	up, err := filepath.Rel(dir, p.root)
	if err != nil || up == "." {
		return copied + "/" + base
	}
	return filepath.ToSlash(up) + "/" + copied + "/" + base
}

// unknown says a word about Makefiles that look like wasmCloud's and are in no form that is known here.
func (p *plan) unknown(dir, rel string, text []byte) {
	switch {
	case bytes.Contains(text, []byte("tinygo build")):
		p.leave(rel, 0, "TinyGo's own form, which includes nothing: it goes on as it is. To use actor.mk, set PROJECT, VERSION, CLAIMS (contract ids, not flags) and include %s", p.ours(dir, "actor.mk"))
	case bytes.Contains(text, []byte("goreleaser")):
		p.leave(rel, 0, "a form of its own, with goreleaser: it goes on as it is. To use provider.mk, set PROJECT, CAPABILITY_ID, VENDOR, VERSION and include %s", p.ours(dir, "provider.mk"))
	case exists(filepath.Join(dir, "wasmcloud.toml")):
		p.leave(rel, 0, "a Makefile of its own beside wasmcloud.toml: it goes on as it is")
	case callsWash.Match(text):
		p.leave(rel, 0, "calls wash and includes nothing of wasmCloud's: it goes on as it is")
	}
}

func exists(file string) bool {
	_, err := os.Lstat(file)
	return err == nil
}

var (
	callsWash = regexp.MustCompile(`(?m)(^|[\s;&|(@-])wash[ \t]|\$[({]WASH[)}]`)
	ownRule   = regexp.MustCompile(`^([A-Za-z0-9_.-]+(?:[ \t]+[A-Za-z0-9_.-]+)*)[ \t]*(::?)(?:[^=:]|$)`)
)

// ownRules says which rules and calls of wash stay. A rule that make would refuse beside ours, because
// it has another number of colons, is a reason to leave the whole file.
func (p *plan) ownRules(dir, rel, kind string, text []byte) (clash bool) {
	two := p.doubleColons(dir, kind)
	var rules []string
	number := 0
	for line := range bytes.Lines(text) {
		number++
		line := strings.TrimRight(string(line), "\r\n")
		if callsWash.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			p.leave(rel, number, "calls wash, as before: %s", strings.TrimSpace(line))
		}
		m := ownRule.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[1], ".") {
			continue
		}
		for _, name := range strings.Fields(m[1]) {
			rules = append(rules, name+m[2])
			if ours, ok := two[name]; ok && ours != (m[2] == "::") {
				p.leave(rel, number, "the rule %s has another number of colons than that of %s.mk, which make refuses; change it to %s and adopt again",
					name+m[2], kind, name+map[bool]string{true: "::", false: ":"}[ours])
				clash = true
			}
		}
	}
	if len(rules) > 0 && !clash {
		p.leave(rel, 0, "own rules: %s", strings.Join(rules, " "))
	}
	return clash
}

// doubleColons gives the rules of an include, and whether each has two colons.
func (p *plan) doubleColons(dir, kind string) map[string]bool {
	if kind == "common" { // forwards, and has no other rule then
		return map[string]bool{"all": true, "clean": true, "test": true, "lint": true, "validate": true}
	}
	two := map[string]bool{}
	for _, name := range []string{kind + ".mk", "common.mk"} {
		text, err := includeText(name)
		if err != nil {
			continue // the includes are in this program
		}
		for line := range bytes.Lines(text) {
			m := ownRule.FindStringSubmatch(strings.TrimRight(string(line), "\n"))
			if m == nil || strings.HasPrefix(m[1], ".") {
				continue
			}
			for _, target := range strings.Fields(m[1]) {
				two[target] = m[2] == "::"
			}
		}
	}
	// provider.mk has none beside one of the project's, actor.mk only where there is something to run.
	tests, _ := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if kind == kindProvider || kind == kindActor && !exists(filepath.Join(dir, "cases")) && !exists(filepath.Join(dir, "test-options.json")) && len(tests) == 0 {
		delete(two, "test")
	}
	return two
}
