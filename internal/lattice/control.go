package lattice

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ControlConfig configures a Control. Zero durations mean the defaults named.
type ControlConfig struct {
	Lattice        string        // "" = default
	Prefix         string        // "" = wasmbus.ctl
	Timeout        time.Duration // of one request, and of waiting for a first host; 2 s
	AuctionTimeout time.Duration // of waiting for a bid; 2 s
	Settle         time.Duration // after a host's reply, how long others may stay silent; 200 ms
	ExpectHosts    int           // Hosts returns once so many replied; 0 = unknown
}

// Control is a client of the control interface of one lattice.
type Control struct {
	conn    *Conn
	cfg     ControlConfig
	subject wasmbus.Control
}

const (
	defaultTimeout = 2 * time.Second
	defaultSettle  = 200 * time.Millisecond
)

// NewControl makes a client; it sends nothing.
func NewControl(conn *Conn, cfg ControlConfig) *Control {
	if cfg.Lattice == "" {
		cfg.Lattice = wasmbus.DefaultLattice
	}
	for _, d := range []struct {
		value *time.Duration
		def   time.Duration
	}{{&cfg.Timeout, defaultTimeout}, {&cfg.AuctionTimeout, defaultTimeout}, {&cfg.Settle, defaultSettle}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	return &Control{conn: conn, cfg: cfg, subject: wasmbus.Control{Prefix: cfg.Prefix, Lattice: cfg.Lattice}}
}

// Lattice is the lattice's name.
func (c *Control) Lattice() string { return c.cfg.Lattice }

// ErrNoHost is wrapped when no host answers.
var ErrNoHost = errors.New("no host answers")

// ErrNoBid is wrapped when hosts answer and none of them takes the actor.
var ErrNoBid = errors.New("no suitable hosts found")

// Refused is a host's refusal of a command.
type Refused struct{ Text string }

func (e *Refused) Error() string { return "the host refused: " + e.Text }

// request sends v as JSON (nil = no body) and decodes the reply into reply.
func (c *Control) request(ctx context.Context, subject string, v, reply any) error {
	return c.requestWithin(ctx, c.cfg.Timeout, subject, v, reply)
}

func (c *Control) requestWithin(ctx context.Context, timeout time.Duration, subject string, v, reply any) error {
	var body []byte
	if v != nil {
		var err error
		if body, err = wasmbus.EncodeJSON(v); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m, err := c.conn.nc.RequestWithContext(ctx, subject, body)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w on %s at %s", ErrNoHost, subject, c.conn.url)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return fmt.Errorf("no reply on %s within %s: %w", subject, timeout, context.DeadlineExceeded)
	case err != nil:
		return fmt.Errorf("asking on %s: %w", subject, err)
	}
	if err := wasmbus.DecodeJSON(m.Data, reply); err != nil {
		return fmt.Errorf("reply on %s: %w", subject, err)
	}
	return nil
}

// command sends a command and turns a refusing ack into a *Refused.
func (c *Control) command(ctx context.Context, subject string, v any) error {
	return c.commandWithin(ctx, c.cfg.Timeout, subject, v)
}

func (c *Control) commandWithin(ctx context.Context, timeout time.Duration, subject string, v any) error {
	var ack wasmbus.Ack
	if err := c.requestWithin(ctx, timeout, subject, v, &ack); err != nil {
		return err
	}
	if !ack.Accepted {
		if ack.Error == "" {
			ack.Error = "(it gives no reason)"
		}
		return &Refused{ack.Error}
	}
	return nil
}

// gather publishes a question and calls reply for each answer until that says
// enough, or until after the first answer nothing came for settle, or until
// patience runs out. With nobody listening it returns at once.
func (c *Control) gather(ctx context.Context, subject string, body []byte, patience, settle time.Duration, reply func([]byte) (enough bool)) error {
	inbox := nats.NewInbox()
	sub, err := subscribe(ctx, c.conn, inbox)
	if err != nil {
		return err
	}
	defer sub.Close()
	if err := c.conn.nc.PublishRequest(subject, inbox, body); err != nil {
		return fmt.Errorf("asking on %s: %w", subject, err)
	}
	end := time.Now().Add(patience)
	for {
		wait := time.Until(end)
		waiting, cancel := context.WithTimeout(ctx, wait)
		m, err := sub.next(waiting)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil: // silence: whoever wanted to answer has
			return nil
		case noResponders(m):
			return nil
		}
		if reply(m.Data) {
			return nil
		}
		end = earlier(end, time.Now().Add(settle))
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// noResponders recognises the server's word that nobody listens.
func noResponders(m *nats.Msg) bool {
	return len(m.Data) == 0 && m.Header.Get("Status") == "503"
}

// Hosts asks all hosts to introduce themselves. How many there are nobody
// knows, so it returns once ExpectHosts replied, or when after a reply Settle
// passed in silence; not, as wash does, after the whole timeout.
func (c *Control) Hosts(ctx context.Context) ([]wasmbus.Host, error) {
	hosts := []wasmbus.Host{}
	err := c.gather(ctx, c.subject.PingHosts(), nil, c.cfg.Timeout, c.cfg.Settle, func(b []byte) bool {
		var h wasmbus.Host
		if wasmbus.DecodeJSON(b, &h) == nil && h.ID != "" {
			hosts = append(hosts, h)
		}
		return c.cfg.ExpectHosts > 0 && len(hosts) >= c.cfg.ExpectHosts
	})
	return hosts, err
}

// Inventory asks a host what it runs.
func (c *Control) Inventory(ctx context.Context, host string) (*wasmbus.HostInventory, error) {
	var inv wasmbus.HostInventory
	if err := c.request(ctx, c.subject.Inventory(host), nil, &inv); err != nil {
		return nil, err
	}
	if inv.HostID != host { // some hosts answer strange subjects with a refusal
		return nil, fmt.Errorf("%w as %s at %s", ErrNoHost, host, c.conn.url)
	}
	return &inv, nil
}

// Claims lists the claims known to the lattice: a host is asked, and if there
// is none the KV bucket. Nothing at all gives ErrNoHost.
func (c *Control) Claims(ctx context.Context) ([]wasmbus.ClaimsRecord, error) {
	var reply struct{ Claims []rawRecord }
	err := c.request(ctx, c.subject.Claims(), nil, &reply)
	if err == nil {
		records := make([]wasmbus.ClaimsRecord, len(reply.Claims))
		for i, r := range reply.Claims {
			records[i] = wasmbus.ClaimsRecord(r)
		}
		return records, nil
	}
	return fromState(ctx, c, err, (*State).Claims)
}

// rawRecord decodes a record of any generation.
type rawRecord wasmbus.ClaimsRecord

// UnmarshalJSON flattens the newer shapes.
func (r *rawRecord) UnmarshalJSON(b []byte) error {
	record, err := wasmbus.UnmarshalClaimsRecord(b)
	*r = rawRecord(record)
	return err
}

// Links lists the link definitions known to the lattice, found as Claims finds.
func (c *Control) Links(ctx context.Context) ([]wasmbus.LinkDefinition, error) {
	reply := wasmbus.LinksReply{}
	err := c.request(ctx, c.subject.Links(), nil, &reply)
	if err == nil {
		if reply.Links == nil {
			reply.Links = []wasmbus.LinkDefinition{}
		}
		return reply.Links, nil
	}
	return fromState(ctx, c, err, (*State).Links)
}

// fromState reads the bucket when asking gave ErrNoHost, else repeats the error.
func fromState[T any](ctx context.Context, c *Control, asked error, read func(*State, context.Context) (T, error)) (T, error) {
	var none T
	if !errors.Is(asked, ErrNoHost) {
		return none, asked
	}
	state, err := FindState(ctx, c.conn, c.cfg.Lattice)
	if errors.Is(err, ErrNoState) {
		return none, asked
	}
	if err != nil {
		return none, err
	}
	return read(state, ctx)
}

// PutLink stores a link definition. A host is asked, because it may refuse and
// we want to know; without a host the KV bucket is written, which hosts that
// start later read.
func (c *Control) PutLink(ctx context.Context, l wasmbus.LinkDefinition) error {
	if l.Values == nil {
		l.Values = map[string]string{}
	}
	err := c.command(ctx, c.subject.LinkPut(), l)
	_, err = orState(ctx, c, err, func(s *State) error { return s.PutLink(ctx, l) })
	return err
}

// DeleteLink removes a link definition, the same way.
func (c *Control) DeleteLink(ctx context.Context, actor, contract, link string) error {
	err := c.command(ctx, c.subject.LinkDel(), wasmbus.LinkDefinition{
		ActorID: actor, ContractID: contract, LinkName: link, Values: map[string]string{},
	})
	_, err = orState(ctx, c, err, func(s *State) error { return s.DeleteLink(ctx, actor, contract, link) })
	return err
}

func orState(ctx context.Context, c *Control, asked error, write func(*State) error) (struct{}, error) {
	if asked == nil {
		return struct{}{}, nil
	}
	return fromState(ctx, c, asked, func(s *State, _ context.Context) (struct{}, error) { return struct{}{}, write(s) })
}

// Auction returns the first host that offers to run an actor; the others are
// not waited for.
func (c *Control) Auction(ctx context.Context, ref string, constraints map[string]string) (host string, err error) {
	if constraints == nil {
		constraints = map[string]string{}
	}
	body, err := wasmbus.EncodeJSON(wasmbus.ActorAuctionRequest{ActorRef: ref, Constraints: constraints})
	if err != nil {
		return "", err
	}
	return c.auction(ctx, c.subject.AuctionActor(), body, "actor "+ref, constraints)
}

// AuctionProvider asks which host would run a provider under a link name, and
// returns the first that bids. One that runs it already makes no bid.
func (c *Control) AuctionProvider(ctx context.Context, ref, link string, constraints map[string]string) (host string, err error) {
	if constraints == nil {
		constraints = map[string]string{}
	}
	body, err := wasmbus.EncodeJSON(wasmbus.ProviderAuctionRequest{ProviderRef: ref, LinkName: link, Constraints: constraints})
	if err != nil {
		return "", err
	}
	return c.auction(ctx, c.subject.AuctionProvider(), body, "provider "+ref, constraints)
}

func (c *Control) auction(ctx context.Context, subject string, body []byte, what string, constraints map[string]string) (host string, err error) {
	err = c.gather(ctx, subject, body, c.cfg.AuctionTimeout, c.cfg.AuctionTimeout, func(b []byte) bool {
		var bid struct {
			HostID string `json:"host_id"`
		}
		if wasmbus.DecodeJSON(b, &bid) == nil {
			host = bid.HostID
		}
		return host != ""
	})
	if err == nil && host == "" {
		err = c.noBid(ctx, what, constraints)
	}
	return host, err
}

// noBid tells a lattice without hosts from one whose hosts do not want what is
// to be started: only the first is helped by another host.
func (c *Control) noBid(ctx context.Context, what string, constraints map[string]string) error {
	hosts, err := c.Hosts(ctx)
	if err != nil || len(hosts) == 0 {
		return fmt.Errorf("%w: no suitable hosts found for %s on lattice %s at %s", ErrNoHost, what, c.cfg.Lattice, c.conn.url)
	}
	why := ""
	if len(constraints) > 0 {
		why = fmt.Sprintf("; wanted are the labels %s", labels(constraints))
	}
	return fmt.Errorf("%w for %s: %d on lattice %s at %s made no bid%s", ErrNoBid, what, len(hosts), c.cfg.Lattice, c.conn.url, why)
}

func labels(m map[string]string) string {
	pairs := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		pairs = append(pairs, k+"="+m[k])
	}
	return strings.Join(pairs, ", ")
}

// StartActor sends cmd.<host>.la; the work is done after the ack.
func (c *Control) StartActor(ctx context.Context, cmd wasmbus.StartActorCommand) error {
	return c.command(ctx, c.subject.Command(cmd.HostID, wasmbus.CmdStartActor), cmd)
}

// ScaleActor sends cmd.<host>.scale; the work is done after the ack.
func (c *Control) ScaleActor(ctx context.Context, cmd wasmbus.ScaleActorCommand) error {
	return c.command(ctx, c.subject.Command(cmd.HostID, wasmbus.CmdScaleActor), cmd)
}

// StopActor sends cmd.<host>.sa; the work is done after the ack.
func (c *Control) StopActor(ctx context.Context, cmd wasmbus.StopActorCommand) error {
	return c.command(ctx, c.subject.Command(cmd.HostID, wasmbus.CmdStopActor), cmd)
}

// UpdateActor sends cmd.<host>.upd, whose ack comes only when the new code was
// fetched and runs: it is waited for as long as for a start's event.
func (c *Control) UpdateActor(ctx context.Context, cmd wasmbus.UpdateActorCommand) error {
	return c.updateWithin(ctx, max(c.cfg.Timeout, StartWait), cmd)
}

func (c *Control) updateWithin(ctx context.Context, timeout time.Duration, cmd wasmbus.UpdateActorCommand) error {
	return c.commandWithin(ctx, timeout, c.subject.Command(cmd.HostID, wasmbus.CmdUpdateActor), cmd)
}

// StartProvider sends cmd.<host>.lp; the work is done after the ack.
func (c *Control) StartProvider(ctx context.Context, cmd wasmbus.StartProviderCommand) error {
	return c.command(ctx, c.subject.Command(cmd.HostID, wasmbus.CmdStartProvider), cmd)
}

// StopProvider sends cmd.<host>.sp; the work is done after the ack.
func (c *Control) StopProvider(ctx context.Context, cmd wasmbus.StopProviderCommand) error {
	return c.command(ctx, c.subject.Command(cmd.HostID, wasmbus.CmdStopProvider), cmd)
}

// StopHost sends cmd.<host>.stop; grace is what the host may take.
func (c *Control) StopHost(ctx context.Context, host string, grace time.Duration) error {
	ms := uint64(grace.Milliseconds())
	return c.command(ctx, c.subject.Command(host, wasmbus.CmdStopHost), wasmbus.StopHostCommand{HostID: host, Timeout: &ms})
}

// PutLabel sets a label of a host.
func (c *Control) PutLabel(ctx context.Context, host, key, value string) error {
	return c.command(ctx, c.subject.LabelPut(host), wasmbus.LabelChange{Key: key, Value: value})
}

// DeleteLabel removes a label of a host.
func (c *Control) DeleteLabel(ctx context.Context, host, key string) error {
	return c.command(ctx, c.subject.LabelDel(host), wasmbus.LabelChange{Key: key})
}

// Events subscribes to the events of the lattice. Do it before the command
// whose event is awaited.
func (c *Control) Events(ctx context.Context) (*Subscription, error) {
	return SubscribeEvents(ctx, c.conn, c.cfg.Lattice)
}
