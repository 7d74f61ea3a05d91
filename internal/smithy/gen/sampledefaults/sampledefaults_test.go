// Package sampledefaults_test runs what the generator writes for members that have defaults.
package sampledefaults_test

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/gen/sampledefaults"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/cbor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/document"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

const members = 28

// What is missing or null has its default.
func TestDefaults(t *testing.T) {
	want := sampledefaults.Settings{
		Retries: 3, Greeting: "hello", On: true, Colour: sampledefaults.ColourGREEN, Level: sampledefaults.LevelHIGH, Count: 1000, Least: math.MinInt64, Most: math.MaxUint64,
		Ratio: 1.5, Short: float32(math.Inf(-1)), Bytes: []byte("hi\xff"), Since: time.Date(1985, 4, 12, 23, 20, 50, 520_000_000, time.UTC), Epoch: time.Unix(0, 0).UTC(),
		Before: time.Unix(-1, 500_000_000).UTC(), Date: time.Date(2014, 4, 29, 18, 30, 38, 0, time.UTC), Text: document.String("x"), Natural: document.Uint(0),
		Negative: document.Int(-1), Fraction: document.Float(0), Truth: document.Bool(false), Array: document.Array{}, Object: document.Object{}, Must: "must",
	}
	for _, message := range []string{
		"\x80", "\xc0", "\x90", "\xdc\x00\x1c" + strings.Repeat("\xc0", members), "\x7f\x80", "\x7f\xa0", "\x7f\xf6", "\x7f\x98\x1c" + strings.Repeat("\xf6", members),
	} {
		got := sampledefaults.Settings{Retries: 1}
		if err := got.UnmarshalCbor([]byte(message)); err != nil || !math.IsNaN(got.Unknown) {
			t.Errorf("%q: %v, %v", message, got.Unknown, err)
		}
		if got.Unknown = 0; !reflect.DeepEqual(got, want) {
			t.Errorf("%q is\n%+v; want\n%+v", message, got, want)
		}
	}
}

// Zero is told from what is missing, also by peers, who may have none of these defaults.
func TestZeroIsSent(t *testing.T) {
	var zero, got sampledefaults.Settings
	for format, message := range map[string][]byte{"MessagePack": zero.MarshalMsgpack(), "CBOR": zero.MarshalCbor()} {
		if err := got.UnmarshalCbor(message); err != nil || !reflect.DeepEqual(got, zero) {
			t.Errorf("%s: %+v, %v", format, got, err)
		}
	}
}

// A short message of many empty elements must not become many defaults.
func TestMemoryIsBounded(t *testing.T) {
	const n = 1 << 13
	for format, message := range map[string][]byte{
		"MessagePack": append(msgpack.AppendArray(nil, n), strings.Repeat("\xc0", n)...),
		"CBOR":        append(cbor.AppendArray(cbor.Begin(nil), n), strings.Repeat("\xf6", n)...),
	} {
		c := sampledefaults.DefaultsClient{Call: func(string, []byte) ([]byte, error) { return message, nil }}
		if _, err := c.Keep(sampledefaults.Settings{}); !errors.Is(err, msgpack.ErrMemory) {
			t.Errorf("%s: %v", format, err)
		}
	}
}
