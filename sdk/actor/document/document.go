// Package document has values of no fixed form, as JSON has: what a model calls Document. They are
// those of the Rust crate wasmbus-rpc (Document and Number in its src/document.rs).
package document

// Value is Object, Blob, Array, String, Bool, one of the numbers Uint, Int and Float, or nil: null.
type Value interface{ value() }

// The kinds of values. A Uint and an Int are different in messages also where they are equal.
type (
	Object map[string]Value
	Blob   []byte
	Array  []Value
	String string
	Bool   bool
	Uint   uint64
	Int    int64
	Float  float64
)

func (Object) value() {}
func (Blob) value()   {}
func (Array) value()  {}
func (String) value() {}
func (Bool) value()   {}
func (Uint) value()   {}
func (Int) value()    {}
func (Float) value()  {}
