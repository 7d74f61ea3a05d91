package validate

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// httpConflicts finds operations of a service that answer the same requests.
func httpConflicts(c *checker) {
	type route struct {
		op     *model.Shape
		method string
		uri    *uri
	}
	for _, s := range c.m.Shapes(false) {
		if s.Type != "service" {
			continue
		}
		var routes []route
		for _, op := range c.m.OperationsOf(s) {
			if t := op.Trait("http"); t != nil {
				if u, err := parseURI(t.Value.Get("uri").Text); err == nil {
					routes = append(routes, route{op, t.Value.Get("method").Text, u})
				}
			}
		}
		for _, a := range routes {
			var others []string
			for _, b := range routes {
				if a.op != b.op && a.method == b.method && slices.EqualFunc(a.uri.path, b.uri.path, segment.same) && maps.Equal(a.uri.query, b.uri.query) && c.sameHost(a.op, b.op) {
					others = append(others, "`"+b.op.ID+"`")
				}
			}
			if len(others) > 0 {
				c.errorf(a.op, "`%s` takes the same requests as %s", a.op.ID, strings.Join(others, ", "))
			}
		}
	}
}

// sameHost tells whether two operations may be at one host. As smithy-cli has it, prefixes without
// labels are no help to tell them apart; a label with a pattern that the other's text does not fit is.
func (c *checker) sameHost(a, b *model.Shape) bool {
	one, two := a.Trait("endpoint"), b.Trait("endpoint")
	if one == nil || two == nil {
		return one == two
	}
	left, right := hostSegments(one.Value.Get("hostPrefix").Text), hostSegments(two.Value.Get("hostPrefix").Text)
	apart := false
	for i := range min(len(left), len(right)) {
		x, y := left[i], right[i]
		switch {
		case x.label == y.label && !x.label && x.text != y.text:
			return !apart
		case x.label == y.label:
		case x.label && !c.excludes(a, x.text, y.text), y.label && !c.excludes(b, y.text, x.text):
			return true
		default:
			apart = true
		}
	}
	return !apart
}

// excludes tells whether the pattern of a host's label does not take a text.
func (c *checker) excludes(op *model.Shape, label, text string) bool {
	input := c.m.Shape(op.Input)
	if input == nil || input.Member(label) == nil {
		return false
	}
	t := input.Member(label).Trait("pattern")
	if t == nil {
		return false
	}
	re, err := regexp.Compile(t.Value.Text)
	return err == nil && !re.MatchString(text)
}

func hostSegments(prefix string) (list []segment) {
	for prefix != "" {
		text, rest, _ := strings.Cut(prefix, "{")
		if text != "" {
			list = append(list, segment{text: text})
		}
		var label string
		if label, prefix, _ = strings.Cut(rest, "}"); label != "" {
			list = append(list, segment{text: label, label: true})
		}
	}
	return list
}

// deprecatedTraits finds uses of traits that are on their way out; @enum is told elsewhere.
func deprecatedTraits(c *checker) {
	c.eachTrait(func(s *model.Shape, t *model.Trait, def *model.Shape) {
		if old := def.Trait("deprecated"); old != nil && t.ID != preludePrefix+"enum" && def.Has("trait") {
			c.report(model.Warning, s, t.Pos, "the trait `%s` is deprecated%s", short(t.ID), advice(old))
		}
	})
}

// deprecatedShapes finds what refers to shapes that are on their way out.
func deprecatedShapes(c *checker) {
	c.m.Each(func(s *model.Shape) {
		for _, to := range c.m.Neighbors(s) {
			if old := to.Trait("deprecated"); old != nil && to.Type != "member" {
				c.reportAs(c.id+"."+to.ID, model.Warning, s, s.Pos, "`%s` refers to `%s`, which is deprecated%s", s.ID, to.ID, advice(old))
			}
		}
	})
}

// advice is what @deprecated says beside.
func advice(t *model.Trait) string {
	text := ""
	if since := t.Value.Get("since"); since.IsString() {
		text = " since " + since.Text
	}
	if message := t.Value.Get("message"); message.IsString() {
		text += ": " + message.Text
	}
	return text
}
