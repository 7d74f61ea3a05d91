// Package model puts Smithy files together to one model: names resolved, traits
// applied, mixins flattened, what version 1.0 leaves unsaid made plain. It reads
// IDL and the JSON AST and writes the latter as smithy-cli does.
package model

import (
	"maps"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// Severity of an Event; Danger and Error make a model invalid.
type Severity byte

// The severities, in Smithy's order.
const (
	Suppressed Severity = iota
	Note
	Warning
	Danger
	Error
)

// String gives the name as in a model's metadata.
func (s Severity) String() string {
	return [...]string{"SUPPRESSED", "NOTE", "WARNING", "DANGER", "ERROR"}[s]
}

// ParseSeverity reads a name as in a model's metadata.
func ParseSeverity(name string) (Severity, bool) {
	for s := Suppressed; s <= Error; s++ {
		if strings.EqualFold(s.String(), name) {
			return s, true
		}
	}
	return 0, false
}

// Event is something that a check found. ID names the check, as smithy-cli does
// where it has the same; Shape is "" for what belongs to none.
type Event struct {
	Severity Severity
	ID       string
	Shape    string
	Pos      syntax.Pos
	Message  string
	Reason   string // of a suppressed one
}

// Shape is a shape or a member; what of it is set depends on Type.
type Shape struct {
	ID     string // ns#Name or ns#Name$member
	Type   string // a keyword of the IDL, or "member"
	Pos    syntax.Pos
	Traits map[string]*Trait

	Members   []*Shape // of list, map, structure, union, enum, intEnum
	Target    string   // of a member
	Container *Shape   // of a member
	Mixins    []string
	mixed     []string // operations, resources and errors that mixins brought
	For       string   // the resource whose members a structure takes over
	inherited bool     // a member that a mixin brought, with no change

	Version                       string // of a service
	Operations, Resources, Errors []string
	CollectionOperations          []string
	Rename                        map[string]string
	Lifecycle                     map[string]string // create, put, read, update, delete, list of a resource
	Identifiers, Properties       []Named
	Input, Output                 string // of an operation
	v1                            bool   // from a file of version 1.0
	propPos                       map[string]syntax.Pos
}

// Named is a name with what it stands for, in the order of the file.
type Named struct{ Name, Target string }

// Trait is a trait applied to a shape.
type Trait struct {
	ID        string
	Value     *syntax.Node // never nil: an annotation has an empty value
	Pos       syntax.Pos
	inherited bool // from a mixin
}

// Namespace is the part of a shape id before #.
func Namespace(id string) string {
	ns, _, _ := strings.Cut(id, "#")
	return ns
}

// Name is the part of a shape id after #, with the member if there is one.
func Name(id string) string {
	_, name, _ := strings.Cut(id, "#")
	return name
}

// MemberName is the part after $, or "".
func MemberName(id string) string {
	_, name, _ := strings.Cut(id, "$")
	return name
}

// Member finds a member by name, or gives nil.
func (s *Shape) Member(name string) *Shape {
	for _, m := range s.Members {
		if MemberName(m.ID) == name {
			return m
		}
	}
	return nil
}

// Has tells whether a trait is applied; id may leave out smithy.api#.
func (s *Shape) Has(id string) bool { return s.Trait(id) != nil }

// Trait gives an applied trait, or nil; id may leave out smithy.api#.
func (s *Shape) Trait(id string) *Trait {
	if !strings.Contains(id, "#") {
		id = prelude + id
	}
	return s.Traits[id]
}

// PropertyPos is where a service, resource or operation states a property; its
// own place if it does not.
func (s *Shape) PropertyPos(key string) syntax.Pos {
	if p, ok := s.propPos[key]; ok {
		return p
	}
	return s.Pos
}

// IsV1 tells whether a shape comes from a file of version 1.0.
func (s *Shape) IsV1() bool { return s.v1 }

const prelude = "smithy.api#"

// Model is a whole model, the prelude included.
type Model struct {
	Metadata map[string]*syntax.Node
	shapes   map[string]*Shape // without members
}

// Shape finds a shape or a member, or gives nil.
func (m *Model) Shape(id string) *Shape {
	root, member, isMember := strings.Cut(id, "$")
	s := m.shapes[root]
	if s == nil || !isMember {
		return s
	}
	return s.Member(member)
}

// Shapes gives all shapes that are not members, sorted by id; those of the
// prelude only if asked for.
func (m *Model) Shapes(withPrelude bool) []*Shape {
	var list []*Shape
	for _, id := range slices.Sorted(maps.Keys(m.shapes)) {
		if withPrelude || !strings.HasPrefix(id, prelude) {
			list = append(list, m.shapes[id])
		}
	}
	return list
}

// Each calls do for every shape and member outside the prelude, in order.
func (m *Model) Each(do func(*Shape)) {
	for _, s := range m.Shapes(false) {
		do(s)
		for _, member := range s.Members {
			do(member)
		}
	}
}

// OperationsOf gives a service's or resource's operations with those of the
// resources below it, sorted and each once.
func (m *Model) OperationsOf(s *Shape) []*Shape {
	found := map[string]*Shape{}
	m.closure(s, map[string]bool{}, found)
	var list []*Shape
	for _, id := range slices.Sorted(maps.Keys(found)) {
		list = append(list, found[id])
	}
	return list
}

func (m *Model) closure(s *Shape, seen map[string]bool, found map[string]*Shape) {
	if seen[s.ID] {
		return
	}
	seen[s.ID] = true
	ids := slices.Concat(s.Operations, s.CollectionOperations, slices.Collect(maps.Values(s.Lifecycle)))
	for _, id := range ids {
		if op := m.shapes[id]; op != nil && op.Type == "operation" {
			found[id] = op
		}
	}
	for _, id := range s.Resources {
		if r := m.shapes[id]; r != nil {
			m.closure(r, seen, found)
		}
	}
}
