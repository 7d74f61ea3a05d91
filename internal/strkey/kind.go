package strkey

import (
	"fmt"
	"strings"
)

// Kind says what a key identifies. Its value is the letter that public keys of
// that kind begin with.
type Kind byte

// The kinds of key that wasmCloud uses.
const (
	Account  Kind = 'A' // signs modules and providers
	Cluster  Kind = 'C' // signs invocations on a lattice
	Module   Kind = 'M' // identifies an actor or component
	Server   Kind = 'N' // identifies a host
	Operator Kind = 'O' // signs accounts
	User     Kind = 'U'
	Service  Kind = 'V' // identifies a capability provider
)

// Kinds lists every kind, in the order of their letters.
func Kinds() []Kind {
	return []Kind{Account, Cluster, Module, Server, Operator, User, Service}
}

// String gives the kind's name as wash spells it, such as "account".
func (k Kind) String() string {
	switch k {
	case Account:
		return "account"
	case Cluster:
		return "cluster"
	case Module:
		return "module"
	case Server:
		return "server"
	case Operator:
		return "operator"
	case User:
		return "user"
	case Service:
		return "service"
	default:
		return fmt.Sprintf("kind %q", byte(k))
	}
}

// ParseKind reads a kind's name, in any case. It refuses every other word: wash
// silently makes a module key of a mistyped kind.
func ParseKind(name string) (Kind, error) {
	names := make([]string, 0, 7)
	for _, k := range Kinds() {
		if strings.EqualFold(name, k.String()) {
			return k, nil
		}
		names = append(names, k.String())
	}
	return 0, fmt.Errorf("no such kind of key: %q; give one of %s", name, strings.Join(names, ", "))
}

// prefix is the byte that stands for the kind in the text form: the letter's
// place in the base32 alphabet, in the five high bits.
func (k Kind) prefix() byte {
	return (byte(k) - 'A') << 3
}

func kindOf(prefix byte) (Kind, bool) {
	for _, k := range Kinds() {
		if k.prefix() == prefix {
			return k, true
		}
	}
	return 0, false
}

// wanted says whether k is one of want; an empty want means any kind.
func (k Kind) wanted(want []Kind) bool {
	for _, w := range want {
		if w == k {
			return true
		}
	}
	return len(want) == 0
}

func kindNames(kinds []Kind, form string) string {
	parts := make([]string, len(kinds))
	for i, k := range kinds {
		parts[i] = fmt.Sprintf("%s (%s)", k, fmt.Sprintf(form, byte(k)))
	}
	return strings.Join(parts, " or ")
}
