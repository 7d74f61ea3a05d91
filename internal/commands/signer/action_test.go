package signer

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// step runs commands of build rules in a folder, at a time.
type step struct {
	t   *testing.T
	dir string
	now time.Time
}

func (w *step) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *step) read(name string) string {
	w.t.Helper()
	body, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(body)
}

// run replaces @NAME in the words by the file's path.
func (w *step) run(words string) (stdout, stderr string, code int) {
	w.t.Helper()
	var out, errs bytes.Buffer
	s := &cli.IO{In: strings.NewReader(""), Out: &out, Err: &errs, Now: func() time.Time { return w.now }, Env: func(string) string { return "" }}
	args := strings.Fields(strings.ReplaceAll(words, "@", w.dir+"/"))
	code = cli.Main(w.t.Context(), s, args, Command)
	return out.String(), errs.String(), code
}

func (w *step) must(words string) string {
	w.t.Helper()
	out, errs, code := w.run(words)
	if code != 0 {
		w.t.Fatalf("signer %s: %s", words, errs)
	}
	return out
}

// kinds are what the actions sign: the claims that a rule writes, and the flags for
// the hashes.
func kinds() map[string]struct{ claims, flags string } {
	account := string(strkey.Development().Public())
	return map[string]struct{ claims, flags string }{
		"actor":    {`{"account":"` + account + `","name":"x","version":"0.1.0","revision":"0","caps":["wasmcloud:httpserver"]}`, "--hash @one.hash"},
		"provider": {`{"account":"` + account + `","name":"x","version":"0.1.0","revision":"0","capid":"wasmcloud:keyvalue","vendor":"Acme"}`, "--target x86_64-linux=@one.hash --target aarch64-macos=@two.hash --schema @schema.json"},
	}
}

func newStep(t *testing.T, claims string) *step {
	t.Helper()
	w := &step{t, t.TempDir(), time.Unix(1_700_000_000, 0)}
	w.write("claims.json", claims)
	w.write("one.hash", strings.Repeat("1", 64)+"\n")
	w.write("two.hash", strings.Repeat("2", 64)+"\n")
	w.write("schema.json", `{"type": "object"}`)
	w.write("broken.json", "{")
	w.write("other.hash", strings.Repeat("3", 64)+"\n")
	return w
}

// What is signed here, and what is signed elsewhere by request, is the same.
func TestActionsSignHereAndElsewhere(t *testing.T) {
	for kind, tt := range kinds() {
		t.Run(kind, func(t *testing.T) {
			w := newStep(t, tt.claims)
			from := "--claims @claims.json " + tt.flags
			w.must("action sign --out @here.jwt " + from)
			w.must("action request --out @request.json " + from)
			w.write("elsewhere.jwt", w.must("sign-request @request.json"))
			w.must("action attach --token @elsewhere.jwt --out @attached.jwt " + from)
			if here, there := w.read("here.jwt"), w.read("attached.jwt"); here != there || strings.Count(here, ".") != 2 {
				t.Errorf("signed here\n%selsewhere\n%s", here, there)
			}
			w.must("action verify --token @attached.jwt --out @verdict " + from)
			if w.read("verdict") != "ok\n" {
				t.Errorf("verdict %q", w.read("verdict"))
			}
			if kind == "provider" && (strings.Contains(w.read("request.json"), `"iat":0`) || !strings.Contains(w.read("request.json"), `"config_schema":{"type":"object"}`)) {
				t.Errorf("requested: %s", w.read("request.json"))
			}
		})
	}
}

// Each claim and hash that a token says otherwise is named.
func TestActionsNameWhatDiffers(t *testing.T) {
	for kind, tt := range kinds() {
		for edit, want := range map[string]string{
			`"0.1.0" "0.2.0"`:                              `version: wanted "0.2.0", signed "0.1.0"`,
			`"name":"x" "name":"y"`:                        `name: wanted "y", signed "x"`,
			`"revision":"0" "revision":"4"`:                "revision: wanted 4, signed 0",
			`one.hash other.hash`:                          strings.Repeat("3", 64),
			`:keyvalue :messaging`:                         `contract: wanted "wasmcloud:messaging", signed "wasmcloud:keyvalue"`,
			`Acme Other`:                                   `vendor: wanted "Other", signed "Acme"`,
			`:httpserver :messaging`:                       `capabilities: wanted ["wasmcloud:messaging"], signed ["wasmcloud:httpserver"]`,
			`"name":"x" "expires":"2030-01-01","name":"x"`: "expires: wanted 1893456000, signed 0",
		} {
			w := newStep(t, tt.claims)
			w.must("action sign --claims @claims.json --out @here.jwt " + tt.flags)
			old, new, _ := strings.Cut(edit, " ")
			claims, flags := strings.ReplaceAll(tt.claims, old, new), strings.ReplaceAll(tt.flags, old, new)
			if claims == tt.claims && flags == tt.flags {
				continue // of the other kind
			}
			w.write("claims.json", claims)
			for _, verb := range []string{"attach", "verify"} {
				_, errs, code := w.run("action " + verb + " --claims @claims.json --token @here.jwt --out @out " + flags)
				if code != 1 || !strings.Contains(errs, want) {
					t.Errorf("%s, %s with %s: exit %d, want %q in %s", kind, verb, edit, code, want, errs)
				}
				if _, err := os.Stat(filepath.Join(w.dir, "out")); err == nil {
					t.Errorf("%s, %s with %s: an output of a failure", kind, verb, edit)
				}
			}
		}
	}
}

