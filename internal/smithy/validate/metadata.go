package validate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// form reads objects of the metadata and keeps the first thing that is wrong with one.
type form struct {
	pos   syntax.Pos
	wrong string
}

func (f *form) fail(pos syntax.Pos, format string, args ...any) {
	if f.wrong == "" {
		f.pos, f.wrong = pos, fmt.Sprintf(format, args...)
	}
}

// text gives a string of an object, "" if it is left out.
func (f *form) text(in *syntax.Node, key string) string {
	v := in.Get(key)
	if v != nil && !v.IsString() {
		f.fail(v.Pos, "want a string for `%s`", key)
		return ""
	} else if v == nil {
		return ""
	}
	return v.Text
}

// wanted is text that must be there.
func (f *form) wanted(in *syntax.Node, key string) string {
	if in.Get(key) == nil {
		f.fail(in.Pos, "there is no `%s`", key)
	}
	return f.text(in, key)
}

// severity reads one of those that are allowed, written as they are; Suppressed if it is left out.
func (f *form) severity(in *syntax.Node, allowed ...model.Severity) model.Severity {
	name := f.text(in, "severity")
	if in.Get("severity") == nil || f.wrong != "" {
		return model.Suppressed
	}
	var names []string
	for _, s := range allowed {
		if s.String() == name {
			return s
		}
		names = append(names, s.String())
	}
	f.fail(in.Get("severity").Pos, "there is no severity %q here: want %s", name, strings.Join(names, " or "))
	return model.Suppressed
}

// selector reads one; nil if it is left out.
func (f *form) selector(in *syntax.Node, key string) *model.Selector {
	text := f.text(in, key)
	if in.Get(key) == nil || f.wrong != "" {
		return nil
	}
	s, err := model.ParseSelector(text)
	if err != nil {
		f.fail(in.Get(key).Pos, "%v", err)
	}
	return s
}

// rule is an entry of the metadata `suppressions` or `severityOverrides`.
type rule struct {
	id, namespace, reason string
	severity              model.Severity
}

func (r rule) covers(e *model.Event) bool {
	return covers(r.id, e.ID) && (r.namespace == "*" || e.Shape != "" && r.namespace == model.Namespace(e.Shape))
}

func suppression(f *form, n *syntax.Node) rule {
	return rule{id: f.wanted(n, "id"), namespace: f.wanted(n, "namespace"), reason: f.text(n, "reason")}
}

func override(f *form, n *syntax.Node) rule {
	r := rule{id: f.wanted(n, "id"), namespace: f.wanted(n, "namespace")}
	f.wanted(n, "severity")
	r.severity = f.severity(n, model.Warning, model.Danger)
	return r
}

// rules reads a list of them. Entries that are not of the form do not count, and
// where one is no object none counts, as in smithy-cli; faults says what is wrong.
func rules(m *model.Model, key string, read func(*form, *syntax.Node) rule) (list []rule, faults []form) {
	entries := m.Metadata[key]
	if entries == nil {
		return nil, nil
	}
	if entries.Kind != syntax.Array {
		return nil, []form{{entries.Pos, fmt.Sprintf("want a list for the metadata `%s`", key)}}
	}
	if at := slices.IndexFunc(entries.Items, func(n *syntax.Node) bool { return n.Kind != syntax.Object }); at >= 0 {
		return nil, []form{{entries.Items[at].Pos, fmt.Sprintf("want objects in the metadata `%s`", key)}}
	}
	for _, entry := range entries.Items {
		var f form
		if r := read(&f, entry); f.wrong == "" {
			list = append(list, r)
		} else {
			faults = append(faults, f)
		}
	}
	return list, faults
}

// metadata reports what of the model's metadata that concerns validation is not of its
// form, and prepares the validators that it asks for.
func metadata(c *checker) {
	_, faults := rules(c.m, "suppressions", suppression)
	_, more := rules(c.m, "severityOverrides", override)
	faults = append(faults, more...)
	c.custom, more = definitions(c)
	for _, f := range append(faults, more...) {
		c.report(model.Error, nil, f.pos, "%s", f.wrong)
	}
}

// Suppress marks the events that @suppress, of the shape or of what it is a member of, or
// the metadata `suppressions` name, and raises those that `severityOverrides` name. Errors stay.
func Suppress(m *model.Model, events []model.Event) { settle(m, events, true) }

// settle is Suppress. To Smithy's own validators @suppress is for the very shape: not for its
// members, as members is for the rules of this tool.
func settle(m *model.Model, events []model.Event, members bool) {
	suppressions, _ := rules(m, "suppressions", suppression)
	overrides, _ := rules(m, "severityOverrides", override)
	for i := range events {
		e := &events[i]
		if e.Severity == model.Error || e.Severity == model.Suppressed {
			continue
		}
		if reason, ok := suppressed(m, e, suppressions, members); ok {
			e.Severity, e.Reason = model.Suppressed, reason
			continue
		}
		for _, r := range overrides {
			if r.covers(e) {
				e.Severity = max(e.Severity, r.severity)
			}
		}
	}
}

func suppressed(m *model.Model, e *model.Event, suppressions []rule, members bool) (reason string, ok bool) {
	ids := []string{e.Shape}
	if container, _, isMember := strings.Cut(e.Shape, "$"); isMember && members {
		ids = append(ids, container)
	}
	for _, id := range ids {
		s := m.Shape(id)
		if s == nil || !s.Has("suppress") {
			continue
		}
		for _, item := range s.Trait("suppress").Value.Items {
			if covers(item.Text, e.ID) {
				return "", true
			}
		}
	}
	for _, r := range suppressions {
		if r.covers(e) {
			return r.reason, true
		}
	}
	return "", false
}

// covers tells whether a name means an event: A.B is meant by A.B and by A.
func covers(name, id string) bool {
	return name == id || strings.HasPrefix(id, name+".")
}
