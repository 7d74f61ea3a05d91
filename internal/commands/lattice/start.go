package lattice

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

type startFlags struct {
	conn        connFlags
	host        string
	count       uint16
	constraints []string
	add         bool
	skipWait    bool
}

// startAnswer is wash's {result} with what a script wants to know besides.
type startAnswer struct {
	Result    string `json:"result"`
	HostID    string `json:"host_id"`
	ActorID   string `json:"actor_id,omitempty"`
	Reference string `json:"reference"`
	Instances int    `json:"instances"`
	Replaced  string `json:"replaced,omitempty"` // reference that ran before
}

func startCommand(s *cli.IO) *cobra.Command {
	var f startFlags
	cmd := &cobra.Command{
		Use:   "start [actor] REFERENCE",
		Short: "Start an actor or a provider, or replace the running one",
		Long: `Start an actor from an OCI reference, or from a signed .wasm file if the host loads files, and wait until it runs.

If the host runs the actor already, its code is replaced in place, which is said on standard error; --add adds
instances of what runs instead. An actor is recognised by its reference without tag and digest, or because the
host says that it has it from elsewhere. If the new code cannot be started the old keeps running, except on
hosts that update only to a higher revision: there old instances have to be stopped first.

Without --host-id the first host that bids gets the actor. Exit code 1 if no host bids, the host refuses,
or its event says that it failed.`,
		Example: `  lattice start localhost:5000/echo:0.1.0
  lattice start actor localhost:5000/echo:0.1.0 --count 4 --add
  lattice start build/echo_s.wasm -c hostcore.os=linux`,
		Args: cobra.RangeArgs(1, 2),
	}
	f.conn.register(cmd, kindCtl)
	fl := cmd.Flags()
	fl.StringVar(&f.host, "host-id", "", "`host` to start it on (N…)")
	fl.Uint16Var(&f.count, "count", 1, "`number` of instances")
	fl.StringArrayVarP(&f.constraints, "constraint", "c", nil, "label that the host must have, as `key=value`; may be repeated")
	fl.IntVar(&f.conn.auctionMS, "auction-timeout-ms", 2000, "`milliseconds` to wait for a first bid")
	fl.BoolVar(&f.skipWait, "skip-wait", false, "do not wait for the host's event")
	fl.BoolVar(&f.add, "add", false, "add instances if the actor runs already, rather than replace it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		o, err := f.options(args)
		if err != nil {
			return err
		}
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, _ []string) error {
			return f.run(ctx, ses, cmd, o)
		})(cmd, args)
	}
	cmd.AddCommand(startProviderCommand(s))
	return cmd
}

func (f *startFlags) options(args []string) (bus.StartOptions, error) {
	o := bus.StartOptions{HostID: f.host, Count: f.count, Add: f.add, SkipWait: f.skipWait}
	args = actorOnly(args)
	var err error
	if len(args) != 1 {
		err = cli.Usage("name one reference, such as localhost:5000/echo:0.1.0")
	}
	if err == nil && f.host != "" {
		_, err = parseKey(f.host, "--host-id", strkey.Server)
	}
	if err == nil && f.count == 0 {
		err = cli.Usage("--count 0: want at least 1; to stop all, use `lattice stop actor`")
	}
	if err == nil {
		o.Constraints, err = pairs("--constraint", f.constraints)
	}
	if err == nil {
		o.Ref, err = reference(args[0])
	}
	return o, err
}

// actorOnly drops the word that wash's `ctl start actor` has.
func actorOnly(args []string) []string {
	if len(args) > 0 && args[0] == "actor" {
		return args[1:]
	}
	return args
}

// pairs reads KEY=VALUE arguments.
func pairs(what string, texts []string) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range texts {
		k, v, ok := strings.Cut(text, "=")
		if !ok || k == "" {
			return nil, cli.Usage("%s %q: want KEY=VALUE", what, text)
		}
		out[k] = v
	}
	return out, nil
}

func (f *startFlags) run(ctx context.Context, ses *session, cmd *cobra.Command, o bus.StartOptions) error {
	o.Wait = ses.wait()
	started, err := ses.control.Start(ctx, o)
	if err != nil {
		return err
	}
	switch {
	case started.Replaced == o.Ref:
		cli.Notef(ses.io, "replaced the running %s (from the same reference)", started.PublicKey)
	case started.Replaced != "":
		cli.Notef(ses.io, "replaced the running %s (was %s)", started.PublicKey, started.Replaced)
	}
	a := startAnswer{
		Result: fmt.Sprintf("Actor %s started on host %s", o.Ref, started.HostID),
		HostID: started.HostID, ActorID: started.PublicKey, Reference: o.Ref,
		Instances: started.Instances, Replaced: started.Replaced,
	}
	if f.skipWait {
		a.Result = fmt.Sprintf("Start actor request received: %s, host: %s", o.Ref, started.HostID)
	}
	return cli.Print(cmd, ses.io, a, func(w io.Writer) { fmt.Fprintln(w, a.Result) })
}

// answer is wash's JSON of commands.
type answer struct {
	Result string `json:"result"`
}

func printResult(cmd *cobra.Command, s *cli.IO, format string, args ...any) error {
	a := answer{fmt.Sprintf(format, args...)}
	return cli.Print(cmd, s, a, func(w io.Writer) { fmt.Fprintln(w, a.Result) })
}

