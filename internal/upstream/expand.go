package upstream

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var variableName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

// IsVariable says whether a text can be the name of a variable.
func IsVariable(name string) bool { return variableName.MatchString(name) }

// lookup expands a variable; using lists those that are being expanded.
func (m *Makefile) lookup(name string, using []string) (string, error) {
	if slices.Contains(using, name) {
		return "", fmt.Errorf("it refers to itself (%s)", strings.Join(append(using, name), " → "))
	}
	v, ok := m.vars[name]
	if !ok {
		text, ok := defaults(name)
		if !ok {
			return "", errors.New(name + " is not set before " + m.Include + " is included (make would look in the environment; here it is not looked at)")
		}
		v.text = text
	}
	if v.refused != "" {
		return "", errors.New(v.refused)
	}
	return m.expand(v.text, append(using, name))
}

// expand replaces references to variables.
func (m *Makefile) expand(text string, using []string) (string, error) {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, "$")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		if rest == "" {
			return "", errors.New("a $ stands at its end; a real one is written $$")
		}
		inner := rest[:1]
		text = rest[1:]
		switch rest[0] {
		case '$':
			out.WriteByte('$')
			continue
		case '(', '{':
			end := closing(rest)
			if end < 0 {
				return "", fmt.Errorf("the reference $%s is not closed", rest)
			}
			inner, text = rest[1:end], rest[end+1:]
		}
		value, err := m.reference(inner, using)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
	}
}

// closing finds the bracket that closes the one that text begins with.
func closing(text string) int {
	open, shut := text[0], byte(')')
	if open == '{' {
		shut = '}'
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case open:
			depth++
		case shut:
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// cargoVersion matches the line that nearly every Rust project of wasmCloud has:
// $(shell cargo metadata --no-deps --format-version 1 | jq -r '.packages[].version').
// Its answer stands in Cargo.toml.
var cargoVersion = regexp.MustCompile(`^shell\s+cargo\s+metadata\b.*\.packages\S*\s*\.?version\b`)

func (m *Makefile) reference(inner string, using []string) (string, error) {
	switch {
	case IsVariable(inner):
		return m.lookup(inner, using)
	case cargoVersion.MatchString(inner):
		cargo, err := ReadCargo(filepath.Join(m.dir, "Cargo.toml"))
		if err != nil {
			return "", err
		}
		return cargo.Version()
	case strings.HasPrefix(inner, "shell "):
		return "", fmt.Errorf("$(%s) runs a program, and none is run here", inner)
	}
	return "", fmt.Errorf("$(%s) is more than a reference to a variable, and make is not run here", inner)
}

// Words splits a value as the shell does to whose command line actor.mk hands it:
// users write ACTOR_NAME = "Hello World" with quotes of their own.
func Words(text string) ([]string, error) {
	var out []string
	var word strings.Builder
	inWord, quote := false, byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '\'' && c != '\'':
			word.WriteByte(c)
		case c == quote && quote != 0:
			quote = 0
		case c == '\\' && i+1 < len(text) && (quote == 0 || strings.IndexByte("\"\\$`", text[i+1]) >= 0):
			i++
			word.WriteByte(text[i])
			inWord = true
		case c == '$' || c == '`':
			return nil, fmt.Errorf("%q holds %c, which the shell would act on", text, c)
		case quote == '"':
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t':
			if inWord {
				out = append(out, word.String())
			}
			word.Reset()
			inWord = false
		case strings.IndexByte(";&|<>()*?[]#~!", c) >= 0:
			return nil, fmt.Errorf("%q holds %c outside of quotes, which the shell would act on", text, c)
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("%q has a quote %c that is not closed", text, quote)
	}
	if inWord {
		out = append(out, word.String())
	}
	return out, nil
}

// List gives a variable's words.
func (m *Makefile) List(name string) ([]string, error) {
	value, err := m.Value(name)
	if err != nil {
		return nil, err
	}
	out, err := Words(value)
	if err != nil {
		return nil, fmt.Errorf("%s: %s: %w", m.path, name, err)
	}
	return out, nil
}

// Word gives a variable that holds at most one word; "" when it is empty.
func (m *Makefile) Word(name string) (string, error) {
	all, err := m.List(name)
	if err != nil {
		return "", err
	}
	switch len(all) {
	case 0:
		return "", nil
	case 1:
		return all[0], nil
	}
	return "", fmt.Errorf("%s: %s is %q, several words: put quotes around it", m.path, name, strings.Join(all, " "))
}
