//go:build unix

package e2e

import (
	"bytes"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shown is what a running command has written.
type shown struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *shown) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *shown) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// editIsLive: with `make dev` running, a saved source is compiled, in the host and tested,
// and nothing else has to be typed.
func editIsLive(c *checkout) {
	t := c.t
	var out shown
	cmd := exec.Command("make", "-C", echo, "dev")
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = c.dir, c.env, &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // as Ctrl-C does: the whole group
		_ = cmd.Wait()
		c.run("make", "-C", echo, "down")
	})
	defer end()
	defer func() {
		if t.Failed() {
			t.Log(out.text())
		}
	}()
	seen := ""
	wait := func(want string) {
		t.Helper()
		eventually(t, want, func() bool {
			_, after, found := strings.Cut(strings.TrimPrefix(out.text(), seen), want)
			if found {
				seen = strings.TrimSuffix(out.text(), after)
			}
			return found
		})
	}
	wait("Live: build/echo_s.wasm")
	wait("Test results: 3/3 Passed")
	wait("waiting for changes")
	c.edit(echo+"/main.go", `"method":`, `"verb":`)
	wait("changed: main.go")
	wait("Live: build/echo_s.wasm")
	wait("Fail: get: ")
	if reply := c.run("make", "-C", echo, "call", "REG_URL=echo"); !strings.Contains(decoded(reply), `"verb":"`) {
		t.Errorf("the host answers %s", reply)
	}
	wait("waiting for changes")
	c.edit(echo+"/main.go", "return append(b, '}')", "return append(b, '}'")
	wait("syntax error")
	wait("Failed: the build failed")
	end()
}

// eventually waits for a condition; the compiler of a fresh clone is slow.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(5 * time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still waiting: %s", what)
		}
	}
}
