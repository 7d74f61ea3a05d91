package lattice

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// Credentials are the JWT and user seed that the configuration connects with, in
// the form that a provider gets in its host data; both "" without any. A
// credentials file is read for them.
func (c ConnectConfig) Credentials() (jwt, seed string, err error) {
	if c.CredsFile == "" {
		return c.JWT, c.Seed, nil
	}
	b, err := os.ReadFile(c.CredsFile)
	if err != nil {
		return "", "", fmt.Errorf("NATS credentials: %w", err)
	}
	jwt, okJWT := decorated(string(b), "NATS USER JWT")
	seed, okSeed := decorated(string(b), "USER NKEY SEED")
	if !okJWT || !okSeed {
		return "", "", errors.New("NATS credentials: " + c.CredsFile + " holds no user JWT and seed between BEGIN and END lines")
	}
	return jwt, seed, nil
}

// decorated finds the text between the BEGIN and END lines of that title.
func decorated(text, title string) (string, bool) {
	_, rest, ok := strings.Cut(text, "BEGIN "+title)
	if !ok {
		return "", false
	}
	lines := strings.Split(rest, "\n")
	for _, line := range lines[1:] { // the first is the end of the BEGIN line
		if line = strings.TrimSpace(line); line != "" {
			return line, !strings.HasPrefix(line, "-")
		}
	}
	return "", false
}
