package dash

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

func (w *world) upload(name string, content []byte) (int, Upload, string, string) {
	w.t.Helper()
	rec := w.ask("POST", "/api/uploads?name="+url.QueryEscape(name), string(content), func(r *http.Request) { r.Header.Set("Content-Type", "application/octet-stream") })
	var up Upload
	if rec.Code == http.StatusCreated {
		if err := json.Unmarshal(rec.Body.Bytes(), &up); err != nil {
			w.t.Fatal(err)
		}
		return rec.Code, up, "", ""
	}
	text, reason := problem(w.t, rec)
	return rec.Code, up, text, reason
}

func TestUploadIsVerifiedAndStarted(t *testing.T) {
	w := start(t, nil)
	status, up, _, _ := w.upload("probe_s.wasm", file(t, "probe_s.wasm"))
	if status != 201 || up.Kind != "actor" || up.Title != "Vector probe" || up.Alias != "vector/probe" || len(up.Caps) != 4 || up.Version != "1.2.3" {
		t.Fatalf("%d %+v", status, up)
	}
	path := strings.TrimPrefix(up.Ref, "file://")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o400 || filepath.Base(path) != "probe_s.wasm" || !strings.HasPrefix(path, w.dir) {
		t.Fatalf("%s: %v %v", path, info, err)
	}
	rec := w.ask("POST", "/api/actors", `{"upload":"`+up.ID+`","count":2}`, nil)
	if got := w.host.last(); rec.Code != 200 || got.(StartActor).Ref != up.Ref || got.(StartActor).Count != 2 {
		t.Errorf("%d: the host was asked for %+v", rec.Code, got)
	}
	// Again, under the same name: one upload.
	w.upload("probe_s.wasm", file(t, "probe_s.wasm"))
	if n := len(w.server.uploads.all()); n != 1 {
		t.Errorf("%d uploads", n)
	}
	if rec := w.ask("DELETE", "/api/uploads/"+up.ID, "", nil); rec.Code != 200 {
		t.Errorf("delete: %d", rec.Code)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("the file is still there")
	}
	rec = w.ask("POST", "/api/actors", `{"upload":"`+up.ID+`"}`, nil)
	if text, _ := problem(t, rec); rec.Code != 400 || !strings.Contains(text, "choose the file again") {
		t.Errorf("%d %s", rec.Code, text)
	}
}

func TestProviderUpload(t *testing.T) {
	w := start(t, nil)
	status, up, text, _ := w.upload("hello.par.gz", file(t, "hello.par.gz"))
	if status != 201 || up.Kind != "provider" || up.Contract == "" || len(up.Targets) != 2 {
		t.Fatalf("%d %s %+v", status, text, up)
	}
	rec := w.ask("POST", "/api/providers", `{"upload":"`+up.ID+`","link_name":"extra","configuration":"{}"}`, nil)
	want := StartProvider{Ref: up.Ref, Link: "extra", Configuration: "{}"}
	if got := w.host.last(); rec.Code != 200 || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%d: the host was asked for %+v", rec.Code, got)
	}
}

