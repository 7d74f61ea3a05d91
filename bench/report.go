package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// A row is one line of the report: ours beside a peer, or a figure of ours
// beside a stated floor.
type row struct {
	what, ours, peer, ratio, goal string
	met                           *bool // nil: no goal, or it can't be judged in this run
}

type report struct{ rows []row }

// ratio adds a row "ours against peer" with the ratio of the medians.
func (r *report) ratio(what string, ours, peer time.Duration, peerName, goal string, limit float64) {
	x := float64(ours) / float64(peer)
	row := row{what: what, ours: millis(ours), peer: peerName + " " + millis(peer), ratio: fmt.Sprintf("%.2f", x), goal: goal}
	if goal != "" {
		ok := x <= limit
		row.met = &ok
	}
	r.rows = append(r.rows, row)
}

// figure adds a row without a peer; ok says whether its goal is met.
func (r *report) figure(what, ours, goal string, ok *bool) {
	r.rows = append(r.rows, row{what: what, ours: ours, goal: goal, met: ok})
}

func (r *report) note(what, why string) {
	r.rows = append(r.rows, row{what: what, ours: "not measured: " + why})
}

func (r *report) print(w io.Writer) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "case\tours\tpeer\tratio\tgoal\t")
	for _, x := range r.rows {
		verdict := ""
		if x.met != nil {
			verdict = map[bool]string{true: "met", false: "NOT MET"}[*x.met]
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", x.what, x.ours, x.peer, x.ratio, x.goal, verdict)
	}
	tw.Flush()
}

func millis(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// machine describes where the figures come from: without it they mean little.
func machine() string {
	cpu := "unknown CPU"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if k, v, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(k) == "model name" {
				cpu = strings.TrimSpace(v)
				break
			}
		}
	}
	load := "unknown"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = strings.Join(strings.Fields(string(b))[:3], " ")
	}
	return fmt.Sprintf("%s/%s, %d cores, %s, %s, load %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), cpu, runtime.Version(), load)
}
