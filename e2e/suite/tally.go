package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
)

// tally counts results, and shows them as they come. Steps that run side by side share it.
type tally struct {
	mu                      sync.Mutex
	out                     io.Writer
	passed, failed, skipped int
	notes                   []string // what failed or was skipped, for the end
}

func (t *tally) say(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, format+"\n", args...)
}

// took shows what passed, and its time in seconds.
func (t *tally) took(name string, seconds float64) { t.say("ok    %-60s %6.1fs", name, seconds) }

func (t *tally) pass() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passed++
}

func (t *tally) fail(name, why string) {
	t.say("FAIL  %s\n%s", name, strings.TrimRight(why, "\n"))
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed++
	t.notes = append(t.notes, "failed: "+name)
}

func (t *tally) skip(name, why string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped++
	t.notes = append(t.notes, "skipped: "+name+": "+why)
}

// failedIn tells whether something failed whose name begins so.
func (t *tally) failedIn(prefix string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, note := range t.notes {
		if strings.HasPrefix(note, "failed: "+prefix) {
			return true
		}
	}
	return false
}

// summary is the end of the report. It tells whether all is well.
func (t *tally) summary(interrupted bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintln(t.out)
	for _, note := range t.notes {
		fmt.Fprintln(t.out, note)
	}
	if interrupted {
		fmt.Fprintln(t.out, "interrupted")
	}
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
	return t.failed == 0 && !interrupted
}
