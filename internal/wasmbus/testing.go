package wasmbus

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
	"github.com/tinylib/msgp/msgp"
)

// Operations of the contract wasmcloud:testing. Generated dispatchers know the
// first, actors written for the old Makefiles' `make test` the second.
const (
	OpTestingStart = "Testing.Start"
	OpStart        = "Start"
)

// TestOptions is the argument of Testing.Start, and test-options.json.
type TestOptions struct {
	Patterns []string          `json:"patterns"` // regular expressions over test names
	Options  map[string]string `json:"options"`
}

// Marshal writes both members always, as named msgpack: every generation of
// actors reads it, even those that answer in CBOR.
func (o TestOptions) Marshal() []byte {
	b := msgp.AppendMapHeader(nil, 2)
	b = msgp.AppendArrayHeader(msgp.AppendString(b, "patterns"), uint32(len(o.Patterns)))
	for _, p := range o.Patterns {
		b = msgp.AppendString(b, p)
	}
	return appendStringMap(msgp.AppendString(b, "options"), o.Options)
}

// MarshalCBOR writes the form of wasmbus protocol 2: prefix, array(2).
func (o TestOptions) MarshalCBOR() ([]byte, error) {
	patterns, options := o.Patterns, o.Options
	if patterns == nil {
		patterns = []string{}
	}
	if options == nil {
		options = map[string]string{}
	}
	mode, err := cbor.CanonicalEncOptions().EncMode()
	if err != nil {
		return nil, err
	}
	b, err := mode.Marshal([]any{patterns, options})
	return append([]byte{prefixCBOR}, b...), err
}

// UnmarshalTestOptions reads either encoding, as maps or as arrays.
func UnmarshalTestOptions(b []byte) (TestOptions, error) {
	var o TestOptions
	text, err := DecodeReply(b, BinString)
	if err != nil {
		return o, fmt.Errorf("test options: %w", err)
	}
	var parts []json.RawMessage
	if json.Unmarshal(text, &parts) == nil && len(parts) == 2 {
		err = errors.Join(json.Unmarshal(parts[0], &o.Patterns), json.Unmarshal(parts[1], &o.Options))
	} else {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return o, fmt.Errorf("test options: %w", err)
	}
	return o, nil
}

// TestResult is the outcome of one test function inside an actor.
type TestResult struct {
	Name     string `json:"name"`
	Passed   bool   `json:"passed"`
	SnapData []byte `json:"snapData,omitempty"` // JSON: {"error": text} or {"data": [bytes]}
}

// Failure is the error text inside SnapData, "" when there is none to be read.
func (r TestResult) Failure() string {
	var snap struct {
		Error any `json:"error"`
	}
	if json.Unmarshal(r.SnapData, &snap) != nil || snap.Error == nil {
		return ""
	}
	if text, ok := snap.Error.(string); ok {
		return text
	}
	text, _ := EncodeJSON(snap.Error)
	return string(text)
}

// MarshalTestResults writes named msgpack. An actor's job; here for responders.
func MarshalTestResults(results []TestResult) []byte {
	b := msgp.AppendArrayHeader(nil, uint32(len(results)))
	for _, r := range results {
		n := uint32(2)
		if r.SnapData != nil {
			n = 3
		}
		b = msgp.AppendMapHeader(b, n)
		b = appendField(b, "name", r.Name)
		b = msgp.AppendBool(msgp.AppendString(b, "passed"), r.Passed)
		if r.SnapData != nil {
			b = msgp.AppendBytes(msgp.AppendString(b, "snapData"), r.SnapData)
		}
	}
	return b
}

// MarshalTestResultsCBOR writes the form of wasmbus protocol 2: prefix, array
// of array(3).
func MarshalTestResultsCBOR(results []TestResult) ([]byte, error) {
	rows := make([][3]any, len(results))
	for i, r := range results {
		rows[i] = [3]any{r.Name, r.Passed, nil}
		if r.SnapData != nil {
			rows[i][2] = r.SnapData
		}
	}
	b, err := cbor.Marshal(rows)
	return append([]byte{prefixCBOR}, b...), err
}

// UnmarshalTestResults reads the reply of Testing.Start in every form that
// actors give: msgpack or CBOR, each result a map or an array of three.
func UnmarshalTestResults(b []byte) ([]TestResult, error) {
	enc, body, err := Sniff(b)
	if err == nil && enc == CBOR {
		return resultsFromCBOR(body)
	}
	var results []TestResult
	if err == nil {
		err = checkWhole("test results", body, func(b []byte) ([]byte, error) {
			return readArray(b, func(b []byte) ([]byte, error) {
				r, rest, err := readTestResult(b)
				results = append(results, r)
				return rest, err
			})
		})
	}
	if err != nil {
		return nil, fmt.Errorf("the reply is not a list of test results: %w", err)
	}
	return results, nil
}

func readTestResult(b []byte) (r TestResult, rest []byte, err error) {
	if msgp.NextType(b) != msgp.ArrayType {
		rest, err = readMap(b, r.field)
		return r, rest, err
	}
	names := []string{"name", "passed", "snapData"}
	i := 0
	rest, err = readArray(b, func(b []byte) ([]byte, error) {
		key := ""
		if i < len(names) {
			key = names[i]
		}
		i++
		return r.field(key, b)
	})
	return r, rest, err
}

func (r *TestResult) field(key string, b []byte) (rest []byte, err error) {
	switch key {
	case "name":
		r.Name, rest, err = readString(b)
	case "passed":
		r.Passed, rest, err = msgp.ReadBoolBytes(b)
	case "snapData":
		r.SnapData, rest, err = readBytes(b)
	default:
		rest, err = skip(b, 0)
	}
	return rest, err
}

func resultsFromCBOR(b []byte) ([]TestResult, error) {
	v, err := decodeCBOR(b)
	rows, ok := v.([]any)
	if err == nil && !ok {
		err = fmt.Errorf("it is a %T", v)
	}
	if err != nil {
		return nil, fmt.Errorf("the reply is not a list of test results: %w", err)
	}
	results := make([]TestResult, len(rows))
	for i, row := range rows {
		var name, passed, snap any
		switch row := row.(type) {
		case []any:
			padded := append(row, nil, nil, nil)
			name, passed, snap = padded[0], padded[1], padded[2]
		case map[any]any:
			name, passed, snap = row["name"], row["passed"], row["snapData"]
		}
		text, okName := name.(string)
		flag, okPassed := passed.(bool)
		if !okName || !okPassed {
			return nil, fmt.Errorf("the reply is not a list of test results: entry %d has no name and outcome", i)
		}
		data, _ := snap.([]byte)
		results[i] = TestResult{text, flag, data}
	}
	return results, nil
}
