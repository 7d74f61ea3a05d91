package msgpack

import (
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/internal/wire"
)

// The forms below are those of serde, with which the Rust crates write MessagePack (wasmbus-rpc
// 0.14, common.rs: rmp_serde::to_vec_named): a structure is a map, which may come as an array of its
// members in the order of their numbers; a union is a map of one entry, or the bare name of a member
// without a value.

// Structure reads a map, or an array of the members that are named. It calls entry with each name, or
// "" for what has none there; entry reads the value, or nothing, which skips it. nil is without entries.
func (r *Reader) Structure(members []string, entry func(name string)) {
	if c, _ := r.in.Peek(); c&0xf0 != 0x90 && c != 0xdc && c != 0xdd {
		r.Map(entry)
		return
	}
	r.Array(func(i int) {
		name := ""
		if i < len(members) {
			name = members[i]
		}
		entry(name)
	})
}

// Variant reads a union. It calls member with the name of what is set, and whether a value follows,
// which member reads; that no such member is known is an error. nil is a union without any.
func (r *Reader) Variant(member func(name string, value bool) (known bool)) {
	c := r.code()
	n, isMap := r.count(c, 0x80, 0xde)
	known := true
	switch {
	case c == 0xc0:
	case isMap && n == 1:
		if r.in.Enter(1, 2) {
			name := r.String()
			r.in.Value(func() { known = member(name, true) }, r.Skip)
			r.in.Leave()
		}
	case !isMap:
		if size, ok := r.blob(c); ok {
			known = member(string(r.in.Take(size)), false)
			break
		}
		fallthrough
	default:
		r.in.WrongType("a union", c)
	}
	if !known {
		r.in.Fail(ErrVariant)
	}
}

// AppendTime appends a point in time, in seconds since 1970 and nanoseconds, as wasmbus_rpc::Timestamp
// is: {sec: i64, nsec: u32}. Package time is not used, for it would come into every actor.
func AppendTime(b []byte, sec int64, nsec int) []byte {
	b = AppendInt(AppendString(AppendMap(b, 2), "sec"), sec)
	return AppendUint(AppendString(b, "nsec"), uint64(nsec))
}

// Time reads a point in time between the years 1 and 9999, for time.Unix; nil is time's zero value.
func (r *Reader) Time() (sec, nsec int64) {
	if r.Nil() {
		return wire.NoTime, 0
	}
	var n uint32
	r.Structure([]string{"sec", "nsec"}, func(name string) {
		switch name {
		case "sec":
			sec = r.Int(64)
		case "nsec":
			n = uint32(r.Uint(32))
		}
	})
	return r.in.Time(sec, n)
}

// AppendDocument appends a value of no fixed form as wasmbus_rpc::common::Document is.
func AppendDocument(b []byte, v document.Value) []byte {
	variant := func(name string) []byte { return AppendString(AppendMap(b, 1), name) }
	number := func(name string) []byte { return AppendString(AppendMap(variant("Number"), 1), name) }
	switch v := v.(type) {
	case document.Object:
		b = AppendMap(variant("Object"), len(v))
		for _, k := range Keys(v) {
			b = AppendDocument(AppendString(b, k), v[k])
		}
		return b
	case document.Blob: // serde reads such bytes from an array of numbers alone
		b = AppendArray(variant("Blob"), len(v))
		for _, c := range v {
			b = AppendUint(b, uint64(c))
		}
		return b
	case document.Array:
		b = AppendArray(variant("Array"), len(v))
		for _, e := range v {
			b = AppendDocument(b, e)
		}
		return b
	case document.String:
		return AppendString(variant("String"), string(v))
	case document.Bool:
		return AppendBool(variant("Bool"), bool(v))
	case document.Uint:
		return AppendUint(number("PosInt"), uint64(v))
	case document.Int:
		return AppendInt(number("NegInt"), int64(v))
	case document.Float:
		return AppendFloat(number("Float"), float64(v))
	}
	return AppendString(b, "Null")
}

// Document reads such a value.
func (r *Reader) Document() (v document.Value) {
	r.Variant(func(name string, value bool) bool {
		if !value {
			return name == "Null"
		}
		switch name {
		case "Object":
			r.Hold(48)
			o := document.Object{}
			r.Map(func(key string) { o[key] = r.Document() })
			v = o
		case "Blob":
			r.Hold(24)
			v = document.Blob(r.Bytes())
		case "Array":
			r.Hold(24)
			a := document.Array{}
			r.Array(func(int) { a = append(a, r.Document()) })
			v = a
		case "Number":
			v = r.documentNumber()
		case "String":
			v = document.String(r.String())
		case "Bool":
			v = document.Bool(r.Bool())
		default:
			return name == "Null"
		}
		return true
	})
	if r.Err() != nil {
		return nil
	}
	return v
}

func (r *Reader) documentNumber() (v document.Value) {
	r.Variant(func(name string, value bool) bool {
		switch {
		case !value:
			return false
		case name == "PosInt":
			v = document.Uint(r.Uint(64))
		case name == "NegInt":
			v = document.Int(r.Int(64))
		case name == "Float":
			v = document.Float(r.Float())
		default:
			return false
		}
		return true
	})
	return v
}
