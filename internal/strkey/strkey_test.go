package strkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// vectors are the fixed raw seeds (one byte, 32 times) whose key strings an
// independent implementation computed, and pairs made by real programs.
func vectors() []struct {
	seed   string
	public PublicKey
	raw    byte // 0: not from a fixed raw seed
} {
	return []struct {
		seed   string
		public PublicKey
		raw    byte
	}{
		{"SAAACAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAKM5I", "ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU", 1},
		{"SMAAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAWDLE", "MCATS5YOVB6ROX2WUNKGNQ2MP3GMXDMKSG2O4N5CLX3A6W4PZGZZJPUL", 2},
		{"SVAAGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGA6AIA", "VDWUSKGGFDI4FRXK5EBTRECZSVQSSWJHHJOGH6JWG3AUMFFMQ435CDVS", 3},
		{"SCAAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBANEQ", "CDFJHLAXAUMHA4OWPOB4P7YO72AQR2HMIUYFOXLXE2DZGM633K7HYHVW", 4},
		{"SNAAKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQKBIFAUCQKBP7G4", "NBXHUHG5FGYLPD6RHL2MKWMP572O6KUXCZXDZJXS4T57ZTMAKBN7C574", 5},
		{"SOAAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBQGAYDAMBR5SU", "OCFIOX77D2ZYIUKXPLGVV7XEAVCWK2G5PSE6BEEGHICVPPD26SPRPP6C", 6},
		{"SUAAOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBYHA4DQOBZ5FE", "UDVEU3DD4KOFECV66VIHWEZOYX4ZKR3WV27L464SIIPOU2IUI3JCYSJF", 7},
		{"SAAPN4W3EG6KCJGUQTKTJ5GSB5NHK5CHAJL4DBGFUM3HHROI4XUEP4OBK4", "ACODERUVFFAWZQDSS6SBIACUA5O6SXF7HJ3YTYXBALHZP3P7R4BUO4J2", 0},
		{"SCAIYCZTW775GJYX3MVWLURALVC3PULW43PTEKGH72JBMA3A7LOLGLQ2JA", "CAQQHYABXBPDBZIGDZIT7E73HW66RPCFC3GGLQKSDDTVWUVOYZBYHUND", 0},
		{"SNAAGG2LW2FP2JTXDTLQNB4EOHQDHQR2Y75PYAVOCYUPGHUK24WA3RSZYI", "NAGASFIHF5SBGTNTZUOVWT3O63SJUMIFUL7BH52T3UAFKQW7PPP46KFU", 0},
		{"SAADMA65NBETHOHQTXKV7XKQMXYDUS65JOWQORDR3IOMOB3UFZSDOU7TAA", "AALSO6EPE54BWUHXTVJLDIABLYOTXMCOTK52THAIKMKHD32YYWWGQQPW", 0},
		{"SMAABZ62LGU4SLS4SFK3MD463TRC7ZWMZLYPSVH2AOL3WRZXPBIGZG66JE", "MCLFG44AN6RKNORIDSN5JACURXNEIP5Q6CH2BOG5FCTDF7HE6ES3MCQB", 0},
		{"SVAOZUSBWWFL65P255DOHIETPTXUQMM5ETLSYPITI5G4K4HI6M2CDAPWAU", "VBM5JMFOVUJDHGTOJSPUJ33ZGHCRCJ3LYHUJ3HND5ZMRVORYCMAVPZQF", 0},
	}
}

