package lattice

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	bus "github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

type callFlags struct {
	conn connFlags
	data string
	save string
	bin  string
	test bool

	words func(w io.Writer, raw, decoded []byte)
}

func callCommand(s *cli.IO, words func(w io.Writer, raw, decoded []byte)) *cobra.Command {
	f := callFlags{words: words}
	cmd := &cobra.Command{
		Use:   "call ACTOR OPERATION [JSON...]",
		Short: "Call an actor and print its reply",
		Long: `Call an actor and print its reply as JSON, and nothing else, on standard output.

ACTOR is an M… key, a call alias, the reference it was started from, or a signed .wasm file. The payload is
JSON (several arguments are joined), @FILE, or @- for standard input; without one the operation gets no
argument. It is sent as msgpack; replies in msgpack and in CBOR are understood.

Bytes in the reply appear as text; with --output json, or --bin b, as an array of numbers, as wash prints
them; --bin 2 shows both. The invocation carries a host key made for this process, because Rust hosts refuse
the invalid one that wash 0.17 sends, and the called actor itself as its origin.`,
		Example: `  lattice call echo HttpServer.HandleRequest '{"method":"GET","path":"/","queryString":"","header":{},"body":""}'
  lattice call MCLF…MCQB Actor.HealthRequest --output json
  lattice call build/echo_s.wasm Echo.Echo @payload.json`,
		Args: cobra.MinimumNArgs(2),
	}
	f.conn.register(cmd, kindRPC)
	f.conn.registerClusterSeed(cmd)
	fl := cmd.Flags()
	fl.StringVarP(&f.data, "data", "d", "", "`file` of the JSON payload")
	fl.StringVar(&f.save, "save", "", "write the reply's bytes, undecoded, to a `file` and print nothing")
	fl.StringVar(&f.bin, "bin", "", "how to show bytes: `b` as an array, s as a string, 2 as both")
	fl.BoolVar(&f.test, "test", false, "show the reply as test results; exit 1 if one failed")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		payload, err := f.payload(s, args[2:])
		if err != nil {
			return err
		}
		bin, err := f.binMode(cmd)
		if err != nil {
			return err
		}
		return withSession(&f.conn, s, func(ctx context.Context, ses *session, cmd *cobra.Command, args []string) error {
			return f.run(ctx, ses, cmd, args, payload, bin)
		})(cmd, args)
	}
	return cmd
}

// payload reads and converts the argument before anything is connected.
func (f *callFlags) payload(s *cli.IO, words []string) ([]byte, error) {
	text := strings.Join(words, "")
	source := "the payload"
	switch {
	case f.data != "" && text != "":
		return nil, cli.Usage("a payload was given twice: by --data and as an argument")
	case f.data != "":
		text = "@" + f.data
	}
	if file, ok := strings.CutPrefix(text, "@"); ok {
		source = file
		b, err := readInput(s, file)
		if err != nil {
			return nil, fmt.Errorf("reading the payload: %w", err)
		}
		text = string(b)
	}
	payload, err := wasmbus.JSONToMsgpack([]byte(text))
	if err != nil {
		return nil, cli.Usage("%s: %v (a text needs quotes: '\"like this\"')", source, err)
	}
	return payload, nil
}

func readInput(s *cli.IO, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(s.In)
	}
	return os.ReadFile(file)
}

// binMode is --bin, or else what suits the reader: a program gets wash's form,
// a person text.
func (f *callFlags) binMode(cmd *cobra.Command) (wasmbus.BinMode, error) {
	if f.bin != "" {
		mode, err := wasmbus.ParseBinMode(f.bin)
		if err != nil {
			return 0, cli.Usage("%v", err)
		}
		return mode, nil
	}
	if cmd.Flag("output").Value.String() == "json" {
		return wasmbus.BinArray, nil
	}
	return wasmbus.BinString, nil
}

