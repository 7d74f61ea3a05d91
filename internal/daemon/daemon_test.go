package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The test binary is its own background program: role says which.
const role, statePathVar = "DAEMON_TEST_ROLE", "DAEMON_TEST_STATE"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "":
		os.Exit(m.Run())
	case "dies":
		fmt.Println("listen tcp 127.0.0.1:4222: address already in use")
		os.Exit(3)
	case "mute":
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		fmt.Println("still thinking")
		<-ended
	case "stubborn":
		// Taken and dropped: with signal.Ignore nothing could wake this process, and
		// the Go runtime ends such a one as deadlocked.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
		serve(make(chan os.Signal))
	case "serves":
		ended := make(chan os.Signal, 1)
		signal.Notify(ended, syscall.SIGTERM)
		serve(ended)
	}
}

type wide struct {
	State
	Address string `json:"address"`
}

func serve(ended chan os.Signal) {
	text, err := json.Marshal(wide{State{PID: os.Getpid(), Started: time.Now()}, "localhost:7"})
	if err != nil {
		panic(err)
	}
	path := os.Getenv(statePathVar)
	if err := os.WriteFile(path+".tmp", text, 0o600); err != nil {
		panic(err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		panic(err)
	}
	<-ended
	os.Remove(path)
}

// start runs the test binary in a role; whatever it leaves is stopped.
func start(t *testing.T, ctx context.Context, as string) (state string, already bool, err error) {
	t.Helper()
	dir := t.TempDir()
	state = filepath.Join(dir, "new folder", "s.json")
	already, err = startIn(ctx, as, state)
	t.Cleanup(func() {
		if _, err := Stop(deadline(t, time.Second), state); err != nil {
			t.Error(err)
		}
	})
	return state, already, err
}

func startIn(ctx context.Context, as, state string) (bool, error) {
	env := append(os.Environ(), role+"="+as, statePathVar+"="+state)
	return Start(ctx, []string{os.Args[0]}, env, state, state+".log")
}

func deadline(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestStartFindStop(t *testing.T) {
	state, already, err := start(t, deadline(t, 20*time.Second), "serves")
	if err != nil || already {
		t.Fatalf("already %v, %v", already, err)
	}
	var got wide
	if alive, err := Alive(state, &got); err != nil || !alive || got.Address != "localhost:7" {
		t.Fatalf("alive %v, %+v, %v", alive, got, err)
	}
	if already, err := startIn(deadline(t, time.Second), "dies", state); err != nil || !already {
		t.Fatalf("second start: already %v, %v", already, err)
	}
	if stopped, err := Stop(deadline(t, 20*time.Second), state); err != nil || !stopped {
		t.Fatalf("stopped %v, %v", stopped, err)
	}
	if exists(got.PID) {
		t.Error("the process is still there")
	}
	if stopped, err := Stop(deadline(t, time.Second), state); err != nil || stopped {
		t.Fatalf("second stop: stopped %v, %v", stopped, err)
	}
}

func TestStartsAtOnceBecomeOneProgram(t *testing.T) {
	state := filepath.Join(t.TempDir(), "s.json")
	ctx := deadline(t, 20*time.Second)
	var wg sync.WaitGroup
	already := make([]bool, 4)
	for i := range already {
		wg.Go(func() {
			var err error
			if already[i], err = startIn(ctx, "serves", state); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	started := 0
	for _, a := range already {
		if !a {
			started++
		}
	}
	if started != 1 {
		t.Errorf("%d programs were started", started)
	}
	if _, err := Stop(ctx, state); err != nil {
		t.Error(err)
	}
}

func TestProgramThatDiesEarlyIsQuoted(t *testing.T) {
	_, _, err := start(t, deadline(t, 20*time.Second), "dies")
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("%v", err)
	}
}

func TestProgramThatIsNeverReadyIsStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	state := filepath.Join(t.TempDir(), "s.json")
	go func() { // end the wait as soon as the program is known to run
		for ctx.Err() == nil {
			if text, _ := os.ReadFile(state + ".log"); strings.Contains(string(text), "thinking") {
				cancel()
			}
		}
	}()
	_, err := startIn(ctx, "mute", state)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "still thinking") {
		t.Errorf("%v", err)
	}
}

func TestStopKillsTheStubborn(t *testing.T) {
	state, _, err := start(t, deadline(t, 20*time.Second), "stubborn")
	if err != nil {
		t.Fatal(err)
	}
	var was State
	if alive, err := Alive(state, &was); err != nil || !alive {
		t.Fatalf("alive %v, %v", alive, err)
	}
	if stopped, err := Stop(deadline(t, 50*time.Millisecond), state); err != nil || !stopped {
		t.Fatalf("stopped %v, %v", stopped, err)
	}
	if _, err := os.Stat(state); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the state file is still there: %v", err)
	}
	if Runs(was) {
		t.Errorf("process %d still runs", was.PID)
	}
}

// A number that passed to another process must not make that one a target.
func TestReusedProcessNumberIsNotAlive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	text, err := json.Marshal(State{PID: os.Getpid(), Started: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if alive, err := Alive(path, nil); err != nil || alive {
		t.Errorf("alive %v, %v", alive, err)
	}
	if stopped, err := Stop(context.Background(), path); err != nil || stopped {
		t.Errorf("stopped %v, %v", stopped, err)
	}
}

func TestStateThatIsNoneIsAnError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.json")
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Alive(path, nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if alive, err := Alive(path+".none", nil); alive || err != nil {
		t.Errorf("missing file: %v, %v", alive, err)
	}
}

func TestProgramThatIsMissing(t *testing.T) {
	dir := t.TempDir()
	_, err := Start(context.Background(), []string{filepath.Join(dir, "none")}, nil, dir+"/s.json", dir+"/log")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
