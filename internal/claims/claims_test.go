package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

func seed(kind strkey.Kind, raw byte) *strkey.Seed {
	return strkey.FromRaw(kind, [32]byte(bytes.Repeat([]byte{raw}, 32)))
}

func ptr[T any](v T) *T { return &v }

// vector is a module token that an independent implementation computed.
func vector() Claims[Actor] {
	return Claims[Actor]{
		ID: "AAAAAAAAAAAAAAAAAAAAAA", IssuedAt: 1700000000, Subject: string(seed(strkey.Module, 2).Public()), Revision: Revision,
		Metadata: &Actor{
			Name: "demo", Hash: "2570CD73726D668454123AA26053925834918A1472D673AC277860EB7902FC5C", Tags: []string{},
			Caps: []string{"wasmcloud:httpserver"}, Rev: ptr(int32(1)), Ver: ptr("0.1.0"),
		},
	}
}

func TestModuleTokenVector(t *testing.T) {
	token, err := Sign(vector(), seed(strkey.Account, 1))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if parts[0] != "eyJ0eXAiOiJqd3QiLCJhbGciOiJFZDI1NTE5In0" {
		t.Errorf("header %s", parts[0])
	}
	if parts[2] != "KIxXaEHxp0fHpbdRggF-RrZPy81HYpqCfV_AAmBow286shRzgc1yFjiUa9PkcbX6mUR1Fp5fxrjExVSkoWooCg" {
		t.Errorf("signature %s", parts[2])
	}
	c, err := Parse[Actor](token)
	if err != nil || c.Metadata.Name != "demo" || *c.Metadata.Rev != 1 || c.Issuer != seed(strkey.Account, 1).Public() {
		t.Errorf("read back: %+v, %v", c, err)
	}
}

func TestProviderTokenVector(t *testing.T) {
	token, err := Sign(Claims[Provider]{
		ID: "AAAAAAAAAAAAAAAAAAAAAA", IssuedAt: 1700000000, Subject: string(seed(strkey.Service, 3).Public()),
		Metadata: &Provider{
			Name: ptr("demo"), CapID: "wasmcloud:demo", Vendor: "acme", Rev: ptr(int32(1)), Ver: ptr("0.1.0"),
			TargetHashes: map[string]string{"x86_64-linux": "A8076D3D28D21E02012B20EAF7DBF75409A6277134439025F282E368E3305ABF"},
		},
	}, seed(strkey.Account, 1))
	if err != nil || len(token) != 617 {
		t.Errorf("a token of %d bytes, %v; want 617", len(token), err)
	}
}

func TestJSONOrderAndOmissions(t *testing.T) {
	iss := seed(strkey.Account, 1).Public()
	for want, got := range map[string]func() ([]byte, error){
		// Everything, in wascap's order, and nothing escaped that Rust leaves alone.
		`{"exp":9,"jti":"I","iat":1,"iss":"` + string(iss) + `","sub":"S","nbf":2,"wascap":{"name":"<&>é","hash":"H","tags":["t"],"caps":["c"],"rev":-1,"ver":"v","call_alias":"a","prov":true},"wascap_revision":3}`: func() ([]byte, error) {
			return Encode(Claims[Actor]{Expires: 9, ID: "I", IssuedAt: 1, Issuer: iss, Subject: "S", NotBefore: 2, Revision: 3, Metadata: &Actor{
				Name: "<&>é", Hash: "H", Tags: []string{"t"}, Caps: []string{"c"}, Rev: ptr(int32(-1)), Ver: ptr("v"), CallAlias: ptr("a"), Prov: true,
			}})
		},
		`{"iat":0,"wascap":{"hash":"","prov":false}}`: func() ([]byte, error) { return Encode(Claims[Actor]{Metadata: &Actor{}}) },
		`{"iat":0,"wascap":{"hash":"","tags":[],"caps":[],"rev":0,"ver":"","prov":false}}`: func() ([]byte, error) {
			return Encode(Claims[Actor]{Metadata: &Actor{Tags: []string{}, Caps: []string{}, Rev: ptr(int32(0)), Ver: ptr("")}})
		},
		`{"iat":0,"wascap":{"name":null,"capid":"","vendor":"","target_hashes":{"a":"1","b":"2"},"config_schema":{"z":1,"a":2}}}`: func() ([]byte, error) {
			return Encode(Claims[Provider]{Metadata: &Provider{TargetHashes: map[string]string{"b": "2", "a": "1"}, ConfigSchema: json.RawMessage(`{"z":1, "a":2}`)}})
		},
		`{"iat":0,"wascap":{"name":null,"valid_signers":null}}`: func() ([]byte, error) { return Encode(Claims[Signers]{Metadata: &Signers{}}) },
		`{"iat":0,"wascap":{"target_url":"wasmbus://M","origin_url":"o","hash":"h"}}`: func() ([]byte, error) {
			return Encode(Claims[Invocation]{Metadata: &Invocation{"wasmbus://M", "o", "h"}})
		},
	} {
		if got, err := got(); err != nil || string(got) != want {
			t.Errorf("%s, %v\nwant %s", got, err, want)
		}
	}
}

