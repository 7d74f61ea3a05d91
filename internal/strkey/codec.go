package strkey

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"strings"
)

const (
	rawSize    = 32 // bytes of an Ed25519 seed or public key
	publicSize = 56 // characters of a public key
	seedSize   = 58 // characters of a seed

	seedPrefix = 18 << 3 // the S that every seed begins with
)

var (
	errAlphabet = errors.New("it holds characters other than A–Z and 2–7")
	errChecksum = errors.New("its checksum does not match: a character was changed or lost")
)

func encoding() *base32.Encoding {
	return base32.StdEncoding.WithPadding(base32.NoPadding)
}

// crc16 is CRC-16/XMODEM: polynomial 0x1021, initial value 0, not reflected.
func crc16(data []byte) uint16 {
	var crc uint16
	for _, b := range data {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}

// seal appends the checksum and gives the text form.
func seal(payload []byte) string {
	sealed := binary.LittleEndian.AppendUint16(payload, crc16(payload))
	return encoding().EncodeToString(sealed)
}

// unseal undoes seal. It accepts exactly the texts that seal writes: base32 would
// skip line breaks, and ignore the bits that the last character has too many.
func unseal(text string) ([]byte, error) {
	sealed, err := encoding().DecodeString(text)
	if err != nil || len(sealed) < 2 || strings.ContainsAny(text, "\r\n") {
		return nil, errAlphabet
	}
	if encoding().EncodeToString(sealed) != text {
		return nil, errChecksum
	}
	payload, sum := sealed[:len(sealed)-2], sealed[len(sealed)-2:]
	if binary.LittleEndian.Uint16(sum) != crc16(payload) {
		return nil, errChecksum
	}
	return payload, nil
}

func encodePublic(k Kind, raw []byte) PublicKey {
	return PublicKey(seal(append([]byte{k.prefix()}, raw...)))
}

func decodePublic(text string) (Kind, []byte, error) {
	payload, err := unseal(text)
	if err != nil {
		return 0, nil, err
	}
	kind, ok := kindOf(payload[0])
	if !ok {
		return 0, nil, errors.New("it begins with a letter that stands for no kind of key")
	}
	return kind, payload[1:], nil
}

// encodeSeed splits the kind byte over the two bytes after S: its three high
// bits end the first, its five low bits begin the second.
func encodeSeed(k Kind, raw []byte) string {
	p := k.prefix()
	return seal(append([]byte{seedPrefix | p>>5, p & 31 << 3}, raw...))
}

func decodeSeed(text string) (Kind, []byte, error) {
	payload, err := unseal(text)
	if err != nil {
		return 0, nil, err
	}
	if payload[0]&0xF8 != seedPrefix || payload[1]&7 != 0 {
		return 0, nil, errors.New("a seed begins with S and the letter of its kind")
	}
	kind, ok := kindOf(payload[0]&7<<5 | payload[1]>>3)
	if !ok {
		return 0, nil, errors.New("its second letter stands for no kind of key")
	}
	return kind, payload[2:], nil
}
