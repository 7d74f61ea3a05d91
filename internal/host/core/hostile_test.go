package core

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// Actors that spin, ask for memory, call themselves without end and are called more often than
// they can answer: each gets an error that says so, and others answer all the while.
func TestHostileActorsDisturbNobody(t *testing.T) {
	w := start(t, func(c *Config) {
		c.RPCTimeout, c.Queue = 2*time.Second, 2
		c.Runtime.MemoryPages, c.Runtime.MaxDepth = 320, 5 // 20 MiB
	})
	w.startRef(file(t, read(t, "probe_s.wasm")))
	loop := w.startRef(file(t, sign(t, read(t, "relay.wasm"), "loop", nil))).PublicKey
	good := w.startRef(file(t, sign(t, testkit.Speaking([]byte("\xa4good")), "good", nil))).PublicKey

	hostile := map[string]struct {
		call func() error
		want string
	}{
		"spins":  {func() error { _, err := w.get(probeKey, "/spin"); return err }, "did not answer HttpServer.HandleRequest within 2s"},
		"memory": {func() error { _, err := w.get(probeKey, "/big?30000000"); return err }, "unreachable"},
		"itself": {func() error {
			_, err := w.call(loop, "NumberGen.Random32", []byte(strings.Repeat(loop+";", 50)+"wasmcloud:builtin:numbergen"))
			return err
		}, "nested too deep"},
	}
	ended := make(chan struct{})
	var bad, busy sync.WaitGroup
	for what, h := range hostile {
		bad.Go(func() {
			// One that spins has the only instance for its whole time.
			testkit.Eventually(t, what, func() bool {
				err := h.call()
				if err == nil {
					t.Errorf("%s: no error", what)
				}
				return err == nil || strings.Contains(err.Error(), h.want)
			})
		})
	}
	full := make(chan string, 20)
	for range cap(full) {
		bad.Go(func() {
			if _, err := w.get(probeKey, "/spin"); err != nil {
				full <- err.Error()
			}
		})
	}
	for range 2 {
		busy.Go(func() {
			for slowest := time.Duration(0); ; {
				select {
				case <-ended:
					t.Logf("the slowest answer took %v", slowest)
					return
				default:
				}
				began := time.Now()
				if got, err := w.call(good, "Any.Thing", nil); err != nil || string(got) != "\xa4good" {
					t.Errorf("the good actor: %q, %v", got, err)
					return
				}
				slowest = max(slowest, time.Since(began))
			}
		})
	}
	bad.Wait()
	close(ended)
	busy.Wait()
	close(full)
	refused := 0
	for text := range full {
		if strings.Contains(text, "Vector probe ("+probeKey+") is busy: 2 calls wait for its 1 instances, and no more may") {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no call was refused because too many wait")
	}
	w.servesOn("hostile calls")
}

// A scale command bounds what runs at a time, and is bounded itself.
func TestInstancesAreTheConcurrency(t *testing.T) {
	w := start(t, func(c *Config) { c.RPCTimeout, c.Queue = time.Second, 1 })
	w.startRef(file(t, read(t, "probe_s.wasm")))
	w.command(wasmbus.ScaleActorCommand{ActorID: probeKey, Count: 3})
	testkit.Eventually(t, "three instances", func() bool { return w.host.actor(probeKey).count() == 3 })
	var calls sync.WaitGroup
	answers := make(chan error, 6)
	for range cap(answers) {
		calls.Go(func() { _, err := w.get(probeKey, "/spin"); answers <- err })
	}
	calls.Wait()
	close(answers)
	var ran, refused int
	for err := range answers {
		switch {
		case err != nil && strings.Contains(err.Error(), "did not answer"):
			ran++
		case err != nil && strings.Contains(err.Error(), "1 calls wait for its 3 instances"):
			refused++
		default:
			t.Errorf("got %v", err)
		}
	}
	if ran != 4 || refused != 2 { // three at once and the one that waited for its turn
		t.Errorf("%d ran or waited, %d were refused; want 4 and 2", ran, refused)
	}
}

// An update runs with what its token grants, and the log names what is new in that.
func TestUpdateThatMayUseMoreIsToldOf(t *testing.T) {
	w := start(t, nil)
	edition := func(text string, caps ...string) string {
		return file(t, sign(t, variant(t, read(t, "relay.wasm"), text), "relay", func(c *claims.Claims[claims.Actor]) { c.Metadata.Caps = caps }))
	}
	a := w.startRef(edition("1", kvContract, "wasmcloud:builtin:logging"))
	w.command(wasmbus.UpdateActorCommand{ActorID: a.PublicKey, NewActorRef: edition("2", "wasmcloud:builtin:logging")})
	const warning = "lets the actor use more than before"
	if strings.Contains(w.logs.String(), warning) {
		t.Error("an update that may use less is warned of")
	}
	w.command(wasmbus.UpdateActorCommand{ActorID: a.PublicKey, NewActorRef: edition("3", "wasmcloud:builtin:logging", kvContract, "wasmcloud:messaging")})
	for line := range strings.Lines(w.logs.String()) {
		if strings.Contains(line, warning) {
			if !strings.Contains(line, "level=WARN") || !strings.Contains(line, a.PublicKey) || !strings.Contains(line, `added="[wasmcloud:keyvalue wasmcloud:messaging]"`) {
				t.Error(line)
			}
			return
		}
	}
	t.Error("the log does not tell of it")
}
