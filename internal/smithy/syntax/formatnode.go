package syntax

import (
	"strconv"
	"strings"
)

// quoteKey gives a key as an identifier if it is one, else quoted.
func quoteKey(key string) string {
	letters := false
	for i := range len(key) {
		if !isLetter(key[i]) && (i == 0 || !isDigit(key[i]) || !letters) {
			return quote(key)
		}
		letters = letters || key[i] != '_'
	}
	if !letters {
		return quote(key)
	}
	return key
}

func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString("\\n")
		case '\t':
			b.WriteString("\\t")
		case '\r':
			b.WriteString("\\r")
		default:
			if r < ' ' {
				b.WriteString("\\u" + ("0000" + strconv.FormatInt(int64(r), 16))[len(strconv.FormatInt(int64(r), 16)):])
			} else {
				b.WriteRune(r)
			}
		}
	}
	b.WriteByte('"')
	return b.String()
}

// flat gives a value on one line, false if it has to take several.
func flat(n *Node) (string, bool) {
	if len(n.Lead)+len(n.Trail)+len(n.Dangling) > 0 || n.Block {
		return "", false
	}
	switch n.Kind {
	case String:
		return `"` + n.Raw + `"`, !strings.ContainsAny(n.Raw, "\r\n")
	case Array:
		return flatArray(n)
	case Object:
		s, ok := flatFields(n)
		if s != "" {
			s = " " + s + " "
		}
		return "{" + s + "}", ok
	}
	return n.Text, true
}

func nested(n *Node) bool { return n.Kind == Array || n.Kind == Object }

func flatArray(n *Node) (string, bool) {
	parts := make([]string, len(n.Items))
	for i, item := range n.Items {
		s, ok := flat(item)
		if !ok || nested(item) {
			return "", false
		}
		parts[i] = s
	}
	return "[" + strings.Join(parts, ", ") + "]", true
}

// flatFields gives an object's fields without the braces.
func flatFields(n *Node) (string, bool) {
	parts := make([]string, len(n.Fields))
	for i, f := range n.Fields {
		s, ok := flat(f.Value)
		if !ok || nested(f.Value) || len(f.Lead)+len(f.Trail) > 0 {
			return "", false
		}
		parts[i] = quoteKey(f.Key) + ": " + s
	}
	return strings.Join(parts, ", "), len(n.Dangling) == 0
}

func (p *printer) flatFits(n *Node, column int) bool {
	s, ok := flat(n)
	return ok && column+len([]rune(s)) <= lineWidth
}

// value prints a value on this line if it fits with room for what follows it.
func (p *printer) value(n *Node, after int) {
	if p.flatFits(n, p.column()+after) {
		s, _ := flat(n)
		p.write(s)
		return
	}
	p.broken(n)
}

// broken prints a value over several lines, if it is of a kind that can be.
func (p *printer) broken(n *Node) {
	switch n.Kind {
	case Array:
		p.write("[")
		p.in()
		for _, item := range n.Items {
			p.comments(item.Lead)
			if item.Kind == Object && len(item.Fields) > 0 {
				p.broken(item)
			} else {
				p.value(item, 0)
			}
			p.trail(item.Trail)
		}
		p.comments(n.Dangling)
		p.out()
		p.write("]")
	case Object:
		p.write("{")
		p.in()
		p.fields(n)
		p.out()
		p.write("}")
	case String:
		p.text(n)
	default:
		p.write(n.Text)
	}
}

func (p *printer) fields(n *Node) {
	for _, f := range n.Fields {
		p.comments(f.Lead)
		p.write(quoteKey(f.Key), ": ")
		p.value(f.Value, 0)
		p.trail(f.Trail)
	}
	p.comments(n.Dangling)
}

// text prints a string that runs over several lines.
func (p *printer) text(n *Node) {
	raw := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(n.Raw)
	if !n.Block {
		p.verbatim(`"` + raw + `"`)
		return
	}
	_, body, _ := strings.Cut(raw, "\n")
	deeper := 0
	if p.line.Len() > 0 {
		deeper = 1
	}
	margin := strings.Repeat(" ", (p.indent+deeper)*indentWidth)
	lines := strings.Split(stripIndent(body), "\n")
	for i, line := range lines {
		if line != "" || i == len(lines)-1 {
			lines[i] = margin + line
		}
	}
	p.verbatim("\"\"\"\n" + strings.Join(lines, "\n") + `"""`)
}

// verbatim prints text whose lines after the first keep their own margin.
func (p *printer) verbatim(text string) {
	at := strings.LastIndexByte(text, '\n')
	if at < 0 {
		p.write(text)
		return
	}
	if p.blank && p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.blank = false
	p.b.WriteString(strings.Repeat(" ", p.indent*indentWidth) + p.line.String() + text[:at+1])
	p.line.Reset()
	rest := text[at+1:]
	p.raw(rest)
}

// raw puts text on the line as the start of it, margin included.
func (p *printer) raw(text string) {
	margin := strings.Repeat(" ", p.indent*indentWidth)
	if after, ok := strings.CutPrefix(text, margin); ok {
		p.write(after)
		return
	}
	p.flush = true
	p.write(text)
}

func (p *printer) trait(t *Trait) {
	p.write("@", t.ID.Text)
	v := t.Value
	if v == nil || v.Kind == Object && !t.Braces && len(v.Fields)+len(v.Dangling) == 0 {
		return
	}
	if v.Kind == Object && !t.Braces {
		// One plain value is not broken however long it is: there would be one as long on a line of its own.
		alone := len(v.Fields) == 1 && v.Fields[0].Value.Kind != Object && v.Fields[0].Value.Kind != Array
		if s, ok := flatFields(v); ok && (alone || p.column()+len([]rune(s))+2 <= lineWidth) {
			p.write("(", s, ")")
			return
		}
		p.write("(")
		p.in()
		p.fields(v)
		p.out()
		p.write(")")
		return
	}
	p.write("(")
	if len(v.Lead)+len(v.Trail) == 0 && !v.Block {
		p.value(v, 1)
		p.write(")")
		return
	}
	p.in()
	p.comments(v.Lead)
	p.bare(v)
	p.comments(v.Trail)
	p.out()
	p.write(")")
}

// bare prints a value whose comments are printed by the caller.
func (p *printer) bare(n *Node) {
	plain := *n
	plain.Comments = Comments{}
	p.value(&plain, 0)
}
