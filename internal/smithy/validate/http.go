package validate

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// operations calls do for every operation with @http.
func (c *checker) operations(do func(op *model.Shape, t *model.Trait)) {
	for _, op := range c.m.Shapes(false) {
		if t := op.Trait("http"); t != nil && op.Type == "operation" {
			do(op, t)
		}
	}
}

// httpMethods holds methods against what they promise: that nothing is changed, or only once, and
// that nothing is sent along.
func httpMethods(c *checker) {
	c.operations(func(op *model.Shape, t *model.Trait) {
		given := t.Value.Get("method").Text
		method := strings.ToUpper(given)
		reads := slices.Contains([]string{"GET", "HEAD", "OPTIONS", "TRACE"}, method)
		if !reads && !slices.Contains([]string{"POST", "DELETE", "PUT", "PATCH"}, method) {
			return
		}
		warn := func(suffix, format string, args ...any) {
			c.reportAs(c.id+suffix, model.Warning, op, t.Pos, "`%s` uses the method %s, "+format, append([]any{op.ID, given}, args...)...)
		}
		if given != method {
			warn("", "which is written %s", method)
		}
		switch readonly := op.Has("readonly"); {
		case reads && !readonly:
			warn(".MissingReadonlyTrait", "but is not marked @readonly")
		case !reads && readonly:
			warn(".UnnecessaryReadonlyTrait", "but is marked @readonly")
		}
		if (method == "PUT" || method == "DELETE") && !op.Has("idempotent") {
			warn(".MissingIdempotentTrait", "but is not marked @idempotent")
		}
		if sent := c.inBody(op.Input, true); len(sent) > 0 && (reads && method != "OPTIONS" || method == "DELETE") {
			c.reportAs(c.id+".UnexpectedPayload", model.Danger, op, t.Pos, "`%s` uses the method %s, whose requests have no body, but %s would be in it: bind it to the path, the query or a header",
				op.ID, given, strings.Join(sent, ", "))
		}
	})
}

// The traits that bind members to something else than the body.
func bindings(request bool) []string {
	if request {
		return []string{"httpLabel", "httpQuery", "httpQueryParams", "httpHeader", "httpPrefixHeaders"}
	}
	return []string{"httpHeader", "httpPrefixHeaders", "httpResponseCode"}
}

// inBody names the members of a message that travel in its body.
func (c *checker) inBody(id string, request bool) (names []string) {
	s := c.m.Shape(id)
	if s == nil {
		return nil
	}
	for _, m := range s.Members {
		if !slices.ContainsFunc(bindings(request), m.Has) {
			names = append(names, model.MemberName(m.ID))
		}
	}
	return names
}

// httpPayloads wants every member to be bound to something where one is the whole body.
func httpPayloads(c *checker) {
	check := func(id string, request bool) {
		s := c.m.Shape(id)
		if s == nil || !slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return m.Has("httpPayload") }) {
			return
		}
		rest := slices.DeleteFunc(c.inBody(id, request), func(name string) bool { return s.Member(name).Has("httpPayload") })
		if len(rest) > 0 {
			c.errorf(s, "a member of `%s` is marked @httpPayload, so each of the others must be bound to a header or the like: %s are not", s.ID, strings.Join(rest, ", "))
		}
	}
	c.operations(func(op *model.Shape, _ *model.Trait) {
		check(op.Input, true)
		check(op.Output, false)
	})
	for _, s := range c.m.Shapes(false) {
		if s.Has("error") {
			check(s.ID, false)
		}
	}
}

// httpCodes holds status codes against what they say.
func httpCodes(c *checker) {
	number := func(n string) int {
		v, _ := strconv.Atoi(n)
		return v
	}
	c.operations(func(op *model.Shape, t *model.Trait) {
		code := 200
		if n := t.Value.Get("code"); n != nil {
			code = number(n.Text)
		}
		switch {
		case code < 200 || code > 299:
			c.report(model.Danger, op, t.Pos, "`%s` answers with the status %d: want one that says success, 2xx", op.ID, code)
		case (code == 204 || code == 205) && len(c.inBody(op.Output, false)) > 0:
			c.report(model.Warning, op, op.Pos, "`%s` answers with the status %d, which has no body, but its output has members that would be in it", op.ID, code)
		}
	})
	for _, s := range c.m.Shapes(false) {
		kind, t := s.Trait("error"), s.Trait("httpError")
		if kind == nil || t == nil {
			continue
		}
		if want := map[string]int{"client": 4, "server": 5}[kind.Value.Text]; number(t.Value.Text)/100 != want {
			c.report(model.Danger, s, t.Pos, "`%s` is an error of the %s with the status %s: want %dxx", s.ID, kind.Value.Text, t.Value.Text, want)
		}
	}
}

