package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"time"
)

// bazel says which Bazel bazelw found or made.
type bazel struct {
	about string // its version, place and size
	prose string // what bazelw said on the way, or why there is none
	err   error
	took  time.Duration
}

// notHere is bazelw's exit code where no Bazel is wanted (BAZEL=skip) or can be had.
const notHere = 77

// provision begins at once: what takes long of it is waiting for downloads, and
// the first tests need no Bazel.
func provision(ctx context.Context, progress io.Writer, bazelw string) <-chan bazel {
	made := make(chan bazel, 1)
	go func() {
		began := time.Now()
		cmd := command(ctx, bazelw, "about")
		var about, prose bytes.Buffer
		cmd.Stdout, cmd.Stderr = &about, io.MultiWriter(&prose, progress)
		err := cmd.Run()
		made <- bazel{strings.TrimSpace(about.String()), strings.TrimSpace(prose.String()), err, time.Since(began)}
	}()
	return made
}

// bazelTests runs e2e/bazel with the Bazel that there is. Without one it runs
// the tests of that package that need none, and says what was left out.
func (s *suite) bazelTests(made <-chan bazel, required bool) {
	const name = "e2e/bazel with a real Bazel"
	args := []string{"-count=1", "./e2e/bazel"}
	var exit *exec.ExitError
	switch b := <-made; {
	case b.err == nil:
		s.say("Bazel of these tests (ready after %.0fs):\n%s", b.took.Seconds(), b.about)
		args = append([]string{"-tags", "bazel"}, args...)
	case errors.As(b.err, &exit) && exit.ExitCode() == notHere && !required:
		s.skip(name, lastLine(b.prose))
	default:
		s.fail(name, b.prose+"\n"+b.err.Error())
	}
	s.goTest(args)
}

func lastLine(text string) string { return text[strings.LastIndex(text, "\n")+1:] }
