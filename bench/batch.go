package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// pushBatch times a hundred modules of 200 KiB in one push against a push for each, into
// repositories that have never seen them, and the same again, unchanged.
func (b *bench) pushBatch(ctx context.Context, addr string) error {
	const n = 100
	module := filepath.Join(b.dir, "batch.wasm")
	if err := writeModule(module, 200<<10); err != nil {
		return err
	}
	var files []string
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer, "WASH_SUBJECT_KEY="+testModule)
	for i := range n { // each its name, so each its bytes
		file := filepath.Join(b.dir, fmt.Sprintf("batch%d_s.wasm", i))
		if _, err := command(env, b.tool("signer"), "sign", module, "--name", fmt.Sprint("batch", i), "-q", "--destination", file)(ctx); err != nil {
			return err
		}
		files = append(files, file)
	}
	for _, again := range []bool{false, true} {
		round := 0
		repository := func(who string) string {
			if !again {
				round++
			}
			return fmt.Sprintf("%s/%s-%v-%d/", addr, who, again, round)
		}
		got, err := compare(ctx, 3, []subject{
			{name: "one push", run: func(ctx context.Context) (sample, error) {
				argv, to := []string{b.tool("ocipush"), "push"}, repository("one")
				for i, file := range files {
					argv = append(argv, fmt.Sprintf("%sm%d:1", to, i), file)
				}
				return command(b.env(), argv...)(ctx)
			}},
			{name: "one by one", run: func(ctx context.Context) (total sample, err error) {
				to := repository("each")
				for i, file := range files {
					s, err := command(b.env(), b.tool("ocipush"), "push", fmt.Sprintf("%sm%d:1", to, i), file)(ctx)
					if err != nil {
						return total, err
					}
					total.wall += s.wall
				}
				return total, nil
			}},
		})
		if err != nil {
			return err
		}
		what := map[bool]string{false: "push 100 actors cold", true: "push 100 actors unchanged"}[again]
		b.report.ratio(what, median(got[0]), median(got[1]), "one by one", "<= 0.60", 0.6)
	}
	return nil
}

func median(s []sample) time.Duration { return quantile(walls(s), 0.5) }
