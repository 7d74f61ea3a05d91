// Package daemon starts a program in the background, waits until it says in its
// state file that it is ready, finds it again later and stops it. It stands in
// for `nohup … & echo $!`, on every system and without a shell.
//
// The program writes the state file itself, atomically, once it can serve; its
// JSON holds the members of State and whatever else its users need to know.
package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// poll is how often a state file or a process is looked at. Neither can be
// waited for portably: the process waited for in Stop is nobody's child here.
const poll = 5 * time.Millisecond

// killed is how long a process may take to vanish once it has been killed.
const killed = 5 * time.Second

// State is what every background program's state file holds; their own structs
// embed it.
type State struct {
	PID int `json:"pid"`
	// Started is when the program wrote the file or earlier, never before it was
	// started: it tells this process from a later one with the same number.
	Started time.Time `json:"started"`
	Log     string    `json:"log,omitempty"`
}

// Start runs argv in a session of its own with its output in logPath, and
// returns when statePath names the live process. A nil env is the caller's. If
// statePath names a live process at once, nothing is started and already is
// true. When ctx ends first, or the program does, it is an error that quotes the
// end of the log, and nothing is left running.
func Start(ctx context.Context, argv []string, env []string, statePath, logPath string) (already bool, err error) {
	if err := os.MkdirAll(filepath.Dir(statePath), 0o700); err != nil {
		return false, fmt.Errorf("making the folder of the state file: %w", err)
	}
	// Two starts at once (make -j) must not become two programs.
	unlock, err := fsx.Lock(ctx, statePath+".lock")
	if err != nil {
		return false, fmt.Errorf("waiting for another start: %w", err)
	}
	defer unlock()
	if alive, err := Alive(statePath, nil); err != nil || alive {
		return alive, err
	}
	if err := os.Remove(statePath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("removing the state file of a program that is gone: %w", err)
	}
	cmd, err := launch(argv, env, logPath)
	if err != nil {
		return false, err
	}
	return false, awaitReady(ctx, cmd, statePath, logPath)
}

func launch(argv, env []string, logPath string) (*exec.Cmd, error) {
	if err := os.MkdirAll(filepath.Dir(logPath), 0o700); err != nil {
		return nil, fmt.Errorf("making the folder of the log: %w", err)
	}
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	defer log.Close() // the child holds its own
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s in the background: %w", argv[0], err)
	}
	return cmd, nil
}

func awaitReady(ctx context.Context, cmd *exec.Cmd, statePath, logPath string) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // also keeps a dead child from looking alive
	tick := time.NewTicker(poll)
	defer tick.Stop()
	name := filepath.Base(cmd.Path)
	for {
		select {
		case err := <-ended:
			if err == nil {
				err = errors.New("exit status 0")
			}
			return fmt.Errorf("%s ended before it was ready (%w); %s", name, err, tail(logPath))
		case <-ctx.Done():
			kill(cmd.Process)
			<-ended
			os.Remove(statePath)
			return fmt.Errorf("%s was not ready in time (%w) and was stopped; %s", name, ctx.Err(), tail(logPath))
		case <-tick.C:
			var state State
			if read(statePath, &state) == nil && state.PID == cmd.Process.Pid {
				return nil
			}
		}
	}
}

// tail quotes the end of a log: the cause of a failed start is nearly always in
// its last lines.
func tail(logPath string) string {
	const most = 20
	text, err := os.ReadFile(logPath)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if err != nil || lines[0] == "" {
		return "its log " + logPath + " is empty"
	}
	lines = lines[max(0, len(lines)-most):]
	return "the end of its log " + logPath + ":\n" + strings.Join(lines, "\n")
}

// Stop asks the process named by statePath to end and waits; when ctx ends first
// it is killed. The state file is gone afterwards. stopped is false when no such
// process ran.
func Stop(ctx context.Context, statePath string) (stopped bool, err error) {
	var state State
	alive, err := Alive(statePath, &state)
	if err != nil {
		return false, err
	}
	if alive {
		if err := end(ctx, state); err != nil {
			return false, err
		}
	}
	// The program removes its state file itself unless it was killed.
	if err := os.Remove(statePath); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return alive, fmt.Errorf("removing the state file: %w", err)
	}
	return alive, nil
}

func end(ctx context.Context, state State) error {
	process, err := os.FindProcess(state.PID)
	if err != nil {
		return nil // gone since
	}
	defer process.Release()
	if err := terminate(process); err != nil && Runs(state) {
		return fmt.Errorf("asking process %d to end: %w", state.PID, err)
	}
	if gone(ctx, state) {
		return nil
	}
	kill(process)
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), killed)
	defer cancel()
	if !gone(after, state) {
		return fmt.Errorf("process %d is still there %v after it was killed", state.PID, killed)
	}
	return nil
}

// gone waits for a process to end and reports whether it did before ctx.
func gone(ctx context.Context, state State) bool {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for Runs(state) {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// Alive reports whether the process named by statePath runs, and reads the whole
// state into `into` (a pointer, or nil). A missing file means no; one that is not
// a state is an error.
func Alive(statePath string, into any) (bool, error) {
	var state State
	err := read(statePath, &state)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && into != nil {
		err = read(statePath, into)
	}
	if err != nil {
		return false, fmt.Errorf("reading the state file %s: %w", statePath, err)
	}
	return Runs(state), nil
}

func read(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// clockSlack allows for the coarse clocks in which systems keep start times.
const clockSlack = 5 * time.Second

// Runs reports whether the very process that wrote state is alive: its number
// may have passed to another, which then started after the state was written.
func Runs(state State) bool {
	if state.PID <= 0 || !exists(state.PID) {
		return false
	}
	started, known := startTime(state.PID)
	return !known || state.Started.IsZero() || !started.After(state.Started.Add(clockSlack))
}