func TestVectors(t *testing.T) {
	for _, v := range vectors() {
		seed, err := ParseSeed([]byte(v.seed))
		if err != nil {
			t.Errorf("%s: %v", v.public, err)
			continue
		}
		if seed.Public() != v.public || seed.Kind() != v.public.Kind() || seed.Reveal() != v.seed {
			t.Errorf("%s: got %s, kind %s", v.public, seed.Public(), seed.Kind())
		}
		if v.raw != 0 {
			made := FromRaw(v.public.Kind(), [32]byte(bytes.Repeat([]byte{v.raw}, 32)))
			if made.Public() != v.public || made.Reveal() != v.seed {
				t.Errorf("from raw %d: got %s", v.raw, made.Public())
			}
		}
		if _, err := ParsePublic(string(v.public), v.public.Kind()); err != nil {
			t.Error(err)
		}
		sig, err := seed.Sign([]byte("message"))
		if err != nil {
			t.Fatal(err)
		}
		if err := v.public.Verify([]byte("message"), sig); err != nil {
			t.Error(err)
		}
		if err := v.public.Verify([]byte("massage"), sig); !errors.Is(err, ErrSignature) {
			t.Errorf("a changed message: %v", err)
		}
		sig[0] ^= 1
		if err := v.public.Verify([]byte("message"), sig); !errors.Is(err, ErrSignature) {
			t.Errorf("a changed signature: %v", err)
		}
		if err := v.public.Verify([]byte("message"), nil); err == nil {
			t.Error("no signature was accepted")
		}
	}
}

// A single changed character must be noticed wherever it is: the Rust nkeys that
// wash uses never compares the checksum.
func TestEveryChangedCharacterIsNoticed(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	for _, v := range vectors()[:2] {
		for i := range v.seed {
			for _, c := range letters {
				if byte(c) == v.seed[i] {
					continue
				}
				changed := v.seed[:i] + string(c) + v.seed[i+1:]
				if _, err := ParseSeed([]byte(changed)); err == nil {
					t.Fatalf("character %d changed to %c was accepted", i, c)
				}
			}
		}
		for i := range v.public {
			for _, c := range letters {
				if byte(c) == v.public[i] {
					continue
				}
				changed := string(v.public[:i]) + string(c) + string(v.public[i+1:])
				if _, err := ParsePublic(changed); err == nil {
					t.Fatalf("public character %d changed to %c was accepted", i, c)
				}
			}
		}
	}
}

func TestParseSeedRefuses(t *testing.T) {
	good := vectors()[0].seed
	for name, tt := range map[string]struct{ text, want string }{
		"empty":          {"", "should be 58 characters, but was 0"},
		"short":          {good[:57], "should be 58 characters, but was 57"},
		"long":           {good + "A", "should be 58 characters, but was 59"},
		"lower case":     {strings.ToLower(good), "characters other than"},
		"digit one":      {strings.Replace(good, "M", "1", 1), "characters other than"},
		"line break":     {good[:20] + "\n" + good[20:57], "characters other than"},
		"checksum":       {good[:57] + "A", "corrupted seed"},
		"a public key":   {string(vectors()[0].public), "seeds begin with S"},
		"kind":           {vectors()[1].seed, "the seed is of kind module; wanted is account (SA…)"},
		"no such kind":   {seal(append([]byte{seedPrefix | 15>>2, 15 << 3 & 0xF8}, make([]byte, 32)...)), "stands for no kind"},
		"not S":          {seal(make([]byte, 34)), "a seed begins with S"},
		"low bits of b1": {seal(append([]byte{seedPrefix, 1}, make([]byte, 32)...)), "a seed begins with S"},
		"NUL characters": {strings.Repeat("\x00", 58), "characters other than"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseSeed([]byte(tt.text), Account)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want %q", err, tt.want)
			}
			if err != nil && len(tt.text) > 20 && !strings.HasPrefix(tt.text, "A") && strings.Contains(err.Error(), tt.text[:12]) {
				t.Errorf("the error repeats the seed: %v", err)
			}
		})
	}
}

