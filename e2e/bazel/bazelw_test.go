package bazel

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A machine is what bazelw sees of one: the programs on PATH, which say what they are
// asked, and folders of its own.
type machine struct {
	t              *testing.T
	bin, dir, home string // programs; a workspace; the user's home
	env            []string
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, bin: t.TempDir(), dir: t.TempDir(), home: t.TempDir()}
	// bazelw's own means; of the real machine nothing else is on PATH.
	for _, name := range []string{"bash", "sh", "cat", "head", "dirname", "mkdir", "grep", "sed", "flock", "touch", "cksum", "cut", "mv", "env", "awk", "timeout", "git", "chmod"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(m.bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	m.program("id", "echo 1000") // nobody who could make a root
	m.program("curl", "exit 6")  // no downloads
	m.program("go", `[ "$1" = env ] && echo "$2" || exit 1`)
	if err := os.WriteFile(filepath.Join(m.dir, "MODULE.bazel"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return m
}

// program puts a shell script on the machine's PATH.
func (m *machine) program(name, script string) {
	m.t.Helper()
	if err := os.WriteFile(filepath.Join(m.bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
}

// bazel puts a program on PATH that calls itself Bazel of some version.
func (m *machine) bazel(name, version string) {
	m.t.Helper()
	m.program(name, `[ "$1" = --version ] && echo "bazel `+version+`" || echo "`+name+` ran: $*"`)
}

// bazelw runs it, and gives its exit code with what it says.
func (m *machine) bazelw(args ...string) (code int, stdout, stderr string) {
	m.t.Helper()
	script, err := filepath.Abs("../../bazelw")
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := exec.CommandContext(m.t.Context(), filepath.Join(m.bin, "bash"), append([]string{script}, args...)...)
	cmd.Dir = m.dir
	cmd.Env = append([]string{"PATH=" + m.bin, "HOME=" + m.home}, m.env...)
	var out, prose bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &prose
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), prose.String()
}

func (m *machine) wantRun(want string) {
	m.t.Helper()
	code, stdout, stderr := m.bazelw("build", "//actor:signed")
	if code != 0 || stdout != want {
		m.t.Errorf("exit %d, %q, want %q\n%s", code, stdout, want, stderr)
	}
}

// Each step takes away what was used in the one before.
func TestBazelwTakesWhatIsThereInOrder(t *testing.T) {
	m := newMachine(t)
	m.bazel("mine", "6.0.0") // a person's word is taken, whatever it is
	m.bazel("bazelisk", "8.1.0")
	m.bazel("bazel", "7.4.1")
	m.env = []string{"BAZEL=" + filepath.Join(m.bin, "mine")}
	m.wantRun("mine ran: build //actor:signed\n")
	m.env = nil
	m.wantRun("bazelisk ran: build //actor:signed\n")
	if err := os.Remove(filepath.Join(m.bin, "bazelisk")); err != nil {
		t.Fatal(err)
	}
	m.wantRun("bazel ran: build //actor:signed\n")
	m.bazel("bazel", "10.0.0")
	m.wantRun("bazel ran: build //actor:signed\n")

	// One that is too old is passed over, for bazelisk by Go where downloads answer.
	m.bazel("bazel", "6.5.0")
	m.program("curl", "exit 0")
	m.program("go", `[ "$1" = install ] || exit 1
mkdir -p "$GOBIN"
printf '#!/bin/sh\necho "bazelisk of Go ran: $*"\n' >"$GOBIN/bazelisk"
chmod +x "$GOBIN/bazelisk"`)
	m.wantRun("bazelisk of Go ran: build //actor:signed\n")
}

func TestBazelwSaysWhatToInstall(t *testing.T) {
	m := newMachine(t)
	m.bazel("bazel", "6.5.0")
	code, _, stderr := m.bazelw("build")
	if code != 77 || !strings.Contains(stderr, "Install bazelisk (or Bazel 7 or later) and put it on PATH, or name it by BAZEL=PATH.") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	m.env = []string{"BAZEL=skip"}
	if code, _, stderr := m.bazelw("build"); code != 77 || stderr != "bazelw: not run: BAZEL=skip\n" {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	m.env = nil
	if code, stdout, _ := m.bazelw(); code != 2 || !strings.Contains(stdout, "It takes, in this order:") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

// The offline root sees the user's home, accounts and Go to read, and may write where
// Bazel and the tools keep what is theirs.
func TestBazelwOfflineRootReadsTheHome(t *testing.T) {
	m := newMachine(t)
	cache := filepath.Join(m.home, ".cache/rules_wasmcloud")
	made := filepath.Join(cache, "bazel")
	if err := os.MkdirAll(made, 0o755); err != nil {
		t.Fatal(err)
	}
	modules := offlineModules(t, made)
	for _, mark := range []string{filepath.Join(made, "root.made"), filepath.Join(modules, "made")} {
		if err := os.MkdirAll(filepath.Dir(mark), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(mark, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m.program("bwrap", `echo "$*"`)
	m.env = []string{"BAZELW_USE=offline"}
	code, stdout, stderr := m.bazelw("build", "//actor:signed")
	if code != 0 {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	args := " " + strings.TrimSpace(stdout)
	for _, want := range []string{
		" --bind " + made + "/root / ",
		" --ro-bind /etc/passwd /etc/passwd --ro-bind /etc/group /etc/group --ro-bind " + m.home + " " + m.home + " ",
		" --ro-bind GOROOT /usr/local/go ",
		" --bind " + cache + " " + cache + " ",
		" --bind " + made + " " + made + " ",
		" --bind " + m.dir + " " + m.dir + " ",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("no%s in\n%s", want, args)
		}
	}
	if !strings.HasSuffix(args, " build //actor:signed") {
		t.Errorf("the command is not at the end of\n%s", args)
	}
	// What may be written is bound after the home, which would hide it.
	if strings.Index(args, " --bind "+cache+" ") < strings.Index(args, " --ro-bind "+m.home) {
		t.Errorf("the home hides the caches:\n%s", args)
	}
	if strings.Contains(args, " --bind "+m.home+" ") {
		t.Errorf("the home may be written:\n%s", args)
	}
}

// Go says in JSON, on standard output, that it could not fetch a module.
func TestBazelwSaysWhatItCannotFetch(t *testing.T) {
	m := newMachine(t)
	made := filepath.Join(m.home, ".cache/rules_wasmcloud/bazel")
	if err := os.MkdirAll(made, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(made, "root.made"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/bin/rm", filepath.Join(m.bin, "rm")); err != nil {
		t.Fatal(err)
	}
	m.program("go", `[ "$1" = env ] && echo "the $2" && exit
printf '{\n\t"Path": "%s",\n\t"Error": "no route to host"\n}\n' "$4"
exit 1`)
	m.env = []string{"BAZELW_USE=offline"}
	code, _, stderr := m.bazelw("build", "//actor:signed")
	if want := "from the Go module proxy (the GOPROXY): no route to host\n"; code != 1 || !strings.HasPrefix(stderr, "bazelw: cannot fetch rules_go@") || !strings.HasSuffix(stderr, want) {
		t.Errorf("exit %d, %q; want an end with %q", code, stderr, want)
	}
}

// offlineModules is the folder that bazelw names after the versions it pins.
func offlineModules(t *testing.T, home string) string {
	t.Helper()
	for line := range strings.Lines(read(t, "../../bazelw")) {
		if rest, ok := strings.CutPrefix(line, "readonly rules_go="); ok {
			rulesGo, gazelle, _ := strings.Cut(strings.TrimSpace(rest), " gazelle=")
			return filepath.Join(home, "modules-"+rulesGo+"-"+gazelle)
		}
	}
	t.Fatal("bazelw pins no rules_go")
	return ""
}
