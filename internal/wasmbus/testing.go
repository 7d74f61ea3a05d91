package wasmbus

import (
	"encoding/json"
	"fmt"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// OpStart is the operation of actors written for the old Makefiles' `make test`,
// which do not know Testing.Start.
const OpStart = "Start"

// TestFailure is the error text inside a result's snapData, "" when there is none
// to be read. The data is JSON: {"error": text} or {"data": [bytes]}.
func TestFailure(snapData []byte) string {
	var snap struct {
		Error any `json:"error"`
	}
	if json.Unmarshal(snapData, &snap) != nil || snap.Error == nil {
		return ""
	}
	if text, ok := snap.Error.(string); ok {
		return text
	}
	text, _ := EncodeJSON(snap.Error)
	return string(text)
}

// UnmarshalTestResults reads the reply of Testing.Start in every form that actors
// give: msgpack or CBOR, each result a map or an array.
func UnmarshalTestResults(reply []byte) ([]testing.TestResult, error) {
	read := testing.TestingClient{Call: func(string, []byte) ([]byte, error) { return reply, nil }}
	results, err := read.Start(testing.TestOptions{})
	if err != nil {
		return nil, fmt.Errorf("the reply is not a list of test results: %w", err)
	}
	return results, nil
}
