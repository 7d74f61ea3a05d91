package provider

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// maxLine bounds one line, in bytes; the rest of a longer one is dropped.
	maxLine = 8 << 10
	// maxLines is how many lines a second are passed on. Output is read on
	// beyond that: a provider whose writes block stops serving calls.
	maxLines = 500
	// tailLines of the output are kept to explain why a process ended.
	tailLines = 5
)

// output passes what a process writes on, line by line.
type output struct {
	log func(line string)
	now func() time.Time

	mu      sync.Mutex
	second  time.Time // begin of the second that is counted
	passed  int
	dropped int
	late    *time.Timer // says what was dropped when nothing follows
	tail    []string
}

// read returns at the end of r, or when reading fails, which ends it too.
func (o *output) read(r io.Reader) {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, tooLong, err := in.ReadLine()
		text := string(bytes.ToValidUTF8(bytes.TrimRight(line, "\r"), []byte("\uFFFD")))
		for tooLong && err == nil {
			_, tooLong, err = in.ReadLine()
			if !tooLong {
				text += "…"
			}
		}
		if text != "" {
			o.line(text)
		}
		if err != nil {
			o.flush()
			return
		}
	}
}

func (o *output) line(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tail = append(o.tail, text); len(o.tail) > tailLines {
		o.tail = o.tail[1:]
	}
	if now := o.now(); now.Sub(o.second) >= time.Second {
		o.sayDropped()
		o.second, o.passed = now, 0
	}
	if o.passed++; o.passed <= maxLines {
		o.log(text)
		return
	}
	if o.dropped++; o.dropped == 1 {
		o.late = time.AfterFunc(time.Second, o.flush)
	}
}

func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sayDropped()
}

// sayDropped tells how many lines nobody saw. o.mu is held.
func (o *output) sayDropped() {
	if o.dropped == 0 {
		return
	}
	o.late.Stop()
	o.log(fmt.Sprintf("… %d lines left out: more than %d came in a second", o.dropped, maxLines))
	o.dropped = 0
}

// last returns the last lines that were read.
func (o *output) last() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.tail...)
}
