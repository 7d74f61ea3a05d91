package provider_test

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestMain(m *testing.M) {
	if os.Getenv("SAMPLE_PROVIDER") != "" {
		provider.Main(&sample{}) // this executable as a provider, for process_test.go
	}
	goleak.VerifyTestMain(m)
}

const contract = "wasmcloud:sample"

var (
	actorKey = providerbed.Actor(1)
	otherKey = providerbed.Actor(2)
)

func linkOf(actor string) provider.LinkDefinition {
	return providerbed.Link(contract, actor, map[string]string{"k": "v"})
}

// start starts the sample, linked to one actor.
func start(t *testing.T, p provider.Provider, s providerbed.Setup) *providerbed.Bed {
	t.Helper()
	s.Contract = contract
	s.Links = []provider.LinkDefinition{linkOf(actorKey)}
	return providerbed.Start(t, p, s)
}

// sample records what it is told; its call may be replaced.
type sample struct {
	mu       sync.Mutex
	events   []string
	call     func(ctx context.Context, c provider.Call) ([]byte, error)
	link     func(l provider.LinkDefinition) error
	unhealth error
	host     *provider.Host
}

func (s *sample) note(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, event)
}

func (s *sample) noted() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.events...)
}

func (s *sample) Init(_ context.Context, h *provider.Host) error {
	s.host = h
	s.note("init")
	return nil
}

func (s *sample) Link(_ context.Context, l provider.LinkDefinition) error {
	s.note("link " + l.ActorID[:4] + " " + l.Values["k"])
	if s.link != nil {
		return s.link(l)
	}
	return nil
}

func (s *sample) Unlink(_ context.Context, l provider.LinkDefinition) error {
	s.note("unlink " + l.ActorID[:4] + " " + l.Values["k"])
	return nil
}

func (s *sample) Shutdown(context.Context) error {
	s.note("shutdown")
	return nil
}

func (s *sample) Health(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unhealth
}

func (s *sample) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	if s.call != nil {
		return s.call(ctx, c)
	}
	switch c.Operation {
	case "Sample.Echo":
		return c.Msg, nil
	case "Sample.Fail":
		return nil, errors.New("sample refuses")
	case "Sample.Panic":
		panic("sample panics")
	}
	return nil, provider.UnknownOperation(c.Operation)
}
