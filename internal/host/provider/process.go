package provider

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

// Spec says what to run.
type Spec struct {
	Path  string            // of the executable, see Store.Place
	Env   []string          // its whole environment, "NAME=value"; nil = none
	Stdin []byte            // handed over and closed, as the Rust host does
	Log   func(line string) // gets its output, one line at a time
	Now   func() time.Time  // nil = the real clock; for the flood limit
}

// Process is a provider that was started. Its whole process group ends with it.
type Process struct {
	pid  int
	out  *output
	done chan struct{}

	mu    sync.Mutex
	over  bool // the group may not be signalled any more: the number may be somebody else's
	state *os.ProcessState
}

// Start starts a process. On Linux it dies with this one, however that ends;
// elsewhere only a host that can still act stops its providers.
func Start(spec Spec) (*Process, error) {
	if spec.Now == nil {
		spec.Now = time.Now
	}
	p := &Process{out: &output{log: spec.Log, now: spec.Now}, done: make(chan struct{})}
	started := make(chan error)
	go p.run(spec, started)
	if err := <-started; err != nil {
		if errors.Is(err, fs.ErrPermission) { // the mode is ours, so it is the file system
			err = fmt.Errorf("%w; the cache may lie on a file system that is mounted noexec: set WASMCLOUD_CACHE to a folder elsewhere", err)
		}
		return nil, fmt.Errorf("starting %s: %w", spec.Path, err)
	}
	return p, nil
}

// run owns the process. Linux sends the death signal when the *thread* that
// forked ends, so the goroutine keeps its thread until the process is gone.
func (p *Process) run(spec Spec, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)

	stdin, stdout, cmd, err := launch(spec)
	if err != nil {
		started <- err
		return
	}
	p.pid = cmd.Process.Pid
	started <- nil

	go func() {
		// It may end without reading: then there is nobody to tell.
		_, _ = stdin.Write(spec.Stdin)
		_ = stdin.Close()
	}()
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.out.read(stdout)
	}()

	state, _ := cmd.Process.Wait()
	killGroup(p.pid) // what it started itself ends with it
	p.mu.Lock()
	p.over, p.state = true, state
	p.mu.Unlock()
	_ = stdin.Close()
	drain(read, stdout)
}

// drainTime is how long output is waited for after the end: a process that left
// the group may hold the pipe open for ever.
const drainTime = time.Second

func drain(read <-chan struct{}, stdout *os.File) {
	late := time.AfterFunc(drainTime, func() { _ = stdout.Close() })
	<-read
	late.Stop()
	_ = stdout.Close()
}

// launch forks. Standard output and error share a pipe, which keeps their order.
func launch(spec Spec) (stdin, stdout *os.File, _ *exec.Cmd, err error) {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	defer childIn.Close()
	stdout, childOut, err := os.Pipe()
	if err != nil {
		stdin.Close()
		return nil, nil, nil, err
	}
	defer childOut.Close()
	for begin := time.Now(); ; {
		// exec.Command would look Path up; Env must not be nil, which means ours.
		cmd := &exec.Cmd{
			Path: spec.Path, Args: []string{spec.Path}, Env: append([]string{}, spec.Env...),
			Stdin: childIn, Stdout: childOut, Stderr: childOut, SysProcAttr: ownGroup(),
		}
		err = cmd.Start()
		if err == nil {
			return stdin, stdout, cmd, nil
		}
		// Another process that was being forked while the executable was
		// written holds it open until its own exec.
		if !errors.Is(err, errTextBusy) || time.Since(begin) > time.Second {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	stdin.Close()
	stdout.Close()
	return nil, nil, nil, err
}

// PID is the process's number, and its group's.
func (p *Process) PID() int { return p.pid }

// Done is closed when the process has ended and its output is read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Terminate asks the process group to end.
func (p *Process) Terminate() { p.signal(terminateGroup) }

// Kill ends the process group.
func (p *Process) Kill() { p.signal(killGroup) }

func (p *Process) signal(send func(pid int)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.over {
		send(p.pid)
	}
}

// Exit says how the process ended and what it wrote last, once Done is closed.
func (p *Process) Exit() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := "ended in an unknown way"
	if p.state != nil {
		text = "ended with " + p.state.String()
	}
	if tail := p.out.last(); len(tail) > 0 {
		text += "; its last output: " + strings.Join(tail, " | ")
	}
	return text
}
