//go:build bazel

package bazel

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// A cold build of all tools on two cores takes minutes.
const patience = 20 * time.Minute

// workspace is a folder in which Bazel is run.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

// mainWorkspace is the one that most tests use; its server runs until all are done.
const mainWorkspace = "rules"

// cacheDir holds the workspaces, and what they share, between runs.
func cacheDir(t *testing.T) string {
	t.Helper()
	cache, err := fsx.UserCacheDir(os.Getenv)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "e2e-bazel")
}

func repository(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// open gives the workspace testdata/NAME. Every test gets the files as they are in the
// repository; Bazel's outputs of earlier runs are still there.
func open(t *testing.T, name string) *workspace {
	t.Helper()
	return openAs(t, filepath.Join("testdata", name), name)
}

// openAs gives a copy of a folder under another name, and so with outputs of its own.
func openAs(t *testing.T, from, folder string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: filepath.Join(cacheDir(t), folder)}
	if folder != mainWorkspace {
		t.Cleanup(w.shutdown)
		w.clear(from)
	}
	err := filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() { // bazel-bin and the like are links
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		file, _ := filepath.Rel(from, path)
		w.write(file, strings.ReplaceAll(string(body), "%ROOT%", repository(t)))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	version, err := os.ReadFile(filepath.Join(repository(t), ".bazelversion"))
	if err != nil {
		t.Fatal(err)
	}
	w.write(".bazelversion", string(version))
	return w
}

// clear removes what an earlier run wrote besides the files of a folder. Bazel's own file about modules
// may stay: it spares asking for them again.
func (w *workspace) clear(from string) {
	w.t.Helper()
	err := filepath.WalkDir(w.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || e.Name() == "MODULE.bazel.lock" {
			return err
		}
		file, _ := filepath.Rel(w.dir, path)
		if _, err := os.Lstat(filepath.Join(from, file)); errors.Is(err, fs.ErrNotExist) {
			return os.Remove(path)
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.t.Fatal(err)
	}
}

// write writes a file, and leaves its time alone if nothing changes.
func (w *workspace) write(file, text string) {
	w.t.Helper()
	_, err := fsx.WriteFileIfChanged(filepath.Join(w.dir, file), 0o644, func(out io.Writer) error {
		_, err := io.WriteString(out, text)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// edit replaces text in a file until the test ends.
func (w *workspace) edit(file, old, new string) {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		w.t.Fatal(err)
	}
	if !strings.Contains(string(body), old) {
		w.t.Fatalf("%s has no %q", file, old)
	}
	w.write(file, strings.Replace(string(body), old, new, 1))
	w.t.Cleanup(func() { w.write(file, string(body)) })
}

// output is what a run of Bazel gave.
type output struct {
	stdout, stderr string
	spawns         []spawn
	events         string // the file of the build events
	log            string // the execution log
}

// spawn is an action that was run, or answered by a cache, as the execution log tells it.
type spawn struct {
	CommandArgs []string
	Inputs      []struct {
		Path   string
		Digest struct{ SizeBytes string }
		IsTool bool
	}
	EnvironmentVariables []struct{ Name, Value string }
	Mnemonic             string
	Runner               string
	CacheHit             bool
}

// bazel runs Bazel in the workspace.
func (w *workspace) bazel(command string, args ...string) (*output, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	temp := w.t.TempDir()
	out := &output{events: filepath.Join(temp, "events.json"), log: filepath.Join(temp, "log.json")}
	line := []string{command}
	if slices.Contains([]string{"build", "test", "run"}, command) {
		line = append(line, "--disk_cache="+filepath.Join(cacheDir(w.t), "disk"), "--sandbox_default_allow_network=false", "--incompatible_strict_action_env",
			"--build_event_json_file="+out.events, "--execution_log_json_file="+out.log)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(repository(w.t), "bazelw"), append(line, args...)...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), append([]string{"BAZELW_BIND=" + repository(w.t)}, w.env...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, waitDelay
	err := cmd.Run()
	out.stdout, out.stderr = stdout.String(), stderr.String()
	if err != nil {
		err = fmt.Errorf("bazel %s %s: %w\n%s", command, strings.Join(args, " "), err, tail(out.stderr))
	}
	if spawned, readErr := readLog(out.log); readErr == nil {
		out.spawns = spawned
	}
	return out, err
}

func (w *workspace) shutdown() {
	if err := shutdown(repository(w.t), w.dir); err != nil {
		w.t.Log(err)
	}
}

// must runs Bazel, which has to succeed.
func (w *workspace) must(command string, args ...string) *output {
	w.t.Helper()
	out, err := w.bazel(command, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func tail(text string) string {
	const most = 6000
	return text[max(0, len(text)-most):]
}

func readLog(path string) ([]spawn, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []spawn
	for d := json.NewDecoder(f); ; {
		var s spawn
		if err := d.Decode(&s); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
}

// idle fails the test if the build did anything, as both the execution log and the
// build events tell it.
func (o *output) idle(t *testing.T) {
	t.Helper()
	if len(o.spawns) > 0 {
		t.Errorf("a build with no change ran %d actions, first %s", len(o.spawns), o.spawns[0].Mnemonic)
	}
	f, err := os.Open(o.events)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type metrics struct {
		ActionSummary struct {
			ActionData []struct{ Mnemonic, ActionsExecuted string }
		}
	}
	var found *metrics
	for d := json.NewDecoder(f); ; {
		var event struct{ BuildMetrics *metrics }
		if err := d.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if event.BuildMetrics != nil {
			found = event.BuildMetrics
		}
	}
	if found == nil {
		t.Fatal("the build events hold no metrics")
	}
	for _, a := range found.ActionSummary.ActionData {
		// Writes the status files of every build; no action reads them unless it is stamped.
		if a.ActionsExecuted != "" && a.ActionsExecuted != "0" && a.Mnemonic != "BazelWorkspaceStatusAction" {
			t.Errorf("a build with no change ran %s actions %s", a.ActionsExecuted, a.Mnemonic)
		}
	}
}

// ours lists the mnemonics of our own actions, sorted.
func (o *output) ours() []string {
	var names []string
	for _, s := range o.spawns {
		if strings.HasPrefix(s.Mnemonic, "Wasmcloud") {
			names = append(names, strings.TrimPrefix(s.Mnemonic, "Wasmcloud"))
		}
	}
	slices.Sort(names)
	return names
}

// built reads a file below bazel-bin.
func (w *workspace) built(file string) []byte {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.dir, "bazel-bin", file))
	if err != nil {
		w.t.Fatal(err)
	}
	return body
}
