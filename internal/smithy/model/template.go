package model

import (
	"fmt"
	"strings"
)

// Template is a text with @{path} in it, which stands for what the path of a
// selector's attribute leads to; @@ stands for @.
type Template struct {
	texts []string // before each path, and behind the last
	paths [][]string
}

// ParseTemplate reads one.
func ParseTemplate(text string) (*Template, error) {
	t := &Template{}
	p := &selectorParser{text: text}
	var before strings.Builder
	for {
		plain, _, found := strings.Cut(text[p.at:], "@")
		before.WriteString(plain)
		p.at += len(plain)
		switch {
		case !found:
			t.texts = append(t.texts, before.String())
			return t, nil
		case strings.HasPrefix(text[p.at:], "@@"):
			before.WriteByte('@')
			p.at += 2
		case strings.HasPrefix(text[p.at:], "@{"):
			o, err := p.operand()
			if err != nil {
				return nil, err
			}
			t.texts, t.paths = append(t.texts, before.String()), append(t.paths, o.path)
			before.Reset()
		default:
			return nil, fmt.Errorf("want @{path}, or @@ for an @, at offset %d", p.at)
		}
	}
}

// Expand gives the text for a shape. What a shape does not have is left out.
func (t *Template) Expand(s *Shape) string {
	var b strings.Builder
	for i, path := range t.paths {
		b.WriteString(t.texts[i])
		b.WriteString(strings.Join(within(attribute(s, path)), ", "))
	}
	return b.String() + t.texts[len(t.paths)]
}
