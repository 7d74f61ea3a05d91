package claims

import (
	"errors"
	"fmt"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// NormalizeAlias gives the call alias that hosts make of s: lower case, without
// the white space around it and characters beyond ASCII, and with _ for spaces,
// dashes and dots.
func NormalizeAlias(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-' || r == '.':
			return '_'
		case r > 0x7E:
			return -1
		default:
			return r
		}
	}, strings.ToLower(strings.TrimSpace(s)))
}

// CheckAlias returns an error unless s may be a call alias, by the rules of wash.
func CheckAlias(s string) error {
	if s == "" {
		return errors.New("the call alias is empty")
	}
	if _, err := strkey.ParsePublic(s); err == nil || len(s) == 56 && s == strings.ToUpper(s) {
		return fmt.Errorf("%q is a public key: it cannot be a call alias", s)
	}
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '/') {
			return fmt.Errorf("the call alias %q holds %q: wanted are lower-case letters, digits, _ and /, such as %q", s, r, NormalizeAlias(s))
		}
	}
	return nil
}
