// Package diff names what a new version of an interface does to those who use
// the old: what breaks them, and what does not.
package diff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

const ns = "org.wasmcloud.model#"

type differ struct {
	old, new   *model.Model
	namespaces func(string) bool // whose shapes are compared
	events     []model.Event
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
	d := &differ{old: old, new: new, namespaces: namespaces}
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
		d.errors(old, now)
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
	// Calls are dispatched to the operations of a service's resources as to its own.
	had, has := ids(d.old.OperationsOf(old)), ids(d.new.OperationsOf(now))
	for _, id := range had {
		said := d.new.Shape(id) == nil && d.namespaces(model.Namespace(id))
		if !slices.Contains(has, id) && !said {
			d.breaks("RemovedOperation", now, "the service `%s` has no operation `%s` any more", now.ID, id)
		}
	}
	for _, id := range has {
		if !slices.Contains(had, id) {
			d.report(model.Warning, "AddedOperation", now.ID, now.Pos, "the service `%s` has the new operation `%s`: those who implement it must add it", now.ID, id)
		}
	}
	d.errors(old, now)
	was, is := wasmbus(old), wasmbus(now)
	for _, key := range []string{"contractId", "protocol", "actorReceive", "providerReceive"} {
		if a, b := value(was, key), value(is, key); a != b {
			d.breaks("ChangedWasmbus", now, "%s of `%s` was %q and is %q: calls take another way or form", key, now.ID, a, b)
		}
	}
}

func ids(shapes []*model.Shape) []string {
	var list []string
	for _, s := range shapes {
		list = append(list, s.ID)
	}
	return list
}

// errors compares those of an operation or a service. On the bus an error is a text, so
// that no message breaks; but who calls may tell them apart.
func (d *differ) errors(old, now *model.Shape) {
	for _, id := range old.Errors {
		if !slices.Contains(now.Errors, id) {
			d.report(model.Warning, "RemovedError", now.ID, now.Pos, "the %s `%s` has no error `%s` any more: callers may wait for it", now.Type, now.ID, id)
		}
	}
	for _, id := range now.Errors {
		if !slices.Contains(old.Errors, id) {
			d.report(model.Warning, "AddedError", now.ID, now.Pos, "the %s `%s` has the new error `%s`: callers do not know it", now.Type, now.ID, id)
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
		d.standard(m, other)
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

// standard compares defaults, which receivers take for what a message leaves out: senders without a default
// leave zeros out, others what their caller has not set. What both versions require is in every message.
func (d *differ) standard(old, now *model.Shape) {
	if old.Target != now.Target || old.Has("required") && now.Has("required") {
		return
	}
	if a, b := d.absent(old), d.absent(now); a != b {
		d.breaks("ChangedDefault", now, "a message without `%s` meant %s and means %s: the versions read it differently", now.ID, a, b)
	}
}

const zero = "the zero value"

// absent says what a member is that a message leaves out: its default, or the zero value.
func (d *differ) absent(m *model.Shape) string {
	t, to := m.Trait("default"), d.new.Shape(m.Target)
	if t == nil || t.Value.Kind == syntax.Null || to == nil {
		return zero
	}
	v := t.Value
	if to.Type == "timestamp" || to.Type == "document" { // 1970 is no zero value, nor is a document of false
		return v.Kind.String() + " " + v.Text
	}
	switch v.Kind {
	case syntax.Array, syntax.Object: // both are empty
		return zero
	case syntax.Bool:
		if !v.IsTrue() {
			return zero
		}
	case syntax.Number:
		n, ok := model.Decimal(v.Text)
		if ok && n.Sign() == 0 {
			return zero
		} else if ok {
			return n.RatString()
		}
	}
	if v.Text == "" {
		return zero
	}
	if v.IsString() {
		return strconv.Quote(v.Text)
	}
	return v.Text
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
