package httpserver

import "strings"

// HandleRequest is the operation by which an HTTP server calls an actor.
const HandleRequest = HttpServerHandleRequestOperation

// Request is an HTTP request.
type Request = HttpRequest

// Response is the answer to a Request.
type Response = HttpResponse

// QueryValue gives the first value of a name in the query, unescaped; "" if there is none.
func (v HttpRequest) QueryValue(name string) string {
	for pair := range strings.SplitSeq(v.Query, "&") {
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