// httpMissing finds operations without @http in a service where others have it.
func httpMissing(c *checker) {
	for _, s := range c.m.Shapes(false) {
		if s.Type != "service" {
			continue
		}
		ops := c.m.OperationsOf(s)
		severity := model.Warning
		if c.speaksHTTP(s) {
			severity = model.Error
		} else if !slices.ContainsFunc(ops, func(op *model.Shape) bool { return op.Has("http") }) {
			continue
		}
		for _, op := range ops {
			if !op.Has("http") {
				c.report(severity, op, op.Pos, "operations of `%s` are bound to HTTP by @http, `%s` is not", s.ID, op.ID)
			}
		}
	}
}

// speaksHTTP tells whether a protocol of a service asks for @http.
func (c *checker) speaksHTTP(s *model.Shape) bool {
	for id := range s.Traits {
		def := c.m.Shape(id)
		if def == nil || !def.Has("protocolDefinition") {
			continue
		}
		if slices.Contains(traitIDs(def.Trait("protocolDefinition").Value.Get("traits")), preludePrefix+"http") {
			return true
		}
	}
	return false
}

// httpHeaders wants each header once, and none that belongs to HTTP itself.
func httpHeaders(c *checker) {
	reserved := []string{"authorization", "connection", "content-length", "expect", "host", "max-forwards", "proxy-authenticate", "server", "te",
		"trailer", "transfer-encoding", "upgrade", "user-agent", "www-authenticate", "x-forwarded-for"}
	c.once("httpHeader", strings.ToLower, func(s *model.Shape, header string, names []string) {
		c.errorf(s, "members of `%s` are bound to the same header %s: %s", s.ID, header, strings.Join(names, ", "))
	})
	c.m.Each(func(m *model.Shape) {
		if t := m.Trait("httpHeader"); t != nil && slices.Contains(reserved, strings.ToLower(t.Value.Text)) {
			c.report(model.Danger, m, t.Pos, "`%s` is bound to the header %s, which HTTP itself sets", m.ID, t.Value.Text)
		}
	})
}

// once calls told for each value of a trait that more than one member of a structure has.
func (c *checker) once(trait string, fold func(string) string, told func(s *model.Shape, value string, names []string)) {
	for _, s := range c.m.Shapes(false) {
		by := map[string][]string{}
		for _, m := range s.Members {
			if t := m.Trait(trait); t != nil && s.Type == "structure" {
				by[fold(t.Value.Text)] = append(by[fold(t.Value.Text)], model.MemberName(m.ID))
			}
		}
		for _, value := range slices.Sorted(maps.Keys(by)) {
			if len(by[value]) > 1 {
				told(s, value, by[value])
			}
		}
	}
}

func httpPrefixHeaders(c *checker) {
	for _, s := range c.m.Shapes(false) {
		at := slices.IndexFunc(s.Members, func(m *model.Shape) bool { return m.Has("httpPrefixHeaders") })
		if at < 0 || s.Type != "structure" {
			continue
		}
		prefix := s.Members[at].Trait("httpPrefixHeaders").Value.Text
		for _, m := range s.Members {
			if t := m.Trait("httpHeader"); t != nil && strings.HasPrefix(strings.ToLower(t.Value.Text), strings.ToLower(prefix)) {
				c.report(model.Error, m, t.Pos, "the header %s of `%s` begins as those of `%s` do, %s", t.Value.Text, m.ID, s.Members[at].ID, prefix)
			}
		}
	}
}

func httpQueries(c *checker) {
	same := func(s string) string { return s }
	c.once("httpQuery", same, func(s *model.Shape, name string, names []string) {
		c.errorf(s, "members of `%s` are bound to the same parameter %s: %s", s.ID, name, strings.Join(names, ", "))
	})
	c.operations(func(op *model.Shape, t *model.Trait) {
		u, err := parseURI(t.Value.Get("uri").Text)
		input := c.m.Shape(op.Input)
		if err != nil || input == nil {
			return
		}
		for _, m := range input.Members {
			if q := m.Trait("httpQuery"); q != nil {
				if _, fixed := u.query[q.Value.Text]; fixed {
					c.errorf(input, "`%s` is bound to the parameter %s, which the URI of `%s` has already", m.ID, q.Value.Text, op.ID)
				}
			}
		}
	})
}

func httpQueryParams(c *checker) {
	for _, s := range c.m.Shapes(false) {
		marked := func(trait string) bool {
			return slices.ContainsFunc(s.Members, func(m *model.Shape) bool { return m.Has(trait) })
		}
		if s.Type == "structure" && marked("httpQueryParams") && marked("httpQuery") {
			c.report(model.Note, s, s.Pos, "`%s` has members with @httpQuery beside one with @httpQueryParams: their names may meet", s.ID)
		}
	}
}

