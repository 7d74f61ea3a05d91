package ocipush

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/registry"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

func TestMain(m *testing.M) {
	testkit.Main(m, map[string]func(*cli.IO) *cobra.Command{"ocipush": Command})
}

// TestScripts gives every script registries of its own, by their addresses:
// $REG open, $BASIC and $BEARER for u/p, $FLAKY fails once in many ways,
// $SLOW asks once to wait a second,
// $STALLED never sends a layer, $LIAR sends other layers than it promises,
// $DOWN is nobody, $TLS wants HTTPS and has a certificate of tls/cert.pem, $PROXY is a
// web proxy, and $AWAY (where this machine has such an address) is not loopback, with
// $AWAYBASIC for u/p and $AWAYTLS for HTTPS.
// Signed files lie in signed/ (see internal/artifact/testdata), dev.wasm is
// signed by the development key, which is $OTHERKEY.
func TestScripts(t *testing.T) {
	testkit.Scripts(t, setup)
}

// TestAway runs the scripts that need a registry off loopback.
func TestAway(t *testing.T) {
	if outside() == "" {
		t.Skip("this machine has only loopback addresses")
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/away", Setup: setup, RequireExplicitExec: true})
}

func setup(env *testscript.Env) error {
	u := registry.Options{User: "u", Password: "p"}
	bearer := u
	bearer.Bearer = true
	flaky, liar := registry.New(registry.Options{}), registry.New(registry.Options{})
	for _, fault := range []registry.Fault{
		{Method: "HEAD", Path: "/manifests/", Times: 1, Serve: registry.Answer(429, "0")},
		{Method: "PUT", Path: "/blobs/", Times: 1, Serve: registry.DropRequest(1000, true)},
		{Method: "PUT", Path: "/manifests/", Times: 1, Serve: registry.Answer(503, "0")},
		{Method: "GET", Path: "/blobs/", Times: 1, Serve: registry.DropResponse(1000)},
	} {
		flaky.Inject(fault)
	}
	liar.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Replace(func(b []byte) []byte {
		b = bytes.Clone(b)
		b[len(b)-1] ^= 1 // the end: everything before it looks right
		return b
	})})
	open := registry.New(registry.Options{})
	layUnfit(open)
	env.Setenv("REG", listen(env, open, "127.0.0.1"))
	env.Setenv("OTHERKEY", string(strkey.Development().Public()))
	env.Setenv("BASIC", listen(env, registry.New(u), "127.0.0.1"))
	env.Setenv("BEARER", listen(env, registry.New(bearer), "127.0.0.1"))
	env.Setenv("FLAKY", listen(env, flaky, "127.0.0.1"))
	slow := registry.New(registry.Options{})
	slow.Inject(registry.Fault{Method: "PUT", Path: "/manifests/", Times: 1, Serve: registry.Answer(503, "1")})
	env.Setenv("SLOW", listen(env, slow, "127.0.0.1"))
	stalled := registry.New(registry.Options{})
	stalled.Inject(registry.Fault{Method: "GET", Path: "/blobs/", Serve: registry.Stall(nil)})
	env.Setenv("STALLED", listen(env, stalled, "127.0.0.1"))
	env.Setenv("PROXY", listen(env, &httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}, "127.0.0.1"))
	env.Setenv("LIAR", listen(env, liar, "127.0.0.1"))
	down, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("DOWN", down.Addr().String())
	if err := down.Close(); err != nil {
		return err
	}
	if err := listenSecurely(env); err != nil {
		return err
	}
	if ip := outside(); ip != "" {
		env.Setenv("AWAY", listen(env, registry.New(registry.Options{}), ip))
		env.Setenv("AWAYBASIC", listen(env, registry.New(u), ip))
	}
	for _, name := range []string{"home", "signed"} {
		if err := os.MkdirAll(filepath.Join(env.WorkDir, name), 0o755); err != nil {
			return err
		}
	}
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	return layFiles(env.WorkDir)
}

func listenSecurely(env *testscript.Env) error {
	dir := filepath.Join(env.WorkDir, "tls")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	address, err := listenTLS(env, registry.New(registry.Options{}), dir, "127.0.0.1", "127.0.0.1")
	env.Setenv("TLS", address)
	env.Setenv("TLSPORT", address[strings.LastIndex(address, ":")+1:])
	if ip := outside(); err == nil && ip != "" {
		address, err = listenTLS(env, registry.New(registry.Options{}), env.WorkDir, ip, ip)
		env.Setenv("AWAYTLS", address)
	}
	return err
}

