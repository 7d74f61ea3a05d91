package drain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"drain": Command})
}

func TestScripts(t *testing.T) {
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
		return os.MkdirAll(filepath.Join(env.WorkDir, "home"), 0o755)
	})
}

// A bench is a home and a temporary folder of a test's own.
type bench struct {
	t         *testing.T
	home, tmp string
	env       map[string]string
}

func newBench(t *testing.T) *bench {
	if runtime.GOOS != "linux" {
		t.Skip("the folders named here are those of Linux")
	}
	dir := t.TempDir()
	b := &bench{t: t, home: filepath.Join(dir, "home"), tmp: filepath.Join(dir, "tmp")}
	b.env = map[string]string{"HOME": b.home, "TMPDIR": b.tmp}
	return b
}

func (b *bench) file(dir string, parts ...string) string {
	b.t.Helper()
	path := filepath.Join(append([]string{dir}, parts...)...)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o755); err != nil {
		b.t.Fatal(err)
	}
	return path
}

func (b *bench) drain(args ...string) (code int, r report, errText string) {
	b.t.Helper()
	var out, e bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &e, Env: func(k string) string { return b.env[k] }, Now: time.Now}
	code = cli.Main(context.Background(), s, append(args, "--output", "json"), Command)
	if out.Len() > 0 {
		if err := json.Unmarshal(out.Bytes(), &r); err != nil {
			b.t.Fatalf("%v in %q", err, out.String())
		}
	}
	return code, r, e.String()
}

func (b *bench) want(path string, there bool) {
	b.t.Helper()
	if _, err := os.Lstat(path); (err == nil) != there {
		b.t.Errorf("%s: %v; want it there: %v", path, err, there)
	}
}

func leftReason(r report, path string) string {
	for _, l := range r.Left {
		if l.Path == path {
			return l.Reason
		}
	}
	return ""
}

// sleeper is a process that runs, of which file is held open.
func sleeper(t *testing.T, open string) *exec.Cmd {
	t.Helper()
	f, err := os.Open(open)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cmd := exec.Command("cat")
	stdin, err := cmd.StdinPipe() // it ends when this closes
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{f}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close(); cmd.Wait() })
	return cmd
}

func TestFilesInUseAreLeft(t *testing.T) {
	b := newBench(t)
	busy := b.file(b.tmp, "wasmcloudcache", "VKEY", "1", "wasmcloud_keyvalue_default")
	idle := b.file(b.tmp, "wasmcloudcache", "VKEY", "2", "wasmcloud_keyvalue_default")
	cmd := sleeper(t, busy)
	code, r, _ := b.drain("lib")
	if want := fmt.Sprintf("process %d uses it", cmd.Process.Pid); code != 0 || leftReason(r, busy) != want || r.Files != 1 {
		t.Errorf("exit %d, %+v; want %q", code, r, want)
	}
	b.want(busy, true)
	b.want(idle, false)
	if code, _, _ := b.drain("lib", "--force"); code != 0 {
		t.Errorf("exit %d", code)
	}
	b.want(busy, false)
}

func TestRunningWashHostKeepsItsFolders(t *testing.T) {
	b := newBench(t)
	host := b.file(b.home, ".wash", "downloads", "v0.63.0", "host")
	pidFile := b.file(b.home, ".wash", "downloads", "wasmcloud.pid")
	lib := b.file(b.tmp, "wasmcloudcache", "VKEY", "1", "x")
	cached := b.file(b.tmp, "wasmcloud_ocicache", "localhost_5000_echo_1.bin")
	if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644); err != nil {
		t.Fatal(err)
	}
	code, r, _ := b.drain("all")
	if code != 0 || len(r.Drained) != 0 || !strings.Contains(leftReason(r, filepath.Dir(pidFile)), "a wasmCloud host started by wash runs") {
		t.Errorf("exit %d, %+v", code, r)
	}
	for _, path := range []string{host, pidFile, lib, cached} {
		b.want(path, true)
	}
	// Asked for by name, the one file goes: the loop needs that while a host runs.
	if code, r, _ := b.drain("localhost:5000/echo:1"); code != 0 || r.Files != 1 {
		t.Errorf("exit %d, %+v", code, r)
	}
	b.want(cached, false)
	if code, _, _ := b.drain("all", "--force"); code != 0 {
		t.Errorf("exit %d", code)
	}
	b.want(host, false)
	b.want(lib, false)
}

func TestPidFileOfAProgramThatIsGone(t *testing.T) {
	b := newBench(t)
	pidFile := b.file(b.home, ".wash", "downloads", "nats.pid")
	if err := os.WriteFile(pidFile, fmt.Appendf(nil, "%d", os.Getpid()), 0o644); err != nil {
		t.Fatal(err)
	}
	// The number lives on in this process, which is younger than the file.
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(pidFile, old, old); err != nil {
		t.Fatal(err)
	}
	if code, r, _ := b.drain("downloads"); code != 0 || r.Files != 1 {
		t.Errorf("exit %d, %+v", code, r)
	}
}

func TestRunningDevhostKeepsOurCacheOnly(t *testing.T) {
	b := newBench(t)
	ours := b.file(b.home, ".cache", "rules_wasmcloud", "oci", "blobs", "aa")
	theirs := b.file(b.tmp, "wasmcloud_ocicache", "x.bin")
	state := b.file(b.home, ".local", "state", "rules_wasmcloud", "devhost.json")
	text, err := json.Marshal(daemon.State{PID: os.Getpid(), Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, text, 0o600); err != nil {
		t.Fatal(err)
	}
	code, r, _ := b.drain("all")
	if code != 0 || !strings.Contains(leftReason(r, filepath.Join(b.home, ".cache", "rules_wasmcloud", "oci")), "devhost runs (process") {
		t.Errorf("exit %d, %+v", code, r)
	}
	b.want(ours, true)
	b.want(theirs, false)
}

func TestEntryThatCannotBeRemovedFailsAfterTheRest(t *testing.T) {
	b := newBench(t)
	gone := b.file(b.tmp, "wasmcloud_ocicache", "z.bin")
	b.file(b.tmp, "wasmcloudcache", "mount", "x")
	// A folder that is somebody's mount cannot be removed, not even by root.
	target := filepath.Join(b.tmp, "wasmcloudcache", "mount")
	if err := exec.Command("mount", "-t", "tmpfs", "none", target).Run(); err != nil {
		t.Skip("mounting is not allowed here, and nothing else stops root from removing a file")
	}
	t.Cleanup(func() { exec.Command("umount", target).Run() })
	code, _, errText := b.drain("all")
	if code != 1 || !strings.Contains(errText, target) {
		t.Errorf("exit %d, %s", code, errText)
	}
	b.want(gone, false)
}
