// Package diff names what a new version of an interface does to those who use
// the old: what breaks them, and what does not.
package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

const ns = "org.wasmcloud.model#"

type differ struct {
	old, new *model.Model
	events   []model.Event
}

func (d *differ) report(severity model.Severity, id, shape string, pos syntax.Pos, format string, args ...any) {
	d.events = append(d.events, model.Event{Severity: severity, ID: id, Shape: shape, Pos: pos, Message: fmt.Sprintf(format, args...)})
}

func (d *differ) breaks(id string, s *model.Shape, format string, args ...any) {
	d.report(model.Error, id, s.ID, s.Pos, format, args...)
}

func (d *differ) note(id string, s *model.Shape, format string, args ...any) {
	d.report(model.Note, id, s.ID, s.Pos, format, args...)
}

// Models compares two versions; namespaces picks the shapes that are compared.
// A breaking change is an Error, a doubtful one a Warning, another a Note.
func Models(old, new *model.Model, namespaces func(string) bool) []model.Event {
	d := &differ{old: old, new: new}
	for _, s := range old.Shapes(false) {
		if !namespaces(model.Namespace(s.ID)) {
			continue
		}
		now := new.Shape(s.ID)
		switch {
		case now == nil && s.Type == "operation":
			d.breaks("RemovedOperation", s, "the operation `%s` is gone: callers get an error", s.ID)
		case now == nil:
			d.breaks("RemovedShape", s, "the %s `%s` is gone", s.Type, s.ID)
		case now.Type != s.Type:
			d.breaks("ChangedKind", now, "`%s` was a %s and is a %s", s.ID, s.Type, now.Type)
		default:
			d.shape(s, now)
		}
	}
	for _, s := range new.Shapes(false) {
		if namespaces(model.Namespace(s.ID)) && old.Shape(s.ID) == nil {
			d.note("AddedShape", s, "the %s `%s` is new", s.Type, s.ID)
		}
	}
	validate.Suppress(new, d.events)
	validate.Sort(d.events)
	return d.events
}

func (d *differ) shape(old, now *model.Shape) {
	switch now.Type {
	case "service":
		d.service(old, now)
	case "operation":
		d.changed(now, "the input", old.Input, now.Input)
		d.changed(now, "the output", old.Output, now.Output)
	case "structure", "union", "enum", "intEnum", "list", "map":
		d.members(old, now)
	}
	d.constraints(old, now)
	if old.Has(ns+"unsignedInt") != now.Has(ns+"unsignedInt") {
		d.breaks("ChangedSign", now, "`%s` has changed between signed and unsigned", now.ID)
	}
}

func (d *differ) changed(s *model.Shape, what, old, now string) {
	if old != now {
		d.breaks("ChangedType", s, "%s of `%s` was `%s` and is `%s`", what, s.ID, old, now)
	}
}

func (d *differ) service(old, now *model.Shape) {
	for _, id := range old.Operations {
		if !slices.Contains(now.Operations, id) && d.new.Shape(id) != nil {
			d.breaks("RemovedOperation", now, "the service `%s` has no operation `%s` any more", now.ID, id)
		}
	}
	for _, id := range now.Operations {
		if !slices.Contains(old.Operations, id) {
			d.report(model.Warning, "AddedOperation", now.ID, now.Pos, "the service `%s` has the new operation `%s`: those who implement it must add it", now.ID, id)
		}
	}
	was, is := wasmbus(old), wasmbus(now)
	for _, key := range []string{"contractId", "protocol", "actorReceive", "providerReceive"} {
		if a, b := value(was, key), value(is, key); a != b {
			d.breaks("ChangedWasmbus", now, "%s of `%s` was %q and is %q: calls take another way or form", key, now.ID, a, b)
		}
	}
}

func wasmbus(s *model.Shape) *syntax.Node {
	if t := s.Trait(ns + "wasmbus"); t != nil {
		return t.Value
	}
	return nil
}

func value(n *syntax.Node, key string) string {
	v := n.Get(key)
	switch {
	case v == nil && key == "protocol":
		return "0"
	case v == nil, v.Text == "false":
		return ""
	}
	return v.Text
}

