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

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

const washService = "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF"

func TestProviderVectors(t *testing.T) {
	for name, version := range map[string]string{"hello.par": "", "hello.par.gz": "0.3.0"} {
		file, err := os.ReadFile(filepath.Join("../par/testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for how, r := range map[string]io.Reader{"a file": bytes.NewReader(file), "a stream": io.MultiReader(bytes.NewReader(file))} {
			a, err := Read(r)
			if err != nil {
				t.Fatalf("%s as %s: %v", name, how, err)
			}
			if a.Kind != Provider || a.Issuer() != washAccount || a.Subject() != washService || a.Name() != "Hello Provider" || a.Version() != version || a.Actor != nil || a.Provider == nil {
				t.Errorf("%s: %+v", name, a)
			}
			if a.Size != int64(len(file)) || a.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256(file)) || !slices.Contains(a.Archive.Targets(), "x86_64-linux") {
				t.Errorf("%s: %d bytes, %s, %q", name, a.Size, a.Digest, a.Archive.Targets())
			}
			if err := a.Verify(Policy{Now: now(), Issuers: []strkey.PublicKey{washAccount}}); err != nil {
				t.Error(err)
			}
			if layer, config := a.MediaTypes(); layer != ProviderLayer || config != ProviderConfig {
				t.Errorf("%s, %s", layer, config)
			}
		}
	}
}

// pack makes an archive whose claims edit changes.
func pack(t *testing.T, issuer *strkey.Seed, edit func(*claims.Claims[claims.Provider])) []byte {
	t.Helper()
	f, err := par.Measure(t.Context(), "x86_64-linux", func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("one")), nil })
	if err != nil {
		t.Fatal(err)
	}
	o := par.CreateOptions{Files: []par.File{f}, Issuer: issuer, Compress: true}
	o.Claims.Subject, o.Claims.Metadata = string(seed(strkey.Service, 3).Public()), &claims.Provider{CapID: "a:b", Vendor: "v"}
	edit(&o.Claims)
	var out bytes.Buffer
	if _, err := par.Create(t.Context(), &out, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestVerifyProvider(t *testing.T) {
	account := seed(strkey.Account, 1)
	as := func(c *claims.Claims[claims.Provider]) {}
	at := now().Unix()
	for name, tt := range map[string]struct {
		file   []byte
		policy Policy
		want   error
	}{
		"good":            {pack(t, account, as), Policy{}, nil},
		"pinned":          {pack(t, account, as), Policy{Issuers: []strkey.PublicKey{account.Public()}}, nil},
		"another issuer":  {pack(t, seed(strkey.Account, 9), as), Policy{Issuers: []strkey.PublicKey{account.Public()}}, ErrIssuer},
		"by a service":    {pack(t, seed(strkey.Service, 3), as), Policy{}, ErrKeyKind},
		"for a module":    {pack(t, account, func(c *claims.Claims[claims.Provider]) { c.Subject = string(seed(strkey.Module, 2).Public()) }), Policy{}, ErrKeyKind},
		"for nonsense":    {pack(t, account, func(c *claims.Claims[claims.Provider]) { c.Subject = "V" }), Policy{}, ErrKeyKind},
		"not expired yet": {pack(t, account, func(c *claims.Claims[claims.Provider]) { c.Expires = at }), Policy{}, nil},
		"expired":         {pack(t, account, func(c *claims.Claims[claims.Provider]) { c.Expires = at - 1 }), Policy{}, new(claims.TimeError)},
		"not valid yet":   {pack(t, account, func(c *claims.Claims[claims.Provider]) { c.NotBefore = at + 1 }), Policy{}, new(claims.TimeError)},
	} {
		t.Run(name, func(t *testing.T) {
			tt.policy.Now = now()
			err := read(t, tt.file).Verify(tt.policy)
			var dates *claims.TimeError
			if _, dated := tt.want.(*claims.TimeError); dated {
				if !errors.As(err, &dates) {
					t.Errorf("%v is not about dates", err)
				}
			} else if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) {
				t.Errorf("%v; want %v", err, tt.want)
			}
		})
	}
}

// What is broken in an archive is an error of Read, as it is for a module.
func TestReadRefusesProviders(t *testing.T) {
	good := pack(t, seed(strkey.Account, 1), func(*claims.Claims[claims.Provider]) {})
	for name, file := range map[string][]byte{"cut": good[:len(good)-1], "more": append(bytes.Clone(good), 0), "changed": append(bytes.Clone(good[:60]), make([]byte, 100)...)} {
		if a, err := Read(bytes.NewReader(file)); err == nil {
			t.Errorf("%s: %+v", name, a)
		}
	}
	if _, err := Read(errReader{io.ErrClosedPipe}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("%v", err)
	}
}
