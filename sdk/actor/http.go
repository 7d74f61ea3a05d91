package actor

import "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/httpserver"

// HandleRequest is the operation by which an HTTP server calls an actor.
const HandleRequest = httpserver.HandleRequest

// Request is an HTTP request of the contract wasmcloud:httpserver.
type Request = httpserver.Request

// Response is the answer to a Request.
type Response = httpserver.Response

// HandleHTTP registers the handler of HTTP requests. An error is answered to the HTTP server, which
// makes a 500 of it; for other codes give a Response. A status of 0 is sent as 200.
func (a *Actor) HandleHTTP(h func(ctx *Context, req Request) (Response, error)) {
	a.Handle(HandleRequest, func(ctx *Context, payload []byte) ([]byte, error) {
		reply, _, err := httpserver.DispatchHttpServer(ctx, httpHandler(h), HandleRequest, payload)
		return reply, err
	})
}

type httpHandler func(ctx *Context, req Request) (Response, error)

// HandleRequest makes it an httpserver.HttpServer.
func (h httpHandler) HandleRequest(ctx *Context, req Request) (Response, error) {
	res, err := h(ctx, req)
	if res.Status == 0 {
		res.Status = 200
	}
	return res, err
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
