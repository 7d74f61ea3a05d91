package bazelcache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
)

func digest(data string) string {
	sum := sha256.Sum256([]byte(data))
	return hex.EncodeToString(sum[:])
}

func open(t *testing.T) (*Cache, string) {
	t.Helper()
	c, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c, c.Serve(t)
}

func ask(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

func TestStoreAndFetch(t *testing.T) {
	c, url := open(t)
	key := digest("hello")
	steps := []struct {
		method, path, body string
		status             int
		answer             string
		bytes              int64
		hit                bool
	}{
		{"GET", "/cas/" + key, "", 404, "404 page not found\n", 0, false},
		{"HEAD", "/cas/" + key, "", 404, "", 0, false},
		{"PUT", "/cas/" + key, "hello", 200, "", 5, false},
		{"GET", "/cas/" + key, "", 200, "hello", 5, true},
		{"HEAD", "/cas/" + key, "", 200, "", 0, true},
		{"GET", "/ac/" + key, "", 404, "404 page not found\n", 0, false},
		{"PUT", "/ac/" + key, "any bytes", 200, "", 9, false},
		{"GET", "/ac/" + key, "", 200, "any bytes", 9, true},
		{"PUT", "/cas/" + digest(""), "", 200, "", 0, false},
		{"PUT", "/cas/" + digest("other"), "hello", 400, "these bytes have the digest " + key + "; want " + digest("other") + "\n", 5, false},
		{"GET", "/cas/" + digest("other"), "", 404, "404 page not found\n", 0, false},
		{"DELETE", "/cas/" + key, "", 405, "want GET, HEAD or PUT\n", 0, false},
	}
	for i, s := range steps {
		status, answer := ask(t, s.method, url+s.path, s.body)
		if status != s.status || answer != s.answer {
			t.Errorf("%s %s: %d %q; want %d %q", s.method, s.path, status, answer, s.status, s.answer)
		}
		kind, key, _ := parsePath(s.path)
		if log := c.Log(); len(log) != i+1 || log[i] != (Request{s.method, kind, key, s.status, s.bytes}) || log[i].Hit() != s.hit {
			t.Errorf("%s %s: noted as %+v", s.method, s.path, log)
		}
	}
	c.Reset()
	if n := len(c.Log()); n != 0 {
		t.Error(n)
	}
	if data, err := c.Get(Blob, key); err != nil || string(data) != "hello" {
		t.Errorf("entries are gone with the log: %q, %v", data, err)
	}
}

func TestPathsThatAreNoEntries(t *testing.T) {
	c, url := open(t)
	key := digest("x")
	for _, path := range []string{"/", "/ac/", "/cas/x", "/cas/" + strings.ToUpper(key), "/x/cas/" + key, "/cas/" + key + "/y", "/cas/../ac/" + key, "/other/" + key} {
		if status, _ := ask(t, "PUT", url+path, "x"); status != 400 {
			t.Errorf("%s: %d", path, status)
		}
	}
	for _, key := range []string{"", "../x", "zz"} {
		_, err := c.Get(Blob, key)
		if err == nil || c.Replace(Blob, key, nil) == nil {
			t.Errorf("%q is a key", key)
		}
	}
	if n := len(c.Log()); n != 0 {
		t.Errorf("%d of them were counted", n)
	}
}

func TestEntriesStayForTheNextServer(t *testing.T) {
	dir := t.TempDir()
	for round := range 2 {
		c, err := New(dir)
		if err != nil {
			t.Fatal(err)
		}
		url := c.Serve(t)
		want := []int{404, 200}[round]
		if status, _ := ask(t, "GET", url+"/cas/"+digest("x"), ""); status != want {
			t.Errorf("round %d: %d", round, status)
		}
		ask(t, "PUT", url+"/cas/"+digest("x"), "x")
	}
}

func TestManyAtOnce(t *testing.T) {
	c, url := open(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, text := range []string{"a", "b", "c"} {
				ask(t, "PUT", url+"/cas/"+digest(text), text)
				if _, got := ask(t, "GET", url+"/cas/"+digest(text), ""); got != text {
					t.Errorf("%q: %q", text, got)
				}
			}
		})
	}
	wg.Wait()
	if n := len(c.Log()); n != 2*8*3 {
		t.Errorf("%d requests were noted", n)
	}
	keys, err := c.Keys(Blob)
	if err != nil || len(keys) != 3 {
		t.Errorf("half-written files are entries: %v, %v", keys, err)
	}
}

