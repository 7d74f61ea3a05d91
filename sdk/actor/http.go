package actor

import "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"

// HandleRequest is the operation by which an HTTP server calls an actor.
const HandleRequest = httpserver.HandleRequest

// Request is an HTTP request of the contract wasmcloud:httpserver.
type Request = httpserver.Request

// Response is the answer to a Request.
type Response = httpserver.Response

// HandleHTTP registers the handler of HTTP requests. An error is answered to the HTTP server, which
// makes a 500 of it; for other codes give a Response.
func (a *Actor) HandleHTTP(h func(ctx *Context, req Request) (Response, error)) {
	a.Handle(HandleRequest, func(ctx *Context, payload []byte) ([]byte, error) {
		var req Request
		if err := req.UnmarshalMsgpack(payload); err != nil {
			return nil, err
		}
		res, err := h(ctx, req)
		if err != nil {
			return nil, err
		}
		return res.MarshalMsgpack(), nil
	})
}

// Text makes a response of plain text.
func Text(status uint16, body string) Response {
	return content(status, "text/plain; charset=utf-8", []byte(body))
}

// JSON makes a response of JSON that is written already.
func JSON(status uint16, body []byte) Response {
	return content(status, "application/json", body)
}

func content(status uint16, kind string, body []byte) Response {
	return Response{Status: status, Header: map[string][]string{"content-type": {kind}}, Body: body}
}