func (f *callFlags) run(ctx context.Context, ses *session, cmd *cobra.Command, args []string, payload []byte, bin wasmbus.BinMode) error {
	caller, err := newCaller(ses)
	if err != nil {
		return err
	}
	key, err := ses.actorKey(ctx, args[0])
	if err != nil {
		return err
	}
	reply, err := caller.call(ctx, key, args[1], payload, "")
	if f.test && args[1] == wasmbus.OpStart && unknownOperation(err) {
		// Makefiles of old say Start; actors since 2022 answer to the whole name alone.
		reply, err = caller.call(ctx, key, contract.TestingStartOperation, payload, "")
	}
	if err != nil {
		return err
	}
	switch {
	case f.save != "":
		return saveReply(f.save, reply)
	case f.test:
		return f.printTests(cmd, ses.io, reply)
	}
	text, err := wasmbus.DecodeReply(reply, bin)
	if err != nil {
		return fmt.Errorf("the reply of %s: %w; --save keeps its bytes", args[1], err)
	}
	result := struct {
		Response json.RawMessage `json:"response"`
	}{text}
	return cli.Print(cmd, ses.io, result, func(w io.Writer) { f.words(w, reply, text) })
}

func saveReply(path string, reply []byte) error {
	return fsx.WriteFile(path, 0o644, func(w io.Writer) error {
		_, err := w.Write(reply)
		return err
	})
}

func (f *callFlags) printTests(cmd *cobra.Command, s *cli.IO, reply []byte) error {
	results, err := wasmbus.UnmarshalTestResults(reply)
	if err != nil {
		return err
	}
	r := &report{}
	for _, t := range results {
		r.add(actorResult(t))
	}
	return r.print(cmd, s)
}

// caller signs and sends calls on a session.
type caller struct {
	ses     *session
	hostKey *strkey.Seed
	cluster *strkey.Seed
}

func newCaller(ses *session) (*caller, error) {
	cluster, err := clusterSeed(ses.place)
	if err != nil {
		return nil, err
	}
	hostKey, err := strkey.Generate(strkey.Server, rand.Reader)
	if err != nil {
		return nil, err
	}
	return &caller{ses, hostKey, cluster}, nil
}

func clusterSeed(p place) (*strkey.Seed, error) {
	if p.clusterSeed == "" {
		return nil, errors.New("calls are signed by the cluster seed of the lattice, and none is known: give the host's --state-file or --context, or --cluster-seed or WASMCLOUD_CLUSTER_SEED")
	}
	var seed *strkey.Seed
	var err error
	if len(p.clusterSeed) < seedLength { // a file
		seed, err = strkey.ReadFile(p.clusterSeed, strkey.Cluster)
	} else {
		seed, err = strkey.ParseSeed([]byte(p.clusterSeed), strkey.Cluster)
	}
	if err != nil {
		return nil, fmt.Errorf("the cluster seed of %s: %w", p.seedSource, err)
	}
	return seed, nil
}

// call invokes an operation of an actor; id is the invocation's, "" = any.
func (c *caller) call(ctx context.Context, key, operation string, payload []byte, id string) ([]byte, error) {
	reply, err := bus.Call(ctx, c.ses.conn, bus.CallOptions{
		Lattice: c.ses.place.lattice, Target: wasmbus.Actor(key), Operation: operation, Payload: payload,
		HostKey: c.hostKey, Cluster: c.cluster, Timeout: c.ses.timeout, Now: c.ses.io.Now(), ID: id,
	})
	var remote *bus.RemoteError
	switch {
	case errors.As(err, &remote) && strings.Contains(remote.Text, "cluster issuer"): // ours, and the Rust hosts'
		return nil, fmt.Errorf("%s of %s failed: %w; the call was signed by the seed of %s: give the host's own by --state-file, --context, --cluster-seed or WASMCLOUD_CLUSTER_SEED",
			operation, key, err, c.ses.place.seedSource)
	case errors.As(err, &remote):
		return nil, fmt.Errorf("%s of %s failed: %w", operation, key, err)
	case errors.Is(err, bus.ErrNobody):
		return nil, fmt.Errorf("%w at %s: start it by `lattice start`, or a host by `make up`", err, c.ses.conn.URL())
	}
	return reply, err
}

// seconds is a duration for people and reports.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
