package bazelcache

import (
	"bytes"
	"compress/gzip"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Secret is something that must be nowhere, in the forms in which it could be.
type Secret struct {
	name  string
	forms []form
}

type form struct {
	name string
	text []byte
}

// Shorter ones are found everywhere by chance: a base64 form loses up to a character
// at either end to its neighbours.
const shortestSecret = 8

// NewSecret prepares a search for bytes as they are, and in base64 and base32 (at
// whatever position in a longer encoded text, in both alphabets and cases) and
// hexadecimal. The name, not the secret, is what findings show.
func NewSecret(name string, secret []byte) (Secret, error) {
	if len(secret) < shortestSecret {
		return Secret{}, fmt.Errorf("%s has %d bytes: want at least %d, else it is found by chance", name, len(secret), shortestSecret)
	}
	s := Secret{name: name}
	add := func(name string, text []byte) { s.forms = append(s.forms, form{name, text}) }
	add("raw", secret)
	add("hex", []byte(hex.EncodeToString(secret)))
	add("hex", []byte(strings.ToUpper(hex.EncodeToString(secret))))
	for _, text := range shifted(secret, 3, 4, base64.RawStdEncoding.EncodeToString) {
		add("base64", []byte(text))
		add("base64", []byte(strings.NewReplacer("+", "-", "/", "_").Replace(text)))
	}
	for _, text := range shifted(secret, 5, 8, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString) {
		add("base32", []byte(text))
		add("base32", []byte(strings.ToLower(text)))
	}
	return s, nil
}

// shifted encodes the secret at each position within a group (of size bytes, which
// become chars characters), and keeps the characters that depend on nothing but the
// secret.
func shifted(secret []byte, size, chars int, encode func([]byte) string) []string {
	var out []string
	bits := size * 8 / chars // of a character
	for before := range size {
		text := encode(append(make([]byte, before), secret...))
		first := (before*8 + bits - 1) / bits
		last := (before + len(secret)) * 8 / bits
		out = append(out, text[first:last])
	}
	return out
}

// In looks for the secret in data, inside of gzip too, and says in which form it is
// there.
func (s Secret) In(data []byte) (found string, ok bool) {
	for _, f := range s.forms {
		if bytes.Contains(data, f.text) {
			return f.name, true
		}
	}
	if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		// What can be unpacked of a broken file counts.
		inside, _ := io.ReadAll(z)
		if found, ok := s.In(inside); ok {
			return found + " inside gzip", true
		}
	}
	return "", false
}

// Found is one place of a secret.
type Found struct {
	Secret string // its name
	Form   string // raw, hex, base64, base32, "… inside gzip"
	File   string
}

// Search looks for secrets in every entry of the cache, of both kinds.
func (c *Cache) Search(secrets ...Secret) ([]Found, error) { return SearchFiles(c.dir, secrets...) }

// SearchFiles looks for secrets in every file below a path, in the names of the
// files as well, and behind symbolic links to files. It goes into no linked folder.
func SearchFiles(path string, secrets ...Secret) ([]Found, error) {
	var found []Found
	err := filepath.WalkDir(path, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			return nil // a dangling link, a linked folder or a socket holds nothing
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		for _, s := range secrets {
			for _, place := range [][]byte{data, []byte(file)} {
				if form, ok := s.In(place); ok {
					found = append(found, Found{Secret: s.name, Form: form, File: file})
				}
			}
		}
		return nil
	})
	return found, err
}
