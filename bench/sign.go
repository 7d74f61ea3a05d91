package main

import (
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// The published test seeds of wash's own tests: they sign nothing of value.
const (
	testIssuer = "SAADMA65NBETHOHQTXKV7XKQMXYDUS65JOWQORDR3IOMOB3UFZSDOU7TAA"
	testModule = "SMAABZ62LGU4SLS4SFK3MD463TRC7ZWMZLYPSVH2AOL3WRZXPBIGZG66JE"
)

// signCases: signing a Rust-sized module (180 KB) and a large one (60 MiB).
func (b *bench) signCases(ctx context.Context) error {
	for _, c := range []struct {
		name  string
		bytes int
		runs  int
		goal  string
		limit float64
		rss   int64
	}{
		{"sign 180 KB", 180 << 10, 21, "<= 1.00", 1.00, 0},
		{"sign 60 MiB", 60 << 20, 7, "<= 0.33", 0.33, 24 << 20},
	} {
		in := filepath.Join(b.dir, "sign-"+strconv.Itoa(c.bytes)+".wasm")
		if err := writeModule(in, c.bytes); err != nil {
			return err
		}
		args := []string{"sign", in, "--name", "bench", "-q", "--ver", "1.0.0", "--rev", "1", "--destination"}
		env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer, "WASH_SUBJECT_KEY="+testModule)
		subjects := []subject{b.fresh("signer", in+".ours", command(env, append([]string{b.tool("signer")}, append(args, in+".ours")...)...))}
		if b.wash.path != "" {
			subjects = append(subjects, b.fresh("wash", in+".wash", command(env, append([]string{b.wash.path, "claims"}, append(args, in+".wash")...)...)))
		}
		got, err := compare(ctx, c.runs, subjects)
		if err != nil {
			return err
		}
		ours := quantile(walls(got[0]), 0.5)
		if len(got) > 1 {
			b.report.ratio(c.name, ours, quantile(walls(got[1]), 0.5), "wash", c.goal, c.limit)
		} else {
			b.report.figure(c.name, millis(ours), c.goal+" of wash", nil)
		}
		if c.rss > 0 {
			ok := maxRSS(got[0]) <= c.rss
			b.report.figure(c.name+", resident", mib(maxRSS(got[0])), "<= "+mib(c.rss), &ok)
			if len(got) > 1 {
				b.report.figure(c.name+", resident, wash", mib(maxRSS(got[1])), "", nil)
			}
		}
	}
	return nil
}

// fresh is a subject whose output is removed before each run, so that nobody
// is credited for leaving an equal file alone.
func (b *bench) fresh(name, out string, run func(context.Context) (sample, error)) subject {
	return subject{name: name, run: run, prepare: func(context.Context) error {
		if err := os.Remove(out); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}}
}

// writeModule writes a valid module of about n bytes: one custom section of
// noise carries the weight. It goes to disk in pieces: a child's peak memory is
// counted from what its parent held at the time of the fork.
func writeModule(path string, n int) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	const name = "\x05noise"
	head := binary.AppendUvarint([]byte("\x00asm\x01\x00\x00\x00\x00"), uint64(len(name)+n))
	if _, err := f.Write(append(head, name...)); err != nil {
		return err
	}
	if _, err := io.CopyN(f, rand.NewChaCha8([32]byte{1}), int64(n)); err != nil {
		return err
	}
	return f.Close()
}
