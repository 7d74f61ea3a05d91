package validate

import (
	"errors"
	"math/big"
	"regexp"
	regsyntax "regexp/syntax"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// valueCheck holds a value against the shape that describes it.
type valueCheck struct {
	c     *checker
	shape *model.Shape // that the value belongs to
	what  string       // the value, for messages
	depth int
}

const maxValueDepth = 64

func (v *valueCheck) fail(n *syntax.Node, format string, args ...any) {
	v.failAs("", n, format, args...)
}

func (v *valueCheck) failAs(suffix string, n *syntax.Node, format string, args ...any) {
	pos := n.Pos
	if pos.File == "" {
		pos = v.shape.Pos
	}
	v.c.reportAs(v.c.id+suffix, model.Error, v.shape, pos, "the value of %s: "+format, append([]any{v.what}, args...)...)
}

// check walks a value; member is the member that led to the shape, or nil.
func (v *valueCheck) check(n *syntax.Node, s, member *model.Shape) {
	if v.depth++; v.depth > maxValueDepth {
		v.fail(n, "it is nested more than %d deep", maxValueDepth)
		return
	}
	defer func() { v.depth-- }()
	kind := func(want ...syntax.NodeKind) bool {
		if slices.Contains(want, n.Kind) {
			return true
		}
		v.fail(n, "want a %s for the %s `%s`, found %s", want[0], s.Type, s.ID, n.Kind)
		return false
	}
	switch s.Type {
	case "document":
	case "boolean":
		kind(syntax.Bool)
	case "string", "enum":
		if kind(syntax.String) {
			v.text(n, s, member)
		}
	case "blob":
		if kind(syntax.String) {
			v.length(n, s, member, len(n.Text))
		}
	case "timestamp":
		v.timestamp(n, s, member)
	case "list":
		if kind(syntax.Array) {
			v.length(n, s, member, len(n.Items))
			v.elements(n, s)
		}
	case "map":
		if kind(syntax.Object) {
			v.length(n, s, member, len(n.Fields))
			v.entries(n, s)
		}
	case "structure", "union":
		if kind(syntax.Object) {
			v.members(n, s)
		}
	case "member":
		if to := v.c.m.Shape(s.Target); to != nil {
			v.check(n, to, s)
		}
	case "service", "resource", "operation":
		v.fail(n, "the %s `%s` has no values", s.Type, s.ID)
	default:
		v.number(n, s, member)
	}
}

func (v *valueCheck) elements(n *syntax.Node, s *model.Shape) {
	member := s.Member("member")
	if member == nil {
		return
	}
	seen := map[string]bool{}
	for _, item := range n.Items {
		if item.Kind == syntax.Null && s.Has("sparse") {
			continue
		}
		v.check(item, member, nil)
		if s.Has("uniqueItems") && item.IsString() {
			if seen[item.Text] {
				v.fail(item, "`%s` comes twice in a list of unique items", item.Text)
			}
			seen[item.Text] = true
		}
	}
}

func (v *valueCheck) entries(n *syntax.Node, s *model.Shape) {
	key, value := s.Member("key"), s.Member("value")
	if key == nil || value == nil {
		return
	}
	for _, f := range n.Fields {
		v.check(&syntax.Node{Kind: syntax.String, Text: f.Key, Pos: f.KeyPos}, key, nil)
		if f.Value.Kind != syntax.Null || !s.Has("sparse") {
			v.check(f.Value, value, nil)
		}
	}
}

func (v *valueCheck) members(n *syntax.Node, s *model.Shape) {
	set := 0
	for _, f := range n.Fields {
		m := s.Member(f.Key)
		if m == nil {
			v.c.reportAs(v.c.id+"."+strings.TrimPrefix(s.ID, "smithy.api#")+"."+f.Key, model.Warning, v.shape, n.Pos,
				"the value of %s: `%s` has no member `%s`", v.what, s.ID, f.Key)
			continue
		}
		set++
		v.check(f.Value, m, nil)
	}
	if s.Type == "union" && set != 1 {
		v.fail(n, "it sets %d members of the union `%s`: want one", set, s.ID)
	}
	for _, m := range s.Members {
		if name := model.MemberName(m.ID); m.Has("required") && n.Get(name) == nil {
			v.fail(n, "the member `%s` of `%s` is missing", name, s.ID)
		}
	}
}

// constraint finds a trait on the member or else on its type.
func constraint(id string, s, member *model.Shape) *model.Trait {
	if member != nil && member.Has(id) {
		return member.Trait(id)
	}
	return s.Trait(id)
}

func (v *valueCheck) length(n *syntax.Node, s, member *model.Shape, have int) {
	t := constraint("length", s, member)
	if t == nil {
		return
	}
	size := new(big.Rat).SetInt64(int64(have))
	if least, ok := bound(t, "min"); ok && size.Cmp(least) < 0 {
		v.fail(n, "its length is %d: `%s` wants at least %s", have, s.ID, least.RatString())
	}
	if most, ok := bound(t, "max"); ok && size.Cmp(most) > 0 {
		v.fail(n, "its length is %d: `%s` wants at most %s", have, s.ID, most.RatString())
	}
}

func bound(t *model.Trait, key string) (*big.Rat, bool) {
	n := t.Value.Get(key)
	if n == nil || n.Kind != syntax.Number {
		return nil, false
	}
	return model.Decimal(n.Text)
}

func (v *valueCheck) text(n *syntax.Node, s, member *model.Shape) {
	v.length(n, s, member, utf8.RuneCountInString(n.Text))
	if t := constraint("pattern", s, member); t != nil {
		if re, err := regexp.Compile(t.Value.Text); err == nil && !re.MatchString(n.Text) {
			v.fail(n, "%q does not match the pattern %s of `%s`", n.Text, t.Value.Text, s.ID)
		}
	}
	if values := enumValues(s); values != nil && !slices.Contains(values, n.Text) {
		v.fail(n, "%q is none of the values of `%s`: %s", n.Text, s.ID, strings.Join(values, ", "))
	}
	if t := constraint("idRef", s, member); t != nil {
		v.reference(n, t)
	}
}

// enumValues gives what an enum allows, nil for what is no enum.
func enumValues(s *model.Shape) []string {
	var list []string
	if s.Type == "enum" || s.Type == "intEnum" {
		for _, m := range s.Members {
			if t := m.Trait("enumValue"); t != nil {
				list = append(list, t.Value.Text)
			}
		}
	} else if t := s.Trait("enum"); t != nil {
		for _, item := range t.Value.Items {
			if value := item.Get("value"); value != nil {
				list = append(list, value.Text)
			}
		}
	}
	return list
}

func (v *valueCheck) reference(n *syntax.Node, t *model.Trait) {
	if ns, name, ok := strings.Cut(n.Text, "#"); !ok || ns == "" || name == "" || strings.ContainsAny(n.Text, " \t") {
		v.fail(n, "%q is not a shape id", n.Text)
		return
	}
	to := v.c.m.Shape(n.Text)
	selector := t.Value.Get("selector")
	switch {
	case to == nil && t.Value.Get("failWhenMissing").IsTrue():
		v.fail(n, "the shape `%s` is not defined", n.Text)
	case to != nil && selector.IsString() && !v.c.selects(selector.Text, to):
		v.fail(n, "the shape `%s` is not one that %s selects", n.Text, selector.Text)
	}
}

func (v *valueCheck) timestamp(n *syntax.Node, s, member *model.Shape) {
	format := ""
	if t := constraint("timestampFormat", s, member); t != nil {
		format = t.Value.Text
	}
	switch {
	case n.Kind == syntax.Number && (format == "" || format == "epoch-seconds"):
		return
	case n.Kind == syntax.String && format == "http-date":
		if _, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", n.Text); err == nil {
			return
		}
	case n.Kind == syntax.String && format != "epoch-seconds":
		if _, err := time.Parse(time.RFC3339Nano, n.Text); err == nil && strings.HasSuffix(n.Text, "Z") {
			return
		}
	}
	v.fail(n, "want a point in time for `%s`: seconds since 1970 or text such as 1985-04-12T23:20:50Z", s.ID)
}

