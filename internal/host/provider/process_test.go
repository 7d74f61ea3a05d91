//go:build unix

package provider

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// patience is what must happen gets, on a machine with other things to do.
const patience = 30 * time.Second

// watched is a process with what it wrote.
type watched struct {
	*Process
	mu    sync.Mutex
	lines []string
}

func run(t *testing.T, role string, stdin []byte) *watched {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{}
	w.Process, err = Start(Spec{Path: exe, Env: []string{roleVariable + "=" + role}, Stdin: stdin, Log: func(line string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.lines = append(w.lines, line)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Kill(); <-w.Done() })
	return w
}

func (w *watched) wait(t *testing.T) []string {
	t.Helper()
	select {
	case <-w.Done():
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	return w.output()
}

func (w *watched) output() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

func TestInputAndEnvironment(t *testing.T) {
	w := run(t, "echo", []byte(strings.Repeat("hostdata", 20_000))) // more than a pipe holds
	want := []string{"read 160000 bytes: hostdatahostdatahost", "environment [" + roleVariable + "=echo]"}
	if got := w.wait(t); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.Exit(); !strings.HasPrefix(got, "ended with exit status 0") {
		t.Error(got)
	}
}

func TestExitTellsWhy(t *testing.T) {
	w := run(t, "exit", []byte(strings.Repeat("nobody reads this", 20_000)))
	w.wait(t)
	if got := w.Exit(); got != "ended with exit status 3; its last output: cannot go on" {
		t.Error(got)
	}
	w.Terminate() // the number may be somebody else's by now
	w.Kill()
}

func TestSignals(t *testing.T) {
	for name, c := range map[string]struct {
		send func(*watched)
		want string
	}{
		"term": {func(w *watched) { w.Terminate() }, "ended with signal: terminated"},
		"kill": {func(w *watched) { w.Kill() }, "ended with signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			w := run(t, "sleep", nil)
			testkit.Eventually(t, "its first line", func() bool { return len(w.output()) > 0 })
			c.send(w)
			w.wait(t)
			if got := w.Exit(); !strings.HasPrefix(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// What a provider started itself ends with it, and does not keep us waiting.
func TestGroupEndsWithItsLeader(t *testing.T) {
	w := run(t, "parent", nil)
	lines := w.wait(t)
	child, err := strconv.Atoi(strings.TrimPrefix(lines[0], "child "))
	if err != nil {
		t.Fatal(lines)
	}
	testkit.Eventually(t, "the child to end", func() bool { return !lives(child) })
}

// A host that is killed has no time to stop anything.
func TestProviderDiesWithItsHost(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("only Linux has a signal for the death of a parent")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	host := exec.Command(exe)
	host.Env = []string{roleVariable + "=host " + exe}
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, convErr := strconv.Atoi(strings.TrimPrefix(strings.TrimSpace(line), "pid "))
	if err != nil || convErr != nil {
		host.Process.Kill()
		host.Wait()
		t.Fatalf("%q, %v", line, err)
	}
	if !lives(pid) {
		t.Fatal("it does not run")
	}
	host.Process.Signal(syscall.SIGKILL)
	host.Wait()
	testkit.Eventually(t, "the provider to end", func() bool { return !lives(pid) })
}

// lives says whether a process runs; a dead one that nobody waited for does not.
func lives(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(rest, "Z")
}

func TestFloodIsBounded(t *testing.T) {
	w := run(t, "flood", nil)
	lines := w.wait(t)
	dropped := 0
	for _, l := range lines {
		var n int
		if _, err := fmt.Sscanf(l, "… %d lines left out", &n); err == nil {
			dropped += n
		}
	}
	// Each second that it took lets as many through.
	if dropped == 0 || len(lines) > 20*maxLines/2 {
		t.Errorf("%d lines came through, %d were left out", len(lines), dropped)
	}
	if got := w.Exit(); !strings.Contains(got, fmt.Sprintf("line %d", 20*maxLines-1)) {
		t.Errorf("%q, want it to end with the last line", got)
	}
}

func TestLongLinesAreCut(t *testing.T) {
	lines := run(t, "long", nil).wait(t)
	if len(lines) != 2 || len(lines[0]) > maxLine+len("…") || !strings.HasSuffix(lines[0], "x…") || lines[1] != "no line end \uFFFD" {
		t.Errorf("%d lines, the last is %.40q", len(lines), lines[len(lines)-1])
	}
}

func TestStartFailures(t *testing.T) {
	for name, path := range map[string]string{"missing": t.TempDir() + "/none", "not executable": "/etc/hostname", "no program": t.TempDir()} {
		if _, err := Start(Spec{Path: path}); err == nil {
			t.Errorf("%s: it started", name)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v names no %s", name, err, path)
		}
	}
}
