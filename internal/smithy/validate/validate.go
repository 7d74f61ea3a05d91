// Package validate judges a model as Smithy's own command line does: its events
// have that tool's names, severities and places, so that suppressions and
// verdicts carry over. The messages are this tool's own.
package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// Options change what counts as an error.
type Options struct {
	// BareMessages lets operations take and give any type, as many contracts of
	// wasmCloud do; Smithy itself wants structures.
	BareMessages bool
	// UnknownTraits makes traits that nobody defines warnings.
	UnknownTraits bool
}

// check is one of the validators.
type check struct {
	id  string // "" for those that the model names
	run func(*checker)
}

// checker is what a validator works with.
type checker struct {
	m      *model.Model
	o      Options
	id     string
	events []model.Event
	picked map[string]map[*model.Shape]bool // what selectors pick, by their text
	custom []definition                     // the validators that the model asks for
}

func (c *checker) report(severity model.Severity, s *model.Shape, pos syntax.Pos, format string, args ...any) {
	c.reportAs(c.id, severity, s, pos, format, args...)
}

func (c *checker) reportAs(id string, severity model.Severity, s *model.Shape, pos syntax.Pos, format string, args ...any) {
	e := model.Event{Severity: severity, ID: id, Pos: pos, Message: fmt.Sprintf(format, args...)}
	if s != nil {
		e.Shape = s.ID
	}
	c.events = append(c.events, e)
}

func (c *checker) errorf(s *model.Shape, format string, args ...any) {
	c.report(model.Error, s, s.Pos, format, args...)
}

// selects tells whether a selector picks a shape; one that cannot be read picks
// every shape, for it is reported where it stands.
func (c *checker) selects(selector string, s *model.Shape) bool {
	set, known := c.picked[selector]
	if !known {
		if parsed, err := model.ParseSelector(selector); err == nil {
			set = parsed.Select(c.m)
		}
		c.picked[selector] = set
	}
	return set == nil || set[s]
}

// phases are the validators in the order they run: as in smithy-cli, those of a
// later phase do not run on a model with errors of an earlier one.
func phases() [][]check {
	return [][]check{
		{{"Model", preludeTraits}},
		{{"Target", targets}, {"ResourceCycle", resourceCycles}, {"DeprecatedShape", deprecatedShapes}, {"Model", metadata}},
		{{"TraitTarget", traitTargets}, {"TraitValue", traitValues}, {"TraitConflict", traitConflicts}, {"DefaultTrait", defaults}},
		{
			{"ExclusiveStructureMemberTrait", exclusiveTraits}, {"traitValidators", traitValidators},
			{"ShapeIdConflict", idConflicts}, {"ShapeRecursion", recursion}, {"UnitType", unitTypes}, {"PrivateAccess", private},
			{"EnumShape", enumShapes}, {"EnumTrait", enumTraits},
			{"LengthTrait", lengths}, {"RangeTrait", ranges}, {"JsonName", jsonNames}, {"ReferencesTrait", references}, {"MediaType", mediaTypes},
			{"OperationInputOutputMisuse", inputMisuse}, {"SingleOperationBinding", singleOperations},
			{"SingleResourceBinding", singleResources}, {"ResourceLifecycle", resourceLifecycle},
			{"ResourceIdentifierBinding", resourceIdentifiers}, {"Service", serviceNames}, {"AuthTrait", authTraits},
			{"HttpLabelTrait", httpLabels}, {"HostLabelTrait", hostLabels}, {"PaginatedTrait", paginated},
			{"HttpMethodSemantics", httpMethods}, {"HttpResponseCodeSemantics", httpCodes}, {"HttpBindingsMissing", httpMissing},
			{"HttpHeaderTrait", httpHeaders}, {"HttpPrefixHeadersTrait", httpPrefixHeaders}, {"HttpPayload", httpPayloads},
			{"HttpQueryTrait", httpQueries}, {"HttpQueryParamsTrait", httpQueryParams}, {"HttpBindingTraitIgnored", httpIgnored},
			{"HttpUriGreedyLabel", httpGreedy}, {"HttpUriConflict", httpConflicts},
			{"DeprecatedTrait", deprecatedTraits}, {"", configured},
		},
	}
}

// Names lists the validators, sorted.
func Names() []string {
	names := append(configurableNames(), "Model.UnresolvedTrait", "SyntacticShapeIdTarget")
	for _, phase := range phases() {
		for _, ch := range phase {
			if ch.id != "" {
				names = append(names, ch.id)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Run loads files and validates them. The events are sorted by place, and those
// that the model suppresses are marked.
func Run(sources []model.Source, o Options) (*model.Model, []model.Event) {
	m, events := model.Load(sources)
	if o.UnknownTraits {
		for i := range events {
			if events[i].ID == "Model.UnresolvedTrait" {
				events[i].Severity = model.Warning
			}
		}
	}
	c := &checker{m: m, o: o, events: events, picked: map[string]map[*model.Shape]bool{}}
	for _, phase := range phases() {
		if Worst(c.events) == model.Error {
			break
		}
		for _, ch := range phase {
			c.id = ch.id
			ch.run(c)
		}
	}
	settle(m, c.events, false)
	Sort(c.events)
	return m, c.events
}

// Sort orders events by place, then by name.
func Sort(events []model.Event) {
	slices.SortStableFunc(events, func(a, b model.Event) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Column, b.Pos.Column), strings.Compare(a.ID, b.ID), strings.Compare(a.Message, b.Message))
	})
}

// Worst gives the greatest severity, Suppressed for no events.
func Worst(events []model.Event) model.Severity {
	worst := model.Suppressed
	for _, e := range events {
		worst = max(worst, e.Severity)
	}
	return worst
}