func TestActionsRefuse(t *testing.T) {
	actor, provider := kinds()["actor"], kinds()["provider"]
	for name, tt := range map[string]struct{ claims, flags, want string }{
		"an unknown claim":      {strings.Replace(actor.claims, `"name"`, `"colour":"red","name"`, 1), actor.flags, `unknown field "colour"`},
		"no name":               {strings.Replace(actor.claims, `"x"`, `""`, 1), actor.flags, "the claims have no name"},
		"no hash":               {actor.claims, "--hash @claims.json", "is no hash"},
		"a missing hash":        {actor.claims, "", "reading the hash"},
		"no account":            {`{"account":"M","name":"x"}`, actor.flags, "the account"},
		"a seed for an account": {`{"account":"` + strkey.Development().Reveal() + `","name":"x"}`, actor.flags, "the account"},
		"a revision of words":   {strings.Replace(actor.claims, `"revision":"0"`, `"revision":"new"`, 1), actor.flags, `revision "new": want a whole number`},
		"no executable":         {provider.claims, "", "a provider needs at least one executable"},
		"an unknown target":     {provider.claims, "--target pdp11-unix=@one.hash", `"pdp11-unix" is no target`},
		"a target twice":        {provider.claims, "--target arm-linux=@one.hash --target armv7-linux=@two.hash", "two executables for arm-linux"},
		"a schema that is not":  {provider.claims, "--target arm-linux=@one.hash --schema @broken.json", "the schema in"},
		"a module's subject":    {strings.Replace(provider.claims, `"name"`, `"subject":"MCFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU","name"`, 1), provider.flags, "M"},
		"both kinds of expiry":  {strings.Replace(actor.claims, `"name"`, `"expires":"2030-01-01","expires_in":3,"name"`, 1), actor.flags, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newStep(t, tt.claims)
			_, errs, code := w.run("action sign --claims @claims.json --out @out " + tt.flags)
			if code == 0 || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d, want %q in %s", code, tt.want, errs)
			}
			if strings.Contains(errs, strkey.Development().Reveal()) {
				t.Error("a seed is shown")
			}
			if _, err := os.Stat(filepath.Join(w.dir, "out")); err == nil {
				t.Error("an output of a failure")
			}
		})
	}
}

// A token of one kind is none of the other, whoever signed it.
func TestActionsKeepKindsApart(t *testing.T) {
	for kind, other := range map[string]string{"actor": "provider", "provider": "actor"} {
		w := newStep(t, kinds()[kind].claims)
		w.must("action sign --claims @claims.json --out @here.jwt " + kinds()[kind].flags)
		w.write("claims.json", kinds()[other].claims)
		if _, errs, code := w.run("action verify --claims @claims.json --token @here.jwt --out @out " + kinds()[other].flags); code != 1 || !strings.Contains(errs, "the token in") {
			t.Errorf("a token of an %s for a %s: exit %d, %s", kind, other, code, errs)
		}
	}
}

// An expiry that counts from now is another the next day; the token of yesterday still
// says what was asked for, and one that lasts longer does not.
func TestActionsExpireInDays(t *testing.T) {
	for kind, tt := range kinds() {
		lasting := func(days string) string {
			return strings.Replace(tt.claims, `"name"`, `"expires_in":`+days+`,"name"`, 1)
		}
		w := newStep(t, lasting("30"))
		from := "--claims @claims.json --token @a.jwt --out @out " + tt.flags
		w.must("action sign --claims @claims.json --out @a.jwt " + tt.flags)
		w.now = w.now.Add(24 * time.Hour)
		w.must("action verify " + from)
		w.must("action sign --claims @claims.json --out @b.jwt " + tt.flags)
		if w.read("a.jwt") == w.read("b.jwt") {
			t.Errorf("%s: the next day's token expires as early", kind)
		}
		w.write("claims.json", lasting("3"))
		if _, errs, code := w.run("action verify " + from); code != 1 || !strings.Contains(errs, "expires: wanted 17") {
			t.Errorf("%s: a token that lasts longer: exit %d, %s", kind, code, errs)
		}
		w.write("claims.json", tt.claims)
		if _, errs, code := w.run("action verify " + from); code != 1 || !strings.Contains(errs, "expires: wanted 0") {
			t.Errorf("%s: a token that expires, where none should: exit %d, %s", kind, code, errs)
		}
	}
}

func TestActionExpandKeepsTheJSON(t *testing.T) {
	w := newStep(t, `{"{STABLE_OTHER}":["{STABLE_VERSION}",{"a":"a{STABLE_OTHER}"}],"jobs":12345678901234567890,"n":null,"b":true,"c":"{}"}`)
	w.write("status", "STABLE_VERSION 1\",\"x\nSTABLE_OTHER o\n")
	w.must("action expand --in @claims.json --out @out --status @status")
	want := `{
  "b": true,
  "c": "{}",
  "jobs": 12345678901234567890,
  "n": null,
  "{STABLE_OTHER}": [
    "1\",\"x",
    {
      "a": "ao"
    }
  ]
}
`
	if got := w.read("out"); got != want {
		t.Errorf("%s", got)
	}
	for text, want := range map[string]string{`["{STABLE_NONE}"]`: "no value for STABLE_NONE", `[`: "claims.json"} {
		w.write("claims.json", text)
		if _, errs, code := w.run("action expand --in @claims.json --out @none --status @status"); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s", text, code, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(w.dir, "none")); err == nil {
		t.Error("an output of a failure")
	}
}
