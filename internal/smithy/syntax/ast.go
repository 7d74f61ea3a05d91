package syntax

import "strings"

// File is a parsed .smithy file.
type File struct {
	Name              string
	Source            []byte
	Control           []*Setting // $version and other control statements
	Metadata          []*Setting
	Namespace         *Name // nil in a file that declares no shapes
	NamespaceComments Comments
	Uses              []*Use
	Statements        []Statement
	End               []Comment // after the last statement
}

// Setting is `$key: value` or `metadata key = value`.
type Setting struct {
	Comments
	Key   Name
	Value *Node
}

// Name is an identifier, a namespace or a shape id as written.
type Name struct {
	Pos  Pos
	Text string
}

// Use is `use org.example#Thing`.
type Use struct {
	Comments
	Target Name
}

// Statement is a *Shape or an *Apply.
type Statement interface{ comments() *Comments }

func (s *Shape) comments() *Comments { return &s.Comments }
func (a *Apply) comments() *Comments { return &a.Comments }

// Apply is `apply target @trait` or, as a Block, `apply target { @a @b }`.
type Apply struct {
	Comments
	Pos      Pos
	Target   Name
	Block    bool
	Traits   []*Trait
	Dangling []Comment // before the closing brace
}

// Trait is `@id`, `@id(value)` or `@id(key: value, …)`.
type Trait struct {
	Comments
	Pos    Pos // of the @
	ID     Name
	Value  *Node // nil for @id and @id()
	Braces bool  // an object in braces of its own: @id({…})
}

// Shape is a shape's definition, or one in line as an operation's input.
type Shape struct {
	Comments
	Pos      Pos // of the keyword, of := for an inline shape
	Traits   []*Trait
	Inner    []Comment // between the traits and the keyword
	Type     string    // its keyword; "structure" for an inline shape
	Name     Name      // Text is "" for an inline shape
	For      *Name
	Mixins   []*Name
	HasBody  bool
	Members  []*Member   // of aggregate shapes and enums
	Props    []*Property // of services, resources and operations
	Dangling []Comment   // before the closing brace
	End      Pos         // of the last token
}

// Member is a member of an aggregate shape or of an enum.
type Member struct {
	Comments
	Pos    Pos
	Traits []*Trait
	Inner  []Comment // between the traits and the name
	Name   string
	Elided bool  // $name: the target comes from a mixin or the resource
	Target *Name // nil when elided and in enums
	Value  *Node // after =, or nil
}

// Property is a `key: value` of a service, resource or operation, or an inline
// structure `key := {…}`.
type Property struct {
	Comments
	Key    Name
	Value  *Node
	Inline *Shape
}

// NodeKind tells what a Node is.
type NodeKind byte

// The kinds of node values.
const (
	Null NodeKind = iota
	Bool
	Number
	String
	ShapeID // an unquoted name
	Array
	Object
)

// String names the kind as Smithy's messages do.
func (k NodeKind) String() string {
	return [...]string{"null", "boolean", "number", "string", "string", "array", "object"}[k]
}

// Node is a value: of a trait, of metadata, of a property.
type Node struct {
	Comments
	Kind     NodeKind
	Pos, End Pos     // End is just past the last character
	Text     string  // what a string says, a number or name as written, true, false, null
	Raw      string  // a string as written, without its quotes
	Block    bool    // a string between triple quotes
	Items    []*Node // of an array
	Fields   []*Field
	Dangling []Comment // before the closing bracket
}

// Field is a `key: value` of an object.
type Field struct {
	Comments
	KeyPos Pos
	Key    string
	Value  *Node
}

// Get returns the value of a key, or nil: the last, should a key come twice.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := len(n.Fields) - 1; i >= 0; i-- {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return nil
}

// IsString tells whether n is text, quoted or not.
func (n *Node) IsString() bool { return n != nil && (n.Kind == String || n.Kind == ShapeID) }

// IsTrue tells whether n is the value true.
func (n *Node) IsTrue() bool { return n != nil && n.Kind == Bool && n.Text == "true" }

// Version gives the file's $version, "" if it has none.
func (f *File) Version() string {
	for _, c := range f.Control {
		if c.Key.Text == "version" && c.Value.IsString() {
			return c.Value.Text
		}
	}
	return ""
}

// Line returns the text of a line, counted from 1, without its end.
func (f *File) Line(n int) string { return SourceLine(f.Source, n) }

// Documentation joins the /// comments among those before a shape or a member;
// ok is false if there are none.
func (c *Comments) Documentation() (text string, pos Pos, ok bool) {
	var lines []string
	for _, l := range c.Lead {
		if l.Doc {
			if len(lines) == 0 {
				pos = l.Pos
			}
			lines = append(lines, strings.TrimPrefix(l.Text, " "))
		}
	}
	return strings.Join(lines, "\n"), pos, len(lines) > 0
}
