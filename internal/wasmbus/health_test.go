package wasmbus

import (
	"encoding/json"
	"testing"
)

func TestHealth(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Health
	}{
		{"\x81\xa7healthy\xc3", Health{Healthy: true}},
		{"\x82\xa7healthy\xc2\xa7message\xa2no", Health{Message: "no"}},
		{"\x83\xa1x\x91\x01\xa7message\xc0\xa7healthy\xc3", Health{Healthy: true}},
		{`{"healthy":true}`, Health{Healthy: true}},
		{`{"healthy":false,"message":null}`, Health{}},
	} {
		got, err := UnmarshalHealth([]byte(tt.text))
		if err != nil || got != tt.want {
			t.Errorf("%q: %+v, %v", tt.text, got, err)
		}
	}
	for _, text := range []string{"", "\xc3", "\x81\xa7healthy\x01", "\x81", "{", "\x81\xa7healthy\xc3more"} {
		if got, err := UnmarshalHealth([]byte(text)); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
	if got := string(Health{Healthy: true}.Marshal()); got != "\x81\xa7healthy\xc3" {
		t.Errorf("written as %q", got)
	}
	if got := string(HealthProbe()); got != "\x81\xabplaceholder\xc3" {
		t.Errorf("the probe is %q", got)
	}
}

func TestFlag(t *testing.T) {
	for text, want := range map[string]Flag{"true": true, "1": true, `"1"`: true, "false": false, "0": false, "null": false, `""`: false} {
		f := !want
		if err := json.Unmarshal([]byte(text), &f); err != nil || f != want && text != "null" {
			t.Errorf("%s: %v, %v", text, f, err)
		}
	}
	var f Flag
	for _, text := range []string{"2", `"yes"`, "{}"} {
		if err := json.Unmarshal([]byte(text), &f); err == nil {
			t.Errorf("%s is taken for %v", text, f)
		}
	}
}

func FuzzHealth(f *testing.F) {
	f.Add([]byte("\x82\xa7healthy\xc2\xa7message\xa2no"))
	f.Add([]byte(`{"healthy":true}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := UnmarshalHealth(b)
		if err != nil {
			return
		}
		if again, err := UnmarshalHealth(h.Marshal()); err != nil || again != h {
			t.Errorf("%+v became %+v, %v", h, again, err)
		}
	})
}