func TestSeedFilesMayEndInANewline(t *testing.T) {
	for _, text := range []string{"%s\n", " %s\r\n", "\n%s\n\n"} {
		if _, err := ParseSeed(fmt.Appendf(nil, text, vectors()[0].seed), Account); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParsePublicRefuses(t *testing.T) {
	good := string(vectors()[0].public)
	for text, want := range map[string]string{
		"":                       "should be 56 characters, but was 0",
		"abc":                    "should be 56 characters, but was 3",
		strings.ToLower(good):    "characters other than",
		good[:55] + "A":          "checksum",
		good[:30] + "\n" + good:  "should be 56 characters",
		vectors()[0].seed:        "a seed was given",
		strings.Repeat("x", 1e5): "but was 100000",
	} {
		_, err := ParsePublic(text)
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v; want %q", text, err, want)
		}
		if text == vectors()[0].seed && strings.Contains(err.Error(), "CAIBA") {
			t.Errorf("the error repeats the seed: %v", err)
		}
	}
	if _, err := ParsePublic(good, Module, Service); err == nil || !strings.Contains(err.Error(), "module (M…) or service (V…)") {
		t.Errorf("wrong kind: %v", err)
	}
	if err := PublicKey("x").Verify(nil, nil); err == nil {
		t.Error("a broken key verified")
	}
}

// However a seed gets into a log, an error or JSON, it must not show.
func TestSeedNeverShows(t *testing.T) {
	v := vectors()[0]
	seed, err := ParseSeed([]byte(v.seed))
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct {
		s *Seed
		v Seed
	}
	type open struct {
		S *Seed
		V Seed
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "seed", seed, "value", *seed, "in", open{seed, *seed})
	text, err := json.Marshal(open{seed, *seed})
	if err != nil {
		t.Fatal(err)
	}
	shown := log.String() + string(text) + seed.String() + seed.GoString() + fmt.Errorf("x: %v", seed).Error()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		shown += fmt.Sprintf(verb, seed) + fmt.Sprintf(verb, *seed) + fmt.Sprintf(verb, open{seed, *seed}) + fmt.Sprintf(verb, hidden{seed, *seed}) + fmt.Sprintf(verb, []*Seed{seed})
	}
	raw := bytes.Repeat([]byte{1}, 32)
	for _, secret := range []string{v.seed, v.seed[:12], string(raw), fmt.Sprintf("%x", raw), fmt.Sprint(raw), "1, 1, 1, 1", "1 1 1 1", "0x1, 0x1"} {
		if strings.Contains(shown, secret) {
			t.Errorf("%q shows in %s", secret, shown)
		}
	}
	if !strings.Contains(shown, "[redacted]") {
		t.Error("nothing says that something was left out")
	}
}

func TestGenerate(t *testing.T) {
	seed, err := Generate(Module, bytes.NewReader(bytes.Repeat([]byte{2}, 32)))
	if err != nil || seed.Public() != vectors()[1].public {
		t.Errorf("%v, %v", seed.Public(), err)
	}
	if _, err := Generate(Module, strings.NewReader("short")); err == nil {
		t.Error("five bytes of randomness were enough")
	}
}

func TestKinds(t *testing.T) {
	for _, k := range Kinds() {
		if got, err := ParseKind(strings.ToUpper(k.String())); err != nil || got != k {
			t.Errorf("%s: %v, %v", k, got, err)
		}
	}
	for _, name := range []string{"", "modul", "provider"} {
		if _, err := ParseKind(name); err == nil {
			t.Errorf("%q is a kind", name)
		}
	}
}

func TestDevelopmentKeyIsTheSameForEver(t *testing.T) {
	const published = "AAUXSYSSESBPQZSFJ3CC53YVJB7ZEX4DYBAFH2YLRA6W7JT63YOFEBY3"
	if got := Development().Public(); got != published || !IsDevelopment(published) || IsDevelopment(vectors()[0].public) {
		t.Errorf("development key %s", got)
	}
}

func FuzzKeys(f *testing.F) {
	for _, v := range vectors() {
		f.Add(v.seed)
		f.Add(string(v.public))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if seed, err := ParseSeed([]byte(text)); err == nil && seed.Reveal() != strings.TrimSpace(text) {
			t.Errorf("%q is read as another seed", text)
		}
		if pub, err := ParsePublic(text); err == nil {
			kind, raw, err := decodePublic(text)
			if err != nil || encodePublic(kind, raw) != pub || string(pub) != text {
				t.Errorf("%q is read as %q", text, pub)
			}
		}
	})
}

func BenchmarkSign(b *testing.B) {
	seed, msg := Development(), make([]byte, 800)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := seed.Sign(msg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	seed, msg := Development(), make([]byte, 800)
	sig, err := seed.Sign(msg)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := seed.Public().Verify(msg, sig); err != nil {
			b.Fatal(err)
		}
	}
}
