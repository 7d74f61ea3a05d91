package validate

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
)

// httpLabels wants a member for each label of an operation's URI, and a label for each such member.
func httpLabels(c *checker) {
	c.labels("http", "uri", "httpLabel", func(uri string) (labels, greedy []string) {
		uri, _, _ = strings.Cut(uri, "?")
		for segment := range strings.SplitSeq(uri, "/") {
			if !strings.HasPrefix(segment, "{") || !strings.HasSuffix(segment, "}") {
				continue
			}
			label, isGreedy := strings.CutSuffix(segment[1:len(segment)-1], "+")
			labels = append(labels, label)
			if isGreedy {
				greedy = append(greedy, label)
			}
		}
		return labels, greedy
	})
}

// hostLabels does so for the prefix of an endpoint's host.
func hostLabels(c *checker) {
	c.labels("endpoint", "hostPrefix", "hostLabel", func(prefix string) (labels, greedy []string) {
		for {
			_, rest, ok := strings.Cut(prefix, "{")
			label, rest, closed := strings.Cut(rest, "}")
			if !ok || !closed {
				return labels, nil
			}
			labels, prefix = append(labels, label), rest
		}
	})
}

func (c *checker) labels(trait, property, mark string, find func(pattern string) (labels, greedy []string)) {
	for _, op := range c.m.Shapes(false) {
		t := op.Trait(trait)
		if t == nil || op.Type != "operation" || !t.Value.Get(property).IsString() {
			continue
		}
		labels, greedy := find(t.Value.Get(property).Text)
		var bound []string
		if input := c.m.Shape(op.Input); input != nil {
			for _, m := range input.Members {
				if m.Has(mark) {
					bound = append(bound, model.MemberName(m.ID))
					c.label(op, m, mark, labels, greedy)
				}
			}
		}
		missing := slices.DeleteFunc(labels, func(l string) bool { return slices.Contains(bound, l) })
		if len(missing) > 0 {
			c.errorf(op, "the input of `%s` has no member marked @%s for %s", op.ID, mark, strings.Join(missing, ", "))
		}
	}
}

func (c *checker) label(op, m *model.Shape, mark string, labels, greedy []string) {
	name, pos := model.MemberName(m.ID), m.Trait(mark).Pos
	if !slices.Contains(labels, name) {
		c.report(model.Error, m, pos, "`%s` is marked @%s, but `%s` has no label {%s}", m.ID, mark, op.ID, name)
	}
	if to := c.m.Shape(m.Target); slices.Contains(greedy, name) && to != nil && to.Type != "string" && to.Type != "enum" {
		c.report(model.Error, m, pos, "`%s` is for the greedy label {%s+} of `%s`, so it must be a string; it is of type %s", m.ID, name, op.ID, to.Type)
	}
}
