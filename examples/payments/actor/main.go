// Command actor is a shop that pays its suppliers by whatever it is linked to for that.
package main

import (
	"net/url"
	"strconv"

	"github.com/rules-wasmcloud/rules_wasmcloud/examples/payments/interface/payments"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

func init() { actor.Export(newActor()) }

func main() {} // never runs: a host calls what init exported

func newActor() *actor.Actor {
	a := actor.New()
	a.HandleHTTP(pay)
	return a
}

// pay answers POST /pay?payee=NAME&cents=NUMBER.
func pay(ctx *actor.Context, req actor.Request) (actor.Response, error) {
	query, err := url.ParseQuery(req.Query)
	if err != nil || req.Method != "POST" || req.Path != "/pay" {
		return actor.Text(404, "POST /pay?payee=NAME&cents=NUMBER\n"), nil
	}
	cents, err := strconv.ParseUint(query.Get("cents"), 10, 64)
	if err != nil {
		return actor.Text(400, "cents: want a number\n"), nil
	}
	client := payments.PaymentsClient{Call: ctx.Via(payments.Contract)}
	asked, err := client.Authorize(payments.AuthorizeRequest{
		Payee:  query.Get("payee"),
		Amount: payments.Amount{Cents: cents, Currency: "EUR"},
	})
	if err != nil {
		return actor.Response{}, err
	}
	if !asked.Approved {
		return actor.Text(402, asked.Reason+"\n"), nil
	}
	receipt, err := client.Complete(payments.CompleteRequest{Token: asked.Token})
	if err != nil {
		return actor.Response{}, err
	}
	paid := strconv.FormatUint(receipt.Amount.Cents, 10) + " cents " + receipt.Amount.Currency
	return actor.Text(200, "paid "+paid+" to "+receipt.Payee+"\n"), nil
}
