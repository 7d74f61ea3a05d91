package syntax

import "slices"

func (p *parser) statements() {
	for !p.eof() {
		indent := p.tok().pos.Column
		before := p.at
		s, ok := p.statement()
		if s != nil {
			p.file.Statements = append(p.file.Statements, s)
			p.last = s.comments()
			p.hoist = &p.last.Trail
		}
		if ok && p.lineBreak() {
			continue
		}
		if p.at == before {
			p.advance()
		}
		p.recover(indent)
	}
}

// statement reads a shape or an apply. What was read of a shape is given even
// if the rest failed, when its name is known: others may refer to it.
func (p *parser) statement() (Statement, bool) {
	var own Comments
	p.begin(p.last, &own)
	p.hoist = &own.Lead
	traits, ok := p.traits()
	if !ok {
		p.last = nil
		return nil, false
	}
	if p.word("apply") && len(traits) == 0 {
		a := &Apply{Comments: own, Pos: p.tok().pos}
		p.hoist = &a.Comments.Lead
		return a, p.apply(a)
	}
	s := &Shape{Comments: own, Traits: traits, Pos: p.tok().pos}
	p.hoist = &s.Comments.Lead
	if len(traits) > 0 {
		p.finish(nil, &s.Inner)
	}
	ok = p.shape(s)
	s.End = p.prev().end
	if s.Name.Text == "" {
		p.last = nil
		return nil, false
	}
	return s, ok
}

func (p *parser) apply(a *Apply) bool {
	p.advance()
	ok := p.sameLine("what the traits are for")
	if !ok {
		return false
	}
	if a.Target, ok = p.shapeID("a shape id", true); !ok {
		return false
	}
	if a.Block = p.tok().is("{"); !a.Block {
		trait := &Trait{}
		if !p.tok().is("@") {
			return p.unexpected("a trait")
		}
		a.Traits = []*Trait{trait}
		return p.trait(trait)
	}
	p.advance()
	if a.Traits, ok = p.traits(); !ok {
		return false
	}
	p.finish(nil, &a.Dangling)
	return p.expect("}", "after the traits of `"+a.Target.Text+"`")
}

func (p *parser) shape(s *Shape) bool {
	word := p.tok()
	if word.kind != tokIdent {
		return p.unexpected("a shape or `apply`")
	}
	if !IsShapeType(word.text) {
		return p.fail(word.pos, "unknown kind of shape `%s`", word.text)
	}
	s.Type = p.advance().text
	if !p.sameLine("the name of the " + s.Type) {
		return false
	}
	name, ok := p.identifier("the name of the " + s.Type)
	if !ok {
		return false
	}
	s.Name = name
	if s.Type == "structure" && p.word("for") && !p.forResource(s) || !p.mixins(s) {
		return false
	}
	if slices.Contains(simpleTypes, s.Type) {
		return true
	}
	return p.body(s)
}

func (p *parser) forResource(s *Shape) bool {
	p.advance()
	n, ok := p.shapeID("a resource after `for`", false)
	s.For = &n
	return ok
}

func (p *parser) mixins(s *Shape) bool {
	if !p.word("with") || p.tok().newline {
		return true
	}
	p.advance()
	if !p.expect("[", "after `with`") {
		return false
	}
	for !p.tok().is("]") {
		n, ok := p.shapeID("a mixin", false)
		if !ok {
			return false
		}
		s.Mixins = append(s.Mixins, &n)
	}
	if len(s.Mixins) == 0 {
		return p.unexpected("a mixin")
	}
	p.advance()
	return true
}

func (p *parser) body(s *Shape) bool {
	if !p.expect("{", "after `"+s.Type+" "+s.Name.Text+"`") {
		return false
	}
	s.HasBody = true
	p.depth++
	defer func() { p.depth-- }()
	outer := p.hoist
	defer func() { p.hoist = outer }()
	properties := slices.Contains([]string{"service", "resource", "operation"}, s.Type)
	var prev *Comments
	seen := map[string]int{} // lines of names
	sound := true
	for !p.tok().is("}") {
		if p.eof() {
			return p.unexpected("`}` at the end of `" + s.Type + " " + s.Name.Text + "`")
		}
		before := p.at
		var item *Comments
		var ok bool
		if properties {
			item, ok = p.property(s, prev, seen)
		} else {
			item, ok = p.member(s, prev, seen)
		}
		if ok {
			prev = item
			continue
		}
		if sound = false; !p.nextMember(before) {
			return false
		}
		prev = nil
	}
	p.finish(prev, &s.Dangling)
	p.advance()
	return sound
}

