package gen

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
)

// standard gives the default of a member as Go has it, "" if it is the zero value.
func (g *generator) standard(m *model.Shape) string {
	if t := m.Trait("default"); t != nil {
		if value, err := literal(t.Value, g.m.Shape(m.Target)); err == nil { // or else checkDefaults has told
			return value
		}
	}
	return ""
}

// checkDefaults refuses those that a valid model may have and a message cannot.
func (g *generator) checkDefaults(s *model.Shape) {
	for _, m := range s.Members {
		if t := m.Trait("default"); t != nil {
			if _, err := literal(t.Value, g.m.Shape(m.Target)); err != nil {
				g.failAt(t.Value.Pos, "the default of `%s` is %s: %v", m.ID, t.Value.Text, err)
			}
		}
	}
}

// allocated is how many bytes each message takes for a member's default beside the member itself.
func allocated(m, to *model.Shape) int {
	t := m.Trait("default")
	switch {
	case t != nil && to.Type == "blob":
		return base64.StdEncoding.DecodedLen(len(t.Value.Text))
	case t != nil && to.Type == "document":
		return 48 // of an empty object; the others take less
	}
	return 0
}

// literal writes a value of a type. What it means depends on the type: text may be bytes or a time.
func literal(v *syntax.Node, of *model.Shape) (string, error) {
	if v.Kind == syntax.Null {
		return "", nil
	}
	switch of.Type {
	case "boolean":
		if v.IsTrue() {
			return "true", nil
		}
	case "string", "enum":
		if v.Text != "" {
			return strconv.Quote(v.Text), nil
		}
	case "blob":
		b, err := base64.StdEncoding.DecodeString(v.Text)
		if err != nil {
			return "", fmt.Errorf("want bytes in base64, with the = at its end: %w", err)
		}
		if len(b) > 0 {
			return fmt.Sprintf("[]byte(%q)", b), nil
		}
	case "timestamp":
		return timeLiteral(v)
	case "document":
		return documentLiteral(v)
	case "float":
		return floatLiteral(v, 32)
	case "double":
		return floatLiteral(v, 64)
	case "byte", "short", "integer", "intEnum", "long":
		return intLiteral(v, of)
	}
	return "", nil // a list or map, whose default is empty
}

// timeLiteral takes every form of @timestampFormat: that the model has the right one has been checked.
func timeLiteral(v *syntax.Node) (string, error) {
	sec, nsec := new(big.Int), new(big.Int)
	if v.IsString() {
		at, err := time.Parse(time.RFC3339Nano, v.Text)
		if err != nil {
			at, err = time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", v.Text)
		}
		if err != nil {
			return "", errors.New("want a time such as 1985-04-12T23:20:50Z")
		}
		sec.SetInt64(at.Unix())
		nsec.SetInt64(int64(at.Nanosecond()))
	} else if since, ok := model.Decimal(v.Text); ok {
		since.Mul(since, big.NewRat(1e9, 1))
		sec.DivMod(sec.Div(since.Num(), since.Denom()), big.NewInt(1e9), nsec)
	} else {
		return "", errTime
	}
	first, end := time.Time{}.Unix(), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix() // what the SDK's codecs take
	switch {
	case !sec.IsInt64() || sec.Int64() < first || sec.Int64() >= end:
		return "", errTime
	case sec.Int64() == first && nsec.Sign() == 0:
		return "", nil
	}
	return fmt.Sprintf("time.Unix(%d, %d).UTC()", sec, nsec), nil
}

var errTime = errors.New("want a time between the years 1 and 9999")

// documentLiteral tells numbers apart as serde_json does, by which peers make documents.
func documentLiteral(v *syntax.Node) (string, error) {
	switch v.Kind {
	case syntax.String:
		return fmt.Sprintf("document.String(%q)", v.Text), nil
	case syntax.Bool:
		return fmt.Sprintf("document.Bool(%t)", v.IsTrue()), nil
	case syntax.Array:
		return "document.Array{}", nil
	case syntax.Object:
		return "document.Object{}", nil
	}
	if _, err := strconv.ParseUint(v.Text, 10, 64); err == nil {
		return "document.Uint(" + v.Text + ")", nil
	}
	if _, err := strconv.ParseInt(v.Text, 10, 64); err == nil {
		return "document.Int(" + v.Text + ")", nil
	}
	f, err := floatLiteral(v, 64)
	return "document.Float(" + cmp.Or(f, "0") + ")", err
}

func floatLiteral(v *syntax.Node, bits int) (string, error) {
	special := map[string]string{"NaN": "math.NaN()", "Infinity": "math.Inf(1)", "-Infinity": "math.Inf(-1)"}[v.Text]
	switch {
	case special != "" && bits == 32:
		return "float32(" + special + ")", nil
	case special != "":
		return special, nil
	}
	f, err := strconv.ParseFloat(v.Text, bits)
	if err != nil {
		return "", fmt.Errorf("want a number that %d bits can hold", bits)
	}
	if f == 0 {
		return "", nil
	}
	return strconv.FormatFloat(f, 'g', -1, bits), nil
}

// intLiteral holds a number against the bits of Go's type: Smithy's own types are signed, and it lets
// a Long be anything.
func intLiteral(v *syntax.Node, of *model.Shape) (string, error) {
	bits := bitsOf(of)
	least, most := new(big.Int), new(big.Int).Lsh(big.NewInt(1), uint(bits))
	if !of.Has(ns + "unsignedInt") {
		most.Rsh(most, 1)
		least.Neg(most)
	}
	most.Sub(most, big.NewInt(1))
	n, ok := model.Decimal(v.Text)
	if !ok || n.Num().Cmp(least) < 0 || n.Num().Cmp(most) > 0 {
		return "", fmt.Errorf("want one of %d to %d", least, most)
	}
	if n.Sign() == 0 {
		return "", nil
	}
	return n.Num().String(), nil
}
