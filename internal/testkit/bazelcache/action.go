package bazelcache

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// Output is a file that an action's result names.
type Output struct {
	Action string // the action's key
	Path   string // in the execution root: bazel-out/…/echo_s.wasm
	Digest string
	Size   int64
}

// Numbers of the fields that matter here, from remote_execution.proto (REAPI v2).
const (
	resultOutputFiles  = 2 // ActionResult
	outputFilePath     = 1 // OutputFile
	outputFileDigest   = 2
	outputFileContents = 5
	digestHash         = 1 // Digest
	digestSize         = 2
)

// Outputs lists the files that the stored action results name and whose path ends
// in suffix.
func (c *Cache) Outputs(suffix string) ([]Output, error) {
	keys, err := c.Keys(Action)
	if err != nil {
		return nil, err
	}
	var found []Output
	for _, key := range keys {
		result, err := c.Get(Action, key)
		if err != nil {
			return nil, err
		}
		outputs, err := parseOutputs(key, result)
		if err != nil {
			return nil, fmt.Errorf("reading the action result %s: %w", key, err)
		}
		for _, o := range outputs {
			if strings.HasSuffix(o.Path, suffix) {
				found = append(found, o)
			}
		}
	}
	return found, nil
}

// Poison makes an action's result name other bytes for one of its files: a
// consistent lie, since the new bytes are stored under their own digest. Bazel
// cannot notice it.
func (c *Cache) Poison(o Output, data []byte) error {
	result, err := c.Get(Action, o.Action)
	if err != nil {
		return err
	}
	key, err := c.Store(data)
	if err != nil {
		return err
	}
	changed := 0
	poisoned, err := rewrite(result, resultOutputFiles, func(file []byte) ([]byte, error) {
		parsed, err := parseOutputFile(file)
		if err != nil || parsed.Path != o.Path {
			return file, err
		}
		changed++
		return replaceDigest(file, key, len(data))
	})
	if err != nil {
		return fmt.Errorf("changing the action result %s: %w", o.Action, err)
	}
	if changed == 0 {
		return fmt.Errorf("the action result %s names no file %s", o.Action, o.Path)
	}
	return c.Replace(Action, o.Action, poisoned)
}

func parseOutputs(action string, result []byte) ([]Output, error) {
	var outputs []Output
	_, err := rewrite(result, resultOutputFiles, func(file []byte) ([]byte, error) {
		o, err := parseOutputFile(file)
		o.Action = action
		outputs = append(outputs, o)
		return file, err
	})
	return outputs, err
}

func parseOutputFile(file []byte) (o Output, err error) {
	err = fields(file, func(num protowire.Number, value []byte, _ uint64) error {
		switch num {
		case outputFilePath:
			o.Path = string(value)
		case outputFileDigest:
			return fields(value, func(num protowire.Number, value []byte, n uint64) error {
				switch num {
				case digestHash:
					o.Digest = string(value)
				case digestSize:
					o.Size = int64(n)
				}
				return nil
			})
		}
		return nil
	})
	return o, err
}

// replaceDigest sets the digest of an OutputFile and drops contents that are
// written into it, which would win over the digest.
func replaceDigest(file []byte, key string, size int) ([]byte, error) {
	var digest []byte
	digest = protowire.AppendTag(digest, digestHash, protowire.BytesType)
	digest = protowire.AppendString(digest, key)
	digest = protowire.AppendTag(digest, digestSize, protowire.VarintType)
	digest = protowire.AppendVarint(digest, uint64(size))
	file, err := rewrite(file, outputFileContents, func([]byte) ([]byte, error) { return nil, nil })
	if err != nil {
		return nil, err
	}
	return rewrite(file, outputFileDigest, func([]byte) ([]byte, error) { return digest, nil })
}

// fields visits the fields of a message; value is set for those with a length, n
// for varints.
func fields(message []byte, visit func(num protowire.Number, value []byte, n uint64) error) error {
	for len(message) > 0 {
		num, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return protowire.ParseError(size)
		}
		message = message[size:]
		if size = protowire.ConsumeFieldValue(num, kind, message); size < 0 {
			return protowire.ParseError(size)
		}
		var value []byte
		var n uint64
		switch kind {
		case protowire.BytesType:
			value, _ = protowire.ConsumeBytes(message)
		case protowire.VarintType:
			n, _ = protowire.ConsumeVarint(message)
		}
		if err := visit(num, value, n); err != nil {
			return err
		}
		message = message[size:]
	}
	return nil
}

// rewrite copies a message with the value of each field num, which must be one with
// a length, replaced by what change makes of it; nil drops the field.
func rewrite(message []byte, num protowire.Number, change func(value []byte) ([]byte, error)) ([]byte, error) {
	var out []byte
	for len(message) > 0 {
		got, kind, tagSize := protowire.ConsumeTag(message)
		if tagSize < 0 {
			return nil, protowire.ParseError(tagSize)
		}
		size := protowire.ConsumeFieldValue(got, kind, message[tagSize:])
		if size < 0 {
			return nil, protowire.ParseError(size)
		}
		field := message[:tagSize+size]
		message = message[tagSize+size:]
		if got != num {
			out = append(out, field...)
			continue
		}
		if kind != protowire.BytesType {
			return nil, errors.New("a field has the wrong type: this is another kind of message")
		}
		value, _ := protowire.ConsumeBytes(field[tagSize:])
		value, err := change(value)
		if err != nil {
			return nil, err
		}
		if value != nil {
			out = protowire.AppendBytes(protowire.AppendTag(out, num, kind), value)
		}
	}
	return out, nil
}