// What wash wrote is read, and written again to equal bytes.
func TestWashTokens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.jwt")
	if err != nil || len(files) != 5 {
		t.Fatal(files, err)
	}
	issuer, err := strkey.ParseSeed([]byte("SAADMA65NBETHOHQTXKV7XKQMXYDUS65JOWQORDR3IOMOB3UFZSDOU7TAA"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		token, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse[Actor](string(token))
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		again, err := Sign(*c, issuer)
		if err != nil || again != string(token) {
			t.Errorf("%s: signed again: %v\n%s\nwant\n%s", file, err, again, token)
		}
	}
}

func TestTokensAreReproducible(t *testing.T) {
	c := vector()
	c.ID = ""
	one, err := Sign(c, seed(strkey.Account, 1))
	two, err2 := Sign(c, seed(strkey.Account, 1))
	if err != nil || err2 != nil || one != two {
		t.Error("two tokens of the same claims differ")
	}
	read, err := Parse[Actor](one)
	if err != nil || len(read.ID) != 22 || strings.Trim(read.ID, alphabet) != "" {
		t.Errorf("id %q", read.ID)
	}
	// Every part of the claims, and the key, make another id.
	seen := map[string]bool{read.ID: true}
	for _, change := range []func(*Claims[Actor]){
		func(c *Claims[Actor]) { c.Expires = 1 }, func(c *Claims[Actor]) { c.NotBefore = 1 }, func(c *Claims[Actor]) { c.IssuedAt = 1 },
		func(c *Claims[Actor]) { c.Subject = "M" }, func(c *Claims[Actor]) { c.Revision = 0 },
		func(c *Claims[Actor]) { m := *c.Metadata; m.Hash = "0"; c.Metadata = &m },
		func(c *Claims[Actor]) { c.Issuer = "A" },
	} {
		changed := c
		changed.Issuer = seed(strkey.Account, 1).Public()
		change(&changed)
		id, err := DeriveID(changed)
		if err != nil || seen[id] {
			t.Errorf("id %s again, %v", id, err)
		}
		seen[id] = true
	}
}

func TestRandomID(t *testing.T) {
	id, err := RandomID(bytes.NewReader(append([]byte{255, 0, 61, 62}, bytes.Repeat([]byte{247}, 20)...)))
	if err != nil || id != "0z0"+strings.Repeat("z", 19) {
		t.Errorf("%q, %v", id, err)
	}
	if _, err := RandomID(strings.NewReader("")); err == nil {
		t.Error("no randomness was enough")
	}
}

// forge signs any header and claims.
func forge(t *testing.T, head, body string) string {
	t.Helper()
	signed := encode([]byte(head)) + "." + encode([]byte(body))
	sig, err := seed(strkey.Account, 1).Sign([]byte(signed))
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + encode(sig)
}