func (v *valueCheck) number(n *syntax.Node, s, member *model.Shape) {
	real := s.Type == "float" || s.Type == "double" || s.Type == "bigDecimal"
	if n.Kind == syntax.String && real && s.Type != "bigDecimal" && slices.Contains([]string{"NaN", "Infinity", "-Infinity"}, n.Text) {
		return
	}
	if n.Kind != syntax.Number {
		v.fail(n, "want a number for the %s `%s`, found %s", s.Type, s.ID, n.Kind)
		return
	}
	value, ok := model.Decimal(n.Text)
	if !ok {
		return // too great to be reckoned with
	}
	if !real && !value.IsInt() {
		v.fail(n, "want a whole number for `%s`, found %s", s.ID, n.Text)
		return
	}
	if size := map[string]int64{"byte": 1 << 7, "short": 1 << 15, "integer": 1 << 31, "intEnum": 1 << 31}[s.Type]; size != 0 &&
		(value.Cmp(new(big.Rat).SetInt64(-size)) < 0 || value.Cmp(new(big.Rat).SetInt64(size-1)) > 0) {
		v.fail(n, "%s is out of the range of the %s `%s`", n.Text, s.Type, s.ID)
	}
	if t := constraint("range", s, member); t != nil {
		if least, ok := bound(t, "min"); ok && value.Cmp(least) < 0 {
			v.failAs(".Target.InvalidRange", n, "%s is less than the least of `%s`, %s", n.Text, s.ID, least.RatString())
		}
		if most, ok := bound(t, "max"); ok && value.Cmp(most) > 0 {
			v.failAs(".Target.InvalidRange", n, "%s is more than the most of `%s`, %s", n.Text, s.ID, most.RatString())
		}
	}
	if values := enumValues(s); values != nil && !slices.Contains(values, n.Text) {
		v.fail(n, "%s is none of the values of `%s`: %s", n.Text, s.ID, strings.Join(values, ", "))
	}
}

// badPattern tells what is wrong with a regular expression; what only Java's
// kind has, as look-ahead, is not wrong.
func badPattern(text string) error {
	_, err := regexp.Compile(text)
	var e *regsyntax.Error
	if errors.As(err, &e) && slices.Contains([]regsyntax.ErrorCode{regsyntax.ErrInvalidPerlOp, regsyntax.ErrInvalidEscape,
		regsyntax.ErrInvalidRepeatOp, regsyntax.ErrInvalidNamedCapture}, e.Code) {
		return nil
	}
	return err
}
