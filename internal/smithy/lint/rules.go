package lint

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// fieldNumbers guards the order of members in formats that write structures as
// arrays.
func fieldNumbers(l *linter) {
	for _, s := range l.shapes() {
		if s.Type != "structure" && s.Type != "union" {
			continue
		}
		owner := map[int]string{}
		var without *model.Shape
		for _, m := range s.Members {
			t := m.Trait(ns + "n")
			if t == nil {
				if without == nil {
					without = m
				}
				continue
			}
			n, err := strconv.Atoi(t.Value.Text)
			if err != nil || n < 0 {
				continue // said by validate
			}
			if other, taken := owner[n]; taken {
				l.errorf(m, t.Pos, "`%s` and `%s` of `%s` have the same number, @n(%d)", other, model.MemberName(m.ID), s.ID, n)
				continue
			}
			owner[n] = model.MemberName(m.ID)
		}
		if len(owner) == 0 && s.Type == "structure" {
			continue
		}
		if without != nil && len(owner) == 0 {
			l.errorf(without, without.Pos, "`%s` has no @n: the members of a union travel by number", model.MemberName(without.ID))
			continue
		}
		if without != nil {
			l.errorf(without, without.Pos, "`%s` has no @n, but other members of `%s` have", model.MemberName(without.ID), s.ID)
		}
		if most := slices.Max(slices.Collect(maps.Keys(owner))); most >= len(s.Members) && without == nil && s.Type == "structure" {
			l.warn(s, s.Pos, "the numbers of `%s` have gaps: each is filled with a null in every message", s.ID)
		}
	}
}

// wasmbus checks that hosts can route a service's calls.
func wasmbus(l *linter) {
	for _, s := range l.services() {
		t := s.Trait(ns + "wasmbus")
		if t == nil {
			l.warn(s, s.Pos, "the service `%s` has no @wasmbus: hosts do not carry its calls", s.ID)
			continue
		}
		actor, provider := t.Value.Get("actorReceive").IsTrue(), t.Value.Get("providerReceive").IsTrue()
		contract := t.Value.Get("contractId")
		switch {
		case !actor && !provider:
			l.errorf(s, t.Pos, "nobody receives the calls of `%s`: set actorReceive or providerReceive of @wasmbus", s.ID)
		case provider && (!contract.IsString() || contract.Text == ""):
			l.errorf(s, t.Pos, "a provider receives the calls of `%s`, so @wasmbus needs a contractId, such as wasmcloud:keyvalue", s.ID)
		}
		if contract.IsString() && contract.Text != "" && !contractForm(contract.Text) {
			l.warn(s, contract.Pos, "the contract %q has not the form vendor:name, such as wasmcloud:keyvalue", contract.Text)
		}
		if p := t.Value.Get("protocol"); p.IsString() && p.Text != "0" && p.Text != "2" {
			l.errorf(s, p.Pos, `there is no wasmbus protocol %q: want "0" (MessagePack) or "2" (CBOR)`, p.Text)
		}
		if len(l.m.OperationsOf(s)) == 0 {
			l.warn(s, s.Pos, "the service `%s` has no operations", s.ID)
		}
	}
}

func contractForm(id string) bool {
	vendor, name, ok := strings.Cut(id, ":")
	return ok && vendor != "" && name != "" && !strings.ContainsAny(id, " /\t")
}

// messages gives every type that the operations of @wasmbus services use, each
// with the service that leads to it.
func (l *linter) messages() map[*model.Shape]*model.Shape {
	found := map[*model.Shape]*model.Shape{}
	all, err := model.ParseSelector("~>")
	if err != nil {
		return found
	}
	for _, s := range l.services() {
		if !s.Has(ns + "wasmbus") {
			continue
		}
		for _, op := range l.m.OperationsOf(s) {
			for _, to := range all.From(l.m, op) {
				if to.Type != "member" && found[to] == nil {
					found[to] = s
				}
			}
		}
	}
	return found
}

func wasmbusData(l *linter) {
	messages := l.messages()
	for _, s := range l.shapes() {
		if service := messages[s]; service != nil && (s.Type == "structure" || s.Type == "union") && !s.Has(ns+"wasmbusData") && !s.Has("error") {
			l.warn(s, s.Pos, "`%s` travels in messages of `%s`: mark it @wasmbusData", s.ID, service.ID)
		}
	}
}

