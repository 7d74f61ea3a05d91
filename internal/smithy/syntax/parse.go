package syntax

import (
	"fmt"
	"slices"
	"strings"
)

const (
	maxErrors = 100 // a file with more is not Smithy
	maxDepth  = 64  // of values within values, and so of the parser's stack
)

// Parse reads a file. With faults in it the File holds what could be
// understood, and the error is an ErrorList.
func Parse(name string, src []byte) (*File, error) {
	tokens, errs := scan(name, src)
	p := &parser{tokens: tokens, scanned: errs, file: &File{Name: name, Source: src}, controls: map[string]bool{}}
	p.sections()
	if all := append(errs, p.errors...); len(all) > 0 {
		return p.file, all.sorted()
	}
	return p.file, nil
}

type parser struct {
	file     *File
	tokens   []token
	scanned  ErrorList
	errors   ErrorList
	at       int
	controls map[string]bool
	depth    int
	// hoist takes comments that stand where none is expected, so that none is lost.
	hoist *[]Comment
	last  *Comments // of the statement before, for a comment on its last line
}

func (p *parser) tok() *token { return &p.tokens[p.at] }

// prev is the token before, or an empty one.
func (p *parser) prev() token {
	if p.at == 0 {
		return token{}
	}
	return p.tokens[p.at-1]
}

func (p *parser) eof() bool { return p.tok().kind == tokEOF }

func (p *parser) advance() token {
	t := p.tok()
	if len(t.comments) > 0 && p.hoist != nil {
		for _, c := range t.comments {
			c.Doc = false // it would document what it is moved to
			*p.hoist = append(*p.hoist, c)
		}
		t.comments = nil
	}
	if t.kind != tokEOF {
		p.at++
	}
	return *t
}

// fail notes an error and returns false. One error a place is enough, and what
// the scanner has said is not said again.
func (p *parser) fail(pos Pos, format string, args ...any) bool {
	for _, list := range []ErrorList{p.errors, p.scanned} {
		if slices.ContainsFunc(list, func(e *Error) bool { return e.Pos == pos }) {
			return false
		}
	}
	if len(p.errors) < maxErrors {
		p.errors = append(p.errors, &Error{pos, fmt.Sprintf(format, args...)})
	}
	return false
}

func (p *parser) unexpected(want string) bool {
	return p.fail(p.tok().pos, "want %s, found %s", want, p.tok().describe())
}

func (p *parser) expect(punct, after string) bool {
	if !p.tok().is(punct) {
		return p.unexpected("`" + punct + "` " + after)
	}
	p.advance()
	return true
}

// begin starts a piece of syntax that may have comments. Those on the line of
// the piece before belong to that.
func (p *parser) begin(prev, own *Comments) {
	t := p.tok()
	for _, c := range t.comments {
		if prev != nil && !c.Doc && c.Pos.Line == p.prev().end.Line {
			prev.Trail = append(prev.Trail, c)
		} else {
			own.Lead = append(own.Lead, c)
		}
	}
	t.comments = nil
	p.hoist = &own.Lead
}

// finish takes the comments before a closing bracket.
func (p *parser) finish(prev *Comments, dangling *[]Comment) {
	rest := Comments{}
	p.begin(prev, &rest)
	*dangling = append(*dangling, rest.Lead...)
	p.hoist = dangling
}

// lineBreak wants the statement to end with its line.
func (p *parser) lineBreak() bool {
	if t := p.tok(); t.kind != tokEOF && !t.newline {
		return p.fail(t.pos, "want a new line before %s", t.describe())
	}
	return true
}

// sameLine wants the next token beside the one before, with nothing but blanks
// between.
func (p *parser) sameLine(what string) bool {
	t := p.tok()
	if t.newline || t.comma || len(t.comments) > 0 {
		return p.fail(p.prev().end, "want %s on the same line", what)
	}
	return true
}

// adjacent wants no blank at all.
func (p *parser) adjacent() bool { return p.prev().end.Offset == p.tok().pos.Offset }

func (p *parser) identifier(what string) (Name, bool) {
	if p.tok().kind != tokIdent {
		return Name{}, p.unexpected(what)
	}
	t := p.advance()
	if strings.Trim(t.text, "_") == "" || t.text[0] == '_' && isDigit(strings.TrimLeft(t.text, "_")[0]) {
		return Name{}, p.fail(t.pos, "`%s` is not an identifier: want a letter after underscores", t.text)
	}
	return Name{t.pos, t.text}, true
}

// dotted reads what follows an identifier in a namespace: `.name` and so on.
func (p *parser) dotted(n *Name) bool {
	parts := []string{n.Text}
	for p.tok().is(".") && p.adjacent() {
		p.advance()
		part, ok := p.part(".")
		if !ok {
			return false
		}
		parts = append(parts, part)
	}
	n.Text = strings.Join(parts, ".")
	return true
}

func (p *parser) part(sep string) (string, bool) {
	if !p.adjacent() {
		return "", p.fail(p.tok().pos, "want a name right after `%s`", sep)
	}
	part, ok := p.identifier("a name after `" + sep + "`")
	return part.Text, ok
}

