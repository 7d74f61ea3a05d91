package signer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"signer": Command})
}

const (
	signedVectors = "../../artifact/testdata"
	probe         = "../../wasmrt/testdata/probe.wasm"

	// Hashed by an independent implementation: a type section with a padded size, and a custom section x.
	paddedModule = "0061736d010000000184808080000160000000030178aa"
)

// component holds that module, and a signature inside it that is none of its own.
func component(module []byte) []byte {
	inner := append(bytes.Clone(module), "\x00\x05\x03jwtx"...)
	return append(append([]byte("\x00asm\x0d\x00\x01\x00\x01"), byte(len(inner))), inner...)
}

// lay puts modules and keys of fixed raw seeds into a folder: keys/A.nk is that of
// the raw seed of 1s, keys/M.nk of 2s.
func lay(dir string) error {
	padded, err := hex.DecodeString(paddedModule)
	if err != nil {
		return err
	}
	unsigned, err := os.ReadFile(probe)
	if err != nil {
		return err
	}
	files := map[string][]byte{
		"padded.wasm": padded, "probe.wasm": unsigned, "component.wasm": component(padded),
		"keys/dev.nk": []byte(strkey.Development().Reveal()),
	}
	for i, kind := range []strkey.Kind{strkey.Account, strkey.Module, strkey.Service, strkey.Cluster, strkey.Server, strkey.Operator} {
		files["keys/"+string(kind)+".nk"] = []byte(key(kind, byte(i+1)).Reveal())
	}
	vectors, err := filepath.Glob(signedVectors + "/*.wasm")
	if err != nil {
		return err
	}
	for _, path := range vectors {
		if files["vectors/"+filepath.Base(path)], err = os.ReadFile(path); err != nil {
			return err
		}
	}
	for name, body := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func key(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

func TestScripts(t *testing.T) {
	wash, err := filepath.Abs("testdata/wash")
	if err != nil {
		t.Fatal(err)
	}
	testkit.Scripts(t, func(env *testscript.Env) error {
		env.Setenv("WASHSAID", wash)
		env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
		env.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(env.WorkDir))
		return lay(env.WorkDir)
	})
}

// world runs the command in-process, with a clock and an environment of its own.
type world struct {
	t   *testing.T
	dir string
	env map[string]string
	now time.Time
	in  string
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, dir: t.TempDir(), env: map[string]string{}, now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if err := lay(w.dir); err != nil {
		t.Fatal(err)
	}
	t.Chdir(w.dir)
	return w
}

func (w *world) run(args ...string) (code int, out, errText string) {
	w.t.Helper()
	var o, e bytes.Buffer
	s := &cli.IO{
		In: strings.NewReader(w.in), Out: &o, Err: &e, Now: func() time.Time { return w.now },
		Env: func(name string) string { return w.env[name] },
	}
	code = cli.Main(context.Background(), s, args, Command)
	return code, o.String(), e.String()
}

// must runs a command that succeeds, and gives its answer.
func (w *world) must(args ...string) string {
	w.t.Helper()
	code, out, errText := w.run(args...)
	if code != 0 {
		w.t.Fatalf("signer %s: exit %d: %s", strings.Join(args, " "), code, errText)
	}
	return out
}

func (w *world) file(name string) []byte {
	w.t.Helper()
	b, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// payload gives a token's claims as they are written.
func payload(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// A vector that an independent implementation computed: 663 bytes, from a request with the vector's id and date.
func TestSignedModuleVector(t *testing.T) {
	w := newWorld(t)
	hash := strings.TrimSpace(w.must("hash", "padded.wasm"))
	w.in = fmt.Sprintf(`{"jti":"AAAAAAAAAAAAAAAAAAAAAA","iat":1700000000,"sub":%q,"wascap":{"name":"demo","hash":%q,"tags":[],`+
		`"caps":["wasmcloud:httpserver"],"rev":1,"ver":"0.1.0","prov":false},"wascap_revision":3}`, key(strkey.Module, 2).Public(), hash)
	w.in = w.must("sign-request", "-", "--issuer", "keys/A.nk")
	w.must("embed", "padded.wasm", "-", "-d", "demo_s.wasm")
	signed := w.file("demo_s.wasm")
	if sum := fmt.Sprintf("%x", sha256.Sum256(signed)); len(signed) != 663 || sum != "5bbc80c08434625171c5005789549c46c3664968a2dffeeeaa28a145159b6a14" {
		t.Errorf("%d bytes, %s", len(signed), sum)
	}
}

// Every member that wash prints, with wash's value.
func TestInspectEqualsWash(t *testing.T) {
	wash, err := filepath.Abs("testdata/wash")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for _, name := range []string{"empty_s", "padded-leb_s", "probe_s"} {
		var want, got map[string]any
		washJSON, err := os.ReadFile(filepath.Join(wash, name+".inspect.json"))
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(washJSON, &want); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(w.must("inspect", "vectors/"+name+".wasm", "-o", "json")), &got); err != nil {
			t.Fatal(err)
		}
		for member, value := range want {
			if diff := cmp.Diff(value, got[member]); diff != "" {
				t.Errorf("%s: %s: %s", name, member, diff)
			}
		}
	}
}

func TestDates(t *testing.T) {
	w := newWorld(t)
	base := w.now.Unix()
	const day = 86400
	for name, tt := range map[string]struct {
		args, epoch string
		want        string // a part of the claims
		note        bool
	}{
		"none":               {"", "", `{"jti":`, false},
		"iat 0":              {"", "", `,"iat":0,`, false},
		"iat from the epoch": {"", "1700000000", `,"iat":1700000000,`, false},
		"expires":            {"--expires 30", "", fmt.Sprintf(`{"exp":%d,"jti":`, base+30*day), true},
		"expires from epoch": {"-x 30", "1700000000", fmt.Sprintf(`{"exp":%d,"jti":`, 1700000000+30*day), false},
		"nbf":                {"--nbf 2", "", fmt.Sprintf(`,"nbf":%d,`, base+2*day), true},
		"absolute":           {"--expires-at 2027-01-31 --nbf-at 1700000000", "", `{"exp":1801353600,"jti":`, false},
		"absolute nbf":       {"--expires-at 2027-01-31T12:00:00Z --nbf-at 1700000000", "", `,"nbf":1700000000,`, false},
	} {
		t.Run(name, func(t *testing.T) {
			w.env["SOURCE_DATE_EPOCH"] = tt.epoch
			for _, command := range []string{"token actor -n x --hash " + strings.Repeat("0", 64), "token provider -n x -c wasmcloud:x -v v -r 1", "token operator -n x -i keys/O.nk", "token account -n x -i keys/O.nk -s keys/A.nk"} {
				code, out, errText := w.run(strings.Fields(command + " " + tt.args)...)
				if code != 0 || !strings.Contains(payload(t, out), tt.want) {
					t.Errorf("%s: exit %d, %s %s; want %s", command, code, payload(t, out), errText, tt.want)
				}
				if tt.note != strings.Contains(errText, "days count from now") {
					t.Errorf("%s: note %q", command, errText)
				}
			}
		})
	}
}

// wash's `claims token actor` writes --expires as nbf.
func TestTokenActorDoesNotSwapItsDates(t *testing.T) {
	w := newWorld(t)
	body := payload(t, w.must("token", "actor", "-n", "x", "--hash", strings.Repeat("0", 64), "--expires", "30"))
	if !strings.HasPrefix(body, `{"exp":`) || strings.Contains(body, "nbf") {
		t.Error(body)
	}
}

func TestWrongDates(t *testing.T) {
	w := newWorld(t)
	for _, args := range []string{
		"--expires -1", "--expires 999999999999999", "--expires x", "--expires-at tomorrow", "--nbf-at -5",
		"--expires 1 --expires-at 2027-01-31", "--expires 1 --nbf 2",
	} {
		if code, _, errText := w.run(append([]string{"sign", "padded.wasm", "-n", "x"}, strings.Fields(args)...)...); code != 2 || errText == "" {
			t.Errorf("%s: exit %d: %s; want 2", args, code, errText)
		}
	}
	w.env["SOURCE_DATE_EPOCH"] = "yesterday"
	if code, _, errText := w.run("sign", "padded.wasm", "-n", "x"); code != 1 || !strings.Contains(errText, "SOURCE_DATE_EPOCH") {
		t.Errorf("exit %d: %s", code, errText)
	}
}

func TestVerifyAndInspectByDate(t *testing.T) {
	w := newWorld(t)
	w.must("sign", "probe.wasm", "-n", "x", "-i", "keys/A.nk", "--expires", "30", "--nbf", "1")
	for name, tt := range map[string]struct {
		after            time.Duration
		code             int
		expires, canUsed string
	}{
		"too early": {0, 1, "in 30days", "in 1day"},
		"valid":     {25 * time.Hour, 0, "in 28days", "1h ago"},
		"expired":   {31*24*time.Hour + 90*time.Second, 1, "1day ago", "30days ago"},
	} {
		t.Run(name, func(t *testing.T) {
			now := w.now
			defer func() { w.now = now }()
			w.now = now.Add(tt.after)
			code, out, errText := w.run("verify", "probe_s.wasm")
			if code != tt.code || code == 1 && (out != "" || !strings.Contains(errText, "the token")) {
				t.Errorf("verify: exit %d: %s %s", code, out, errText)
			}
			var got inspected
			if err := json.Unmarshal([]byte(w.must("inspect", "probe_s.wasm", "-o", "json")), &got); err != nil {
				t.Fatal(err)
			}
			if got.Expires != tt.expires || got.CanBeUsed != tt.canUsed || got.Valid != (tt.code == 0) || (got.Problem == "") != got.Valid {
				t.Errorf("%+v", got)
			}
		})
	}
}

// The signer signs where nothing else may run: it must link nothing that could
// talk to anyone.
func TestLinksNoNetwork(t *testing.T) {
	for _, tool := range []string{"signer", "wasmfix", "parpack"} {
		out, err := exec.Command("go", "list", "-deps", "github.com/rules-wasmcloud/rules_wasmcloud/tools/"+tool).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		banned := regexp.MustCompile(`(?m)^(net/http|crypto/tls|.*nats-io/nats.*|.*wazero.*|oras.land/.*|.*go-containerregistry.*|.*/internal/(oci|lattice|wasmbus|wasmrt|host/.*))$`)
		if found := banned.FindAllString(string(out), -1); found != nil {
			t.Errorf("%s links %q", tool, found)
		}
	}
}
