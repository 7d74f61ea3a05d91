package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A sample is one run of a command or of a function: its wall time, and the
// peak resident memory of the process where one was started for it.
type sample struct {
	wall time.Duration
	rss  int64 // bytes; 0 where no process of its own was measured
}

// A subject is one competitor in a case: ours or a peer.
type subject struct {
	name string
	// run does the work once. prepare, if any, puts the world back first and
	// is not counted.
	prepare func(ctx context.Context) error
	run     func(ctx context.Context) (sample, error)
}

// compare runs the subjects alternately, so that a change of the machine's
// load falls on all of them, and returns each one's samples in their order.
func compare(ctx context.Context, runs int, subjects []subject) ([][]sample, error) {
	out := make([][]sample, len(subjects))
	for round := range runs + 1 { // round 0 warms caches and is thrown away
		for i, s := range subjects {
			if s.prepare != nil {
				if err := s.prepare(ctx); err != nil {
					return nil, fmt.Errorf("preparing %s: %w", s.name, err)
				}
			}
			got, err := s.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("running %s: %w", s.name, err)
			}
			if round > 0 {
				out[i] = append(out[i], got)
			}
		}
	}
	return out, nil
}

// command is a subject's run: a process, timed from start to exit.
func command(env []string, argv ...string) func(context.Context) (sample, error) {
	return func(ctx context.Context) (sample, error) {
		cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
		cmd.Env = env
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		start := time.Now()
		err := cmd.Run()
		wall := time.Since(start)
		if err != nil {
			return sample{}, fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, out.Bytes())
		}
		return sample{wall: wall, rss: peakRSS(cmd.ProcessState)}, nil
	}
}

// peakRSS is the process's largest resident set in bytes. Linux counts in
// KiB, macOS in bytes.
func peakRSS(ps *os.ProcessState) int64 {
	ru, ok := ps.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(ru.Maxrss)
	}
	return int64(ru.Maxrss) * 1024
}

func walls(s []sample) []time.Duration {
	d := make([]time.Duration, len(s))
	for i := range s {
		d[i] = s[i].wall
	}
	return d
}

// quantile of durations, by the nearest rank.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	d = slices.Clone(d)
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}

func maxRSS(s []sample) int64 {
	var m int64
	for _, x := range s {
		m = max(m, x.rss)
	}
	return m
}
