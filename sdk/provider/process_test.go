package provider_test

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice/embedded"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit/providerbed"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// process is the sample provider as an executable of its own, started as hosts do.
type process struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stderr *providerbed.Buffer
	done   chan error
}

func launch(t *testing.T) *process {
	t.Helper()
	p := &process{Cmd: exec.Command(os.Args[0]), stderr: &providerbed.Buffer{}, done: make(chan error, 1)}
	p.Env = []string{"SAMPLE_PROVIDER=1"} // the Rust host clears the rest
	p.Stderr = p.stderr
	stdin, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdin = stdin
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.Wait() }()
	t.Cleanup(func() {
		_ = p.Process.Kill()
		p.end(t)
	})
	return p
}

// end waits for the end and gives the exit code.
func (p *process) end(t *testing.T) int {
	t.Helper()
	select {
	case err := <-p.done:
		p.done <- err
		return p.ProcessState.ExitCode()
	case <-providerbed.Context(t).Done():
		t.Fatalf("the provider does not end\n%s", p.stderr)
		return -1
	}
}

func (p *process) write(t *testing.T, line []byte) {
	t.Helper()
	if _, err := p.stdin.Write(line); err != nil {
		t.Fatal(err)
	}
}

func launchData(server *embedded.Server, change func(*provider.HostData)) provider.HostData {
	d := provider.HostData{
		HostID: providerbed.HostKey(), LatticeRPCPrefix: "default", LinkName: "default",
		LatticeRPCURL: strings.TrimPrefix(server.URL(), "nats://"), // an Elixir host sends no scheme
		ProviderKey:   providerbed.ProviderKey(), InvocationSeed: providerbed.Cluster().Reveal(), InstanceID: "i",
		ClusterIssuers: []string{string(providerbed.Cluster().Public())}, LinkDefinitions: []provider.LinkDefinition{linkOf(actorKey)},
	}
	if change != nil {
		change(&d)
	}
	return d
}

func connect(t *testing.T, server *embedded.Server) *lattice.Conn {
	t.Helper()
	conn, err := lattice.Connect(providerbed.Context(t), lattice.ConnectConfig{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func ask(t *testing.T, conn *lattice.Conn, subject, body string) string {
	t.Helper()
	m, err := conn.NATS().Request(subject, []byte(body), providerbed.Patience)
	if err != nil {
		t.Fatalf("%s: %v", subject, err)
	}
	return string(m.Data)
}

func healthy(conn *lattice.Conn, subject string) func() bool {
	return func() bool {
		_, err := conn.NATS().Request(subject, nil, providerbed.Patience)
		return err == nil
	}
}

func TestMainUnderBothHosts(t *testing.T) {
	server := providerbed.StartServer(t)
	conn := connect(t, server)
	line, err := launchData(server, nil).Line()
	if err != nil {
		t.Fatal(err)
	}
	subject := wasmbus.ProviderSubject("default", providerbed.ProviderKey(), "default")
	for name, end := range map[string]string{"Elixir": "\n", "Rust": "\r\n"} {
		t.Run(name, func(t *testing.T) {
			p := launch(t)
			p.write(t, append(bytes.TrimSpace(line), end...))
			if name == "Rust" {
				p.stdin.Close()
			}
			providerbed.Eventually(t, "health", healthy(conn, subject+".health"))
			if got := ask(t, conn, subject+".shutdown", `{"host_id":"`+providerbed.HostKey()+`"}`); got != "shutting down" {
				t.Errorf("answered %q", got)
			}
			if code := p.end(t); code != 0 {
				t.Errorf("exit code %d\n%s", code, p.stderr)
			}
		})
	}
}

// The Rust SDK's test harness: no padding, and JSON bodies.
func TestMainUnderTheTestHarness(t *testing.T) {
	server := providerbed.StartServer(t)
	conn := connect(t, server)
	line, err := launchData(server, func(d *provider.HostData) {
		d.HostID, d.LinkDefinitions = wasmbus.TestHostID, nil
		d.StructuredLogging, d.LogLevel = true, "trace"
	}).Line()
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t)
	p.write(t, append(bytes.TrimRight(line, "=\n"), "\r\n"...))
	subject := wasmbus.ProviderSubject("default", providerbed.ProviderKey(), "default")
	providerbed.Eventually(t, "health", healthy(conn, subject+".health"))
	if got := ask(t, conn, subject+".health", `{}`); got != `{"healthy":true}` {
		t.Errorf("health is %q", got)
	}
	link, err := json.Marshal(linkOf(actorKey))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Publish(subject+".linkdefs.put", link); err != nil {
		t.Fatal(err)
	}
	got, err := lattice.Call(providerbed.Context(t), conn, lattice.CallOptions{
		Origin: wasmbus.Actor(actorKey), Target: wasmbus.Entity{PublicKey: providerbed.ProviderKey(), LinkName: "default", ContractID: contract},
		Operation: "Sample.Echo", Payload: []byte("x"), HostKey: providerbed.Seed(strkey.Server, 7), Cluster: providerbed.Cluster(), Timeout: providerbed.Patience,
	})
	if err != nil || string(got) != "x" {
		t.Errorf("got %q, %v", got, err)
	}
	if got := ask(t, conn, subject+".shutdown", `{"host_id":"_TEST_"}`); got != "shutting down" {
		t.Errorf("answered %q", got)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	for line := range strings.Lines(p.stderr.String()) {
		var entry struct{ Level, Msg string }
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Level == "" || entry.Msg == "" {
			t.Errorf("the log line %q is no JSON: %v", line, err)
		}
	}
}

func TestMainEndsBySignal(t *testing.T) {
	server := providerbed.StartServer(t)
	conn := connect(t, server)
	line, err := launchData(server, nil).Line()
	if err != nil {
		t.Fatal(err)
	}
	p := launch(t)
	p.write(t, line)
	subject := wasmbus.ProviderSubject("default", providerbed.ProviderKey(), "default")
	providerbed.Eventually(t, "health", healthy(conn, subject+".health"))
	if err := p.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 || !strings.Contains(p.stderr.String(), "stopped") {
		t.Errorf("exit code %d\n%s", code, p.stderr)
	}
}

func TestMainRefusesWhatIsNoHost(t *testing.T) {
	for _, tt := range []struct{ stdin, want string }{
		{"hello\n", "is not base64"},
		{"", "the first line of standard input is empty"},
		{"e30=\n", "host data: provider_key"},
	} {
		p := launch(t)
		p.write(t, []byte(tt.stdin))
		p.stdin.Close()
		if code := p.end(t); code != 1 || !strings.Contains(p.stderr.String(), tt.want) {
			t.Errorf("%q: exit code %d, %s", tt.stdin, code, p.stderr)
		}
	}
	cmd := exec.Command(os.Args[0]) // standard input is /dev/null, a device as a terminal is
	cmd.Env = []string{"SAMPLE_PROVIDER=1"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "a wasmCloud host starts it") {
		t.Errorf("got %s, %v", out, err)
	}
}
