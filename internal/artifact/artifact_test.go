package artifact

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

const (
	washAccount = strkey.PublicKey("AALSO6EPE54BWUHXTVJLDIABLYOTXMCOTK52THAIKMKHD32YYWWGQQPW")
	washModule  = "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB"
)

// now is a moment at which the vectors were valid, or not, as they should be.
func now() time.Time { return time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC) }

func seed(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

func read(t *testing.T, file []byte) *Artifact {
	t.Helper()
	a, err := Read(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The digest is that of the bytes whether they can be read again or not, and
// whether or not they are in the form that is hashed once.
func TestDigestOfFilesAndStreams(t *testing.T) {
	signed, err := os.ReadFile(filepath.Join("testdata", "probe_s.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	padded := append(slices.Clone(signed), 0, 0x82, 0x00, 1, 'x') // a custom section with a padded size
	for name, file := range map[string][]byte{"canonical": signed, "padded": padded} {
		want := fmt.Sprintf("sha256:%x", sha256.Sum256(file))
		at3 := bytes.NewReader(append([]byte("abc"), file...))
		if _, err := at3.Seek(3, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		for how, r := range map[string]io.Reader{"a file": at3, "a stream": io.MultiReader(bytes.NewReader(file))} {
			a, err := Read(r)
			if err != nil {
				t.Fatal(err)
			}
			if a.Digest != want {
				t.Errorf("%s as %s: digest %s, want %s", name, how, a.Digest, want)
			}
		}
	}
}

func TestWashVectors(t *testing.T) {
	for name, want := range map[string]string{
		"empty_s": "", "padded-leb_s": "", "probe_s": "",
		"probe_expired_s": "the token expired 2026-11-23", "probe_notyet_s": "not valid before 2126-10-30",
	} {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
			if err != nil {
				t.Fatal(err)
			}
			a := read(t, file)
			if a.Kind != Actor || a.Issuer() != washAccount || a.Subject() != washModule || a.Legacy || a.Size != int64(len(file)) {
				t.Errorf("%+v", a)
			}
			if a.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256(file)) || !strings.HasPrefix(a.Name(), "Vector ") {
				t.Errorf("digest %s, name %q", a.Digest, a.Name())
			}
			err = a.Verify(Policy{Now: now(), Issuers: []strkey.PublicKey{seed(strkey.Account, 1).Public(), washAccount}})
			if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
				t.Errorf("%v; want %q", err, want)
			}
			var dates *claims.TimeError
			if want != "" && !errors.As(err, &dates) {
				t.Errorf("%T is not about dates", err)
			}
		})
	}
}

// module is an unsigned module that holds text.
func module(t *testing.T, text string) []byte {
	t.Helper()
	b := bytes.NewBufferString("\x00asm\x01\x00\x00\x00")
	if err := wasmbin.AppendCustom(b, "text", []byte(text)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sign signs a binary as edit wants.
func sign(t *testing.T, file []byte, section string, issuer *strkey.Seed, edit func(*claims.Claims[claims.Actor])) []byte {
	t.Helper()
	var out bytes.Buffer
	_, _, err := wasmbin.Embed(&out, bytes.NewReader(file), section, func(info wasmbin.Info) (string, error) {
		c := claims.Claims[claims.Actor]{
			Subject: string(seed(strkey.Module, 2).Public()), Revision: claims.Revision, Metadata: &claims.Actor{Name: "a", Hash: info.Hash},
		}
		if edit != nil {
			edit(&c)
		}
		return claims.Sign(c, issuer)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestVerify(t *testing.T) {
	account, other := seed(strkey.Account, 1), seed(strkey.Account, 9)
	plain := module(t, "one")
	component := append([]byte("\x00asm\x0d\x00\x01\x00"), plain[8:]...)
	moved := func(c *claims.Claims[claims.Actor]) { c.Metadata.Hash = strings.Repeat("0", 64) }
	old := func(rev int, edit func(*claims.Claims[claims.Actor])) func(*claims.Claims[claims.Actor]) {
		return func(c *claims.Claims[claims.Actor]) {
			c.Revision = rev
			if edit != nil {
				edit(c)
			}
		}
	}
	for name, tt := range map[string]struct {
		file   []byte
		policy Policy
		want   error
	}{
		"good":                       {sign(t, plain, "wasmcloud_jwt", account, nil), Policy{}, nil},
		"component":                  {sign(t, component, "wasmcloud_jwt", account, nil), Policy{}, nil},
		"legacy":                     {sign(t, plain, "jwt", account, old(0, nil)), Policy{}, nil},
		"pinned":                     {sign(t, plain, "jwt", account, nil), Policy{Issuers: []strkey.PublicKey{account.Public()}}, nil},
		"unsigned":                   {plain, Policy{}, ErrUnsigned},
		"another issuer":             {sign(t, plain, "jwt", other, nil), Policy{Issuers: []strkey.PublicKey{account.Public()}}, ErrIssuer},
		"signed by a module key":     {sign(t, plain, "jwt", seed(strkey.Module, 1), nil), Policy{}, ErrKeyKind},
		"signed by a cluster key":    {sign(t, plain, "jwt", seed(strkey.Cluster, 1), nil), Policy{}, ErrKeyKind},
		"for a service":              {sign(t, plain, "jwt", account, func(c *claims.Claims[claims.Actor]) { c.Subject = string(seed(strkey.Service, 3).Public()) }), Policy{}, ErrKeyKind},
		"for nonsense":               {sign(t, plain, "jwt", account, func(c *claims.Claims[claims.Actor]) { c.Subject = "Mxyz" }), Policy{}, ErrKeyKind},
		"another hash":               {sign(t, plain, "jwt", account, moved), Policy{}, ErrHash},
		"another hash, allowed":      {sign(t, plain, "jwt", account, moved), Policy{AllowLegacyHash: true}, ErrHash},
		"revision 2, another hash":   {sign(t, plain, "jwt", account, old(2, moved)), Policy{}, ErrHash},
		"no revision, another hash":  {sign(t, plain, "jwt", account, old(0, moved)), Policy{}, ErrHash},
		"revision 2, hash allowed":   {sign(t, plain, "jwt", account, old(2, moved)), Policy{AllowLegacyHash: true}, nil},
		"revision 2, hash is right":  {sign(t, plain, "jwt", account, old(2, nil)), Policy{}, nil},
		"hash in lower case differs": {sign(t, plain, "jwt", account, func(c *claims.Claims[claims.Actor]) { c.Metadata.Hash = strings.ToLower(c.Metadata.Hash) }), Policy{}, ErrHash},
	} {
		t.Run(name, func(t *testing.T) {
			tt.policy.Now = now()
			a := read(t, tt.file)
			if err := a.Verify(tt.policy); !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v; want %v", err, tt.want)
			}
		})
	}
	if a := read(t, sign(t, component, "wasmcloud_jwt", account, nil)); a.Kind != Component {
		t.Errorf("kind %s", a.Kind)
	}
}

func TestVerifyDates(t *testing.T) {
	at := func(expires, from int64) []byte {
		return sign(t, module(t, "one"), "wasmcloud_jwt", seed(strkey.Account, 1), func(c *claims.Claims[claims.Actor]) { c.Expires, c.NotBefore = expires, from })
	}
	for name, c := range map[string]struct {
		expires, from int64
		refused       bool
	}{
		"last second": {now().Unix(), 0, false}, "expired": {now().Unix() - 1, 0, true},
		"first second": {0, now().Unix(), false}, "not yet": {0, now().Unix() + 1, true},
	} {
		err := read(t, at(c.expires, c.from)).Verify(Policy{Now: now()})
		if _, refused := errors.AsType[*claims.TimeError](err); refused != c.refused || !refused && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The token of one module, put at the end of another, must not vouch for it.
func TestMovedToken(t *testing.T) {
	one := read(t, sign(t, module(t, "one"), "wasmcloud_jwt", seed(strkey.Account, 1), nil))
	two := bytes.NewBuffer(module(t, "two"))
	if err := wasmbin.AppendCustom(two, "wasmcloud_jwt", []byte(one.Token)); err != nil {
		t.Fatal(err)
	}
	if err := read(t, two.Bytes()).Verify(Policy{Now: now()}); !errors.Is(err, ErrHash) {
		t.Errorf("%v", err)
	}
}

func TestReadRefuses(t *testing.T) {
	signed := sign(t, module(t, "one"), "wasmcloud_jwt", seed(strkey.Account, 1), nil)
	two := bytes.NewBuffer(bytes.Clone(signed))
	if err := wasmbin.AppendCustom(two, "jwt", []byte(read(t, signed).Token)); err != nil {
		t.Fatal(err)
	}
	last := bytes.Clone(signed)
	last[len(last)-5] ^= 1
	garbage := bytes.NewBuffer(module(t, "one"))
	if err := wasmbin.AppendCustom(garbage, "jwt", []byte("\xff\x00")); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file []byte
		want string
	}{
		"two tokens":          {two.Bytes(), "2 signatures"},
		"a changed signature": {last, ""},
		"a token of garbage":  {garbage.Bytes(), "three parts"},
		"no metadata":         {sign(t, module(t, "x"), "jwt", seed(strkey.Account, 1), func(c *claims.Claims[claims.Actor]) { c.Metadata = nil }), "no wascap member"},
		"a text":              {[]byte("hello, world"), "no sound wasm"},
		"nothing":             {nil, "there are 0"},
	} {
		t.Run(name, func(t *testing.T) {
			if a, err := Read(bytes.NewReader(tt.file)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%+v, %v; want %q", a, err, tt.want)
			}
		})
	}
	for n := range signed {
		if a, err := Read(bytes.NewReader(signed[:n])); err == nil && a.Actor != nil {
			t.Errorf("the first %d of %d bytes are signed", n, len(signed))
		}
	}
}

// Some readers take a token inside a component's module for the component's own.
func TestNestedTokenSignsNothing(t *testing.T) {
	inner := sign(t, module(t, "one"), "jwt", seed(strkey.Account, 1), nil)
	file := append([]byte("\x00asm\x0d\x00\x01\x00\x01"), wasmbin.AppendUint(nil, uint32(len(inner)))...)
	a := read(t, append(file, inner...))
	if err := a.Verify(Policy{Now: now()}); !errors.Is(err, ErrUnsigned) || a.Kind != Component || a.Name() != "" || a.Subject() != "" || a.Issuer() != "" {
		t.Errorf("%+v: %v", a, err)
	}
}

func TestReadErrorsAreReturned(t *testing.T) {
	broken := errors.New("cable pulled")
	if _, err := Read(io.MultiReader(strings.NewReader("\x00asm\x01\x00\x00\x00"), errReader{broken})); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

func TestMediaTypes(t *testing.T) {
	for kind, want := range map[Kind]string{Actor: ModuleLayer + " " + ModuleConfig, Component: ModuleLayer + " " + ModuleConfig, Provider: ProviderLayer + " " + ProviderConfig} {
		layer, config := (&Artifact{Kind: kind}).MediaTypes()
		if layer+" "+config != want {
			t.Errorf("%s: %s, %s", kind, layer, config)
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"empty_s", "padded-leb_s"} {
		file, err := os.ReadFile(filepath.Join("testdata", name+".wasm"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := Read(bytes.NewReader(file))
		if err != nil || a.Actor == nil {
			return
		}
		// Nobody but the holder of a key makes something that verifies for another key.
		if err := a.Verify(Policy{Now: now()}); err == nil && a.Issuer() != washAccount {
			t.Errorf("verified, by %s: %x", a.Issuer(), file)
		}
	})
}

func BenchmarkReadProbe(b *testing.B) {
	file, err := os.ReadFile("testdata/probe_s.wasm")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := Read(bytes.NewReader(file)); err != nil {
			b.Fatal(err)
		}
	}
}
