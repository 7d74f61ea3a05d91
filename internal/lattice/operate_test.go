package lattice

import (
	"fmt"
	"testing"
)

// A refusal that the same code would meet at a start must not stop what runs.
func TestOnlyTheActorsRevisionIsAReasonToStartAnew(t *testing.T) {
	for text, want := range map[string]bool{
		"the new revision 1 is not higher than 2":             true,
		"Revision was not higher":                             true,
		"the token (wascap revision 2) is for another module": false,
		"the token expired":                                   false,
	} {
		if got := wantsHigherRevision(fmt.Errorf("updating: %w", &Refused{Text: text})); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	if wantsHigherRevision(fmt.Errorf("revision")) {
		t.Error("an error that is no host's refusal counts as one")
	}
}
