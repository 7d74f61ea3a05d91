package wasmrt

import "fmt"

// Isolation says what a call can see of the calls before it.
type Isolation int

const (
	// Snapshot lets each call find an instance as it was after its start and a health request: it is
	// copied back after each call. To the guest this is a new instance, but for a thousandth of the
	// time, with one difference: random numbers that a generator in the guest makes from a seed that
	// it took when it started are the same in each call. Modules that could keep something elsewhere
	// than in memory and globals get new instances.
	Snapshot Isolation = iota
	// Fresh makes a new instance for each call, as the Rust host does.
	Fresh
	// Reuse leaves an instance as the call before left it, as old hosts did: what one caller sent may
	// be there for the next.
	Reuse
)

// isolations are the names on command lines, by value.
var isolations = [...]string{Snapshot: "snapshot", Fresh: "fresh", Reuse: "reuse"}

func (i Isolation) String() string { return isolations[i] }

// Set makes an Isolation a command's flag.
func (i *Isolation) Set(name string) error {
	for value, n := range isolations {
		if n == name {
			*i = Isolation(value)
			return nil
		}
	}
	return fmt.Errorf("isolation %q: want snapshot, fresh or reuse", name)
}

// Type is shown in a flag's help.
func (i *Isolation) Type() string { return "snapshot|fresh|reuse" }
