// Package httpserver has the messages of the contract wasmcloud:httpserver: what a web server sends to
// an actor, and what the actor answers.
package httpserver

import (
	"slices"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

// Contract is the contract's id.
const Contract = "wasmcloud:httpserver"

// HandleRequest is the operation by which an HTTP server calls an actor.
const HandleRequest = "HttpServer.HandleRequest"

// Request is an HTTP request.
type Request struct {
	Method string
	Path   string // without the query
	Query  string // without the question mark, as the client wrote it
	Header map[string][]string
	Body   []byte
}

// Response is the answer to a Request.
type Response struct {
	Status uint16 // 0 is sent as 200
	Header map[string][]string
	Body   []byte
}

// QueryValue gives the first value of a name in the query, unescaped; "" if there is none.
func (r Request) QueryValue(name string) string {
	for pair := range strings.SplitSeq(r.Query, "&") {
		key, value, _ := strings.Cut(pair, "=")
		if unescape(key) == name {
			return unescape(value)
		}
	}
	return ""
}

// unescape undoes the escaping of a query; what is not a valid escape stays as it is.
func unescape(s string) string {
	if !strings.ContainsAny(s, "%+") {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			out = append(out, ' ')
		case s[i] == '%' && i+2 < len(s) && hexDigit(s[i+1]) >= 0 && hexDigit(s[i+2]) >= 0:
			out = append(out, byte(hexDigit(s[i+1])<<4|hexDigit(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return string(out)
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// MarshalMsgpack writes the request as HTTP servers do.
func (r Request) MarshalMsgpack() []byte {
	b := msgpack.AppendMap(nil, 5)
	b = msgpack.AppendString(msgpack.AppendString(b, "method"), r.Method)
	b = msgpack.AppendString(msgpack.AppendString(b, "path"), r.Path)
	b = msgpack.AppendString(msgpack.AppendString(b, "queryString"), r.Query)
	b = appendHeader(msgpack.AppendString(b, "header"), r.Header)
	return msgpack.AppendBytes(msgpack.AppendString(b, "body"), r.Body)
}

// UnmarshalMsgpack reads a request. Members may be missing.
func (r *Request) UnmarshalMsgpack(b []byte) error {
	*r = Request{}
	m := msgpack.NewReader(b)
	m.Map(func(key string) {
		switch key {
		case "method":
			r.Method = m.String()
		case "path":
			r.Path = m.String()
		case "queryString":
			r.Query = m.String()
		case "header":
			r.Header = readHeader(m)
		case "body":
			r.Body = m.Bytes()
		}
	})
	return msgpack.Explain("reading an HTTP request", m.Err())
}

// MarshalMsgpack writes the response with all its members: decoders in Rust insist on header.
func (r Response) MarshalMsgpack() []byte {
	if r.Status == 0 {
		r.Status = 200
	}
	b := msgpack.AppendMap(nil, 3)
	b = msgpack.AppendUint(msgpack.AppendString(b, "statusCode"), uint64(r.Status))
	b = appendHeader(msgpack.AppendString(b, "header"), r.Header)
	return msgpack.AppendBytes(msgpack.AppendString(b, "body"), r.Body)
}

// UnmarshalMsgpack reads a response. Members may be missing.
func (r *Response) UnmarshalMsgpack(b []byte) error {
	*r = Response{}
	m := msgpack.NewReader(b)
	m.Map(func(key string) {
		switch key {
		case "statusCode":
			r.Status = uint16(m.Uint(16))
		case "header":
			r.Header = readHeader(m)
		case "body":
			r.Body = m.Bytes()
		}
	})
	return msgpack.Explain("reading an HTTP response", m.Err())
}

// appendHeader writes names in order, so that equal messages have equal bytes.
func appendHeader(b []byte, header map[string][]string) []byte {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	b = msgpack.AppendMap(b, len(names))
	for _, name := range names {
		b = msgpack.AppendArray(msgpack.AppendString(b, name), len(header[name]))
		for _, value := range header[name] {
			b = msgpack.AppendString(b, value)
		}
	}
	return b
}

func readHeader(m *msgpack.Reader) map[string][]string {
	header := map[string][]string{}
	m.Map(func(name string) {
		values := []string{}
		m.Array(func(int) { values = append(values, m.String()) })
		header[name] = values
	})
	return header
}
