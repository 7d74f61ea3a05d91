package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// calls are n a second that took as long.
func calls(n int, took time.Duration) []time.Duration {
	return slices.Repeat([]time.Duration{took}, n*int(loadTime/time.Second))
}

func TestCallsAreJudged(t *testing.T) {
	for name, c := range map[string]struct {
		of   callCase
		got  []time.Duration
		want string // the row's end
	}{
		"quick":             {callCase{rustProbe, "snapshot", 1}, calls(10, 300*time.Microsecond), "p50 <= 0.30 ms  met"},
		"slow":              {callCase{rustProbe, "snapshot", 1}, calls(10, 301*time.Microsecond), "p50 <= 0.30 ms  NOT MET"},
		"none at all":       {callCase{rustProbe, "snapshot", 1}, nil, "p50 <= 0.30 ms  NOT MET"},
		"many":              {callCase{rustProbe, "snapshot", 8}, calls(8000, time.Second), ">= 8000/s  met"},
		"few":               {callCase{rustProbe, "snapshot", 8}, calls(7999, 0), ">= 8000/s  NOT MET"},
		"many of Go":        {callCase{goEcho, "snapshot", 8}, calls(5000, time.Second), ">= 5000/s  met"},
		"few of Go":         {callCase{goEcho, "snapshot", 8}, calls(4999, 0), ">= 5000/s  NOT MET"},
		"without a goal":    {callCase{goEcho, "fresh", 8}, calls(1, time.Second), "1000.00 ms"},
		"one caller, of Go": {callCase{goEcho, "snapshot", 1}, calls(1, time.Second), "1000.00 ms"},
	} {
		var r report
		r.throughput(name, c.got, nil, callGoals[c.of])
		var out strings.Builder
		r.print(&out)
		if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, c.want) {
			t.Errorf("%s: want a row that ends in %q:\n%s", name, c.want, got)
		}
	}
}
