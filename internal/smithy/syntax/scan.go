package syntax

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

type tokenKind byte

const (
	tokEOF tokenKind = iota
	tokIdent
	tokNumber
	tokString
	tokBlock // """…"""
	tokPunct
	tokBad // reported by the scanner
)

type token struct {
	kind     tokenKind
	text     string // as written; of strings the decoded value
	raw      string // of strings, without quotes
	pos, end Pos
	comments []Comment // between the token before and this one
	newline  bool      // a line ends between them
	comma    bool      // a comma, which Smithy takes for white space, stands between them
}

func (t *token) is(punct string) bool { return t.kind == tokPunct && t.text == punct }

// describe names a token for a message.
func (t *token) describe() string {
	switch t.kind {
	case tokEOF:
		return "the end of the file"
	case tokString:
		return "a string"
	case tokBlock:
		return "a text block"
	case tokNumber:
		return "the number " + t.text
	}
	return "`" + t.text + "`"
}

type scanner struct {
	src    []byte
	pos    Pos
	errors ErrorList
}

// MaxSize is how long a file may be, in bytes. Interfaces are some hundred lines.
const MaxSize = 2 << 20

func scan(name string, src []byte) ([]token, ErrorList) {
	s := &scanner{src: src, pos: Pos{File: name, Line: 1, Column: 1}}
	if len(src) > MaxSize {
		s.errorf(s.pos, "the file has %d bytes: want at most %d", len(src), MaxSize)
		return []token{{kind: tokEOF, pos: s.pos, end: s.pos}}, s.errors
	}
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		s.errorf(s.pos, "the file begins with a byte order mark: remove it")
		s.pos.Offset = 3
	}
	var tokens []token
	for {
		t := s.next()
		tokens = append(tokens, t)
		if t.kind == tokEOF {
			return tokens, s.errors
		}
	}
}

func (s *scanner) errorf(pos Pos, format string, args ...any) {
	if len(s.errors) < maxErrors {
		s.errors = append(s.errors, &Error{pos, fmt.Sprintf(format, args...)})
	}
}

// peek gives the byte i places on, 0 past the end.
func (s *scanner) peek(i int) byte {
	if at := s.pos.Offset + i; at < len(s.src) {
		return s.src[at]
	}
	return 0
}

func (s *scanner) done() bool { return s.pos.Offset >= len(s.src) }

// step goes over one character.
func (s *scanner) step() {
	c := s.src[s.pos.Offset]
	switch {
	case c == '\n' || c == '\r' && s.peek(1) != '\n':
		s.pos.Line++
		s.pos.Column = 1
		s.pos.Offset++
	case c == '\r':
		s.pos.Offset++
	case c < utf8.RuneSelf:
		s.pos.Column++
		s.pos.Offset++
	default:
		r, size := utf8.DecodeRune(s.src[s.pos.Offset:])
		if r == utf8.RuneError && size == 1 {
			s.errorf(s.pos, "the byte 0x%02x is not UTF-8", c)
		}
		s.pos.Column++
		s.pos.Offset += size
	}
}

func (s *scanner) skip(n int) {
	for ; n > 0 && !s.done(); n-- {
		s.step()
	}
}

func (s *scanner) next() token {
	var t token
	s.space(&t)
	t.pos = s.pos
	start := s.pos.Offset
	switch c := s.peek(0); {
	case s.done():
		t.kind = tokEOF
	case isLetter(c):
		for isLetter(s.peek(0)) || isDigit(s.peek(0)) {
			s.step()
		}
		t.kind = tokIdent
	case isDigit(c) || c == '-':
		t.kind = s.number()
	case c == '"':
		s.text(&t)
		t.end = s.pos
		return t
	case c == ':' && s.peek(1) == '=':
		s.skip(2)
		t.kind = tokPunct
	case strings.IndexByte("{}[]():@$#.=", c) >= 0:
		s.step()
		t.kind = tokPunct
	default:
		s.step()
		t.kind = tokBad
		s.errorf(t.pos, "unexpected character %q", string(s.src[start:s.pos.Offset]))
	}
	t.text, t.end = string(s.src[start:s.pos.Offset]), s.pos
	return t
}

// space goes over blanks, commas and comments and notes them in t.
func (s *scanner) space(t *token) {
	for !s.done() {
		switch c := s.peek(0); {
		case c == ' ' || c == '\t':
		case c == '\n' || c == '\r':
			t.newline = true
		case c == ',':
			t.comma = true
		case c == '/' && s.peek(1) == '/':
			t.comments = append(t.comments, s.comment())
			continue
		default:
			return
		}
		s.step()
	}
}

func (s *scanner) comment() Comment {
	c := Comment{Pos: s.pos, Doc: s.peek(2) == '/'}
	start := s.pos.Offset + 2
	if c.Doc {
		start++
	}
	for !s.done() && s.peek(0) != '\n' && s.peek(0) != '\r' {
		s.step()
	}
	c.Text = strings.ToValidUTF8(string(s.src[start:s.pos.Offset]), "�")
	return c
}

func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }
func isDigit(c byte) bool  { return c >= '0' && c <= '9' }

// number scans a number as JSON has it.
func (s *scanner) number() tokenKind {
	start := s.pos
	digits := func() bool {
		n := 0
		for ; isDigit(s.peek(0)); n++ {
			s.step()
		}
		return n > 0
	}
	if s.peek(0) == '-' {
		s.step()
	}
	ok := digits()
	if ok && s.peek(0) == '.' {
		s.step()
		ok = digits()
	}
	if ok && s.peek(0)|0x20 == 'e' {
		s.step()
		if s.peek(0) == '+' || s.peek(0) == '-' {
			s.step()
		}
		ok = digits()
	}
	if !ok {
		s.errorf(start, "`%s` is not a number: want one as in JSON, such as -1, 0 or 2.5e3", s.src[start.Offset:s.pos.Offset])
		return tokBad
	}
	return tokNumber
}
