package par

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func seed(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

func vector(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func file(t testing.TB, target Target, content []byte) File {
	t.Helper()
	f, err := Measure(t.Context(), target, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func create(t testing.TB, o CreateOptions) []byte {
	t.Helper()
	if o.Token == "" && o.Issuer == nil {
		o.Issuer = seed(strkey.Account, 1)
	}
	if o.Claims.Subject == "" {
		o.Claims.Subject = string(seed(strkey.Service, 3).Public())
	}
	var b bytes.Buffer
	if _, err := Create(t.Context(), &b, o); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, archive []byte) *Archive {
	t.Helper()
	a, err := Read(t.Context(), bytes.NewReader(archive), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The archives that wash made are read, and their executables come out.
func TestWashVectors(t *testing.T) {
	for name, targets := range map[string][]string{
		"hello.par":    {"x86_64-linux"},
		"hello.par.gz": {"aarch64-linux", "x86_64-linux"},
	} {
		a := read(t, vector(t, name))
		if !slices.Equal(a.Targets(), targets) || a.Compressed != (len(targets) == 2) || *a.Claims.Metadata.Name != "Hello Provider" {
			t.Errorf("%s: %+v", name, a)
		}
		for _, target := range targets {
			var out bytes.Buffer
			if _, err := Extract(t.Context(), bytes.NewReader(vector(t, name)), Target(target), &out, Limits{}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(out.Bytes(), vector(t, "hello."+target)) {
				t.Errorf("%s: %s came out as %q", name, target, out.Bytes())
			}
		}
	}
}

func TestRoundTrip(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 200_000)
	for _, compress := range []bool{false, true} {
		o := CreateOptions{Files: []File{file(t, "x86_64-linux", big), file(t, "arm-linux", []byte("small"))}, Compress: compress}
		o.Claims.Metadata = &claims.Provider{CapID: "wasmcloud:demo", Vendor: "acme"}
		archive := create(t, o)
		a := read(t, archive)
		if !slices.Equal(a.Targets(), []string{"arm-linux", "x86_64-linux"}) || a.Compressed != compress {
			t.Errorf("%+v", a)
		}
		var out bytes.Buffer
		if _, err := Extract(t.Context(), bytes.NewReader(archive), "x86_64-linux", &out, Limits{}); err != nil || !bytes.Equal(out.Bytes(), big) {
			t.Errorf("%d bytes, %v", out.Len(), err)
		}
		slices.Reverse(o.Files)
		if !bytes.Equal(create(t, o), archive) {
			t.Error("the order of the files changes the bytes")
		}
	}
}

// blanked is an archive with its modes left out, as wash leaves them.
func blanked(archive []byte) []byte {
	out := bytes.Clone(archive)
	for at := 0; at+512 <= len(out); at += 512 {
		if header := out[at : at+512]; string(header[257:262]) == "ustar" {
			copy(header[100:108], make([]byte, 8))
			n := 0
			copy(header[148:156], "        ")
			for _, b := range header {
				n += int(b)
			}
			copy(header[148:156], fmt.Sprintf("%07o\x00", n))
		}
	}
	return out
}

// The claims and executable of the published vector give its archive, but for the
// mode bits; so do those of wash's own file.
func TestBytesAreWashsButForTheMode(t *testing.T) {
	name, rev, ver := "demo", int32(1), "0.1.0"
	o := CreateOptions{
		Files: []File{file(t, "x86_64-linux", []byte("#!/bin/sh\n"))}, Issuer: seed(strkey.Account, 1),
		Claims: claims.Claims[claims.Provider]{
			ID: "AAAAAAAAAAAAAAAAAAAAAA", IssuedAt: 1700000000, Subject: string(seed(strkey.Service, 3).Public()),
			Metadata: &claims.Provider{Name: &name, CapID: "wasmcloud:demo", Vendor: "acme", Rev: &rev, Ver: &ver},
		},
	}
	archive := create(t, o)
	if got := fmt.Sprintf("%x", sha256.Sum256(blanked(archive))); len(archive) != 3584 || got != "aa2ac17a74f7756b19b3dd0638aed4a83099ac29c5b014035307e53c8e96ba06" {
		t.Errorf("%d bytes, SHA-256 %s", len(archive), got)
	}
	wash := vector(t, "hello.par")
	ours := create(t, CreateOptions{Token: read(t, wash).Token, Files: []File{file(t, "x86_64-linux", vector(t, "hello.x86_64-linux"))}})
	if !bytes.Equal(blanked(ours), wash) {
		t.Error("wash's token and executable give another archive")
	}
}

// goldenFiles are three executables that compress about as real ones do.
func goldenFiles(t testing.TB) []File {
	var files []File
	for _, target := range []Target{"x86_64-linux", "aarch64-macos", "x86_64-windows"} {
		var b bytes.Buffer
		for i := 0; b.Len() < 1_100_000; i++ {
			fmt.Fprintf(&b, "%s %d %x\n", target, i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
		}
		files = append(files, file(t, target, b.Bytes()))
	}
	return files
}

// The bytes of an archive depend on nothing of the machine: not on the number of
// its cores, and (see the next test) not on its architecture.
func TestGoldenDigests(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	files := goldenFiles(t)
	for _, cores := range []int{1, 3, 16} {
		runtime.GOMAXPROCS(cores)
		var got strings.Builder
		for _, o := range []CreateOptions{{}, {Compress: true}, {Compress: true, Fast: true}} {
			o.Files = files
			o.Claims.Metadata = &claims.Provider{CapID: "wasmcloud:demo", Vendor: "acme"}
			b := create(t, o)
			fmt.Fprintf(&got, "%x compress=%t fast=%t\n", sha256.Sum256(b), o.Compress, o.Fast)
		}
		want := string(vector(t, "golden.txt"))
		if got.String() != want {
			t.Errorf("%d cores, %s:\n%swant\n%s", cores, runtime.GOARCH, got.String(), want)
		}
	}
}

func TestGoldenDigestsOn386(t *testing.T) {
	if runtime.GOARCH != "amd64" || runtime.GOOS != "linux" {
		t.Skip("this machine runs no 386 programs")
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-run=^TestGoldenDigests$", ".")
	cmd.Env = append(os.Environ(), "GOARCH=386", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// hostPath is where the 0.5x to 0.82 hosts keep a provider's executable, by the
// description of their sources.
func hostPath(c *claims.Claims[claims.Provider]) string {
	revision := c.IssuedAt
	if c.Metadata.Rev != nil && *c.Metadata.Rev > 0 {
		revision = int64(*c.Metadata.Rev)
	}
	link := regexp.MustCompile(`[^a-z0-9]`).ReplaceAllString(strings.ToLower(c.Metadata.CapID+"_default"), "_")
	return fmt.Sprintf("/tmp/wasmcloudcache/%s/%d/%s", c.Subject, revision, link)
}

// A host runs whatever lies at that path. A provider that was built anew must not
// find the old one there, and an equal one should.
func TestRebuiltProviderGetsAFreshFolder(t *testing.T) {
	paths := map[string]string{}
	for _, rev := range []*int32{nil, new(int32)} {
		for _, build := range []string{"one", "two", "three"} {
			m := &claims.Provider{CapID: "wasmcloud:httpserver", Vendor: "v", Rev: rev}
			o := CreateOptions{Files: []File{file(t, "x86_64-linux", []byte(build)), file(t, "arm-linux", []byte("same"))}}
			m.TargetHashes, _ = Hashes(o.Files)
			o.Claims.Metadata, o.Claims.IssuedAt = m, IssueDate(m, 0)
			c := read(t, create(t, o)).Claims
			path := hostPath(c)
			if other, ok := paths[path]; ok && other != build {
				t.Errorf("%s holds the builds %q and %q", path, other, build)
			}
			paths[path] = build
			if !strings.Contains(path, "/"+CacheFolder(c)+"/wasmcloud_httpserver_default") {
				t.Errorf("CacheFolder %s, and hosts use %s", CacheFolder(c), path)
			}
			if c.IssuedAt < 1 || c.IssuedAt > 1<<30 {
				t.Errorf("iat %d", c.IssuedAt)
			}
		}
	}
	if len(paths) != 3 { // none and 0 are the same to a host
		t.Errorf("%q", paths)
	}
}

func TestIssuedAt(t *testing.T) {
	a, b := strings.Repeat("A", 64), strings.Repeat("B", 64)
	got := IssuedAt(map[string]string{"x86_64-linux": a, "arm-linux": b})
	sum := sha256.Sum256([]byte("arm-linux=" + b + "\nx86_64-linux=" + a + "\n"))
	if want := 1 + int64(sum[0])<<22 + int64(sum[1])<<14 + int64(sum[2])<<6 + int64(sum[3])>>2; got != want {
		t.Errorf("%d, want 1 + the first 30 bits: %d", got, want)
	}
	for _, rev := range []int32{-1, 0} {
		if m := (&claims.Provider{Rev: &rev, TargetHashes: map[string]string{}}); IssueDate(m, 7) != IssuedAt(nil) {
			t.Errorf("revision %d: %d", rev, IssueDate(m, 7))
		}
	}
	one := int32(1)
	if IssueDate(&claims.Provider{Rev: &one}, 7) != 7 {
		t.Error("a positive revision has another date")
	}
}

func TestParseTarget(t *testing.T) {
	for text, want := range map[string]Target{
		"x86_64-linux": "x86_64-linux", "armv7-linux": "arm-linux", "armv7-unknown-linux-gnueabihf": "arm-linux", "amd64-darwin": "x86_64-macos",
		"x86_64-apple-darwin": "x86_64-macos", "aarch64-apple-darwin": "aarch64-macos", "x86_64-pc-windows-gnu": "x86_64-windows", "arm64-linux": "aarch64-linux",
		"x86_64-unknown-linux-musl": "x86_64-linux", "i686-linux": "x86-linux",
	} {
		if got, err := ParseTarget(text); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-", "linux", "x86_64", "x86_64-", "-linux", "x86_64-plan10", "../x86_64-linux", "x86_64-linux/..", "claims", "x86_64-a-b-linux", "x86_64-linux-a-b-c", "X86_64-Linux"} {
		if got, err := ParseTarget(text); err == nil || !strings.Contains(err.Error(), "is no target") {
			t.Errorf("%q is %s, %v", text, got, err)
		}
	}
	if HostTarget().GOARCH() != runtime.GOARCH || HostTarget().GOOS() != runtime.GOOS {
		t.Errorf("this machine is %s", HostTarget())
	}
	if Target("x86_64-windows").Executable("kv") != "kv.exe" || Target("arm-linux").Executable("kv") != "kv" {
		t.Error("executable names")
	}
}

// A file that is built anew while it is packed is noticed, not packed half.
func TestChangingFiles(t *testing.T) {
	for name, second := range map[string]string{"other bytes": "two", "shorter": "t", "longer": "three", "gone": ""} {
		n := 0
		f, err := Measure(t.Context(), "x86_64-linux", func() (io.ReadCloser, error) {
			n++
			if n == 1 {
				return io.NopCloser(strings.NewReader("one")), nil
			}
			if second == "" {
				return nil, os.ErrNotExist
			}
			return io.NopCloser(strings.NewReader(second)), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, compress := range []bool{false, true} {
			o := CreateOptions{Files: []File{f}, Issuer: seed(strkey.Account, 1), Compress: compress, Claims: claims.Claims[claims.Provider]{Subject: "V"}}
			if _, err := Create(t.Context(), io.Discard, o); err == nil {
				t.Errorf("%s: packed", name)
			}
		}
	}
}

func TestCreateRefuses(t *testing.T) {
	one := file(t, "x86_64-linux", []byte("one"))
	good := read(t, create(t, CreateOptions{Files: []File{one}})).Token
	for name, tt := range map[string]struct {
		o    CreateOptions
		want string
	}{
		"nothing":         {CreateOptions{}, "at least one"},
		"two of a target": {CreateOptions{Files: []File{one, one}}, "two executables for x86_64-linux"},
		"no key":          {CreateOptions{Files: []File{one}, Claims: claims.Claims[claims.Provider]{Subject: "V"}}, "no key"},
		"other bytes":     {CreateOptions{Files: []File{file(t, "x86_64-linux", []byte("two"))}, Token: good}, "not those that were signed"},
		"one more":        {CreateOptions{Files: []File{one, file(t, "arm-linux", []byte("two"))}, Token: good}, "no hash for arm-linux"},
		"one less":        {CreateOptions{Files: []File{file(t, "arm-linux", []byte("two"))}, Token: good}, "no hash for arm-linux"},
		"a broken token":  {CreateOptions{Files: []File{one}, Token: good + "x"}, "token"},
	} {
		var out bytes.Buffer
		if _, err := Create(t.Context(), &out, tt.o); err == nil || !strings.Contains(err.Error(), tt.want) || out.Len() > 0 {
			t.Errorf("%s: %v (%d bytes written); want %q", name, err, out.Len(), tt.want)
		}
	}
	if _, err := Measure(t.Context(), "x86_64-linux", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }); err == nil {
		t.Error("an empty executable was measured")
	}
}

// A writer that fails ends the work, and leaves nothing running.
func TestFailingWriter(t *testing.T) {
	defer goleak.VerifyNone(t)
	for _, after := range []int{0, 5, 100_000} {
		w := &failing{left: after}
		o := CreateOptions{Files: goldenFiles(t), Issuer: seed(strkey.Account, 1), Compress: true, Claims: claims.Claims[claims.Provider]{Subject: "V"}}
		if _, err := Create(t.Context(), w, o); !errors.Is(err, errFull) {
			t.Errorf("after %d bytes: %v", after, err)
		}
	}
}

var errFull = errors.New("no space left")

type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}
