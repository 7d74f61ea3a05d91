package ruledocs

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Missing lists what is public and described nowhere.
func Missing(pages []Page) []string {
	var missing []string
	var check func(where string, s Symbol)
	check = func(where string, s Symbol) {
		where += ": " + s.Name
		if s.Doc == "" {
			missing = append(missing, where)
		}
		for _, p := range s.Params {
			if p.Doc == "" {
				missing = append(missing, where+": "+p.Name)
			}
		}
		for _, tag := range s.Tags {
			check(where, tag)
		}
	}
	for _, page := range pages {
		if page.Doc == "" {
			missing = append(missing, page.File)
		}
		for _, s := range page.Symbols {
			check(page.File, s)
		}
	}
	return missing
}

const made = "<!-- Made by `make docs` from %s. Change that, not this page. -->\n"

// Markdown writes a page.
func (p *Page) Markdown() []byte {
	var out bytes.Buffer
	title := p.Topic
	if p.Load != "" {
		title += ".bzl"
	}
	fmt.Fprintf(&out, made+"\n# %s\n\n%s\n", p.File, title, p.Doc)
	if loads := p.loads(); len(loads) > 0 {
		fmt.Fprintf(&out, "\n```starlark\nload(%q, %s)\n```\n", p.Load, strings.Join(loads, ", "))
	}
	for _, s := range p.Symbols {
		s.markdown(&out)
	}
	if len(p.Same) > 0 {
		out.WriteString("\n## Described elsewhere\n\n")
		for _, s := range p.Same {
			fmt.Fprintf(&out, "- [%s](%s.md#%s)\n", s[0], s[1], strings.ToLower(s[0]))
		}
	}
	return out.Bytes()
}

// loads lists what a load names, quoted. An extension is not loaded but used.
func (p *Page) loads() []string {
	var names []string
	for _, s := range p.Symbols {
		if p.Load != "" && s.Kind != Extension {
			names = append(names, strconv.Quote(s.Name))
		}
	}
	for _, s := range p.Same {
		if p.Load != "" {
			names = append(names, strconv.Quote(s[0]))
		}
	}
	return names
}

func (s *Symbol) markdown(out *bytes.Buffer) {
	fmt.Fprintf(out, "\n## %s\n\n", s.Name)
	switch s.Kind {
	case Constant:
		fmt.Fprintf(out, "%s\n\n`%s`\n", s.Doc, s.Value)
	case Flag:
		fmt.Fprintf(out, "%s\n\n`%s`, default `%s`\n", s.Doc, s.Type, s.Value)
	case Extension:
		fmt.Fprintf(out, "```starlark\n%s = use_extension(%q, %q)\n```\n%s\n", s.Name, s.Value, s.Name, s.Doc)
	case Provider:
		fmt.Fprintf(out, "*%s*\n\n%s\n%s", upper(s.Kind), s.Doc, table([]string{"field", "type", ""}, s.Params, func(p Param) []string {
			return []string{code(p.Name), p.Type, p.Doc}
		}))
	case Macro:
		fmt.Fprintf(out, "*%s*\n\n%s\n%s", upper(s.Kind), s.Doc, table([]string{"parameter", "default", ""}, s.Params, func(p Param) []string {
			return []string{code(p.Name), p.standard(), p.Doc}
		}))
	default:
		fmt.Fprintf(out, "*%s*\n\n%s\n%s", upper(s.Kind), s.Doc, table([]string{"attribute", "type", "default", ""}, s.Params, func(p Param) []string {
			return []string{code(p.Name), p.Type, p.standard(), strings.TrimSpace(p.Doc + " " + p.Extra)}
		}))
	}
	for _, tag := range s.Tags {
		named := tag
		named.Name = s.Name + "." + tag.Name
		named.markdown(out)
	}
}

func (p *Param) standard() string {
	if p.Required {
		return "required"
	}
	return code(p.Default)
}

func upper(k Kind) string { return strings.ToUpper(string(k[:1])) + string(k[1:]) }

func code(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}

// table writes a table; a cell can hold no line break and no bare |.
func table(head []string, params []Param, cells func(Param) []string) string {
	if len(params) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for _, p := range params {
		row := cells(p)
		for i := range row {
			row[i] = strings.ReplaceAll(strings.Join(strings.Fields(row[i]), " "), "|", `\|`)
		}
		fmt.Fprintf(&out, "| %s |\n", strings.Join(row, " | "))
	}
	return out.String()
}

func firstSentence(doc string) string {
	line, _, _ := strings.Cut(doc, "\n")
	if sentence, _, more := strings.Cut(line, ". "); more {
		return sentence + "."
	}
	return line
}

// Index is the page that leads to the others.
func Index(pages []Page) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, made+"\n# The Bazel rules\n\nHow they are used: [the guide](../bazel.md).\n\n| | | |\n|---|---|---|\n", "the files under rules/")
	for _, p := range pages {
		var names []string
		for _, s := range p.Symbols {
			names = append(names, fmt.Sprintf("[%s](%s.md#%s)", s.Name, p.Topic, strings.ToLower(s.Name)))
		}
		if len(names) == 0 {
			names = []string{"all that is above"}
		}
		fmt.Fprintf(&out, "| [%s](%s.md) | %s | %s |\n", p.Topic, p.Topic, firstSentence(p.Doc), strings.Join(names, ", "))
	}
	return out.Bytes()
}
