package syntax

import (
	"sort"
	"strings"
)

const (
	indentWidth = 4
	lineWidth   = 120 // smithy-cli's
)

// Format prints a file in the one form: that of smithy-cli's format, but that a
// comment behind something stays there, imports that nothing uses stay, and the
// escapes of text blocks stay as written. Formatting what it gave changes
// nothing. A file with errors gives those and no text.
func Format(name string, src []byte) ([]byte, error) {
	f, err := Parse(name, src)
	if err != nil {
		return nil, err
	}
	p := &printer{}
	p.file(f)
	return []byte(p.b.String()), nil
}

// printer writes lines; text of a line is put together in line until it ends.
type printer struct {
	b      strings.Builder
	line   strings.Builder
	indent int
	blank  bool // an empty line is due before the next line
	flush  bool // the line brings its own margin
}

func (p *printer) write(parts ...string) {
	for _, s := range parts {
		p.line.WriteString(s)
	}
}

// column is where the next character would stand, counted from 0.
func (p *printer) column() int {
	return p.indent*indentWidth + len([]rune(p.line.String()))
}

// end ends the line, if anything is on it.
func (p *printer) end() {
	text := strings.TrimRight(p.line.String(), " ")
	p.line.Reset()
	if text == "" {
		return
	}
	if p.blank && p.b.Len() > 0 {
		p.b.WriteByte('\n')
	}
	p.blank = false
	if !p.flush {
		p.b.WriteString(strings.Repeat(" ", p.indent*indentWidth))
	}
	p.flush = false
	p.b.WriteString(text)
	p.b.WriteByte('\n')
}

func (p *printer) in()  { p.end(); p.indent++ }
func (p *printer) out() { p.end(); p.indent-- }

// commentText gives a comment as written; a documentation comment where none
// counts becomes an ordinary one.
func commentText(c Comment) string {
	text := strings.TrimRight(c.Text, " \t")
	if text != "" && !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "/") {
		text = " " + text
	}
	return "//" + text
}

// comments prints each on a line of its own.
func (p *printer) comments(list []Comment) {
	for _, c := range list {
		p.end()
		p.write(commentText(c))
		p.end()
	}
}

// docs prints the comments before a shape or a member, where /// counts.
func (p *printer) docs(list []Comment) {
	for i, c := range list {
		if c.Doc {
			p.end()
			p.write("/" + commentText(c))
			p.end()
			continue
		}
		p.comments(list[i : i+1])
	}
}

// trail ends a line with the comments that stood behind it.
func (p *printer) trail(list []Comment) {
	for i, c := range list {
		if i == 0 {
			p.write(" ", commentText(c))
			p.end()
			continue
		}
		p.comments(list[i : i+1])
	}
	p.end()
}

// settings writes control statements or metadata, with empty lines around those of several lines.
func (p *printer) settings(list []*Setting, keyword string, key func(*Setting) string) {
	before := false // the last one took several lines
	for i, s := range list {
		several := len(s.Lead) > 0 || !p.flatFits(s.Value, len(keyword)+len(key(s)))
		p.blank = p.blank || i > 0 && (several || before)
		before = several
		p.setting(keyword+key(s), s)
	}
}

func (p *printer) file(f *File) {
	p.settings(f.Control, "$", func(s *Setting) string { return s.Key.Text + ": " })
	p.blank = true
	p.settings(f.Metadata, "metadata ", func(s *Setting) string { return quoteKey(s.Key.Text) + " = " })
	p.blank = true
	if f.Namespace != nil {
		p.comments(f.NamespaceComments.Lead)
		p.write("namespace ", f.Namespace.Text)
		p.trail(f.NamespaceComments.Trail)
	}
	p.blank = true
	uses := append([]*Use{}, f.Uses...)
	sort.SliceStable(uses, func(i, j int) bool { return uses[i].Target.Text < uses[j].Target.Text })
	for _, u := range uses {
		p.comments(u.Lead)
		p.write("use ", u.Target.Text)
		p.trail(u.Trail)
	}
	for _, s := range f.Statements {
		p.blank = true
		switch s := s.(type) {
		case *Shape:
			p.docs(s.Lead)
			p.shape(s)
		case *Apply:
			p.comments(s.Lead)
			p.apply(s)
		}
		p.trail(s.comments().Trail)
	}
	p.blank = true
	p.comments(f.End)
}

func (p *printer) setting(start string, s *Setting) {
	p.comments(s.Lead)
	p.write(start)
	p.value(s.Value, 0)
	p.trail(s.Trail)
}

func (p *printer) apply(a *Apply) {
	p.write("apply ", a.Target.Text, " ")
	if !a.Block {
		p.trait(a.Traits[0])
		return
	}
	p.write("{")
	p.in()
	p.traits(a.Traits)
	p.comments(a.Dangling)
	p.out()
	p.write("}")
}