// shapeID reads name, ns.name#Name and, with member allowed, …$member.
func (p *parser) shapeID(what string, member bool) (Name, bool) {
	n, ok := p.identifier(what)
	if !ok || !p.dotted(&n) {
		return n, false
	}
	dots := strings.Contains(n.Text, ".")
	if p.tok().is("#") && p.adjacent() {
		p.advance()
		part, ok := p.part("#")
		if !ok {
			return n, false
		}
		n.Text += "#" + part
	} else if dots {
		return n, p.fail(p.tok().pos, "want `#` and a shape's name after the namespace `%s`", n.Text)
	}
	if member && p.tok().is("$") && p.adjacent() {
		p.advance()
		part, ok := p.part("$")
		if !ok {
			return n, false
		}
		n.Text += "$" + part
	}
	return n, true
}

func (p *parser) sections() {
	for p.tok().is("$") {
		p.entry(&p.file.Control, func(s *Setting) bool { return p.control(s) })
	}
	for p.word("metadata") {
		p.entry(&p.file.Metadata, func(s *Setting) bool { return p.metadata(s) })
	}
	if !p.eof() && p.namespace() {
		p.uses()
		p.statements()
	}
	rest := Comments{}
	p.begin(p.last, &rest)
	p.file.End = append(p.file.End, rest.Lead...)
	p.hoist = &p.file.End
	for !p.eof() { // the comments of what was not understood
		p.advance()
	}
	p.advance()
}

func (p *parser) word(text string) bool {
	return p.tok().kind == tokIdent && p.tok().text == text
}

// entry reads one line of the control or metadata section.
func (p *parser) entry(list *[]*Setting, read func(*Setting) bool) {
	s := &Setting{}
	indent := p.tok().pos.Column
	p.begin(p.last, &s.Comments)
	p.last = &s.Comments
	if read(s) && p.lineBreak() {
		*list = append(*list, s)
		return
	}
	p.recover(indent)
}

func (p *parser) control(s *Setting) bool {
	p.advance()
	ok := true
	if s.Key, ok = p.key("the name of a control statement"); !ok || !p.expect(":", "after $"+s.Key.Text) {
		return false
	}
	if s.Value, ok = p.node(); !ok {
		return false
	}
	if p.controls[s.Key.Text] {
		return p.fail(s.Key.Pos, "duplicate control statement `$%s`", s.Key.Text)
	}
	p.controls[s.Key.Text] = true
	if s.Key.Text == "version" && !slices.Contains([]string{"1", "1.0", "2", "2.0"}, s.Value.Text) {
		return p.fail(s.Value.Pos, "unsupported Smithy version `%s`: want \"1.0\" or \"2.0\"", s.Value.Text)
	}
	return true
}

func (p *parser) metadata(s *Setting) bool {
	p.advance()
	ok := true
	if s.Key, ok = p.key("the name of a metadata entry"); !ok || !p.expect("=", "after metadata "+s.Key.Text) {
		return false
	}
	s.Value, ok = p.node()
	return ok
}

// key reads an identifier or a string.
func (p *parser) key(what string) (Name, bool) {
	if p.tok().kind == tokString {
		t := p.advance()
		return Name{t.pos, t.text}, true
	}
	return p.identifier(what)
}

func (p *parser) namespace() bool {
	holder := &Setting{}
	p.begin(p.last, &holder.Comments)
	if !p.word("namespace") {
		p.file.End = append(p.file.End, holder.Lead...)
		p.hoist = &p.file.End
		return p.unexpected("`namespace`, for no shape is without one")
	}
	p.advance()
	if !p.sameLine("the namespace") {
		return false
	}
	n, ok := p.identifier("a namespace")
	if !ok || !p.dotted(&n) {
		return false
	}
	p.file.Namespace = &n
	p.file.NamespaceComments = holder.Comments
	p.last = &p.file.NamespaceComments
	p.hoist = &p.last.Lead
	return p.lineBreak() || p.recover(1)
}

func (p *parser) uses() {
	for p.word("use") {
		u := &Use{}
		p.begin(p.last, &u.Comments)
		p.last = &u.Comments
		p.advance()
		ok := p.sameLine("a shape id")
		if ok {
			u.Target, ok = p.shapeID("a shape id", false)
		}
		if ok && !strings.Contains(u.Target.Text, "#") {
			ok = p.fail(u.Target.Pos, "want a whole shape id, such as org.example#%s", u.Target.Text)
		}
		if ok && p.lineBreak() {
			p.file.Uses = append(p.file.Uses, u)
			continue
		}
		p.recover(1)
	}
}

// recover goes on to what looks like the next statement: a token that begins a
// line no further right than the statement that failed, and could begin one. It
// returns true.
func (p *parser) recover(indent int) bool {
	for !p.eof() {
		t := p.tok()
		if t.newline && t.pos.Column <= indent && (t.is("@") || t.is("$") || t.kind == tokIdent && (keyword(t.text) || p.at+1 < len(p.tokens) && p.tokens[p.at+1].kind == tokIdent)) {
			break
		}
		p.advance()
	}
	return true
}

func keyword(s string) bool {
	return slices.Contains(simpleTypes, s) || slices.Contains([]string{"apply", "use", "metadata", "list", "set", "map", "structure", "union",
		"enum", "intEnum", "service", "resource", "operation"}, s)
}

// simpleTypes are the keywords of shapes without members.
var simpleTypes = []string{"blob", "boolean", "document", "string", "byte", "short", "integer", "long", "float", "double",
	"bigInteger", "bigDecimal", "timestamp"}

// IsShapeType tells whether a word is the keyword of a kind of shape.
func IsShapeType(s string) bool {
	return keyword(s) && !slices.Contains([]string{"apply", "use", "metadata"}, s)
}
