package strkey

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

const redacted = "[redacted]"

// Seed is a private key. However it is printed, logged or marshalled it shows as
// "[redacted]"; Reveal alone gives its text.
type Seed struct {
	kind   Kind
	public PublicKey
	// A function, because fmt asks no methods of a Seed in another struct's
	// unexported field. It would print bytes, and with some verbs follow pointers to
	// them; of a function it prints the address.
	raw func() [rawSize]byte
	// The key that raw expands to, which nkeys would expand again for each of the
	// signatures that a host makes by the thousand.
	private func() ed25519.PrivateKey
}

// ParseSeed reads a seed; white space around it is ignored, because editors end
// files with a newline. With want, it must be of one of those kinds. No error
// repeats any part of the text.
func ParseSeed(text []byte, want ...Kind) (*Seed, error) {
	text = bytes.TrimSpace(text)
	if len(text) == publicSize {
		if _, _, err := decodePublic(string(text)); err == nil {
			return nil, fmt.Errorf("a public key (%s) was given where a seed is wanted: seeds begin with S", text)
		}
	}
	if len(text) != seedSize {
		return nil, fmt.Errorf("no seed: it should be %d characters, but was %d", seedSize, len(text))
	}
	kind, raw, err := decodeSeed(string(text))
	if err != nil {
		return nil, fmt.Errorf("corrupted seed: %w", err)
	}
	if !kind.wanted(want) {
		return nil, fmt.Errorf("the seed is of kind %s; wanted is %s", kind, kindNames(want, "S%c…"))
	}
	return FromRaw(kind, [rawSize]byte(raw)), nil
}

// Generate makes a new key of kind k from 32 bytes of rand.
func Generate(k Kind, rand io.Reader) (*Seed, error) {
	var raw [rawSize]byte
	if _, err := io.ReadFull(rand, raw[:]); err != nil {
		return nil, fmt.Errorf("making a %s key: %w", k, err)
	}
	return FromRaw(k, raw), nil
}

// FromRaw makes the key of kind k whose Ed25519 seed is raw.
func FromRaw(k Kind, raw [32]byte) *Seed {
	private := ed25519.NewKeyFromSeed(raw[:])
	public := private.Public().(ed25519.PublicKey)
	return &Seed{
		kind: k, public: encodePublic(k, public),
		raw:     func() [rawSize]byte { return raw },
		private: func() ed25519.PrivateKey { return private },
	}
}

// Kind gives the kind of key this is.
func (s *Seed) Kind() Kind { return s.kind }

// Public gives the public half.
func (s *Seed) Public() PublicKey { return s.public }

// Sign gives the 64-byte Ed25519 signature over msg. Equal messages give equal
// signatures.
func (s *Seed) Sign(msg []byte) ([]byte, error) {
	if s.raw == nil {
		return nil, errors.New("signing: the key is empty")
	}
	return ed25519.Sign(s.private(), msg), nil
}

// Reveal gives the 58-character text of the seed, to be written to a key file or
// shown to the person who asked for it, and nowhere else.
func (s *Seed) Reveal() string {
	if s.raw == nil {
		return ""
	}
	raw := s.raw()
	return encodeSeed(s.kind, raw[:])
}

// Format prints "[redacted]" for every verb.
func (s Seed) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// String gives "[redacted]".
func (s Seed) String() string { return redacted }

// GoString gives "[redacted]".
func (s Seed) GoString() string { return redacted }

// LogValue gives "[redacted]".
func (s Seed) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText gives "[redacted]", in JSON too.
func (s Seed) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Development gives the account key that everything is signed with when there is
// no other. Its seed is published, here: a signature by it says nothing about who
// signed.
func Development() *Seed {
	return FromRaw(Account, sha256.Sum256([]byte("rules_wasmcloud development account, protects nothing")))
}

// IsDevelopment says whether p is the published development key.
func IsDevelopment(p PublicKey) bool {
	return p == Development().Public()
}
