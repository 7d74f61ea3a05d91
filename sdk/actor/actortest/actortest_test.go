package actortest_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
)

// failing stands for the test that uses a harness, to see it fail.
type failing struct {
	testing.TB
	texts []any
}

func (f *failing) Helper()                      {}
func (f *failing) Logf(string, ...any)          {}
func (f *failing) Fatalf(_ string, args ...any) { f.texts = append(f.texts, args...) }

func TestHTTPFailsTheTestOnAnError(t *testing.T) {
	f := &failing{TB: t}
	actortest.New(f, actor.New()).Get("/x?y")
	if len(f.texts) == 0 {
		t.Error("an actor without a handler passed")
	}
	broken := actor.New()
	broken.Handle(actor.HandleRequest, func(*actor.Context, []byte) ([]byte, error) { return []byte{0x81}, nil })
	f = &failing{TB: t}
	actortest.New(f, broken).Get("/")
	if len(f.texts) == 0 {
		t.Error("a reply that is cut off passed")
	}
}

func TestFakesRefuseWhatTheyDoNotKnow(t *testing.T) {
	a := actor.New()
	a.Handle("Call.Out", func(ctx *actor.Context, payload []byte) ([]byte, error) {
		target, operation, _ := strings.Cut(string(payload), " ")
		return ctx.Call(target, operation, []byte{0x81})
	})
	h := actortest.New(t, a)
	for _, out := range []string{
		actor.LoggingContract + " Logging.Erase", actor.LoggingContract + " Logging.WriteLog",
		actor.NumberGenContract + " NumberGen.Pi", actor.NumberGenContract + " NumberGen.RandomInRange",
		"wasmcloud:keyvalue KeyValue.Get",
	} {
		if reply, err := h.Call("Call.Out", []byte(out)); err == nil {
			t.Errorf("%s: answered %q", out, reply)
		}
	}
}

func TestRunTestsPasses(t *testing.T) {
	a := actor.New()
	ran := 0
	a.Test("one", func(*actor.T) { ran++ })
	a.Test("two", func(*actor.T) { ran++ })
	if actortest.New(t, a).RunTests(t); ran != 2 {
		t.Errorf("%d tests ran", ran)
	}
}

func TestHarnessIsSafeForGoroutines(t *testing.T) {
	a := actor.New()
	a.HandleHTTP(func(ctx *actor.Context, req actor.Request) (actor.Response, error) {
		ctx.Info(req.Path)
		_, err := ctx.Random32()
		return actor.Text(200, req.Path), err
	})
	h := actortest.New(t, a)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { h.Get("/") })
	}
	wg.Wait()
	if n := len(h.Log()); n != 8 {
		t.Errorf("%d log entries", n)
	}
}
