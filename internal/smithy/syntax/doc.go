// Package syntax reads and writes the Smithy interface description language,
// versions 1.0 and 2.0 (https://smithy.io/2.0/spec/idl.html).
//
// Parse keeps positions and every comment, so that Format can print a file anew
// without losing a word, and goes on after an error, so that one run names
// several. It judges form alone: what names mean is for package model.
package syntax

import (
	"fmt"
	"sort"
	"strings"
)

// Pos is a place in a file: line and column count from 1, the column in
// characters (code points); Offset counts bytes from 0.
type Pos struct {
	File                 string
	Line, Column, Offset int
}

// String gives file:line:column.
func (p Pos) String() string {
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is one fault of form in a file.
type Error struct {
	Pos Pos
	Msg string
}

func (e *Error) Error() string { return e.Pos.String() + ": " + e.Msg }

// ErrorList is what Parse returns for a file with faults, in the order of their
// places.
type ErrorList []*Error

func (l ErrorList) Error() string {
	lines := make([]string, len(l))
	for i, e := range l {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

func (l ErrorList) sorted() ErrorList {
	sort.SliceStable(l, func(i, j int) bool { return l[i].Pos.Offset < l[j].Pos.Offset })
	return l
}

// Comment is `// …` or, with Doc set, `/// …`; Text excludes the slashes.
type Comment struct {
	Pos  Pos
	Text string
	Doc  bool
}

// Comments are those that belong to a piece of syntax: Lead stand on lines
// before it, Trail after it on its last line.
type Comments struct {
	Lead, Trail []Comment
}
