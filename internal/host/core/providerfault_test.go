//go:build unix

package core

import (
	"context"
	"encoding/json"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// quick restarts providers at once, so that tests need not wait.
func quick(tries int) func(*Config) {
	return func(c *Config) { c.ProviderRestart = provider.Backoff{First: time.Millisecond, Tries: tries} }
}

func TestKilledProviderIsStartedAgain(t *testing.T) {
	w := start(t, quick(5))
	w.startRef(file(t, read(t, "probe_s.wasm")))
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), "")
	w.link(p.PublicKey, "default")
	w.counts("count=1")
	d := w.describe(p)
	if err := syscall.Kill(d.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var stopped wasmbus.ProviderStopped
	w.event(wasmbus.EventProviderStopped, &stopped)
	if stopped.InstanceID != p.InstanceID || !strings.Contains(stopped.Reason, "signal: killed") {
		t.Errorf("event %+v", stopped)
	}
	var again wasmbus.ProviderStarted
	w.event(wasmbus.EventProviderStarted, &again)
	if again.InstanceID == p.InstanceID || again.PublicKey != p.PublicKey {
		t.Errorf("event %+v", again)
	}
	w.counts("count=1") // its memory began anew, its link came with the host data
	if pid := w.describe(again).PID; pid == d.PID || !alive(pid) {
		t.Errorf("process %d runs, %d did", pid, d.PID)
	}
	if inv := w.host.Inventory(); len(inv.Providers) != 1 {
		t.Errorf("inventory %+v", inv.Providers)
	}
}

func TestProviderThatKeepsEndingIsGivenUp(t *testing.T) {
	w := start(t, quick(2))
	ref := parFile(t, archive(t, "kv", nil))
	p := w.startProvider(ref, "")
	for i := range 3 {
		w.kill(p)
		w.event(wasmbus.EventProviderStopped, &wasmbus.ProviderStopped{})
		if i < 2 {
			w.event(wasmbus.EventProviderStarted, &wasmbus.ProviderStarted{})
		}
	}
	var failed wasmbus.ProviderStartFailed
	w.event(wasmbus.EventProviderFailed, &failed)
	if failed.ProviderRef != ref || !strings.Contains(failed.Error, "given up: it ended by itself and was restarted 2 times") {
		t.Errorf("event %+v", failed)
	}
	testkit.Eventually(t, "it to be forgotten", func() bool { return len(w.host.Inventory().Providers) == 0 })
	w.startProvider(ref, "") // may be tried again
}

// kill ends the process of a provider once there is one.
func (w *world) kill(p wasmbus.ProviderStarted) {
	w.t.Helper()
	testkit.Eventually(w.t, "a process to kill", func() bool {
		c := w.host.capabilityOf(p.PublicKey, p.LinkName)
		if c == nil {
			return false
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.run == nil {
			return false
		}
		c.run.process.Kill()
		<-c.run.process.Done()
		return true
	})
}

func TestProviderThatExitsAtOnce(t *testing.T) {
	w := start(t, nil)
	got := w.providerFails(parFile(t, archive(t, "kv", nil)), "default", `{"ExitAtOnce":true}`)
	if !strings.Contains(got, "exit status 3") || !strings.Contains(got, "cannot open the database") {
		t.Error(got)
	}
	if inv := w.host.Inventory(); len(inv.Providers) != 0 {
		t.Errorf("inventory %+v", inv.Providers)
	}
}

func TestProviderThatHangsOnShutdown(t *testing.T) {
	w := start(t, func(c *Config) { c.ProviderShutdown = 100 * time.Millisecond })
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), `{"Hang":true,"Child":true}`)
	pid := w.processOf(p)
	if stopped := w.stopProvider(p); !strings.HasPrefix(stopped.Reason, "killed: ") {
		t.Errorf("event %+v", stopped)
	}
	if alive(pid) {
		t.Error("its process lives on")
	}
	w.noneOfGroup(pid)
}

func (w *world) processOf(p wasmbus.ProviderStarted) int {
	w.t.Helper()
	c := w.host.capabilityOf(p.PublicKey, p.LinkName)
	if c == nil {
		w.t.Fatalf("no provider %s", p.PublicKey)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.run.process.PID()
}

// noneOfGroup waits until no process of a group is left.
func (w *world) noneOfGroup(pid int) {
	w.t.Helper()
	testkit.Eventually(w.t, "the whole group to end", func() bool { return syscall.Kill(-pid, 0) == syscall.ESRCH })
}

// A host that stops takes all of them along, also those that would not go.
func TestProvidersEndWithTheirHost(t *testing.T) {
	w := start(t, func(c *Config) { c.ProviderShutdown = 100 * time.Millisecond })
	ref := parFile(t, archive(t, "kv", nil))
	var pids []int
	for link, configuration := range map[string]string{"good": "", "bad": `{"Hang":true}`, "parent": `{"Child":true}`} {
		pids = append(pids, w.processOf(w.startProviderAs(ref, link, configuration)))
	}
	w.stop()
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d lives on", pid)
		}
		w.noneOfGroup(pid)
	}
}

// So does one that is still being started.
func TestHostStopsWhileAProviderStarts(t *testing.T) {
	w := start(t, nil)
	w.sendProvider(parFile(t, archive(t, "kv", nil)), "default", `{"Deaf":true}`)
	pid := 0
	testkit.Eventually(t, "the process", func() bool {
		if c := w.host.capabilityOf(w.providerKey("kv"), "default"); c != nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.run != nil {
				pid = c.run.process.PID()
			}
		}
		return pid != 0
	})
	w.stop()
	if alive(pid) {
		t.Error("its process lives on")
	}
}

