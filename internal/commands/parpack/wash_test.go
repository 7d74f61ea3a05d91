package parpack

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
)

// pair runs the real wash and ours in one folder, with the same keys.
type pair struct {
	t         *testing.T
	dir, wash string
}

func newPair(t *testing.T) *pair {
	wash := os.Getenv("WASH")
	if wash == "" {
		t.Skip("WASH names no wash 0.17.1 to compare with")
	}
	p := &pair{t, t.TempDir(), wash}
	lay(t, p.dir)
	return p
}

func (p *pair) env(name string) string {
	return map[string]string{
		"HOME": p.dir, "WASH_KEYS": filepath.Join(p.dir, "k"), "PATH": os.Getenv("PATH"), "TMPDIR": p.dir,
		"WASH_ISSUER_KEY": key(strkey.Account, 1).Reveal(), "WASH_SUBJECT_KEY": key(strkey.Service, 3).Reveal(),
	}[name]
}

func (p *pair) theirs(args ...string) string {
	p.t.Helper()
	cmd := exec.Command(p.wash, args...)
	cmd.Dir = p.dir
	for _, name := range []string{"HOME", "WASH_KEYS", "PATH", "TMPDIR", "WASH_ISSUER_KEY", "WASH_SUBJECT_KEY"} {
		cmd.Env = append(cmd.Env, name+"="+p.env(name))
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		p.t.Fatalf("wash %q: %v\n%s%s", args, err, out, stderr.Bytes())
	}
	return string(out)
}

func (p *pair) ours(args ...string) string {
	p.t.Helper()
	var out, errOut bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &errOut, Env: p.env, Now: time.Now}
	for i, arg := range args { // files are named from the folder
		if _, err := os.Stat(filepath.Join(p.dir, arg)); err == nil || strings.HasPrefix(arg, "o.") {
			args[i] = filepath.Join(p.dir, arg)
		}
		if target, path, ok := strings.Cut(arg, "="); ok {
			args[i] = target + "=" + filepath.Join(p.dir, path)
		}
	}
	if code := cli.Main(context.Background(), s, args, Command); code != 0 {
		p.t.Fatalf("parpack %q: exit %d\n%s%s", args, code, out.String(), errOut.String())
	}
	return out.String()
}

// alike checks that both show an archive in the same words: in the table the
// targets, which wash has in random order, aside.
func (p *pair) alike(archive string) {
	p.t.Helper()
	if diff := cmp.Diff(sortedLines(p.theirs("par", "inspect", archive)), sortedLines(p.ours("inspect", archive))); diff != "" {
		p.t.Errorf("%s: wash's -, ours +: %s", archive, diff)
	}
	want, got := map[string]any{}, map[string]any{}
	for text, into := range map[string]*map[string]any{p.theirs("par", "inspect", archive, "-o", "json"): &want, p.ours("inspect", archive, "-o", "json"): &got} {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			p.t.Fatalf("%v: %s", err, text)
		}
	}
	slices.SortFunc(want["targets"].([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	for member, value := range want {
		if diff := cmp.Diff(value, got[member]); diff != "" {
			p.t.Errorf("%s: %s: %s", archive, member, diff)
		}
	}
}

func sortedLines(text string) []string {
	text, _, _ = strings.Cut(text, "Congratulations")
	lines := strings.Split(strings.Trim(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	slices.Sort(lines)
	return slices.DeleteFunc(lines, func(line string) bool { return line == "" })
}

// payload is the claims in an archive's token, without what wash makes anew each
// time, and without the order of its hashes, which is random.
func (p *pair) payload(archive string) map[string]any {
	p.t.Helper()
	token := strings.TrimSpace(p.ours("inspect", archive, "--jwt-only"))
	body, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		p.t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		p.t.Fatal(err)
	}
	for _, member := range []string{"jti", "iat", "wascap_revision"} { // wash 0.17 writes no revision
		delete(claims, member)
	}
	return claims
}

func TestAgainstWash(t *testing.T) {
	for name, args := range map[string][]string{
		"plain":      {"-n", "Hello Provider", "-c", "wasmcloud:hello", "-v", "Acme", "-r", "0", "--version", "0.1.0"},
		"compressed": {"-n", "K/V <&> é", "-c", "a:b", "-v", "A B", "--compress"},
		"revision":   {"-n", "n", "-c", "a:b", "-v", "v", "-r", "7"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t)
			args := append(slices.Clone(args), "-a", "x86_64-linux", "-b", "kv", "--destination")
			ending := map[bool]string{true: ".par.gz", false: ".par"}[slices.Contains(args, "--compress")]
			p.theirs(append([]string{"par", "create"}, append(args, "w"+ending)...)...)
			p.ours(append([]string{"create"}, append(slices.Clone(args), "o"+ending)...)...)
			p.alike("w" + ending)
			p.alike("o" + ending)
			if diff := cmp.Diff(p.payload("w"+ending), p.payload("o"+ending)); diff != "" {
				t.Errorf("claims: wash's -, ours +: %s", diff)
			}
			// Each adds a target to the other's.
			p.theirs("par", "insert", "o"+ending, "-a", "aarch64-linux", "-b", "kv-arm")
			p.alike("o" + ending)
			p.ours("insert", "w"+ending, "--bin", "aarch64-linux=kv-arm")
			p.alike("w" + ending)
			if diff := cmp.Diff(p.payload("w"+ending), p.payload("o"+ending)); diff != "" {
				t.Errorf("claims after insert: wash's by ours -, ours by wash +: %s", diff)
			}
		})
	}
}

// wash pushes ours; the manifest is the one that our digest is of.
func TestWashPushesOurs(t *testing.T) {
	p := newPair(t)
	p.ours("create", "-n", "kv", "-c", "a:b", "-v", "v", "--bin", "x86_64-linux=kv", "--bin", "arm-linux=kv-arm", "--destination", "o.par.gz")
	server := httptest.NewServer(registry.New(registry.Options{}))
	defer server.Close()
	ref := strings.TrimPrefix(server.URL, "http://") + "/kv:1"
	if out := p.theirs("reg", "push", "--insecure", ref, "o.par.gz"); !strings.Contains(out, "validated and pushed") {
		t.Errorf("%s", out)
	}
	p.theirs("reg", "pull", "--insecure", ref, "--destination", "back.par.gz")
	for _, name := range []string{"o.par.gz", "back.par.gz"} {
		if out := p.ours("verify", name); !regexp.MustCompile(`back.par.gz: verified|o.par.gz: verified`).MatchString(out) {
			t.Errorf("%s", out)
		}
	}
	ours, err := os.ReadFile(filepath.Join(p.dir, "o.par.gz"))
	if err != nil {
		t.Fatal(err)
	}
	back, err := os.ReadFile(filepath.Join(p.dir, "back.par.gz"))
	if err != nil || !bytes.Equal(ours, back) {
		t.Errorf("%d bytes came back as %d, %v", len(ours), len(back), err)
	}
}