// updateCommand replaces the code of a named actor.
func updateCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	cmd := &cobra.Command{
		Use:   "actor [HOST] ACTOR REFERENCE",
		Short: "Replace the code of a running actor",
		Example: `  lattice update actor echo localhost:5000/echo:0.2.0
  lattice update actor NBVH…EQ6K MCLF…MCQB localhost:5000/echo:0.2.0`,
		Args: cobra.RangeArgs(2, 3),
	}
	f.register(cmd, kindCtl)
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		host, actor, rest, err := ses.hostAndActor(ctx, args)
		if err != nil {
			return err
		}
		if len(rest) != 1 {
			return cli.Usage("name the reference of the new code")
		}
		ref, err := reference(rest[0])
		if err != nil {
			return err
		}
		if host == "" {
			if host, _, err = ses.hostOf(ctx, actor); err != nil {
				return err
			}
		}
		err = ses.control.UpdateActor(ctx, wasmbus.UpdateActorCommand{ActorID: actor, NewActorRef: ref, HostID: host})
		if err != nil {
			return fmt.Errorf("updating %s to %s: %w", actor, ref, err)
		}
		return printResult(cmd, ses.io, "Actor %s updated to %s", actor, ref)
	})
	return group("update", "Replace the code of running actors", cmd)
}

// hostAndActor reads [HOST] ACTOR REST...; host is "" when it was not named.
func (s *session) hostAndActor(ctx context.Context, args []string) (host, actor string, rest []string, err error) {
	if looksLikeKey(args[0], strkey.Server) {
		if host, err = parseKey(args[0], "host", strkey.Server); err != nil {
			return "", "", nil, err
		}
		args = args[1:]
	}
	if len(args) == 0 {
		return "", "", nil, cli.Usage("name an actor after the host")
	}
	actor, err = s.actorKey(ctx, args[0])
	return host, actor, args[1:], err
}

func scaleCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var count uint16
	var notes []string
	cmd := &cobra.Command{
		Use:   "actor [HOST] ACTOR [REFERENCE]",
		Short: "Set the number of instances of an actor",
		Example: `  lattice scale actor echo --count 4
  lattice scale actor NBVH…EQ6K MCLF…MCQB localhost:5000/echo:0.1.0 -c 4`,
		Args: cobra.RangeArgs(1, 3),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().Uint16VarP(&count, "count", "c", 1, "`number` of instances; 0 stops the actor")
	cmd.Flags().StringArrayVarP(&notes, "annotations", "a", nil, "what the host is to note of these instances, as `key=value`; may be repeated")
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		host, actor, rest, err := ses.hostAndActor(ctx, args)
		if err != nil {
			return err
		}
		c := wasmbus.ScaleActorCommand{ActorID: actor, HostID: host, Count: count}
		if c.Annotations, err = pairs("--annotations", notes); err != nil {
			return err
		}
		if len(rest) == 1 {
			if c.ActorRef, err = reference(rest[0]); err != nil {
				return err
			}
		}
		if c.HostID == "" || c.ActorRef == "" {
			found, running, err := ses.hostOf(ctx, actor)
			if err != nil {
				return err
			}
			c.HostID, c.ActorRef = given(c.HostID, found), given(c.ActorRef, running.ImageRef)
		}
		if err := ses.control.Scale(ctx, c, ses.wait()); err != nil {
			return err
		}
		return printResult(cmd, ses.io, "Actor %s scaled to %d on host %s", actor, count, c.HostID)
	})
	return group("scale", "Change the number of instances", cmd)
}

func stopCommand(s *cli.IO) *cobra.Command {
	return group("stop", "Stop actors, providers or hosts", stopActorCommand(s), stopProviderCommand(s), stopHostCommand(s))
}

func stopActorCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var count uint16
	var skipWait bool
	cmd := &cobra.Command{
		Use:   "actor [HOST] ACTOR",
		Short: "Stop instances of an actor",
		Example: `  lattice stop actor echo --count 0    # all of them
  lattice stop actor NBVH…EQ6K MCLF…MCQB`,
		Args: cobra.RangeArgs(1, 2),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().Uint16Var(&count, "count", 1, "`number` of instances; 0 = all")
	cmd.Flags().BoolVar(&skipWait, "skip-wait", false, "do not wait for the host's event")
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		host, actor, rest, err := ses.hostAndActor(ctx, args)
		if err != nil {
			return err
		}
		if len(rest) > 0 {
			return cli.Usage("want [HOST] ACTOR, and %q is no host (N…)", args[0])
		}
		if host == "" {
			if host, _, err = ses.hostOf(ctx, actor); err != nil {
				return err
			}
		}
		err = ses.control.Stop(ctx, bus.StopOptions{HostID: host, ActorID: actor, Count: count, SkipWait: skipWait, Wait: ses.wait()})
		if err != nil {
			return err
		}
		if skipWait {
			return printResult(cmd, ses.io, "Request to stop actor %s received", actor)
		}
		return printResult(cmd, ses.io, "Actor %s stopped", actor)
	})
	return cmd
}

func stopHostCommand(s *cli.IO) *cobra.Command {
	var f connFlags
	var grace int
	cmd := &cobra.Command{
		Use:     "host [HOST]",
		Short:   "Ask a host to stop",
		Example: "  lattice stop host\n  lattice stop host NBVH…EQ6K --host-timeout 5000",
		Args:    cobra.MaximumNArgs(1),
	}
	f.register(cmd, kindCtl)
	cmd.Flags().IntVar(&grace, "host-timeout", 2000, "`milliseconds` that the host may take")
	cmd.RunE = withSession(&f, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
		host, err := ses.hostArg(ctx, args)
		if err != nil {
			return err
		}
		if err := ses.control.StopHost(ctx, host, time.Duration(grace)*time.Millisecond); err != nil {
			return err
		}
		return printResult(cmd, ses.io, "Host %s acknowledged stop request", host)
	})
	return cmd
}

// hostArg is the host that was named, or the only one there is.
func (s *session) hostArg(ctx context.Context, args []string) (string, error) {
	if len(args) == 0 {
		return s.onlyHost(ctx)
	}
	return parseKey(args[0], "host", strkey.Server)
}
