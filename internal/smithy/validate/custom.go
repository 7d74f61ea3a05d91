package validate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// finding is what a configured validator has to say of a shape, or of none.
type finding struct {
	shape   *model.Shape
	pos     syntax.Pos
	message string
}

// configurable are the validators that a model can ask for in its metadata `validators`. Each
// reads its configuration; what it gives finds something in a model.
func configurable() map[string]func(*form, *syntax.Node) func(*model.Model) []finding {
	return map[string]func(*form, *syntax.Node) func(*model.Model) []finding{
		"EmitEachSelector": emitEach, "EmitNoneSelector": emitNone, "UnreferencedShape": unreferenced,
	}
}

// definition is an entry of the metadata `validators`.
type definition struct {
	pos         syntax.Pos
	id, message string
	severity    model.Severity
	namespaces  []string // none: all
	only        *model.Selector
	find        func(*model.Model) []finding
}

// definitions reads the metadata `validators`. One that nobody has is only warned of, as by smithy-cli.
func definitions(c *checker) (list []definition, faults []form) {
	entries := c.m.Metadata["validators"]
	if entries == nil {
		return nil, nil
	}
	if entries.Kind != syntax.Array {
		return nil, []form{{entries.Pos, "want a list for the metadata `validators`"}}
	}
	known := configurable()
	for _, entry := range entries.Items {
		var f form
		name, d := readDefinition(&f, entry)
		if read := known[name]; f.wrong != "" {
			// Said below.
		} else if read == nil {
			c.reportAs("UnknownValidator_"+name, model.Warning, nil, entry.Pos, "there is no validator %s: this tool has %s", name, strings.Join(configurableNames(), ", "))
		} else if d.find = read(&f, entry.Get("configuration")); f.wrong == "" {
			list = append(list, d)
		}
		if f.wrong != "" {
			if f.pos == (syntax.Pos{}) { // of a configuration that is left out
				f.pos = entry.Pos
			}
			faults = append(faults, f)
		}
	}
	return list, faults
}

func readDefinition(f *form, n *syntax.Node) (name string, d definition) {
	if n.Kind != syntax.Object {
		f.fail(n.Pos, "want objects in the metadata `validators`")
		return "", d
	}
	name = f.wanted(n, "name")
	d = definition{pos: n.Pos, id: name}
	if id := f.text(n, "id"); n.Get("id") != nil {
		d.id = id
	}
	d.message = f.text(n, "message")
	d.severity = f.severity(n, model.Danger, model.Warning, model.Note)
	switch {
	case d.severity != model.Suppressed:
	case name == "UnreferencedShape":
		d.severity = model.Note
	default:
		d.severity = model.Danger
	}
	if spaces := n.Get("namespaces"); spaces != nil && spaces.Kind != syntax.Array {
		f.fail(spaces.Pos, "want a list for `namespaces`")
	} else if spaces != nil {
		for _, item := range spaces.Items {
			if !item.IsString() {
				f.fail(item.Pos, "want strings in `namespaces`")
			}
			d.namespaces = append(d.namespaces, item.Text)
		}
	}
	if conf := n.Get("configuration"); conf != nil && conf.Kind != syntax.Object {
		f.fail(conf.Pos, "want an object for `configuration`")
	}
	d.only = f.selector(n, "selector")
	return name, d
}

// configured runs the validators that the model asks for.
func configured(c *checker) {
	for _, d := range c.custom {
		var only map[*model.Shape]bool
		if d.only != nil {
			only = d.only.Select(c.m)
		}
		for _, found := range d.find(c.m) {
			if s := found.shape; s != nil && (model.Namespace(s.ID) == "smithy.api" || only != nil && !only[s] ||
				len(d.namespaces) > 0 && !slices.Contains(d.namespaces, model.Namespace(s.ID))) {
				continue
			}
			if d.message != "" {
				found.message = strings.ReplaceAll(d.message, "{super}", found.message)
			}
			if found.shape == nil {
				found.pos = d.pos // smithy-cli gives no place at all
			}
			c.reportAs(d.id, d.severity, found.shape, found.pos, "%s", found.message)
		}
	}
}