// layUnfit puts artifacts into a registry that push would not have let in:
// unfit:unsigned, unfit:expired, unfit:tampered, unfit:provider, unfit:text, and
// unfit:actor and unfit:par under the types of each other; unfit:index lists two that
// are fit, unfit:badindex one that is not, and unfit:image has two layers.
func layUnfit(r *registry.Registry) {
	read := func(name string) []byte {
		b, err := os.ReadFile(name)
		if err != nil {
			panic(err) // a file of this repository
		}
		return b
	}
	actor, provider := read("../../artifact/testdata/empty_s.wasm"), read("../../par/testdata/hello.par.gz")
	layer := func(mediaType string, data []byte) string {
		return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, r.Put("unfit", data), len(data))
	}
	put := func(tag, mediaType, body string) string {
		body = `{"schemaVersion":2,` + body + `}`
		digest := r.PutManifest("unfit", tag, "application/vnd.oci.image."+mediaType, []byte(body))
		return fmt.Sprintf(`{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d}`, digest, len(body))
	}
	artifactOf := func(tag, mediaType string, data []byte) string {
		return put(tag, "manifest.v1+json", `"config":`+layer("application/x", []byte("{}"))+`,"layers":[`+layer(mediaType, data)+`]`)
	}
	unsigned := artifactOf("unsigned", artifact.ModuleLayer, []byte("\x00asm\x01\x00\x00\x00"))
	artifactOf("expired", artifact.ModuleLayer, read("../../artifact/testdata/probe_expired_s.wasm"))
	artifactOf("tampered", artifact.ModuleLayer, append(bytes.Clone(actor), 0, 2, 1, 'x')) // one more custom section
	artifactOf("provider", artifact.ProviderLayer, provider[:len(provider)-10])
	artifactOf("text", artifact.ModuleLayer, []byte("text"))
	artifactOf("actor", artifact.ProviderLayer, actor)
	artifactOf("par", artifact.ModuleLayer, provider)
	fit := []string{artifactOf("fit", artifact.ModuleLayer, actor), artifactOf("fitpar", artifact.ProviderLayer, provider)}
	put("index", "index.v1+json", `"manifests":[`+fit[0]+`,`+fit[1]+`]`)
	put("badindex", "index.v1+json", `"manifests":[`+fit[0]+`,`+unsigned+`]`)
	put("image", "manifest.v1+json", `"config":`+layer("application/x", []byte("{}"))+`,"layers":[`+layer("tar", []byte("a"))+`,`+layer("tar", []byte("b"))+`]`)
}

func listen(env *testscript.Env, h http.Handler, ip string) string {
	ln, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		env.T().Fatal(err)
	}
	s := &httptest.Server{Listener: ln, Config: &http.Server{Handler: h}}
	s.Start()
	env.Defer(s.Close)
	return ln.Addr().String()
}

// outside finds an address of this machine that is not loopback, "" if none.
func outside() string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return ""
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}

func layFiles(dir string) error {
	vectors, err := filepath.Glob("../../artifact/testdata/*.wasm")
	if err != nil || len(vectors) == 0 {
		return fmt.Errorf("no signed files to test with: %v", err)
	}
	for _, v := range append(vectors, "../../par/testdata/hello.par.gz", "../../par/testdata/hello.par") {
		b, err := os.ReadFile(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "signed", filepath.Base(v)), b, 0o644); err != nil {
			return err
		}
	}
	empty := []byte("\x00asm\x01\x00\x00\x00")
	if err := os.WriteFile(filepath.Join(dir, "unsigned.wasm"), empty, 0o644); err != nil {
		return err
	}
	return embedDevelopment(filepath.Join(dir, "signed", "dev.wasm"), 0)
}

// embedDevelopment writes a module of about size bytes, signed by the development key.
func embedDevelopment(path string, size int) error {
	module := []byte("\x00asm\x01\x00\x00\x00")
	if size > 0 {
		content := make([]byte, size)
		rand.NewChaCha8([32]byte{1}).Read(content)
		content[0] = 0 // the section has no name
		module = append(binary.AppendUvarint(append(module, 0), uint64(size)), content...)
	}
	var dev bytes.Buffer
	_, _, err := wasmbin.Embed(&dev, bytes.NewReader(module), "wasmcloud_jwt", func(info wasmbin.Info) (string, error) {
		key := strkey.FromRaw(strkey.Module, [32]byte{1})
		return claims.Sign(claims.Claims[claims.Actor]{
			Subject: string(key.Public()), Metadata: &claims.Actor{Name: "dev", Hash: info.Hash}, Revision: claims.Revision,
		}, strkey.Development())
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, dev.Bytes(), 0o644)
}

// TestJSONKeys: wash's keys first and unrenamed; scripts of users read them.
func TestJSONKeys(t *testing.T) {
	for _, c := range []struct {
		result any
		want   string
	}{
		{Pushed{}, `{"url":"","digest":"","status":"","reference":""}`},
		{Pulled{}, `{"file":"","digest":"","module":"","account":"","kind":"","changed":false}`},
	} {
		got, err := json.Marshal(c.result)
		if err != nil || string(got) != c.want {
			t.Errorf("got %s %v, want %s", got, err, c.want)
		}
	}
}

func TestReadArtifactGoesByContent(t *testing.T) {
	tar := append(bytes.Repeat([]byte{0}, 257), "ustar\x0000"...)
	for _, c := range []struct {
		head []byte
		want string
	}{
		{[]byte{0x1f, 0x8b, 8}, "decompressing"},
		{tar, "unexpected EOF"},
		{[]byte("#!/bin/sh"), "Unsupported artifact type"},
		{nil, "Unsupported artifact type"},
		{[]byte("\x00as"), "Unsupported artifact type"},
	} {
		if _, err := readArtifact(bytes.NewReader(c.head)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.head, err, c.want)
		}
	}
}
