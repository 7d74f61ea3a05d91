package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// parCases: a compressed archive of one executable: our host with its symbols,
// some 40 MB that Go made, and wash itself, which Rust made and is harder to
// compress as well as wash does.
func (b *bench) parCases(ctx context.Context) error {
	large := filepath.Join(b.dir, "large")
	if _, err := command(append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-trimpath", "-o", large, "./tools/devhost")(ctx); err != nil {
		return err
	}
	if err := b.par(ctx, large); err != nil {
		return err
	}
	if b.wash.path == "" {
		return nil
	}
	return b.par(ctx, b.wash.path)
}

func (b *bench) par(ctx context.Context, executable string) error {
	info, err := os.Stat(executable)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("PAR of %.0f MB (%s)", float64(info.Size())/1e6, filepath.Base(executable))
	outs := []string{filepath.Join(b.dir, "o.par.gz"), filepath.Join(b.dir, "f.par.gz"), filepath.Join(b.dir, "w.par.gz")}
	args := []string{"create", "-n", "bench", "-c", "a:b", "-v", "v", "-a", "x86_64-linux", "-b", executable, "--compress", "--destination"}
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer, "WASH_SUBJECT_KEY=SVAOZUSBWWFL65P255DOHIETPTXUQMM5ETLSYPITI5G4K4HI6M2CDAPWAU")
	ours := append([]string{b.tool("parpack")}, args...)
	subjects := []subject{
		b.fresh("parpack", outs[0], command(env, append(ours, outs[0])...)),
		b.fresh("parpack --fast", outs[1], command(env, append(ours, outs[1], "--fast")...)),
	}
	if b.wash.path != "" {
		subjects = append(subjects, b.fresh("wash", outs[2], command(env, append(append([]string{b.wash.path, "par"}, args...), outs[2])...)))
	}
	got, err := compare(ctx, 5, subjects)
	if err != nil {
		return err
	}
	for i, c := range []struct {
		name           string
		time, larger   float64
		timeGoal, goal string
	}{{what, 0.15, 1.03, "<= 0.15", "<= 1.03"}, {what + " --fast", 0.10, 1.05, "<= 0.10", "<= 1.05"}} {
		ours := quantile(walls(got[i]), 0.5)
		if len(got) < 3 {
			b.report.figure(c.name, millis(ours), c.timeGoal+" of wash", nil)
			continue
		}
		b.report.ratio(c.name, ours, quantile(walls(got[2]), 0.5), "wash", c.timeGoal, c.time)
		if err := b.report.sizes(c.name+", size", outs[i], outs[2], c.goal, c.larger); err != nil {
			return err
		}
		b.report.figure(c.name+", resident", mib(maxRSS(got[i])), "", nil)
	}
	if len(got) > 2 {
		b.report.figure(what+", resident, wash", mib(maxRSS(got[2])), "", nil)
	}
	return nil
}

// sizes adds a row that compares two files.
func (r *report) sizes(what, ours, peer, goal string, limit float64) error {
	a, err := os.Stat(ours)
	if err != nil {
		return err
	}
	b, err := os.Stat(peer)
	if err != nil {
		return err
	}
	x := float64(a.Size()) / float64(b.Size())
	ok := x <= limit
	r.rows = append(r.rows, row{what: what, ours: mib(a.Size()), peer: "wash " + mib(b.Size()), ratio: fmt.Sprintf("%.3f", x), goal: goal, met: &ok})
	return nil
}
