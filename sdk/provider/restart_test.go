package provider_test

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

func TestNATSRestartIsSurvived(t *testing.T) {
	server := providerbed.StartServer(t)
	s := &sample{}
	b := start(t, s, providerbed.Setup{Server: server})
	b.Timeout = time.Second
	if _, err := b.Call(actorKey, "Sample.Echo", nil); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	port, _ := strconv.Atoi(u.Port())
	server.Shutdown()
	again, err := embedded.Start(providerbed.Context(t), embedded.Config{Port: port, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(again.Shutdown)
	providerbed.Eventually(t, "calls are answered again", func() bool {
		_, err := b.Call(actorKey, "Sample.Echo", nil)
		return err == nil
	})
	b.Publish(b.Subject(".linkdefs.put"), linkOf(otherKey).Marshal())
	providerbed.Eventually(t, "links are taken again", func() bool {
		_, err := b.Call(otherKey, "Sample.Echo", nil)
		return err == nil
	})
}

// With no NATS at all the provider still ends when it is told to.
func TestStopWithoutNATS(t *testing.T) {
	server := providerbed.StartServer(t)
	s := &sample{}
	b := start(t, s, providerbed.Setup{Server: server})
	server.Shutdown()
	begin := time.Now()
	if err := b.Stop(); err != nil {
		t.Error(err)
	}
	if got := s.noted(); got[len(got)-1] != "shutdown" || time.Since(begin) > 10*time.Second {
		t.Errorf("got %q after %s", got, time.Since(begin))
	}
}

// stuck hangs in its own shutdown, whatever its context says.
type stuck struct {
	sample
	release chan struct{}
}

func (s *stuck) Shutdown(context.Context) error {
	<-s.release
	return nil
}

func TestAHangingProviderIsLeftBehind(t *testing.T) {
	s := &stuck{release: make(chan struct{})}
	b := start(t, s, providerbed.Setup{Options: provider.Options{DrainTime: 50 * time.Millisecond}})
	if got := string(b.Request(b.Subject(".shutdown"), nil).Data); got != "shutting down" {
		t.Errorf("answered %q", got)
	}
	if err := b.Wait(); err != nil {
		t.Error(err)
	}
	if !strings.Contains(b.Log.String(), "hangs in its shutdown") {
		t.Errorf("the log does not say it:\n%s", b.Log)
	}
	close(s.release)
}

// CallActor comes back in time whatever the actor's host does.
func TestCallActorNeverHangs(t *testing.T) {
	b := start(t, &sample{}, providerbed.Setup{Data: func(d *provider.HostData) { d.DefaultRPCTimeoutMS = 50 }})
	link := b.Data.LinkDefinitions[0]
	if _, err := b.Host.CallActor(t.Context(), link, "A.B", nil); !errors.Is(err, provider.ErrNobody) {
		t.Errorf("nobody: %v", err)
	}
	release := make(chan struct{})
	defer close(release)
	b.ServeActor(actorKey, func(op string, msg []byte) ([]byte, error) {
		switch op {
		case "A.Fail":
			return nil, errors.New("the actor refuses")
		case "A.Echo":
			return msg, nil
		}
		<-release
		return nil, nil
	})
	if _, err := b.Host.CallActor(t.Context(), link, "A.Silent", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("silence: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), providerbed.Patience)
	defer cancel()
	var refused *provider.ActorError
	if _, err := b.Host.CallActor(ctx, link, "A.Fail", nil); !errors.As(err, &refused) || refused.Text != "the actor refuses" {
		t.Errorf("error: %v", err)
	}
	large := strings.Repeat("x", 2_000_000)
	if got, err := b.Host.CallActor(ctx, link, "A.Echo", []byte(large)); err != nil || string(got) != large {
		t.Errorf("chunked: %d bytes, %v", len(got), err)
	}
}

func TestConfiguration(t *testing.T) {
	conf := `{"a":1}`
	b := start(t, &sample{}, providerbed.Setup{Data: func(d *provider.HostData) {
		d.ConfigJSON, d.DefaultRPCTimeoutMS, d.LogLevel = &conf, 1234, "critical"
	}})
	if b.Host.Config() != conf || b.Host.Timeout() != 1234*time.Millisecond {
		t.Errorf("got %q, %s", b.Host.Config(), b.Host.Timeout())
	}
	b.Host.Logger().Error("not this")
	b.Host.Logger().Log(t.Context(), provider.LevelCritical, "this")
	if got := b.Log.String(); !strings.Contains(got, "level=critical msg=this") || strings.Contains(got, "not this") {
		t.Errorf("the log is %q", got)
	}
	plain := start(t, &sample{}, providerbed.Setup{Data: func(d *provider.HostData) { d.DefaultRPCTimeoutMS = 0 }})
	if plain.Host.Config() != "" || plain.Host.Timeout() != 2*time.Second {
		t.Errorf("without: %q, %s", plain.Host.Config(), plain.Host.Timeout())
	}
}
