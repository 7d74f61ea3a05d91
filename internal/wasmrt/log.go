package wasmrt

import (
	"bytes"
	"fmt"
	"strings"
)

const (
	maxLine  = 4 << 10 // bytes of one log line; the rest of it is cut
	maxLines = 10_000  // log lines of one call, so that a guest in a loop cannot fill a disk
	cutMark  = " … (cut)"
)

// logBook passes the log lines of one call on, in bounds.
type logBook struct {
	write func(line string)
	lines int
	said  string // what the guest's last words are, should it break off now
	final bool   // said is the text of a panic, and what comes after it a stack
}

func (l *logBook) line(tag, text string) {
	l.lines++
	if l.lines > maxLines+1 {
		return
	}
	if l.lines == maxLines+1 {
		l.write(fmt.Sprintf("log cut: more than %d lines in one call", maxLines))
		return
	}
	if len(text) > maxLine {
		text = text[:maxLine] + cutMark
	}
	text = strings.ToValidUTF8(text, "�")
	l.remember(text)
	l.write(tag + text)
}

// remember knows how the panics of Go and Rust look: Go's text comes first, Rust's comes last but
// for a hint.
func (l *logBook) remember(text string) {
	if l.final || text == "" || strings.HasPrefix(text, "note: run with `RUST_BACKTRACE") {
		return
	}
	l.said = text
	l.final = strings.HasPrefix(text, "panic: ") || strings.HasPrefix(text, "fatal error: ")
}

// lineWriter cuts an output stream of the guest into log lines. It never fails: a guest must not
// break because its log is too long.
type lineWriter struct {
	tag string
	log *logBook
	buf []byte // the line so far, at most a little more than maxLine
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		line, rest, ended := bytes.Cut(p, []byte{'\n'})
		if room := maxLine + 1 - len(w.buf); room > 0 { // one more than fits, for logBook to see that it is too long
			w.buf = append(w.buf, line[:min(room, len(line))]...)
		}
		if ended {
			w.log.line(w.tag, strings.TrimSuffix(string(w.buf), "\r"))
			w.buf = w.buf[:0]
		}
		p = rest
	}
	return n, nil
}

func (w *lineWriter) flush() {
	if len(w.buf) > 0 {
		w.log.line(w.tag, string(w.buf))
		w.buf = nil
	}
}
