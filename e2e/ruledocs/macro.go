package ruledocs

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/bazelbuild/buildtools/build"
)

// macro describes a function by its parameters and its docstring.
func (s *Symbol) macro(def *build.DefStmt) error {
	s.Kind = Macro
	var args map[string]string
	if len(def.Body) > 0 {
		if text, ok := def.Body[0].(*build.StringExpr); ok {
			s.Doc, args = docstring(text.Value)
		}
	}
	for _, e := range def.Params {
		p, err := parameter(e)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if p.Name == "*" {
			continue
		}
		p.Doc = args[p.Name]
		delete(args, p.Name)
		s.Params = append(s.Params, p)
	}
	for name := range args {
		return fmt.Errorf("%s: its docstring describes %s, which is no parameter", s.Name, name)
	}
	return nil
}

func parameter(e build.Expr) (Param, error) {
	switch e := e.(type) {
	case *build.Ident:
		return Param{Name: e.Name, Required: true}, nil
	case *build.AssignExpr:
		if id, ok := e.LHS.(*build.Ident); ok {
			return Param{Name: id.Name, Default: oneLine(e.RHS)}, nil
		}
	case *build.UnaryExpr: // *args, **kwargs
		return Param{Name: e.Op + oneLine(e.X)}, nil
	}
	return Param{}, fmt.Errorf("the parameter %s is of no kind that is known here", oneLine(e))
}

var (
	section   = regexp.MustCompile(`^(Args|Returns|Yields|Deprecated):`)
	described = regexp.MustCompile(`^  (\*{0,2}\w+): *(.*)$`)
)

// docstring takes a docstring apart: what it says, and what it says of each parameter
// under "Args:". What comes under "Returns:" stays part of the text.
func docstring(text string) (doc string, args map[string]string) {
	args = map[string]string{}
	var rest []string
	in, name := "", ""
	for _, line := range strings.Split(dedent(text), "\n") {
		if m := section.FindStringSubmatch(line); m != nil {
			in, name = m[1], ""
			if in == "Args" {
				continue
			}
		}
		if in != "Args" {
			rest = append(rest, line)
			continue
		}
		if m := described.FindStringSubmatch(line); m != nil {
			name = m[1]
			args[name] = m[2]
		} else if name != "" && strings.TrimSpace(line) != "" {
			args[name] = strings.TrimSpace(args[name] + " " + strings.TrimSpace(line))
		}
	}
	doc = strings.TrimSpace(strings.Join(rest, "\n"))
	if section.MatchString(doc) {
		doc = "" // what it returns, and not what it does
	}
	return doc, args
}
