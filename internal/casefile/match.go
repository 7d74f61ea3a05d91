package casefile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// anything is the value of a case that matches whatever is there.
const anything = "…"

// Match compares a reply with what a case expects; "" = it matches, else
// the first difference.
func Match(want any, reply []byte) (string, error) {
	// Bytes have no JSON: decoded twice, they are once an array and once a
	// string, and either may be expected.
	var got [2]any
	for i, mode := range []wasmbus.BinMode{wasmbus.BinArray, wasmbus.BinString} {
		text, err := wasmbus.DecodeReply(reply, mode)
		if err != nil {
			return "", err
		}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&got[i]); err != nil {
			return "", err
		}
	}
	return difference("", want, got[0], got[1]), nil
}

// difference compares want with a value decoded in both ways.
func difference(path string, want, asArray, asString any) string {
	if want == anything {
		return ""
	}
	if m, ok := want.(map[string]any); ok {
		return mapDifference(path, m, asArray, asString)
	}
	if list, ok := want.([]any); ok {
		if got, ok := asArray.([]any); ok {
			return listDifference(path, list, got, asString)
		}
		return mismatch(path, want, asString)
	}
	if scalarEqual(want, asString) {
		return ""
	}
	return mismatch(path, want, asString)
}

func mapDifference(path string, want map[string]any, asArray, asString any) string {
	a, okA := asArray.(map[string]any)
	s, okS := asString.(map[string]any)
	if !okA || !okS {
		return mismatch(path, want, asString)
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		got, ok := a[k]
		if !ok {
			return fmt.Sprintf("%s is missing, want %s", path+"."+k, show(want[k]))
		}
		if d := difference(path+"."+k, want[k], got, s[k]); d != "" {
			return d
		}
	}
	for _, k := range slices.Sorted(maps.Keys(a)) {
		if _, ok := want[k]; !ok {
			return fmt.Sprintf("%s is not expected, but is %s", path+"."+k, show(s[k]))
		}
	}
	return ""
}

func listDifference(path string, want, got []any, asString any) string {
	if len(want) != len(got) {
		return mismatch(path, want, asString)
	}
	s, ok := asString.([]any)
	for i := range want {
		other := got[i] // an element of bytes looks the same both ways
		if ok && i < len(s) {
			other = s[i]
		}
		if d := difference(path+"["+strconv.Itoa(i)+"]", want[i], got[i], other); d != "" {
			return d
		}
	}
	return ""
}

func scalarEqual(want, got any) bool {
	w, okW := want.(json.Number)
	g, okG := got.(json.Number)
	if !okW || !okG {
		return !isContainer(got) && want == got
	}
	if w == g {
		return true
	}
	// 1, 1.0 and 1e0 are one number; large integers must not become equal by
	// rounding.
	if isInteger(w) && isInteger(g) {
		return false
	}
	fw, errW := w.Float64()
	fg, errG := g.Float64()
	return errW == nil && errG == nil && fw == fg
}

func isInteger(n json.Number) bool { return !strings.ContainsAny(string(n), ".eE") }

// isContainer guards ==, which panics on maps and slices.
func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func mismatch(path string, want, got any) string {
	where := ""
	if path != "" {
		where = path + ": "
	}
	return fmt.Sprintf("%swant %s, got %s", where, show(want), show(got))
}

// show writes a value for a person, not longer than a few lines.
func show(v any) string {
	b, err := wasmbus.EncodeJSON(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return shorten(b)
}

func shorten(b []byte) string {
	const limit = 600
	if len(b) > limit {
		return strings.ToValidUTF8(string(b[:limit]), "") + "… (" + strconv.Itoa(len(b)) + " bytes)"
	}
	return string(b)
}