// result builds an ActionResult as Bazel writes it, with fields around the files
// that must survive.
func result(files ...[]byte) []byte {
	var m []byte
	m = protowire.AppendVarint(protowire.AppendTag(m, 4, protowire.VarintType), 0) // exit_code
	for _, f := range files {
		m = protowire.AppendBytes(protowire.AppendTag(m, 2, protowire.BytesType), f)
	}
	return protowire.AppendString(protowire.AppendTag(m, 5, protowire.BytesType), "stdout")
}

func outputFile(path, content string, inline bool) []byte {
	var d, f []byte
	d = protowire.AppendString(protowire.AppendTag(d, 1, protowire.BytesType), digest(content))
	d = protowire.AppendVarint(protowire.AppendTag(d, 2, protowire.VarintType), uint64(len(content)))
	f = protowire.AppendString(protowire.AppendTag(f, 1, protowire.BytesType), path)
	f = protowire.AppendBytes(protowire.AppendTag(f, 2, protowire.BytesType), d)
	f = protowire.AppendVarint(protowire.AppendTag(f, 4, protowire.VarintType), 1) // is_executable
	if inline {
		f = protowire.AppendString(protowire.AppendTag(f, 5, protowire.BytesType), content)
	}
	return f
}

func TestPoison(t *testing.T) {
	c, _ := open(t)
	action := digest("the sign action")
	before := result(outputFile("bin/actor/echo.hash", "hash", false), outputFile("bin/actor/echo.jwt", "good token", true))
	if err := c.Replace(Action, action, before); err != nil {
		t.Fatal(err)
	}
	found, err := c.Outputs(".jwt")
	if err != nil {
		t.Fatal(err)
	}
	want := []Output{{Action: action, Path: "bin/actor/echo.jwt", Digest: digest("good token"), Size: 10}}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Fatal(diff)
	}
	if err := c.Poison(found[0], []byte("evil")); err != nil {
		t.Fatal(err)
	}
	after, err := c.Get(Action, action)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(result(outputFile("bin/actor/echo.hash", "hash", false), outputFile("bin/actor/echo.jwt", "evil", false)), after); diff != "" {
		t.Errorf("more or less than one digest was changed: %s", diff)
	}
	if blob, err := c.Get(Blob, digest("evil")); err != nil || string(blob) != "evil" {
		t.Errorf("%q, %v", blob, err)
	}
	for _, o := range []Output{{Action: action, Path: "gone"}, {Action: digest("gone"), Path: "x"}} {
		if err := c.Poison(o, nil); err == nil {
			t.Errorf("poisoned %+v", o)
		}
	}
}

func TestBrokenActionResults(t *testing.T) {
	whole := result(outputFile("a", "b", true))
	for name, bad := range map[string][]byte{
		"cut short":        whole[:len(whole)-1],
		"no message":       {0xff, 0xff},
		"wrong type":       protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 1),
		"broken file":      result([]byte{0x0a, 0x7f}),
		"broken digest":    result([]byte{0x12, 0x01, 0xff}),
		"length too large": bytes.Repeat([]byte{0x12}, 3),
	} {
		c, _ := open(t)
		if err := c.Replace(Action, digest(name), bad); err != nil {
			t.Fatal(err)
		}
		if found, err := c.Outputs(""); err == nil {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// What is changed afterwards is changed in one of the two caches.
func TestAdoptedEntriesAreTheirOwn(t *testing.T) {
	dir := t.TempDir()
	first, err := New(dir)
	if err != nil {
		t.Fatal(err)
	}
	key, err := first.Store([]byte("blob"))
	if err != nil {
		t.Fatal(err)
	}
	action := strings.Repeat("a", 64)
	if err := first.Replace(Action, action, []byte("truth")); err != nil {
		t.Fatal(err)
	}
	second, err := New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Adopt(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("a cache that is not there yet: %v", err)
	}
	for range 2 { // again is nothing new
		if err := second.Adopt(dir); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := second.Get(Blob, key); err != nil || string(got) != "blob" {
		t.Errorf("%q, %v", got, err)
	}
	if err := second.Replace(Action, action, []byte("lie")); err != nil {
		t.Fatal(err)
	}
	if got, err := first.Get(Action, action); err != nil || string(got) != "truth" {
		t.Errorf("the first cache says %q, %v", got, err)
	}
	if got, err := second.Get(Action, action); err != nil || string(got) != "lie" {
		t.Errorf("the second cache says %q, %v", got, err)
	}
}