func (d *differ) members(old, now *model.Shape) {
	for _, m := range old.Members {
		name := model.MemberName(m.ID)
		other := now.Member(name)
		if other == nil {
			d.report(model.Error, "RemovedMember", m.ID, now.Pos, "the member `%s` of `%s` is gone", name, now.ID)
			continue
		}
		d.changed(other, "the type", m.Target, other.Target)
		d.number(m, other)
		if a, b := wireName(m), wireName(other); a != b {
			d.breaks("ChangedWireName", other, "`%s` was called %q in messages and is called %q", m.ID, a, b)
		}
		if a, b := text(m, "enumValue"), text(other, "enumValue"); a != b {
			d.breaks("ChangedValue", other, "the value of `%s` was %q and is %q", m.ID, a, b)
		}
		switch was, is := m.Has("required"), other.Has("required"); {
		case is && !was:
			d.breaks("AddedRequired", other, "`%s` is now required: older senders leave it out", m.ID)
		case was && !is:
			d.report(model.Warning, "RemovedRequired", other.ID, other.Pos, "`%s` is no longer required: older receivers count on it", m.ID)
		}
		d.constraints(m, other)
	}
	for _, m := range now.Members {
		if old.Member(model.MemberName(m.ID)) != nil {
			continue
		}
		switch {
		case m.Has("required"):
			d.breaks("AddedRequiredMember", m, "the new member `%s` is required: older senders leave it out", m.ID)
		case now.Type == "union" || now.Type == "enum" || now.Type == "intEnum":
			d.report(model.Warning, "AddedVariant", m.ID, m.Pos, "`%s` is new: older receivers do not know it", m.ID)
		default:
			d.note("AddedMember", m, "the member `%s` is new", m.ID)
		}
		d.reused(old, m)
	}
}

// reused finds a new member that has the number of one that was there.
func (d *differ) reused(old, m *model.Shape) {
	n := text(m, ns+"n")
	if n == "" {
		return
	}
	for _, was := range old.Members {
		if text(was, ns+"n") == n && m.Container.Member(model.MemberName(was.ID)) == nil {
			d.breaks("ReusedFieldNumber", m, "`%s` has the number of the former member `%s`, @n(%s): older versions read one as the other", m.ID, model.MemberName(was.ID), n)
		}
	}
}

func (d *differ) number(old, now *model.Shape) {
	if a, b := text(old, ns+"n"), text(now, ns+"n"); a != b {
		d.breaks("ChangedFieldNumber", now, "the number of `%s` was %s and is %s", now.ID, orNone(a), orNone(b))
	}
}

func orNone(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

func text(s *model.Shape, trait string) string {
	if t := s.Trait(trait); t != nil {
		return t.Value.Text
	}
	return ""
}

func wireName(s *model.Shape) string {
	if t := s.Trait(ns + "serialization"); t != nil && t.Value.Get("name").IsString() {
		return t.Value.Get("name").Text
	}
	return model.MemberName(s.ID)
}

// constraints compares limits on values: narrower ones refuse what was allowed.
func (d *differ) constraints(old, now *model.Shape) {
	for _, id := range []string{"length", "range"} {
		for _, key := range []string{"min", "max"} {
			a, hadOne := limit(old, id, key)
			b, hasOne := limit(now, id, key)
			if !hasOne {
				continue
			}
			x, okX := model.Decimal(a)
			y, okY := model.Decimal(b)
			narrower := !hadOne || okX && okY && (key == "min" && y.Cmp(x) > 0 || key == "max" && y.Cmp(x) < 0)
			if narrower {
				d.breaks("NarrowedConstraint", now, "%s of @%s on `%s` is %s: values that were allowed are not", key, id, now.ID, b)
			}
		}
	}
	if a, b := text(old, "pattern"), text(now, "pattern"); a != b && b != "" {
		d.report(model.Warning, "ChangedPattern", now.ID, now.Pos, "the pattern of `%s` was %q and is %q", now.ID, a, b)
	}
	if was, is := values(old), values(now); len(was) > 0 {
		for _, v := range was {
			if !slices.Contains(is, v) {
				d.breaks("RemovedValue", now, "`%s` has no value %q any more", now.ID, v)
			}
		}
	}
}

func limit(s *model.Shape, id, key string) (string, bool) {
	t := s.Trait(id)
	if t == nil {
		return "", false
	}
	n := t.Value.Get(key)
	if n == nil {
		return "", false
	}
	return n.Text, true
}

// values lists those of an enum of version 1.0.
func values(s *model.Shape) []string {
	t := s.Trait("enum")
	if t == nil {
		return nil
	}
	var list []string
	for _, item := range t.Value.Items {
		if v := item.Get("value"); v.IsString() && strings.TrimSpace(v.Text) != "" {
			list = append(list, v.Text)
		}
	}
	return list
}
