package oci

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"oras.land/oras-go/v2/registry/remote/errcode"
)

// Error is a refusal, or a failure of a registry or on the way to it, worded
// for a person.
type Error struct {
	Text string
	Kind error // one of this package's errors, or nil
	err  error
}

func (e *Error) Error() string   { return e.Text }
func (e *Error) Unwrap() []error { return []error{e.Kind, e.err} }

func refuse(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), Kind: ErrRefused}
}

func lie(format string, args ...any) error {
	return &Error{Text: fmt.Sprintf(format, args...), Kind: ErrMismatch}
}

// printable quotes a registry's own words shortly and without terminal escapes.
func printable(s string) string {
	if len(s) > 300 {
		s = s[:300] + "…"
	}
	return strings.Trim(strconv.QuoteToGraphic(s), `"`)
}

// oneLine is printable for what has quotes of its own.
func oneLine(s string) string {
	quoted := strconv.QuoteToGraphic(s[:min(len(s), 300)])
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// answer makes an error of a response that is not what was hoped for, and
// closes it.
func answer(resp *http.Response) error {
	defer resp.Body.Close()
	var body struct {
		Errors errcode.Errors `json:"errors"`
	}
	// What cannot be read says nothing; the status speaks for itself.
	_ = json.NewDecoder(io.LimitReader(resp.Body, 8<<10)).Decode(&body)
	return &errcode.ErrorResponse{Method: resp.Request.Method, URL: resp.Request.URL, StatusCode: resp.StatusCode, Errors: body.Errors}
}
