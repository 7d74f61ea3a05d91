package e2e

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	nats "github.com/nats-io/nats-server/v2/server"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// circumstances are the bad days: each is met by a message with its cure, which the file named
// here shows. A text is a regular expression that the file holds, to be found by `grep`.
var circumstances = []struct{ what, file, text string }{
	{"port taken: NATS", "internal/commands/devhost/testdata/script/run.txtar", `cannot be had: .*--any-port.*--nats-url`},
	{"port taken: dashboard", "internal/commands/devhost/testdata/script/dashboard.txtar", `cannot be had: .*--dashboard-port 0`},
	{"port taken: registry", "internal/commands/registry/testdata/script/up.txtar", `is taken by another program: pass --any-port`},
	{"no host", "internal/commands/lattice/testdata/script/get.txtar", `no host answers[^\n]*\n[^\n]*make up`},
	{"two hosts", "e2e/testdata/circumstances/two_hosts.txtar", `several hosts answer, name one`},
	{"no responders", "internal/commands/lattice/testdata/script/call.txtar", `nobody listens for`},
	{"NATS without JetStream", "e2e/testdata/circumstances/no_jetstream.txtar", `nats-server -js`},
	{"wrong lattice", "e2e/testdata/circumstances/wrong_lattice.txtar", `hosts answer on`},
	{"wrong cluster seed", "e2e/testdata/circumstances/wrong_seed.txtar", `WASMCLOUD_CLUSTER_SEED`},
	{"HOME unset", "e2e/testdata/circumstances/home.txtar", `HOME is not set; set it, or set`},
	{"HOME read-only", "e2e/testdata/circumstances/home.txtar", `read-only file system`},
	{"no cargo", "e2e/testdata/script/make_rust.txtar", `is not installed, and this project is in Rust: get it from https://rustup.rs`},
	{"no library for the wasm target", "internal/commands/compile/testdata/script/missing.txtar", `rustup target add wasm32-unknown-unknown`},
	{"no USER, no passwd entry", "e2e/testdata/circumstances/stranger.txtar", `stranger `},
	{"read-only sources", "e2e/testdata/circumstances/read_only_sources.txtar", `DIST_WASM=`},
	{"long TMPDIR", "e2e/testdata/circumstances/tmpdir.txtar", `folder with a long name`},
	{"noexec TMPDIR", "e2e/testdata/circumstances/tmpdir.txtar", `mounted noexec`},
	{"paths with spaces: Make", "e2e/testdata/script/make_spaces.txtar", `my project`},
	{"paths with spaces: tools", "e2e/testdata/circumstances/spaces.txtar", `a folder`},
	{"what a host runs is not what was built", "e2e/testdata/circumstances/stale.txtar", `you built sha256`},
	{"registry down", "internal/commands/ocipush/testdata/script/refused.txtar", `no registry answers at .*: start one with`},
	{"registry over HTTP, spoken to by HTTPS", "internal/commands/ocipush/testdata/away/away.txtar", `speaks plain HTTP.*WASMCLOUD_OCI_ALLOWED_INSECURE`},
	{"registry over HTTPS, spoken to by HTTP", "internal/commands/ocipush/testdata/away/away.txtar", `was spoken to over plain HTTP.*leave --insecure out`},
	{"registry killed under load", "internal/host/core/registrydown_test.go", `no registry answers at `},
	{"NATS restarted under load", "internal/host/core/outage_test.go", `func TestNATSIsRestartedUnderLoad`},
	{"NATS gone for good", "internal/host/core/outage_test.go", `func TestHostEndsWithoutNATS`},
	{"disk nearly full", "e2e/testdata/circumstances/little_disk.txtar", `32 MiB free for cache`},
	{"disk full", "e2e/testdata/together/disk_full.txtar", `file too large`},
}

func TestEveryCircumstanceHasItsTest(t *testing.T) {
	for _, c := range circumstances {
		text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(c.file)))
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if !regexp.MustCompile(c.text).Match(text) && !strings.Contains(string(text), c.text) {
			t.Errorf("%s: %s does not show %q", c.what, c.file, c.text)
		}
	}
}

func TestCircumstances(t *testing.T) {
	tools := withTools(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/circumstances", RequireUniqueNames: true, RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			return errors.Join(tools(env), os.WriteFile(filepath.Join(env.WorkDir, "plain.wasm"), testkit.Speaking([]byte("\x80")), 0o644))
		},
		Condition: func(name string) (bool, error) {
			if name == "mounts" {
				return exec.Command("unshare", "-m", "true").Run() == nil, nil
			}
			return name == "root" && os.Geteuid() == 0, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"plainnats": plainNATS, "stranger": stranger,
		},
	})
}

// plainNATS starts a NATS server without JetStream, at $NATS_PORT.
func plainNATS(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := nats.NewServer(&nats.Options{Host: "127.0.0.1", Port: -1, NoLog: true, NoSigs: true})
	ts.Check(err)
	s.Start()
	ts.Defer(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(20 * time.Second) {
		ts.Fatalf("the NATS server does not come up")
	}
	_, port, err := net.SplitHostPort(s.Addr().String())
	ts.Check(err)
	ts.Setenv("NATS_PORT", port)
}

// strangersID is a user that no passwd knows.
const strangersID = 54321

// stranger runs a command as a user without a name or a home, in a folder that is his alone and
// holds what the script's does.
func stranger(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.Getenv("STRANGER")
	if dir == "" {
		var err error
		dir, err = strangersFolder(ts.Getenv("WORK"), ts.Getenv("WASMCLOUD_TOOLS"))
		ts.Check(err)
		ts.Defer(func() { os.RemoveAll(dir) })
		ts.Setenv("STRANGER", dir)
	}
	cmd := exec.Command("setpriv", append([]string{"--reuid", strconv.Itoa(strangersID), "--regid", strconv.Itoa(strangersID), "--clear-groups"}, args...)...)
	cmd.Dir = filepath.Join(dir, "work")
	cmd.Env = []string{"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"), realTools + "=1", "TMPDIR=" + cmd.Dir}
	cmd.Stdout, cmd.Stderr = ts.Stdout(), ts.Stderr()
	if err := cmd.Run(); (err != nil) != neg {
		ts.Fatalf("%s: %v", strings.Join(args, " "), err)
	}
}

// strangersFolder makes the folder, not below the tests' own, which nobody else may enter.
func strangersFolder(work, tools string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "stranger-"); err != nil {
		return "", err
	}
	tool, err := os.ReadFile(os.Args[0])
	err = errors.Join(err, os.Chmod(dir, 0o755), os.CopyFS(filepath.Join(dir, "work"), os.DirFS(work)),
		os.Mkdir(filepath.Join(dir, "bin"), 0o755), os.WriteFile(filepath.Join(dir, "bin/tool"), tool, 0o755))
	names, globErr := filepath.Glob(filepath.Join(tools, "*"))
	err = errors.Join(err, globErr)
	for _, name := range names {
		err = errors.Join(err, os.Link(filepath.Join(dir, "bin/tool"), filepath.Join(dir, "bin", filepath.Base(name))))
	}
	return dir, errors.Join(err, filepath.WalkDir(filepath.Join(dir, "work"), func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, strangersID, strangersID))
	}))
}