// Each refused upload says why, says what to do, leaves no file and cannot be started.
func TestRefusedUploads(t *testing.T) {
	probe := file(t, "probe_s.wasm")
	var bare bytes.Buffer
	if _, err := wasmbin.Canonical(&bare, bytes.NewReader(probe)); err != nil {
		t.Fatal(err)
	}
	code := bytes.Replace(probe, []byte("in-range"), []byte("IN-RANGE"), 1)
	// One letter of the signature in the token.
	signature := bytes.Clone(probe)
	at := bytes.LastIndex(signature, []byte(".")) + 10
	if signature[at]++; bytes.Contains([]byte{signature[at]}, []byte("[{:")) {
		signature[at] = 'A'
	}
	archive := file(t, "hello.par.gz")
	broken := bytes.Clone(archive)
	broken[len(broken)/2] ^= 0xff
	other := strkey.FromRaw(strkey.Account, [32]byte{1}).Public()
	for name, tt := range map[string]struct {
		content        []byte
		status         int
		reason, saying string
		change         func(*Config)
	}{
		"unsigned":          {bare.Bytes(), 422, reasonUnsigned, "signer sign", nil},
		"expired":           {file(t, "probe_expired_s.wasm"), 422, reasonExpired, "expired", nil},
		"not yet":           {file(t, "probe_notyet_s.wasm"), 422, reasonEarly, "not valid before", nil},
		"changed code":      {code, 422, reasonTampered, "sign the file again", nil},
		"changed signature": {signature, 422, reasonTampered, "sign the file again", nil},
		"changed archive":   {broken, 422, "", "", nil},
		"cut archive":       {archive[:len(archive)/2], 422, reasonBroken, "provider archive", nil},
		"cut module":        {probe[:len(probe)/2], 422, reasonBroken, "", nil},
		"text":              {[]byte("hello"), 422, reasonBroken, "neither a wasm module", nil},
		"one byte":          {[]byte{0}, 422, reasonBroken, "neither a wasm module", nil},
		"empty":             {nil, 422, reasonBroken, "is empty", nil},
		"component":         {append([]byte("\x00asm\x0d\x00\x01\x00"), 0), 422, "", "", nil},
		"stranger": {probe, 422, reasonIssuer, "--issuer", func(c *Config) {
			c.Verify = func() artifact.Policy { return artifact.Policy{Now: now, Issuers: []strkey.PublicKey{other}} }
		}},
		"too large": {probe, 413, reasonTooLarge, "MiB", func(c *Config) { c.MaxUpload = 1000 }},
	} {
		t.Run(name, func(t *testing.T) {
			w := start(t, tt.change)
			status, _, text, reason := w.upload(name, tt.content)
			if status != tt.status || tt.reason != "" && reason != tt.reason || !strings.Contains(text, tt.saying) {
				t.Errorf("%d, %s: %s", status, reason, text)
			}
			entries, err := os.ReadDir(w.dir)
			if err != nil || len(entries) != 0 || len(w.server.uploads.all()) != 0 {
				t.Errorf("left over: %v %v", entries, err)
			}
		})
	}
}

// A body whose length nobody told is cut off at the limit, too.
func TestEndlessUpload(t *testing.T) {
	w := start(t, func(c *Config) { c.MaxUpload = 1 << 20 })
	endless := &zeros{}
	rec := w.ask("POST", "/api/uploads?name=z", "", func(r *http.Request) { r.Body, r.ContentLength = endless, -1 })
	if _, reason := problem(t, rec); rec.Code != 413 || reason != reasonTooLarge {
		t.Errorf("%d %s", rec.Code, rec.Body)
	}
	if endless.n > 2<<20 {
		t.Errorf("%d bytes were read", endless.n)
	}
}

type zeros struct{ n int }

func (z *zeros) Read(p []byte) (int, error) { z.n += len(p); return len(p), nil }
func (z *zeros) Close() error               { return nil }

func TestOldUploadsMakeRoom(t *testing.T) {
	dir := t.TempDir()
	u := &uploads{dir: dir}
	for i := range maxUploads + 3 {
		temp := filepath.Join(dir, "incoming")
		if err := os.WriteFile(temp, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := u.keep(temp, Upload{Digest: fmt.Sprintf("sha256:%016d", i), Name: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(u.all()); n != maxUploads {
		t.Errorf("%d are kept", n)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != maxUploads || entries[0].Name() != fmt.Sprintf("%016d", 3) {
		t.Errorf("%d folders are left, the first is %v (%v)", len(entries), entries[0], err)
	}
}

func TestNamesAreMadeSafe(t *testing.T) {
	for given, want := range map[string]string{
		"echo_s.wasm": "echo_s.wasm", "../../etc/passwd": "passwd", `C:\Users\me\a.wasm`: "a.wasm", "..": "upload", "": "upload",
		".hidden": "hidden", "a b\x00c?.wasm": "a_b_c_.wasm", "héllo.par.gz": "h_llo.par.gz", "/": "_", strings.Repeat("x", 500): strings.Repeat("x", 80),
	} {
		if got := safeName(given); got != want {
			t.Errorf("%q became %q, want %q", given, got, want)
		}
	}
}
