package wasmrt

import (
	"slices"
	"strings"
	"testing"
)

func TestLinesAreBounded(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	tests := map[string]struct {
		writes []string
		want   []string
	}{
		"whole lines":             {[]string{"a\nb\n"}, []string{"a", "b"}},
		"a line in parts":         {[]string{"a", "b", "\n", "c"}, []string{"ab", "c"}},
		"line ends of Windows":    {[]string{"a\r\nb\r\n"}, []string{"a", "b"}},
		"empty lines":             {[]string{"\n\n"}, []string{"", ""}},
		"just fits":               {[]string{long, "\nnext"}, []string{long, "next"}},
		"one too long":            {[]string{long + "y\nnext\n"}, []string{long + cutMark, "next"}},
		"too long, in parts":      {[]string{long, long, long, "\nnext\n"}, []string{long + cutMark, "next"}},
		"bytes that are not text": {[]string{"a\xffb\n"}, []string{"a\ufffdb"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var got []string
			w := &lineWriter{log: &logBook{write: func(line string) { got = append(got, line) }}}
			for _, text := range tt.writes {
				if n, err := w.Write([]byte(text)); n != len(text) || err != nil {
					t.Fatalf("wrote %d of %d bytes, %v", n, len(text), err)
				}
			}
			w.flush()
			w.flush() // twice does no harm
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %.60q, want %.60q", got, tt.want)
			}
		})
	}
}

func TestLogOfOneCallIsBounded(t *testing.T) {
	var got []string
	l := &logBook{write: func(line string) { got = append(got, line) }}
	for range maxLines + 100 {
		l.line("", "again")
	}
	if len(got) != maxLines+1 || !strings.HasPrefix(got[maxLines], "log cut") {
		t.Errorf("%d lines, the last is %q", len(got), got[len(got)-1])
	}
}

func TestLastWords(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  string
	}{
		"nothing":        {nil, ""},
		"Go's panic":     {[]string{"hello", "panic: oh no", "", "goroutine 1 [running]:", "\tmain.go:31 +0x4"}, "panic: oh no"},
		"Go's fault":     {[]string{"fatal error: out of memory", "runtime stack:"}, "fatal error: out of memory"},
		"Rust's panic":   {[]string{"thread 'main' panicked at src/lib.rs:3:5:", "oh no", "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace"}, "oh no"},
		"something else": {[]string{"one", "two"}, "two"},
	}
	for name, tt := range tests {
		l := &logBook{write: func(string) {}}
		for _, line := range tt.lines {
			l.line("stderr: ", line)
		}
		if l.said != tt.want {
			t.Errorf("%s: got %q, want %q", name, l.said, tt.want)
		}
	}
}
