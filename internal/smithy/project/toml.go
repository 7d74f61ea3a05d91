package project

import (
	"fmt"
	"strconv"
	"strings"
)

// entry is one `[[models]]` of codegen.toml.
type entry struct {
	line           int
	path, url, oci string // one of them
	files          []string
}

// parse reads the part of a codegen.toml that says where models are: the
// `[[models]]` tables with path, url or oci, and files. Other tables configure
// generators and are passed over.
func parse(name, text string) ([]entry, error) {
	p := &toml{name: name, lines: strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")}
	var list []entry
	within := false
	for p.at < len(p.lines) {
		line := strings.TrimSpace(strip(p.lines[p.at]))
		p.at++
		switch {
		case line == "":
		case strings.HasPrefix(line, "["):
			table := strings.ReplaceAll(line, " ", "")
			if within = table == "[[models]]"; within {
				list = append(list, entry{line: p.at})
			} else if table == "[models]" {
				return nil, p.fault("want [[models]] in double brackets: there may be several")
			}
		case within:
			if err := p.setting(&list[len(list)-1], line); err != nil {
				return nil, err
			}
		}
	}
	for _, e := range list {
		if ways := len(e.path + e.url + e.oci); ways == 0 || ways != max(len(e.path), len(e.url), len(e.oci)) {
			return nil, fmt.Errorf("%s:%d: want one of path, url and oci in [[models]]", name, e.line)
		}
		if e.url != "" && len(e.files) == 0 && !strings.HasSuffix(e.url, ".smithy") && !strings.HasSuffix(e.url, ".json") {
			return nil, fmt.Errorf("%s:%d: want files beside the url %s", name, e.line, e.url)
		}
	}
	return list, nil
}

type toml struct {
	name  string
	lines []string
	at    int // of the next line
}

func (p *toml) fault(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", p.name, p.at, fmt.Sprintf(format, args...))
}

// strip takes away a comment that is not within quotes.
func strip(line string) string {
	var quote rune
	for i, r := range line {
		switch {
		case quote == 0 && r == '#':
			return line[:i]
		case quote == 0 && (r == '"' || r == '\''):
			quote = r
		case r == quote:
			quote = 0
		}
	}
	return line
}

func (p *toml) setting(e *entry, line string) error {
	key, value, ok := strings.Cut(line, "=")
	if !ok {
		return p.fault("want `key = value`, found %s", line)
	}
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	for strings.HasPrefix(value, "[") && !strings.HasSuffix(value, "]") {
		if p.at == len(p.lines) {
			return p.fault("the list of %s does not end", key)
		}
		value += " " + strings.TrimSpace(strip(p.lines[p.at]))
		p.at++
	}
	switch key {
	case "path", "url", "oci":
		list, err := p.strings(value)
		if err != nil || len(list) != 1 || strings.HasPrefix(value, "[") {
			return p.fault("want a string for %s, found %s", key, value)
		}
		*map[string]*string{"path": &e.path, "url": &e.url, "oci": &e.oci}[key] = list[0]
	case "files":
		list, err := p.strings(value)
		if err != nil || !strings.HasPrefix(value, "[") {
			return p.fault("want a list of strings for files, found %s", value)
		}
		e.files = list
	default:
		return p.fault("unknown key %s in [[models]]: want path, url, oci or files", key)
	}
	return nil
}

// strings reads a string or a list of strings.
func (p *toml) strings(value string) ([]string, error) {
	value = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(value, "["), "]"))
	var list []string
	for value != "" {
		quote := value[0]
		if quote != '"' && quote != '\'' {
			return nil, p.fault("want a string, found %s", value)
		}
		end := 1
		for end < len(value) && value[end] != quote {
			if quote == '"' && value[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(value) {
			return nil, p.fault("a string does not end: %s", value)
		}
		text := value[1:end]
		if quote == '"' {
			unquoted, err := strconv.Unquote(value[:end+1])
			if err != nil {
				return nil, p.fault("the string %s is not understood", value[:end+1])
			}
			text = unquoted
		}
		list = append(list, text)
		value = strings.TrimSpace(value[end+1:])
		if rest, ok := strings.CutPrefix(value, ","); ok {
			value = strings.TrimSpace(rest)
		} else if value != "" {
			return nil, p.fault("want a comma before %s", value)
		}
	}
	return list, nil
}