func TestParseRefuses(t *testing.T) {
	iss := `"iss":"` + string(seed(strkey.Account, 1).Public()) + `"`
	good := `{"jti":"x","iat":0,` + iss + `,"sub":"M","wascap":{"hash":"h","prov":false}}`
	token := forge(t, header, good)
	if _, err := Parse[Actor](token); err != nil {
		t.Fatal(err)
	}
	if _, err := Parse[Actor](forge(t, `{"alg":"Ed25519", "typ":"jwt","x":1}`, good)); err != nil {
		t.Errorf("another order in the header: %v", err)
	}
	for name, tt := range map[string]struct{ token, want string }{
		"empty":              {"", "three parts"},
		"two parts":          {token[:strings.LastIndex(token, ".")], "three parts"},
		"four parts":         {token + ".x", "three parts"},
		"huge":               {strings.Repeat("a", MaxToken+1), "are the most"},
		"padding":            {token + "=", "not base64url"},
		"line break":         {token[:10] + "\n" + token[10:], "line break"},
		"stray bits":         {token[:len(token)-1] + "h", ""},
		"other algorithm":    {forge(t, `{"typ":"jwt","alg":"none"}`, good), `algorithm "none"`},
		"other type":         {forge(t, `{"typ":"JWT","alg":"Ed25519"}`, good), `type "JWT"`},
		"header no JSON":     {forge(t, `x`, good), "no JSON"},
		"claims no JSON":     {forge(t, header, `x`), "claims"},
		"claims an array":    {forge(t, header, `[]`), "no JSON object"},
		"no subject":         {forge(t, header, `{`+iss+`}`), "no subject"},
		"no issuer":          {forge(t, header, `{"sub":"M"}`), "issuer"},
		"bad issuer":         {forge(t, header, `{"sub":"M","iss":"AAAA"}`), "issuer"},
		"exp 0":              {forge(t, header, `{"exp":0,"sub":"M",`+iss+`}`), "expiry (exp) of 0"},
		"exp negative":       {forge(t, header, `{"exp":-5,"sub":"M",`+iss+`}`), "expiry (exp) of -5"},
		"exp a fraction":     {forge(t, header, `{"exp":1.5,"sub":"M",`+iss+`}`), "claims"},
		"exp twice":          {forge(t, header, `{"exp":1,"sub":"M","exp":99999999999,`+iss+`}`), `"exp" stands twice`},
		"exp and EXP":        {forge(t, header, `{"exp":1,"sub":"M","EXP":99999999999,`+iss+`}`), `"EXP" stands twice`},
		"hash and haſh":      {forge(t, header, `{"sub":"M",`+iss+`,"wascap":{"hash":"a","haſh":"b"}}`), `"haſh" stands twice`},
		"revision too large": {forge(t, header, `{"sub":"M",`+iss+`,"wascap":{"hash":"","rev":2147483648}}`), "claims"},
		"other signer":       {strings.Replace(token, encode([]byte(good)), encode([]byte(strings.Replace(good, iss, `"iss":"`+string(seed(strkey.Account, 9).Public())+`"`, 1))), 1), "signature does not match"},
		"changed claims":     {strings.Replace(token, encode([]byte(good)), encode([]byte(strings.Replace(good, `"h"`, `"i"`, 1))), 1), "signature does not match"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse[Actor](tt.token)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	c := vector()
	if _, err := Sign(c, nil); err == nil {
		t.Error("signed without a key")
	}
	c.Subject = ""
	if _, err := Sign(c, seed(strkey.Account, 1)); err == nil {
		t.Error("signed without a subject")
	}
	c = vector()
	c.Expires = -1
	if _, err := Sign(c, seed(strkey.Account, 1)); err == nil {
		t.Error("signed a date before 1970")
	}
	c = vector()
	c.Metadata.Name = strings.Repeat("x", MaxToken)
	if _, err := Sign(c, seed(strkey.Account, 1)); err == nil {
		t.Error("signed a token that no reader takes")
	}
}

func TestCheckTime(t *testing.T) {
	now := time.Unix(1000, 999)
	for _, tt := range []struct {
		exp, nbf int64
		expired  bool
		ok       bool
	}{{0, 0, false, true}, {1000, 1000, false, true}, {999, 0, true, false}, {0, 1001, false, false}, {1001, 999, false, true}} {
		err := (&Claims[Actor]{Expires: tt.exp, NotBefore: tt.nbf}).CheckTime(now)
		var te *TimeError
		if tt.ok != (err == nil) || !tt.ok && (!errors.As(err, &te) || te.Expired != tt.expired) {
			t.Errorf("exp %d nbf %d: %v", tt.exp, tt.nbf, err)
		}
	}
}

func TestAliases(t *testing.T) {
	for alias, want := range map[string]string{
		"a": "", "abc/d_1": "", "": "empty", "A": "such as \"a\"", "my-alias": `such as "my_alias"`, "é": "holds", "a b": "holds",
		string(seed(strkey.Module, 2).Public()): "public key",
	} {
		err := CheckAlias(alias)
		if want == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", alias, err, want)
		}
	}
	if got := NormalizeAlias("  My cool-Aliasé.1 "); got != "my_cool_alias_1" {
		t.Errorf("%q", got)
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.jwt")
	for _, file := range files {
		token, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(token))
	}
	f.Fuzz(func(t *testing.T, token string) {
		c, err := Parse[Actor](token)
		if err != nil {
			return
		}
		if c.Subject == "" || c.Expires < 0 || strings.Count(token, ".") != 2 {
			t.Errorf("accepted %q", token)
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"exp":9,"jti":"I","iat":1,"sub":"S","nbf":2,"wascap":{"name":"n","hash":"H","tags":["t"],"caps":["c"],"rev":-1,"ver":"v","call_alias":"a","prov":true},"wascap_revision":3}`))
	f.Add([]byte(`{"wascap":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := DecodeUnsigned[Actor](body)
		if err != nil {
			return
		}
		one, err := Encode(*c)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeUnsigned[Actor](one)
		if err != nil {
			t.Fatalf("%s: %v", one, err)
		}
		if two, err := Encode(*again); err != nil || !bytes.Equal(one, two) {
			t.Errorf("%s then %s (%v)", one, two, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	c, issuer := vector(), seed(strkey.Account, 1)
	c.ID = ""
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(c, issuer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	token, err := Sign(vector(), seed(strkey.Account, 1))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse[Actor](token); err != nil {
			b.Fatal(err)
		}
	}
}