// emitEach finds each shape that its selector picks.
func emitEach(f *form, conf *syntax.Node) func(*model.Model) []finding {
	selector, trait, text := f.selector(conf, "selector"), f.text(conf, "bindToTrait"), f.text(conf, "messageTemplate")
	if trait != "" && !strings.Contains(trait, "#") {
		f.fail(conf.Get("bindToTrait").Pos, "want the whole id of a shape for `bindToTrait`, not %q", trait)
	}
	template, err := model.ParseTemplate(text)
	if err != nil {
		f.fail(conf.Pos, "`messageTemplate`: %v", err)
	}
	if selector == nil {
		missing(f, conf)
		return nil
	}
	return func(m *model.Model) (list []finding) {
		for s := range selector.Select(m) {
			e := finding{s, s.Pos, fmt.Sprintf("the selector `%s` picks `%s`", selector, s.ID)}
			if trait != "" {
				t := s.Trait(trait)
				if t == nil {
					continue
				}
				e.pos = t.Pos
			}
			if text != "" {
				e.message = template.Expand(s)
			}
			list = append(list, e)
		}
		return list
	}
}

// missing says that there is no selector, which smithy-cli says of the whole entry.
func missing(f *form, conf *syntax.Node) {
	if conf.Get("selector") == nil {
		f.fail(syntax.Pos{}, "there is no `selector` in `configuration`")
	}
}

// emitNone finds that its selector picks no shape.
func emitNone(f *form, conf *syntax.Node) func(*model.Model) []finding {
	selector := f.selector(conf, "selector")
	if selector == nil {
		missing(f, conf)
		return nil
	}
	return func(m *model.Model) []finding {
		for s := range selector.Select(m) {
			if model.Namespace(s.ID) != "smithy.api" {
				return nil
			}
		}
		return []finding{{message: fmt.Sprintf("the selector `%s` picks no shape", selector)}}
	}
}

// unreferenced finds the shapes that no service and no trait leads to.
func unreferenced(f *form, conf *syntax.Node) func(*model.Model) []finding {
	selector := f.selector(conf, "rootShapeSelector")
	if conf != nil {
		for _, field := range conf.Fields {
			if field.Key != "rootShapeSelector" {
				f.fail(conf.Pos, "`configuration` has `%s`, which nobody knows: want rootShapeSelector", field.Key)
			}
		}
	}
	return func(m *model.Model) (list []finding) {
		reached := map[*model.Shape]bool{}
		if selector != nil {
			for s := range selector.Select(m) {
				reach(m, s, reached)
			}
		}
		for _, s := range m.Shapes(true) {
			if s.Has("trait") || selector == nil && s.Type == "service" {
				reach(m, s, reached)
			}
		}
		for _, s := range m.Shapes(false) {
			if !reached[s] {
				list = append(list, finding{s, s.Pos, fmt.Sprintf("nothing refers to `%s`", s.ID)})
			}
		}
		return list
	}
}

// reach marks a shape and what it leads to, by values of traits that are ids of shapes too.
func reach(m *model.Model, from *model.Shape, reached map[*model.Shape]bool) {
	for queue := []*model.Shape{from}; len(queue) > 0; {
		s := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if s == nil || reached[s] {
			continue
		}
		reached[s] = true
		queue = append(append(queue, m.Neighbors(s)...), s.Container)
		for id, t := range s.Traits {
			if trait := m.Shape(id); trait != nil {
				idRefs(m, t.Value, trait, trait, func(to string) { queue = append(queue, m.Shape(to)) })
			}
		}
	}
}

// idRefs finds the texts of a value with @idRef. The value is of the shape s, or of
// a member whose target that is.
func idRefs(m *model.Model, n *syntax.Node, s, member *model.Shape, found func(id string)) {
	if s == nil {
		return
	}
	if n.IsString() && (s.Has("idRef") || member.Has("idRef")) {
		found(n.Text)
	}
	at := func(n *syntax.Node, member *model.Shape) {
		if member != nil {
			idRefs(m, n, m.Shape(member.Target), member, found)
		}
	}
	for _, item := range n.Items {
		at(item, s.Member("member"))
	}
	for _, field := range n.Fields {
		if s.Type != "map" {
			at(field.Value, s.Member(field.Key))
			continue
		}
		at(&syntax.Node{Kind: syntax.String, Text: field.Key}, s.Member("key"))
		at(field.Value, s.Member("value"))
	}
}

func configurableNames() []string { return slices.Sorted(maps.Keys(configurable())) }