func unserializable(l *linter) {
	messages := l.messages()
	for _, s := range l.shapes() {
		service := messages[s]
		if service == nil {
			continue
		}
		if p := service.Trait(ns + "wasmbus").Value.Get("protocol"); s.Type == "union" && (!p.IsString() || p.Text != "2") {
			l.errorf(s, s.Pos, "the union `%s` is in messages of `%s`, which speaks MessagePack: only with protocol \"2\", CBOR, are there unions", s.ID, service.ID)
		}
		for _, m := range append([]*model.Shape{s}, s.Members...) {
			to := m
			if m.Type == "member" {
				to = l.m.Shape(m.Target)
			}
			if to == nil {
				continue
			}
			switch to.Type {
			case "bigInteger", "bigDecimal":
				l.errorf(m, m.Pos, "`%s` is a %s, which messages cannot hold: use a number of a fixed size or a string", m.ID, to.Type)
			case "operation", "service", "resource":
			default:
				if to.Has("streaming") {
					l.errorf(m, m.Pos, "`%s` is streamed, which the wasmCloud bus cannot do: send it in parts", m.ID)
				}
			}
		}
	}
}

func missingDocs(l *linter) {
	for _, s := range l.shapes() {
		if slices.Contains([]string{"service", "operation", "structure", "union"}, s.Type) && !s.Has("documentation") && !s.Has("trait") {
			l.warn(s, s.Pos, "the %s `%s` has no documentation: write /// lines above it", s.Type, s.ID)
		}
	}
}

func packageMetadata(l *linter) {
	known := map[string]bool{}
	if entries := l.m.Metadata["package"]; entries != nil {
		for _, e := range entries.Items {
			if name := e.Get("namespace"); name.IsString() {
				known[name.Text] = true
			}
		}
	}
	for _, s := range l.services() {
		if space := model.Namespace(s.ID); !known[space] {
			known[space] = true
			l.warn(s, s.Pos, "no `metadata package` entry tells where the generated code of the namespace `%s` lives", space)
		}
	}
}

// operationNames: an actor that implements two services of a contract tells
// their calls apart by Service.Operation, but older hosts send the operation alone.
func operationNames(l *linter) {
	type key struct{ contract, operation string }
	first := map[key]*model.Shape{}
	for _, s := range l.services() {
		t := s.Trait(ns + "wasmbus")
		if t == nil || !t.Value.Get("contractId").IsString() {
			continue
		}
		for _, op := range l.m.OperationsOf(s) {
			k := key{t.Value.Get("contractId").Text, model.Name(op.ID)}
			if other := first[k]; other != nil && other != s {
				l.warn(op, op.Pos, "`%s` and `%s` are of one contract and both have an operation %s", other.ID, s.ID, k.operation)
			}
			first[k] = s
		}
	}
}

// codegenNames finds names that generated code cannot have side by side.
func codegenNames(l *linter) {
	for _, s := range l.shapes() {
		if s.Type != "structure" && s.Type != "union" {
			continue
		}
		seen, wire := map[string]string{}, map[string]string{}
		for _, m := range s.Members {
			name := model.MemberName(m.ID)
			inGo := GoName(name)
			if to := Renamed(m, "go"); to != "" {
				inGo = to
			}
			if other := seen[inGo]; other != "" {
				l.errorf(m, m.Pos, "`%s` and `%s` of `%s` both become %s in generated code", other, name, s.ID, inGo)
			}
			seen[inGo] = name
			sent := name
			if t := m.Trait(ns + "serialization"); t != nil && t.Value.Get("name").IsString() {
				sent = t.Value.Get("name").Text
			}
			if other := wire[sent]; other != "" {
				l.errorf(m, m.Pos, "`%s` and `%s` of `%s` are both called %q in messages", other, name, s.ID, sent)
			}
			wire[sent] = name
		}
	}
	types := map[string]*model.Shape{}
	for _, s := range l.shapes() {
		name := model.Namespace(s.ID) + " " + GoName(model.Name(s.ID))
		if other := types[name]; other != nil && s.Type != "operation" && other.Type != "operation" {
			l.errorf(s, s.Pos, "`%s` and `%s` both become %s in generated code", other.ID, s.ID, GoName(model.Name(s.ID)))
		}
		if s.Type != "operation" {
			types[name] = s
		}
		if reserved(model.Name(s.ID)) {
			l.warn(s, s.Pos, "`%s` is the name of something that every generated file has: give it another", model.Name(s.ID))
		}
	}
}

// GoName makes a model's name an exported one.
func GoName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		if part != "" {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// Renamed gives the name that @rename has for a language, "" if it has none.
func Renamed(s *model.Shape, lang string) string {
	t := s.Trait(ns + "rename")
	if t == nil {
		return ""
	}
	for _, item := range t.Value.Items {
		if l := item.Get("lang"); l.IsString() && l.Text == lang && item.Get("name").IsString() {
			return item.Get("name").Text
		}
	}
	return ""
}

func reserved(name string) bool {
	return slices.Contains([]string{"Context", "Self", "Result", "Option", "Box", "Vec", "Error"}, name)
}