// httpIgnored finds bindings of members that do not count where their structure is used.
func httpIgnored(c *checker) {
	uses := map[string][]string{} // of structures: "input", "output", "error", "type"
	c.m.Each(func(s *model.Shape) {
		switch s.Type {
		case "operation":
			uses[s.Input] = append(uses[s.Input], "input")
			uses[s.Output] = append(uses[s.Output], "output")
		case "member":
			uses[s.Target] = append(uses[s.Target], "type")
		}
		for _, id := range s.Errors {
			uses[id] = append(uses[id], "error")
		}
	})
	c.m.Each(func(m *model.Shape) {
		if m.Type != "member" || m.Container.Type != "structure" || m.Container.Has("mixin") {
			return
		}
		for _, trait := range append(bindings(true), "httpPayload", "httpResponseCode") {
			kind, counts := ".TopLevel", []string{"input", "output", "error"}
			switch trait {
			case "httpLabel", "httpQuery", "httpQueryParams":
				kind, counts = ".Input", counts[:1]
			case "httpResponseCode":
				kind, counts = ".Output", counts[1:2]
			}
			t := m.Trait(trait)
			if t != nil && slices.ContainsFunc(uses[m.Container.ID], func(use string) bool { return !slices.Contains(counts, use) }) {
				c.reportAs(c.id+kind, model.Warning, m, t.Pos, "@%s of `%s` does not count everywhere where `%s` is used", trait, m.ID, m.Container.ID)
				return
			}
		}
	})
}

// httpGreedy wants a greedy label to be the last one.
func httpGreedy(c *checker) {
	c.operations(func(op *model.Shape, t *model.Trait) {
		u, err := parseURI(t.Value.Get("uri").Text)
		if err != nil {
			return
		}
		labels := slices.DeleteFunc(slices.Clone(u.path), func(s segment) bool { return !s.label })
		greedy := slices.DeleteFunc(slices.Clone(labels), func(s segment) bool { return !s.greedy })
		if len(greedy) > 1 {
			c.reportAs(c.id+".MultipleGreedyLabels", model.Danger, op, t.Pos, "the URI of `%s` has more than one greedy label", op.ID)
		}
		if len(greedy) > 0 && !labels[len(labels)-1].greedy || len(greedy) > 1 {
			c.reportAs(c.id+".GreedyLabelIsNotLastLabel", model.Danger, op, t.Pos, "the greedy label of `%s` takes all of the path, so no label can come after it", op.ID)
		}
	})
}

// segment is one between the slashes of a URI.
type segment struct {
	text          string // or the label's name
	label, greedy bool
}

// same tells whether two segments take the same text.
func (s segment) same(o segment) bool {
	return s.label == o.label && s.greedy == o.greedy && (s.label || s.text == o.text)
}

// uri is that of @http, with its fixed parameters.
type uri struct {
	path  []segment
	query map[string]string
}

var labelName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func parseURI(text string) (*uri, error) {
	switch {
	case !strings.HasPrefix(text, "/"):
		return nil, errors.New("it does not begin with /")
	case strings.HasSuffix(text, "?"):
		return nil, errors.New("it ends with ?")
	case strings.Contains(text, "#"):
		return nil, errors.New("it has a fragment, #")
	}
	path, query, hasQuery := strings.Cut(text, "?")
	u := &uri{query: map[string]string{}}
	labels := map[string]bool{}
	for _, part := range strings.Split(strings.TrimRight(path, "/"), "/")[1:] {
		inner, isLabel := strings.CutPrefix(part, "{")
		inner, closed := strings.CutSuffix(inner, "}")
		s := segment{text: part, label: isLabel && closed}
		if s.label {
			s.text, s.greedy = strings.CutSuffix(inner, "+")
		}
		switch key := strings.ToLower(s.text); {
		case part == "":
			return nil, errors.New("it has an empty segment, //")
		case !s.label && strings.ContainsAny(part, "{}"):
			return nil, fmt.Errorf("a label is a whole segment, and %q is not", part)
		case s.label && !labelName.MatchString(s.text):
			return nil, fmt.Errorf("%q is no name for a label", s.text)
		case s.label && labels[key]:
			return nil, fmt.Errorf("the label %s comes twice", s.text)
		case s.label:
			labels[key] = true
		}
		u.path = append(u.path, s)
	}
	if !hasQuery {
		return u, nil
	}
	if strings.ContainsAny(query, "{}") {
		return nil, errors.New("there are no labels in the query")
	}
	for pair := range strings.SplitSeq(query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if _, twice := u.query[key]; twice {
			return nil, fmt.Errorf("the parameter %s comes twice", key)
		}
		u.query[key] = value
	}
	return u, nil
}
