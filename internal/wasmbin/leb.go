package wasmbin

import (
	"errors"
	"io"
)

// maxLEB is how many bytes an unsigned 32-bit number takes at most.
const maxLEB = 5

var errLEB = errors.New("a number longer than 32 bits")

// AppendUint appends v as a minimal unsigned LEB128 number.
func AppendUint(dst []byte, v uint32) []byte {
	for v >= 0x80 {
		dst = append(dst, byte(v)|0x80)
		v >>= 7
	}
	return append(dst, byte(v))
}

func sizeUint(v uint32) int64 {
	n := int64(1)
	for ; v >= 0x80; v >>= 7 {
		n++
	}
	return n
}

// readUint reads an unsigned LEB128 number. Padding is accepted up to five bytes,
// as everywhere in wasm.
func readUint(r io.ByteReader) (uint32, error) {
	var v uint32
	for i := range maxLEB {
		b, err := r.ReadByte()
		if err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		if i == maxLEB-1 && b > 0x0F {
			return 0, errLEB
		}
		v |= uint32(b&0x7F) << (7 * i)
		if b < 0x80 {
			return v, nil
		}
	}
	return 0, errLEB
}
