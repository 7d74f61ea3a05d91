package core

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// readyTime is how long a new provider may take until it answers on its
// subjects. One that is silent for longer counts as started, as in the original
// hosts, and the health checks tell on.
const readyTime = 10 * time.Second

// readyPause lies between two questions whether a new provider listens.
const readyPause = 10 * time.Millisecond

// readyAnswer is how long the first answer is waited for; each further one longer.
const readyAnswer = 50 * time.Millisecond

// termTime is what a provider has between SIGTERM and SIGKILL.
const termTime = 500 * time.Millisecond

var errStopCommand = errors.New("it was stopped while it was being started")

// launch starts a provider's process and returns when it serves.
func (h *Host) launch(ctx context.Context, p *capability) (*providerRun, error) {
	run := &providerRun{instance: wasmbus.NewUUID(), issuer: h.cfg.ClusterSeed, began: h.cfg.Now(), told: map[string]wasmbus.LinkDefinition{}}
	if h.cfg.IssuerPerProvider {
		var err error
		if run.issuer, err = h.bound.mint(p.entity); err != nil {
			return nil, err
		}
	}
	err := h.begin(ctx, p, run)
	if err != nil {
		h.bound.drop(run.issuer.Public())
		return nil, fmt.Errorf("provider %s (%s): %w", p.code.name(), p.code.ref, err)
	}
	return run, nil
}

func (h *Host) begin(ctx context.Context, p *capability, run *providerRun) error {
	// It may have expired between two runs.
	if err := p.code.claims.CheckTime(h.cfg.Now()); err != nil {
		return err
	}
	line, err := h.hostData(p, run)
	if err != nil {
		return err
	}
	run.process, err = provider.Start(provider.Spec{
		Path: p.code.path, Env: h.cfg.ProviderEnv, Stdin: line, Log: func(text string) { h.providerLine(p, text) }, Now: h.cfg.Now,
	})
	if err != nil {
		return err
	}
	p.setRun(run)
	if err := h.awaitReady(ctx, p, run); err != nil {
		p.setRun(nil)
		run.process.Kill()
		<-run.process.Done()
		return err
	}
	// Links may have changed between the host data and its subscriptions.
	h.tellLinks(p, run)
	return nil
}

// awaitReady returns when the provider answers, so that whoever hears of its
// start can use it.
func (h *Host) awaitReady(ctx context.Context, p *capability, run *providerRun) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	pause := time.NewTicker(readyPause)
	defer pause.Stop()
	// A question that it could not hear yet is not waited for long: where another
	// host runs the same provider somebody hears it, and nothing says that it was lost.
	for within := readyAnswer; ; within = min(2*within, healthTime) {
		if _, err := h.askHealth(ctx, p, run, within); err == nil {
			return nil
		}
		select {
		case <-run.process.Done():
			return fmt.Errorf("it %s", run.process.Exit())
		case <-p.stopping:
			return errStopCommand
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return errors.New("the host is stopping")
			}
			h.log.Warn("provider is silent", "provider", p.entity.PublicKey, "link", p.entity.LinkName, "after", readyTime.String())
			return nil
		case <-pause.C:
		}
	}
}

// keep attends a provider until it is stopped, or ends too often.
func (h *Host) keep(p *capability, run *providerRun) {
	defer close(p.gone)
	defer h.forgetProvider(p)
	tries := 0
	for {
		reason, wanted := h.attend(p, run)
		p.setRun(nil)
		h.bound.drop(run.issuer.Public())
		h.log.Log(context.Background(), stopLevel(wanted), "provider stopped", "provider", p.entity.PublicKey, "name", p.code.name(),
			"link", p.entity.LinkName, "reason", reason)
		h.events.ProviderStopped(p.about(h, run), reason)
		if wanted {
			return
		}
		if run, tries = h.revive(p, run, tries); run == nil {
			return
		}
	}
}

// revive starts a provider that ended by itself again, waiting longer each
// time. It returns no run when the provider was stopped or is given up.
func (h *Host) revive(p *capability, last *providerRun, tries int) (*providerRun, int) {
	ran := h.cfg.Now().Sub(last.began)
	for {
		wait, count, ok := h.cfg.ProviderRestart.Next(tries, ran)
		if !ok {
			err := fmt.Errorf("provider %s is given up: it ended by itself and was restarted %d times in a row", p.entity.PublicKey, tries)
			h.log.Error("provider is given up", "provider", p.entity.PublicKey, "link", p.entity.LinkName, "restarts", tries)
			h.events.ProviderStartFailed(p.code.ref, p.entity.LinkName, err)
			return nil, 0
		}
		tries, ran = count, 0
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.stopping:
			timer.Stop()
			h.events.ProviderStopped(p.about(h, last), "stopped before it was restarted")
			return nil, 0
		}
		run, err := h.launch(context.Background(), p)
		if err == nil {
			h.log.Info("provider restarted", "provider", p.entity.PublicKey, "link", p.entity.LinkName, "pid", run.process.PID(), "restarts", tries)
			h.events.ProviderStarted(p.about(h, run))
			return run, tries
		}
		h.log.Error("provider was not restarted", "provider", p.entity.PublicKey, "link", p.entity.LinkName, "error", err)
	}
}

// attend checks a provider's health until it ends or is to stop, and says why.
func (h *Host) attend(p *capability, run *providerRun) (reason string, wanted bool) {
	check := time.NewTimer(h.cfg.HealthFirst)
	defer check.Stop()
	expiry, disarm := h.expiry(p)
	defer disarm()
	for {
		select {
		case <-run.process.Done():
			return run.process.Exit(), false
		case <-p.stopping:
			return h.endProcess(p, run), true
		case <-expiry:
			return "its token has expired: " + h.endProcess(p, run), true
		case <-check.C:
			h.checkHealth(p, run)
			check.Reset(h.cfg.HealthEvery)
		}
	}
}

// expiry fires when the provider's token expires, if it ever does.
func (h *Host) expiry(p *capability) (fires <-chan time.Time, disarm func() bool) {
	exp := p.code.claims.Expires
	if exp == 0 {
		return nil, func() bool { return false }
	}
	// Valid through the whole second, see claims.CheckTime.
	t := time.NewTimer(time.Unix(exp+1, 0).Sub(h.cfg.Now()))
	return t.C, t.Stop
}

// endProcess stops a provider: it is asked to, then told to, then killed.
func (h *Host) endProcess(p *capability, run *providerRun) string {
	ctx, cancel := context.WithTimeout(context.Background(), h.cfg.ProviderShutdown)
	defer cancel()
	if h.askShutdown(ctx, p) == nil {
		select {
		case <-run.process.Done():
			return "stopped"
		case <-ctx.Done():
		}
	}
	run.process.Terminate()
	term := time.NewTimer(termTime)
	defer term.Stop()
	select {
	case <-run.process.Done():
		return "stopped by SIGTERM: it did not end on the shutdown request"
	case <-term.C:
	}
	run.process.Kill()
	<-run.process.Done()
	return "killed: it ended neither on the shutdown request nor on SIGTERM"
}

// stopProviders stops all of them at once and waits.
func (h *Host) stopProviders() {
	for _, p := range h.capabilities() {
		p.stop()
	}
	h.attending.Wait()
}