// nextMember goes from a member that failed to the next line within the same
// braces; false if the shape itself seems to be over.
func (p *parser) nextMember(failed int) bool {
	open := 0
	for i := failed; i < p.at; i++ {
		open += nesting(&p.tokens[i])
	}
	for first := true; !p.eof(); first = false {
		t := p.tok()
		if t.newline && t.pos.Column == 1 && !t.is("}") {
			return false
		}
		if open <= 0 && (t.is("}") || t.newline && !(first && p.at == failed)) {
			return true
		}
		open += nesting(t)
		p.advance()
	}
	return false
}

func nesting(t *token) int {
	switch {
	case t.is("{") || t.is("[") || t.is("("):
		return 1
	case t.is("}") || t.is("]") || t.is(")"):
		return -1
	}
	return 0
}

func (p *parser) member(s *Shape, prev *Comments, seen map[string]int) (*Comments, bool) {
	m := &Member{}
	p.begin(prev, &m.Comments)
	ok := true
	if m.Traits, ok = p.traits(); !ok {
		return nil, false
	}
	if len(m.Traits) > 0 {
		p.finish(nil, &m.Inner)
	}
	m.Pos = p.tok().pos
	enum := s.Type == "enum" || s.Type == "intEnum"
	if p.tok().is("$") && !enum {
		p.advance()
		m.Elided = true
	}
	name, ok := p.identifier("a member's name")
	if !ok {
		return nil, false
	}
	m.Name = name.Text
	if line, twice := seen[m.Name]; twice {
		return nil, p.fail(m.Pos, "duplicate member `%s`: line %d has it too", m.Name, line)
	}
	seen[m.Name] = m.Pos.Line
	if !enum && !m.Elided {
		if !p.expect(":", "after the member "+m.Name) || !p.sameLine("the type of `"+m.Name+"`") {
			return nil, false
		}
		target, ok := p.shapeID("the type of `"+m.Name+"`", false)
		if !ok {
			return nil, false
		}
		m.Target = &target
	}
	s.Members = append(s.Members, m)
	if p.tok().is("=") && !p.tok().newline {
		p.advance()
		if m.Value, ok = p.node(); !ok || !p.lineBreak() {
			return nil, false
		}
	} else if enum && !p.tok().is("}") && !p.lineBreak() {
		return nil, false
	}
	return &m.Comments, true
}

func (p *parser) property(s *Shape, prev *Comments, seen map[string]int) (*Comments, bool) {
	prop := &Property{}
	p.begin(prev, &prop.Comments)
	key, ok := p.key("a property")
	if !ok {
		return nil, false
	}
	prop.Key = key
	if line, twice := seen[key.Text]; twice {
		return nil, p.fail(key.Pos, "duplicate property `%s`: line %d has it too", key.Text, line)
	}
	seen[key.Text] = key.Pos.Line
	if s.Type == "operation" && p.tok().is(":=") && (key.Text == "input" || key.Text == "output") {
		prop.Inline, ok = p.inline()
	} else if ok = p.expect(":", "after "+key.Text); ok {
		prop.Value, ok = p.node()
	}
	if !ok {
		return nil, false
	}
	s.Props = append(s.Props, prop)
	return &prop.Comments, true
}

// inline reads `:= @traits for Resource with [Mixin] {members}`.
func (p *parser) inline() (*Shape, bool) {
	s := &Shape{Type: "structure", Pos: p.advance().pos}
	outer := p.hoist
	defer func() { p.hoist = outer }()
	p.begin(nil, &s.Comments)
	ok := true
	if s.Traits, ok = p.traits(); !ok {
		return s, false
	}
	if p.word("for") && !p.forResource(s) {
		return s, false
	}
	if p.word("with") {
		p.tok().newline = false // an inline shape's mixins may stand on a line of their own
		if !p.mixins(s) {
			return s, false
		}
	}
	ok = p.body(s)
	s.End = p.prev().end
	return s, ok
}
