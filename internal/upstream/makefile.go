package upstream

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Makefile is what a project's Makefile sets before it includes actor.mk or provider.mk. It is
// read, never run: an answer that only make could give is refused in words, since a
// wrong one would be signed.
type Makefile struct {
	path    string
	dir     string
	Include string // actor.mk, provider.mk or interface.mk
	vars    map[string]variable
}

type variable struct {
	text    string // as written, to be expanded when it is used
	line    int
	refused string // why the value cannot be known; "" when it can
}

// The files whose inclusion ends the part that is read.
const (
	ActorInclude     = "actor.mk"
	ProviderInclude  = "provider.mk"
	InterfaceInclude = "interface.mk"
)

var (
	included    = regexp.MustCompile(`^(?:-include|sinclude|include)\s+(.*)$`)
	assignment  = regexp.MustCompile(`^(?:(?:export|override|private)\s+)*([A-Za-z0-9_.%-]+)\s*(:{0,3}=|\?=|\+=|!=)\s*(.*)$`)
	conditional = regexp.MustCompile(`^(ifeq|ifneq|ifdef|ifndef)\b`)
)

// OtherError says that a file is of none of the kinds of projects that its reader knows.
type OtherError struct{ Path, Why string }

func (e *OtherError) Error() string { return e.Path + ": " + e.Why }

// ReadMakefile reads the variables up to the include of actor.mk, provider.mk or interface.mk. set overrides them,
// as NAME=VALUE on make's command line does.
func ReadMakefile(file string, text []byte, set map[string]string) (*Makefile, error) {
	m := &Makefile{path: file, dir: path.Dir(file), vars: map[string]variable{}}
	depth, definition := 0, ""
	for _, l := range logicalLines(string(text)) {
		switch line := strings.TrimSpace(l.text); {
		case definition != "":
			if line == "endef" {
				definition = ""
			}
		case strings.HasPrefix(l.text, "\t"): // a recipe
		case strings.HasPrefix(line, "define "):
			definition = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(line, "define "), "="))
			m.vars[definition] = variable{line: l.number, refused: "it is a definition of several lines"}
		case conditional.MatchString(line):
			depth++
		case line == "endif":
			depth--
		default:
			switch kind := m.statement(line, l.number, depth > 0); kind {
			case ActorInclude, ProviderInclude, InterfaceInclude:
				m.Include = kind
				for name, value := range set {
					m.vars[name] = variable{text: value}
				}
				return m, nil
			}
		}
	}
	return nil, &OtherError{file, "it includes none of actor.mk, provider.mk and interface.mk, so what it makes is not known here"}
}

// statement takes one assignment or include. It returns the name of an include that
// says what kind of project this is.
func (m *Makefile) statement(line string, number int, inConditional bool) string {
	if match := included.FindStringSubmatch(line); match != nil {
		for _, file := range strings.Fields(match[1]) {
			switch base := path.Base(file); base {
			case ActorInclude, ProviderInclude, InterfaceInclude:
				return base
			}
		}
		return ""
	}
	match := assignment.FindStringSubmatch(line)
	if match == nil {
		return ""
	}
	name, op, v := match[1], match[2], variable{text: match[3], line: number}
	old, isSet := m.vars[name]
	switch {
	case inConditional:
		v.refused = "it is set inside a conditional"
	case op == "?=" && isSet:
		return ""
	case op == "+=" && isSet:
		v.refused = old.refused
		v.text = strings.TrimSpace(old.text + " " + v.text)
	case op == "!=":
		v.refused = "!= runs a program, and none is run here"
	case strings.HasPrefix(op, ":"): // := and its longer forms are expanded here and now
		value, err := m.expand(v.text, nil)
		if err != nil {
			v.refused = err.Error()
		}
		v.text = strings.ReplaceAll(value, "$", "$$")
	}
	m.vars[name] = v
	return ""
}

type logicalLine struct {
	text   string
	number int
}

// logicalLines joins lines that end in a backslash, and drops comments.
func logicalLines(text string) []logicalLine {
	var out []logicalLine
	number, pending := 0, ""
	start := 1
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if pending == "" {
			start = number
		}
		if body, more := strings.CutSuffix(line, `\`); more {
			pending += strings.TrimRight(body, " \t") + " "
			continue
		}
		if pending != "" {
			line = pending + strings.TrimLeft(line, " \t")
			pending = ""
		}
		out = append(out, logicalLine{uncomment(line), start})
	}
	if pending != "" {
		out = append(out, logicalLine{uncomment(pending), start})
	}
	return out
}

// uncomment cuts a line at its first # that has no backslash before it, and not
// within $(…), where # is text.
func uncomment(line string) string {
	var out strings.Builder
	depth := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '#':
			continue
		case c == '#' && depth == 0 && (i == 0 || line[i-1] != '\\'):
			return strings.TrimRight(out.String(), " \t")
		case c == '(' || c == '{':
			depth++
		case (c == ')' || c == '}') && depth > 0:
			depth--
		}
		out.WriteByte(line[i])
	}
	return out.String()
}

// defaults are what actor.mk and provider.mk set where the project does not.
func defaults(name string) (string, bool) {
	switch name {
	case "ACTOR_NAME", "NAME", "bin_name":
		return "$(PROJECT)", true
	case "REVISION":
		return "0", true
	case "REG_SERVER":
		return "localhost:5000", true
	case "oci_url_base":
		return "$(REG_SERVER)", true
	case "CLAIMS", "ACTOR_ALIAS", "BIN", "PAR_FLAGS":
		return "", true
	}
	return "", false
}

// Has says whether the project sets a variable to something.
func (m *Makefile) Has(name string) bool {
	v, ok := m.vars[name]
	return ok && (v.refused != "" || strings.TrimSpace(v.text) != "")
}

// Value expands a variable as make would. The error says how to give the value.
func (m *Makefile) Value(name string) (string, error) {
	value, err := m.lookup(name, nil)
	if err != nil {
		where := m.path
		if v, ok := m.vars[name]; ok && v.line > 0 {
			where = fmt.Sprintf("%s:%d", m.path, v.line)
		}
		return "", fmt.Errorf("%s: %s: %w; give the value by --set %s=…", where, name, err, name)
	}
	return strings.TrimSpace(value), nil
}
