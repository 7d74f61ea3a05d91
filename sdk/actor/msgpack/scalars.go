package msgpack

// Operations whose argument or result is one value write it bare, without a map around it.

// EncodeString writes a message that is one string.
func EncodeString(s string) []byte { return AppendString(nil, s) }

// DecodeString reads such a message.
func DecodeString(b []byte) (string, error) {
	m := NewReader(b)
	s := m.String()
	return s, Explain("reading a string", m.Done())
}

// EncodeBool writes a message that is one truth value.
func EncodeBool(v bool) []byte { return AppendBool(nil, v) }

// DecodeBool reads such a message.
func DecodeBool(b []byte) (bool, error) {
	m := NewReader(b)
	v := m.Bool()
	return v, Explain("reading a truth value", m.Done())
}

// EncodeInt32 writes a message that is one number.
func EncodeInt32(v int32) []byte { return AppendInt(nil, int64(v)) }

// DecodeInt32 reads such a message.
func DecodeInt32(b []byte) (int32, error) {
	m := NewReader(b)
	v := m.Int(32)
	return int32(v), Explain("reading a number", m.Done())
}

// EncodeUint32 writes a message that is one number.
func EncodeUint32(v uint32) []byte { return AppendUint(nil, uint64(v)) }

// DecodeUint32 reads such a message.
func DecodeUint32(b []byte) (uint32, error) {
	m := NewReader(b)
	v := m.Uint(32)
	return uint32(v), Explain("reading a count", m.Done())
}

// EncodeStrings writes a message that is a list of strings.
func EncodeStrings(all []string) []byte {
	b := AppendArray(nil, len(all))
	for _, s := range all {
		b = AppendString(b, s)
	}
	return b
}

// DecodeStrings reads such a message; it is never nil without an error.
func DecodeStrings(b []byte) ([]string, error) {
	m := NewReader(b)
	all := []string{}
	m.Array(func(int) { all = append(all, m.String()) })
	return all, Explain("reading a list of strings", m.Done())
}