func TestProviderThatFloodsItsOutput(t *testing.T) {
	w := start(t, nil)
	var lines, left atomic.Int64
	stop, err := w.conn.Subscribe(wasmbus.LogSubject("default"), "", func(_, _ string, data []byte) {
		var l wasmbus.LogLine
		if json.Unmarshal(data, &l) != nil || l.Provider == "" || l.Link != "default" || l.Actor != "" {
			t.Errorf("line %s", data)
		}
		lines.Add(1)
		if strings.Contains(l.Text, "lines left out") {
			left.Add(1)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := w.conn.NATS().Flush(); err != nil {
		t.Fatal(err)
	}
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), `{"Flood":100000}`)
	w.startRef(file(t, read(t, "probe_s.wasm")))
	w.link(p.PublicKey, "default")
	w.counts("count=1")
	testkit.Eventually(t, "a word on what was left out", func() bool { return left.Load() > 0 })
	if n := lines.Load(); n > 50_000 { // it wrote twice as many
		t.Errorf("%d lines came through", n)
	}
}

func TestHealthChecks(t *testing.T) {
	w := start(t, func(c *Config) { c.HealthFirst, c.HealthEvery = time.Millisecond, 10*time.Millisecond })
	p := w.startProvider(parFile(t, archive(t, "kv", nil)), `{"Unhealthy":true}`)
	var h wasmbus.HealthCheck
	w.event(wasmbus.EventHealthPassed, &h)
	if h.PublicKey != p.PublicKey || h.LinkName != "default" || h.ContractID != kvContract {
		t.Errorf("event %+v", h)
	}
	w.event(wasmbus.EventHealthStatus, &h)
	l := w.link(p.PublicKey, "default")
	w.event(wasmbus.EventHealthFailed, &h)
	if err := w.ctl.DeleteLink(context.Background(), l.ActorID, l.ContractID, l.LinkName); err != nil {
		t.Fatal(err)
	}
	w.event(wasmbus.EventHealthPassed, &h)
}

// Between two runs of a provider its token may expire, unnoticed by timers where
// the machine slept.
func TestExpiredProviderIsNotStartedAgain(t *testing.T) {
	var later atomic.Int64
	w := start(t, func(c *Config) {
		quick(2)(c)
		c.HealthFirst = time.Millisecond
		c.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	p := w.startProvider(parFile(t, archive(t, "kv", expiring(time.Now().Add(30*time.Minute).Unix()))), "")
	w.event(wasmbus.EventHealthPassed, &wasmbus.HealthCheck{}) // it is attended: the timer of its token is set
	pid := w.processOf(p)
	later.Store(int64(time.Hour))
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var failed wasmbus.ProviderStartFailed
	w.event(wasmbus.EventProviderFailed, &failed)
	if log := w.logs.String(); !strings.Contains(log, "the token expired") || strings.Contains(log, "provider restarted") {
		t.Errorf("event %+v", failed)
	}
}

// Another host's process of the same provider answers the same question, and says
// nothing about the one here, which hangs.
func TestOtherHostsAnswerForTheirProvidersAlone(t *testing.T) {
	soon := func(c *Config) { c.HealthFirst, c.HealthEvery = time.Millisecond, time.Millisecond }
	n := serveNATS(t)
	ref := parFile(t, archive(t, "kv", nil))
	w := start(t, func(c *Config) { n.joined(c); soon(c) })
	p := w.startProvider(ref, "")
	second := start(t, n.joined)
	second.startProvider(ref, "")
	answersHealth(t, w, second.host.capabilityOf(p.PublicKey, "default"))
	pid := w.processOf(p)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer syscall.Kill(pid, syscall.SIGKILL) // it hears nothing else
	var failed wasmbus.HealthCheck
	w.event(wasmbus.EventHealthFailed, &failed)
	if failed.PublicKey != p.PublicKey {
		t.Errorf("event %+v", failed)
	}
}

// answersHealth waits until the process of one host answers whoever asks.
func answersHealth(t *testing.T, w *world, p *capability) {
	t.Helper()
	nc := w.conn.NATS()
	inbox, err := nc.SubscribeSync(nc.NewRespInbox())
	if err != nil {
		t.Fatal(err)
	}
	defer inbox.Unsubscribe()
	testkit.Eventually(t, "the other process to answer", func() bool {
		if err := nc.PublishRequest(wasmbus.HealthSubject("default", p.entity.PublicKey, p.entity.LinkName), inbox.Subject, wasmbus.HealthProbe()); err != nil {
			t.Fatal(err)
		}
		m, err := inbox.NextMsg(100 * time.Millisecond)
		p.mu.Lock()
		defer p.mu.Unlock()
		return err == nil && p.run != nil && m.Header.Get(wasmbus.InstanceHeader) == p.run.instance
	})
}

func TestProviderWhoseTokenExpires(t *testing.T) {
	w := start(t, nil)
	soon := time.Now().Add(2 * time.Second).Unix()
	p := w.startProvider(parFile(t, archive(t, "kv", expiring(soon))), "")
	pid := w.processOf(p)
	var stopped wasmbus.ProviderStopped
	w.event(wasmbus.EventProviderStopped, &stopped)
	if !strings.HasPrefix(stopped.Reason, "its token has expired") || alive(pid) {
		t.Errorf("event %+v", stopped)
	}
}
