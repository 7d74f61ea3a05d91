package ocipush

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// progress is a bar on a terminal, and nothing anywhere else: logs of builds
// should not fill with bars. The bar goes away when it is done.
type progress struct {
	bars *mpb.Progress
	bar  *mpb.Bar
}

func newProgress(s *cli.IO, total int64) *progress {
	if !cli.IsTerminal(s.Err) || s.Env("TERM") == "dumb" || s.Env("CI") != "" {
		return &progress{}
	}
	bars := mpb.New(mpb.WithOutput(s.Err), mpb.WithWidth(60), mpb.WithAutoRefresh())
	// Made without a total, a bar does not end at 100 %: a retry may take it back.
	bar := bars.New(0, mpb.BarStyle(),
		mpb.PrependDecorators(decor.CountersKibiByte("% .1f / % .1f")),
		mpb.AppendDecorators(decor.Percentage(), decor.EwmaETA(decor.ET_STYLE_GO, 30, decor.WCSyncSpace)))
	bar.SetTotal(total, false)
	return &progress{bars, bar}
}

func (p *progress) report(done, _ int64) {
	if p.bar != nil {
		p.bar.SetCurrent(done)
	}
}

// reader counts what is read through it.
func (p *progress) reader(r io.Reader) io.Reader {
	if p.bar == nil {
		return r
	}
	return &countingReader{r: r, p: p}
}

type countingReader struct {
	r    io.Reader
	p    *progress
	done int64
}

func (c *countingReader) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.done += int64(n)
	c.p.report(c.done, 0)
	return n, err
}

// finish takes the bar away, whole or not, and leaves the line to errors.
func (p *progress) finish() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.bars.Wait()
	}
}
