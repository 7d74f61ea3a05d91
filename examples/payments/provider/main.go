// Command provider is a purse: each actor that is linked to it may spend what its link says.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/examples/payments/interface/payments"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func main() { provider.Main(&purses{of: map[string]*purse{}}) }

// purses keeps one for each linked actor.
type purses struct {
	mu sync.Mutex
	of map[string]*purse
}

type purse struct {
	cents uint64 // left
	held  map[string]payments.AuthorizeRequest
	made  int
}

// Link fills the purse of an actor with as many cents as the link says.
func (p *purses) Link(_ context.Context, link provider.LinkDefinition) error {
	cents, err := strconv.ParseUint(cmp.Or(link.Values["cents"], "0"), 10, 64)
	if err != nil {
		return fmt.Errorf("the link's value cents is %q: want a number", link.Values["cents"])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[link.ActorID] = &purse{cents: cents, held: map[string]payments.AuthorizeRequest{}}
	return nil
}

// Unlink forgets it.
func (p *purses) Unlink(_ context.Context, link provider.LinkDefinition) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.of, link.ActorID)
	return nil
}

// Call lets the generated code find the operation.
func (p *purses) Call(_ context.Context, call provider.Call) ([]byte, error) {
	reply, known, err := payments.DispatchPayments(call.Link.ActorID, p, call.Operation, call.Msg)
	if !known {
		return nil, provider.UnknownOperation(call.Operation)
	}
	return reply, err
}

// Authorize is for the actor whose id comes with the call.
func (p *purses) Authorize(actor string, in payments.AuthorizeRequest) (payments.AuthorizeResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.of[actor]
	if own == nil {
		return payments.AuthorizeResponse{}, errors.New("there is no purse for this actor")
	}
	if in.Amount.Cents > own.cents {
		return payments.AuthorizeResponse{Reason: fmt.Sprintf("only %d cents are left", own.cents)}, nil
	}
	own.made++
	token := strconv.Itoa(own.made)
	own.cents -= in.Amount.Cents
	own.held[token] = in
	return payments.AuthorizeResponse{Approved: true, Token: token}, nil
}

// Complete pays once.
func (p *purses) Complete(actor string, in payments.CompleteRequest) (payments.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	own := p.of[actor]
	if own == nil {
		return payments.Receipt{}, errors.New("there is no purse for this actor")
	}
	held, ok := own.held[in.Token]
	if !ok {
		return payments.Receipt{}, fmt.Errorf("no payment waits for %q", in.Token)
	}
	delete(own.held, in.Token)
	return payments.Receipt{Payee: held.Payee, Amount: held.Amount}, nil
}
