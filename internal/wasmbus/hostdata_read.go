package wasmbus

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxHostData bounds the line of host data, in bytes. A link takes less than a
// kilobyte beside its values, so this is a hundred thousand links.
const MaxHostData = 64 << 20

// TestHostID is the host id by which the Rust SDK's test harness starts a
// provider. Bodies of links, health and shutdown are JSON then.
const TestHostID = "_TEST_"

// Flag is a boolean that peers write as true, 1 or "1".
type Flag bool

// UnmarshalJSON takes what Elixir's configuration makes of a flag.
func (f *Flag) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case "true", "1", `"true"`, `"1"`:
		*f = true
	case "false", "0", `"false"`, `"0"`, `""`, "null":
		*f = false
	default:
		return errors.New("it is neither true nor false")
	}
	return nil
}

// ReadHostData reads one line and does not wait for more: Elixir hosts keep the
// stream open. The line may end by \r\n or by the end of the stream, its base64
// may lack the padding (the test harness) or use the URL alphabet. Members may
// be null, absent or unknown: only the form is checked here. No error quotes
// the line, for it holds seeds.
func ReadHostData(r io.Reader) (HostData, error) {
	br := bufio.NewReader(io.LimitReader(r, MaxHostData+1))
	line, err := br.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return HostData{}, fmt.Errorf("reading host data: %w", err)
	}
	if len(line) > MaxHostData {
		return HostData{}, fmt.Errorf("host data: the line is longer than %d bytes", MaxHostData)
	}
	return ParseHostData(line)
}

// ParseHostData reads such a line, with or without its line end.
func ParseHostData(line []byte) (HostData, error) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 {
		return HostData{}, errors.New("host data: the first line of standard input is empty; a host writes one line of base64 there")
	}
	text, err := decodeBase64(line)
	if err != nil {
		return HostData{}, err
	}
	var d HostData
	if err := json.Unmarshal(text, &d); err != nil {
		return HostData{}, errors.New("host data: the line is base64, but not of the JSON that hosts send" + wrongMember(err))
	}
	for i := range d.LinkDefinitions {
		if d.LinkDefinitions[i].Values == nil {
			d.LinkDefinitions[i].Values = map[string]string{}
		}
	}
	return d, nil
}

func wrongMember(err error) string {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return fmt.Sprintf(" (member %s is a %s)", shorten(wrong.Field), wrong.Value)
	}
	return ""
}

func decodeBase64(line []byte) ([]byte, error) {
	line = bytes.TrimRight(line, "=")
	enc := base64.RawStdEncoding
	if bytes.ContainsAny(line, "-_") {
		enc = base64.RawURLEncoding
	}
	text, err := enc.AppendDecode(nil, line)
	if err != nil {
		return nil, errors.New("host data: the first line of standard input is not base64; a provider is started by a host, which writes that line")
	}
	return text, nil
}
