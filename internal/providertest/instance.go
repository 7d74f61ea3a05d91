package providertest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// instance is one provider process, and the actor that is linked to it.
type instance struct {
	r      *Runner
	tc     *casefile.Case
	player *casefile.Player
	ports  ports
	link   wasmbus.LinkDefinition
	proc   *provider.Process
	output output
}

func (in *instance) hostID() string {
	if in.r.cfg.TestMode {
		return wasmbus.TestHostID
	}
	return string(in.r.hostKey.Public())
}

// hostData is the line that the provider reads. The link is in it: providers serve
// their first links before they call themselves healthy, while nothing tells when one
// that was sent later has arrived.
func (in *instance) hostData() ([]byte, error) {
	r := in.r
	line, err := wasmbus.HostData{
		HostID: in.hostID(), LatticeRPCPrefix: r.cfg.Lattice, LinkName: in.link.LinkName, LatticeRPCURL: r.server.URL(),
		ProviderKey: in.link.ProviderID, InvocationSeed: r.cluster.Reveal(), InstanceID: wasmbus.NewUUID(),
		LinkDefinitions: []wasmbus.LinkDefinition{in.link}, ClusterIssuers: []string{string(r.cluster.Public())},
		DefaultRPCTimeoutMS: uint64(r.cfg.CallTimeout.Milliseconds()),
	}.Line()
	if r.cfg.TestMode {
		// The harness of the Rust SDK leaves the padding out.
		line = append(bytes.TrimRight(line, "=\n"), "\r\n"...)
	}
	return line, err
}

// start starts the process. The link's values and the seed go by standard input
// alone.
func (in *instance) start(context.Context) error {
	line, err := in.hostData()
	if err != nil {
		return err
	}
	in.output.added = make(chan struct{}, 1)
	in.proc, err = provider.Start(provider.Spec{Path: in.r.program.path, Env: in.r.cfg.Env, Stdin: line, Log: in.output.add})
	return err
}

// probeTime is how long one health request waits, askAgain how long until the next.
const (
	probeTime = time.Second
	askAgain  = 20 * time.Millisecond
)

// ready asks the provider for its health until that is good.
func (in *instance) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, in.r.cfg.StartTimeout)
	defer cancel()
	said := "nothing listens for health requests: it may not have connected to the NATS server that its host data names, or still be at its first link"
	for {
		health, err := in.health(ctx)
		switch {
		case err == nil && health.Healthy:
			return nil
		case err == nil:
			said = fmt.Sprintf("it says of its health: %q", health.Message)
		case errors.Is(err, nats.ErrNoResponders):
		case ctx.Err() == nil:
			said = err.Error()
		}
		timer := time.NewTimer(askAgain)
		select {
		case <-in.proc.Done():
			timer.Stop()
			return fmt.Errorf("the provider ended before it was healthy: %s", in.how())
		case <-ctx.Done():
			timer.Stop()
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return fmt.Errorf("the provider was not healthy within %v: %s", in.r.cfg.StartTimeout, said)
		case <-timer.C:
		}
	}
}

// how the process ended, without its output, which is shown apart.
func (in *instance) how() string {
	text, _, _ := strings.Cut(in.proc.Exit(), "; its last output")
	return text
}

func (in *instance) health(ctx context.Context) (wasmbus.Health, error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	body := wasmbus.HealthProbe()
	if in.r.cfg.TestMode {
		body = []byte(`{}`)
	}
	subject := wasmbus.HealthSubject(in.r.cfg.Lattice, in.link.ProviderID, in.link.LinkName)
	reply, err := in.r.conn.NATS().RequestWithContext(ctx, subject, body)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = errors.New("it listens for health requests and does not answer them")
		}
		return wasmbus.Health{}, err
	}
	h, err := wasmbus.UnmarshalHealth(reply.Data)
	if err != nil {
		return h, fmt.Errorf("its answer to a health request cannot be read: %w", err)
	}
	return h, nil
}

// stop asks the provider to end, as a host does, and waits for it.
func (in *instance) stop(ctx context.Context) error {
	select {
	case <-in.proc.Done():
		return fmt.Errorf("the provider ended before it was asked to: %s", in.how())
	default:
	}
	ctx, cancel := context.WithTimeout(ctx, in.r.cfg.CallTimeout)
	defer cancel()
	body, err := json.Marshal(wasmbus.ShutdownRequest{HostID: in.hostID()})
	if err != nil {
		return err
	}
	subject := wasmbus.ShutdownSubject(in.r.cfg.Lattice, in.link.ProviderID, in.link.LinkName)
	_, err = in.r.conn.NATS().RequestWithContext(ctx, subject, body)
	if err != nil {
		return fmt.Errorf("the provider did not answer the request to shut down within %v (%w); it was killed", in.r.cfg.CallTimeout, err)
	}
	timeout := time.NewTimer(in.r.cfg.CallTimeout)
	defer timeout.Stop()
	select {
	case <-in.proc.Done():
	case <-timeout.C:
		return fmt.Errorf("the provider answered the request to shut down and still ran %v later; it was killed", in.r.cfg.CallTimeout)
	}
	if how := in.how(); !strings.HasSuffix(how, "exit status 0") {
		return fmt.Errorf("the provider was asked to shut down and %s", how)
	}
	return nil
}

// kill ends the process and all that it started, and waits for its output.
func (in *instance) kill() {
	in.proc.Kill()
	<-in.proc.Done()
}

const keptLines = 40

// output keeps what a provider wrote: the last lines, because a test must survive one
// that never ends.
type output struct {
	mu    sync.Mutex
	lines []string
	first int           // number of lines[0]
	added chan struct{} // told of each line
}

func (o *output) add(line string) {
	o.mu.Lock()
	o.lines = append(o.lines, line)
	if drop := len(o.lines) - 10*keptLines; drop > 0 {
		o.lines = append(o.lines[:0], o.lines[drop:]...)
		o.first += drop
	}
	o.mu.Unlock()
	select {
	case o.added <- struct{}{}:
	default:
	}
}

// count is the number of the next line.
func (o *output) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first + len(o.lines)
}

// since lists the lines from a number on, as far as they are kept.
func (o *output) since(n int) []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]string(nil), o.lines[min(max(n-o.first, 0), len(o.lines)):]...)
}

// text is the end of the output, for a failure.
func (o *output) text() string {
	lines := o.since(0)
	if len(lines) == 0 {
		return "the provider wrote nothing"
	}
	head := "output of the provider:"
	if all := o.count(); all > keptLines {
		head = fmt.Sprintf("the last %d of %d lines of the provider's output:", keptLines, all)
		lines = lines[len(lines)-keptLines:]
	}
	return head + "\n  " + strings.Join(lines, "\n  ")
}
