package lattice

import (
	"context"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

type watchFlags struct {
	conn   connFlags
	filter string
	count  int
	logs   bool
}

func watchCommand(s *cli.IO) *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Print the lattice's events as they come",
		Long: `Print the lattice's events as they come, one a line, until interrupted.

With --output json each line is the event as it was published. --logs prints the log lines of actors instead,
which only devhost publishes.`,
		Example: "  lattice watch\n  lattice watch --filter '^actor' --count 1 --output json\n  lattice watch --logs",
		Args:    cobra.NoArgs,
	}
	f.conn.register(cmd, kindCtl)
	cmd.Flags().StringVar(&f.filter, "filter", "", "print only events whose name, or lines whose text, matches a regular `expression`")
	cmd.Flags().IntVarP(&f.count, "count", "n", 0, "stop after this `number`; 0 = never")
	cmd.Flags().BoolVar(&f.logs, "logs", false, "print log lines of actors rather than events")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		filter, err := regexp.Compile(f.filter)
		if err != nil {
			return cli.Usage("--filter: %v", err)
		}
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
			return f.run(ctx, ses, cmd, filter)
		})(cmd, args)
	}
	return cmd
}

func (f *watchFlags) run(ctx context.Context, ses *session, cmd *cobra.Command, filter *regexp.Regexp) error {
	subscribe, next := bus.SubscribeEvents, nextEvent
	if f.logs {
		subscribe, next = bus.SubscribeLogs, nextLog
	}
	sub, err := subscribe(ctx, ses.conn, ses.place.lattice)
	if err != nil {
		return err
	}
	defer sub.Close()
	cli.Notef(ses.io, "watching lattice %s at %s", ses.place.lattice, ses.conn.URL())
	asJSON := cmd.Flag("output").Value.String() == "json"
	for n := 0; f.count == 0 || n < f.count; {
		name, text, raw, err := next(ctx, sub)
		if ctx.Err() != nil { // interrupted, which is how this ends
			return nil
		}
		if err != nil {
			return err
		}
		if !filter.MatchString(name) {
			continue
		}
		n++
		if asJSON {
			text = string(raw)
		}
		if _, err := io.WriteString(ses.io.Out, text+"\n"); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
	}
	return nil
}

// nextEvent gives what --filter looks at, a line for people and the JSON.
func nextEvent(ctx context.Context, sub *bus.Subscription) (name, text string, raw []byte, err error) {
	e, err := sub.Next(ctx)
	if err != nil {
		return "", "", nil, err
	}
	raw, err = wasmbus.EncodeJSON(e)
	return e.Name(), fmt.Sprintf("%s %-22s %.8s %s", e.Time, e.Name(), e.Source, oneLine(e.Data)), raw, err
}

func nextLog(ctx context.Context, sub *bus.Subscription) (name, text string, raw []byte, err error) {
	l, err := sub.NextLog(ctx)
	if err != nil {
		return "", "", nil, err
	}
	raw, err = wasmbus.EncodeJSON(l)
	return l.Text, fmt.Sprintf("%s %-5s %.8s %s", l.Time, l.Level, l.Actor, l.Text), raw, err
}
