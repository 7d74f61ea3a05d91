package syntax

// node reads a value.
func (p *parser) node() (*Node, bool) {
	p.depth++
	defer func() { p.depth-- }()
	t := p.tok()
	if p.depth > maxDepth {
		return nil, p.fail(t.pos, "values are nested more than %d deep", maxDepth)
	}
	n := &Node{Pos: t.pos, End: t.end, Text: t.text}
	switch {
	case t.is("{"):
		return n, p.object(n, "}")
	case t.is("["):
		return n, p.array(n)
	case t.kind == tokString || t.kind == tokBlock:
		n.Kind, n.Raw, n.Block = String, t.raw, t.kind == tokBlock
	case t.kind == tokNumber:
		n.Kind = Number
	case t.kind == tokIdent && (t.text == "true" || t.text == "false"):
		n.Kind = Bool
	case t.kind == tokIdent && t.text == "null":
		n.Kind = Null
	case t.kind == tokIdent:
		name, ok := p.shapeID("a value", true)
		n.Kind, n.Text, n.End = ShapeID, name.Text, p.prev().end
		return n, ok
	default:
		return nil, p.unexpected("a value")
	}
	p.advance()
	return n, true
}

// object reads fields up to the closing bracket: that of an object, or of a
// trait's value.
func (p *parser) object(n *Node, closing string) bool {
	n.Kind, n.Text = Object, ""
	p.advance()
	outer := p.hoist
	defer func() { p.hoist = outer }()
	var prev *Comments
	seen := map[string]bool{}
	for !p.tok().is(closing) {
		f := &Field{KeyPos: p.tok().pos}
		p.begin(prev, &f.Comments)
		key, ok := p.key("a key or `" + closing + "`")
		if !ok || !p.expect(":", "after the key "+key.Text) {
			return false
		}
		f.Key = key.Text
		if seen[f.Key] {
			return p.fail(f.KeyPos, "duplicate key `%s`", f.Key)
		}
		seen[f.Key] = true
		if f.Value, ok = p.node(); !ok {
			return false
		}
		n.Fields = append(n.Fields, f)
		prev = &f.Comments
	}
	p.finish(prev, &n.Dangling)
	n.End = p.advance().end
	return true
}

func (p *parser) array(n *Node) bool {
	n.Kind, n.Text = Array, ""
	p.advance()
	outer := p.hoist
	defer func() { p.hoist = outer }()
	var prev *Comments
	for !p.tok().is("]") {
		own := &Comments{}
		p.begin(prev, own)
		item, ok := p.node()
		if !ok {
			return false
		}
		item.Comments = *own
		n.Items = append(n.Items, item)
		prev = &item.Comments
	}
	p.finish(prev, &n.Dangling)
	n.End = p.advance().end
	return true
}

// traits reads the traits before a shape, a member or in an apply block.
func (p *parser) traits() ([]*Trait, bool) {
	var list []*Trait
	outer := p.hoist
	defer func() { p.hoist = outer }()
	for p.tok().is("@") {
		t := &Trait{}
		// The first one's comments are those of what it is applied to.
		p.begin(nil, &t.Comments)
		if ok := p.trait(t); !ok {
			return list, false
		}
		list = append(list, t)
	}
	return list, true
}

func (p *parser) trait(t *Trait) bool {
	t.Pos = p.advance().pos
	if !p.adjacent() {
		return p.fail(p.prev().end, "want a trait's name right after `@`")
	}
	ok := true
	if t.ID, ok = p.shapeID("a trait's name after `@`", false); !ok {
		return false
	}
	if !p.tok().is("(") || !p.adjacent() {
		return true
	}
	open := p.tok().pos
	switch next := p.tokens[p.at+1]; {
	case next.is(")"):
		n := &Node{Kind: Object, Pos: open}
		ok = p.object(n, ")")
		t.Lead = append(t.Lead, n.Dangling...)
		return ok
	case (next.kind == tokIdent || next.kind == tokString) && p.tokens[p.at+2].is(":"):
		t.Value = &Node{Pos: open}
		return p.object(t.Value, ")")
	}
	p.advance()
	own := &Comments{}
	p.begin(nil, own)
	if t.Value, ok = p.node(); !ok {
		return false
	}
	t.Value.Comments = *own
	t.Braces = t.Value.Kind == Object
	p.finish(&t.Value.Comments, &t.Value.Trail)
	return p.expect(")", "after the value of @"+t.ID.Text)
}