func (p *printer) traits(list []*Trait) {
	for _, t := range list {
		p.comments(t.Lead)
		p.trait(t)
		p.trail(t.Trail)
	}
}

func (p *printer) shape(s *Shape) {
	p.traits(s.Traits)
	p.comments(s.Inner)
	p.write(s.Type, " ", s.Name.Text)
	if s.For != nil {
		p.write(" for ", s.For.Text)
	}
	p.mixins(s, " ")
	p.body(s)
}

func (p *printer) mixins(s *Shape, sep string) {
	if len(s.Mixins) == 0 {
		return
	}
	names := make([]string, len(s.Mixins))
	for i, n := range s.Mixins {
		names[i] = n.Text
	}
	flat := sep + "with [" + strings.Join(names, ", ") + "]"
	if p.column()+len(flat) <= lineWidth {
		p.write(flat)
		return
	}
	p.write(sep, "with [")
	p.in()
	for _, n := range names {
		p.write(n)
		p.end()
	}
	p.out()
	p.write("]")
}

func (p *printer) body(s *Shape) {
	if !s.HasBody {
		return
	}
	if p.line.Len() > 0 {
		p.write(" ")
	}
	p.write("{")
	if len(s.Members)+len(s.Props)+len(s.Dangling) == 0 {
		p.write("}")
		return
	}
	if text, ok := s.flat(); ok && p.column()+len([]rune(text)) <= lineWidth {
		p.write(text)
		return
	}
	p.in()
	apart := s.spread()
	for i, m := range s.Members {
		p.blank = apart && i > 0
		p.member(m)
	}
	for i, prop := range s.Props {
		p.blank = apart && i > 0
		p.property(s, prop)
	}
	p.blank = len(s.Members) > 0 && len(s.Dangling) > 0
	p.comments(s.Dangling)
	p.out()
	p.write("}")
}

// flat gives the inside of a service or resource that has only plain properties.
func (s *Shape) flat() (text string, ok bool) {
	if len(s.Props) == 0 || s.Type == "operation" || len(s.Dangling) > 0 {
		return "", false
	}
	object := &Node{Kind: Object}
	for _, prop := range s.Props {
		object.Fields = append(object.Fields, &Field{Comments: prop.Comments, Key: prop.Key.Text, Value: prop.Value})
	}
	text, ok = flatFields(object)
	return " " + text + " }", ok
}

// spread tells whether a shape's members stand apart: when one of them takes
// more than its own line.
func (s *Shape) spread() bool {
	for _, m := range s.Members {
		if len(m.Traits)+len(m.Lead) > 0 {
			return true
		}
	}
	for _, prop := range s.Props {
		if s.Type == "operation" && (len(prop.Lead) > 0 || prop.Inline != nil && (len(prop.Inline.Traits)+len(prop.Inline.Lead) > 0 || prop.Inline.spread())) {
			return true
		}
	}
	return false
}

func (p *printer) member(m *Member) {
	p.docs(m.Lead)
	p.traits(m.Traits)
	p.comments(m.Inner)
	if m.Elided {
		p.write("$")
	}
	p.write(m.Name)
	if m.Target != nil {
		p.write(": ", m.Target.Text)
	}
	if m.Value != nil {
		p.write(" = ")
		p.value(m.Value, 0)
	}
	p.trail(m.Trail)
}

func (p *printer) property(s *Shape, prop *Property) {
	p.comments(prop.Lead)
	p.write(quoteKey(prop.Key.Text))
	switch {
	case prop.Inline != nil:
		p.write(" :=")
		p.inline(prop.Inline)
	default:
		p.write(": ")
		v := prop.Value
		listed := v.Kind == Array || s.Type == "service" && v.Kind == Object
		if listed && len(v.Items)+len(v.Fields) > 0 {
			p.broken(v)
		} else {
			p.value(v, 0)
		}
	}
	p.trail(prop.Trail)
}

// inline prints `:= …`; traits stand on lines of their own, and then so does all.
func (p *printer) inline(s *Shape) {
	deep := len(s.Traits)+len(s.Lead) > 0
	sep := " "
	if deep {
		p.in()
		p.docs(s.Lead)
		p.traits(s.Traits)
		p.end()
		sep = ""
	}
	if s.For != nil {
		p.write(sep, "for ", s.For.Text)
		sep = " "
	}
	p.mixins(s, sep)
	p.body(s)
	if deep {
		// What follows on the last line belongs to it, so the line is kept open,
		// with the deeper margin.
		text := strings.Repeat(" ", p.indent*indentWidth) + p.line.String()
		p.line.Reset()
		p.indent--
		p.flush = true
		p.write(text)
	}
}
