package drain

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
)

// runs says which running program holds a place, or "".
func (l layout) runs(u user) (string, error) {
	switch u {
	case washHost:
		return washRuns("a wasmCloud host started by wash", under(l.downloads(), "wasmcloud.pid"))
	case washNATS:
		holder, err := l.runs(washHost)
		if holder != "" || err != nil {
			return holder, err
		}
		return washRuns("a NATS server started by wash", under(l.downloads(), "nats.pid"))
	case ourHost:
		return ours("devhost", l.hostState())
	case ourRegistry:
		return ours("the registry", l.storeState())
	}
	return "", nil
}

func ours(name, statePath string) (string, error) {
	if statePath == "" {
		return "", nil
	}
	var state daemon.State
	alive, err := daemon.Alive(statePath, &state)
	if err != nil || !alive {
		return "", err
	}
	return fmt.Sprintf("%s runs (process %d)", name, state.PID), nil
}

// washRuns reads a pid file of wash: the number alone. Written when the program
// started, so a process younger than the file is another one.
func washRuns(name, pidFile string) (string, error) {
	if pidFile == "" {
		return "", nil
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return "", nil // none, or none that can be read: then in use or not decides
	}
	info, err := os.Stat(pidFile)
	pid, notNumber := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || notNumber != nil {
		return "", nil
	}
	if !daemon.Runs(daemon.State{PID: pid, Started: info.ModTime()}) {
		return "", nil
	}
	return fmt.Sprintf("%s runs (process %d)", name, pid), nil
}
