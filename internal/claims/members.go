package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// maxMembers is how many members the claims, or their metadata, may have. They
// are compared with each other; real ones have a dozen.
const maxMembers = 64

// checkMembers refuses a key that stands twice in the claims or their metadata. Go
// takes the last of two, and takes EXP for exp, where the Rust hosts fail or look
// at the other one: such a token would mean two things. It tells whether the
// claims have an expiry.
func checkMembers(body []byte) (expires bool, err error) {
	if !json.Valid(body) {
		return false, errors.New("they are no JSON")
	}
	var metadata []byte
	err = unique(body, func(name string, value []byte) {
		switch {
		case strings.EqualFold(name, "wascap"):
			metadata = value
		case strings.EqualFold(name, "exp"):
			expires = string(value) != "null"
		}
	})
	if err == nil && len(metadata) > 0 && metadata[0] == '{' {
		err = unique(metadata, func(string, []byte) {})
	}
	return expires, err
}

// unique visits the members of a valid JSON object, and fails for a name that
// stands twice.
func unique(object []byte, visit func(name string, value []byte)) error {
	s := scanner(object)
	if s.space(); s[0] != '{' {
		return errors.New("they are no JSON object")
	}
	s = s[1:]
	var seen []string
	for s.space(); s[0] != '}'; s.space() {
		if s[0] == ',' {
			s = s[1:]
			s.space()
		}
		name, err := s.name()
		if err != nil {
			return err
		}
		for _, other := range seen {
			if strings.EqualFold(other, name) {
				return fmt.Errorf("the key %q stands twice", name)
			}
		}
		if seen = append(seen, name); len(seen) > maxMembers {
			return fmt.Errorf("an object with more than %d members", maxMembers)
		}
		s.space()
		s = s[1:] // the colon
		s.space()
		visit(name, s.value())
	}
	return nil
}

// scanner walks over JSON that is known to be valid.
type scanner []byte

func (s *scanner) space() {
	for len(*s) > 0 && strings.IndexByte(" \t\r\n", (*s)[0]) >= 0 {
		*s = (*s)[1:]
	}
}

// name takes the next string.
func (s *scanner) name() (name string, err error) {
	quoted := s.value()
	if !bytes.ContainsRune(quoted, '\\') {
		return string(bytes.Trim(quoted, `"`)), nil
	}
	err = json.Unmarshal(quoted, &name)
	return name, err
}

// value takes the next value, white space inside it included.
func (s *scanner) value() []byte {
	end, depth := 0, 0
	for text := *s; end < len(text); end++ {
		switch c := text[end]; {
		case c == '"':
			end += stringEnd(text[end:])
		case c == '{' || c == '[':
			depth++
		case (c == '}' || c == ']') && depth > 0:
			depth--
		case depth == 0 && strings.IndexByte(",:}] \t\r\n", c) >= 0:
			value := text[:end]
			*s = text[end:]
			return value
		}
	}
	value := *s
	*s = nil
	return value
}

// stringEnd gives the index of the quote that ends the string at the start of text.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text) - 1
}
