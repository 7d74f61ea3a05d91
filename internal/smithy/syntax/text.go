package syntax

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
)

// text scans a quoted string or a text block into t.
func (s *scanner) text(t *token) {
	t.kind = tokString
	quotes := 1
	if s.peek(1) == '"' && s.peek(2) == '"' {
		t.kind, quotes = tokBlock, 3
	}
	s.skip(quotes)
	start := s.pos
	for !s.closes(quotes) {
		if s.done() {
			t.kind = tokBad
			s.errorf(t.pos, "the string that begins here does not end")
			return
		}
		if s.peek(0) == '\\' {
			s.step()
			if s.done() {
				continue
			}
		}
		s.step()
	}
	t.raw = strings.ToValidUTF8(string(s.src[start.Offset:s.pos.Offset]), "�")
	s.skip(quotes)
	body := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(t.raw)
	if quotes == 3 {
		first, rest, found := strings.Cut(body, "\n")
		if !found || strings.Trim(first, " ") != "" {
			t.kind = tokBad
			s.errorf(t.pos, "a text block begins on the line after its \"\"\"")
			return
		}
		body = stripIndent(rest)
	}
	var bad string
	if t.text, bad = unescape(body); bad != "" {
		t.kind = tokBad
		s.errorf(t.pos, "invalid escape %s in a string: want one of \\b \\f \\n \\r \\t \\\" \\\\ \\/ \\uXXXX or a backslash at the end of a line", bad)
	}
}

func (s *scanner) closes(quotes int) bool {
	for i := range quotes {
		if s.peek(i) != '"' {
			return false
		}
	}
	return true
}

// stripIndent takes away what all lines of a text block are indented by; the
// last counts even if it is blank: it places the closing quotes.
func stripIndent(text string) string {
	lines := strings.Split(text, "\n")
	least := -1
	for i, line := range lines {
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if indent == len(line) && i < len(lines)-1 {
			continue
		}
		if least < 0 || indent < least {
			least = indent
		}
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line[min(least, len(line)):], " ")
	}
	return strings.Join(lines, "\n")
}

// unescape decodes a string's escapes; bad is one that does not exist.
func unescape(s string) (text, bad string) {
	if !strings.Contains(s, "\\") {
		return s, ""
	}
	var b strings.Builder
	var units []uint16 // of \uXXXX in a row: two may be one character
	flush := func() {
		for _, r := range utf16.Decode(units) {
			b.WriteRune(r)
		}
		units = units[:0]
	}
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			flush()
			b.WriteByte(s[i])
			continue
		}
		i++
		if i < len(s) && s[i] == 'u' {
			n, err := strconv.ParseUint(s[i+1:min(i+5, len(s))], 16, 16)
			if err != nil || i+5 > len(s) {
				return "", s[i-1 : min(i+5, len(s))]
			}
			units = append(units, uint16(n))
			i += 4
			continue
		}
		flush()
		if i == len(s) {
			return "", "\\"
		}
		if s[i] == '\n' {
			continue // the line goes on
		}
		at := strings.IndexByte(`bfnrt"'\/`, s[i])
		if at < 0 {
			return "", s[i-1 : i+1]
		}
		b.WriteByte("\b\f\n\r\t\"'\\/"[at])
	}
	flush()
	return b.String(), ""
}

// SourceLine returns a line of src, counted from 1, without its end.
func SourceLine(src []byte, n int) string {
	for ; n > 1; n-- {
		at := bytes.IndexByte(src, '\n')
		if at < 0 {
			return ""
		}
		src = src[at+1:]
	}
	if at := bytes.IndexByte(src, '\n'); at >= 0 {
		src = src[:at]
	}
	return string(bytes.TrimRight(src, "\r"))
}
