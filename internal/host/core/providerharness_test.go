package core

import (
	"bytes"
	"context"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// kvContract is what the test provider says that it is, and the probe asks for.
const kvContract = "wasmcloud:keyvalue"

// buildProvider builds testdata/provider, once for all tests.
var buildProvider = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "provider-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "provider")
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, "./testdata/provider")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building the test provider: %w\n%s", err, text)
	}
	return os.ReadFile(out)
})

// archive packs the test provider for this machine. Its key comes from the name.
func archive(t testing.TB, name string, change func(*par.CreateOptions)) []byte {
	t.Helper()
	executable, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	return pack(t, name, executable, change)
}

func pack(t testing.TB, name string, executable []byte, change func(*par.CreateOptions)) []byte {
	t.Helper()
	o := par.CreateOptions{
		Issuer: strkey.Development(), // not compressed: tests pack and read it often
		Files:  []par.File{measure(t, par.HostTarget(), executable)},
		Claims: claims.Claims[claims.Provider]{
			Subject: string(key(strkey.Service, name).Public()), Revision: claims.Revision,
			Metadata: &claims.Provider{Name: &name, CapID: kvContract, Vendor: "test"},
		},
	}
	if change != nil {
		change(&o)
	}
	var out bytes.Buffer
	if _, err := par.Create(t.Context(), &out, o); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func measure(t testing.TB, target par.Target, content []byte) par.File {
	t.Helper()
	f, err := par.Measure(t.Context(), target, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// otherTarget is a target that this machine is not.
func otherTarget() par.Target {
	if runtime.GOOS == "windows" {
		return "x86_64-linux"
	}
	return "x86_64-windows"
}

// foreignProgram is the head of a Linux executable for an architecture that is
// not this machine's: as much as tells for whom it is.
func foreignProgram() []byte {
	header := elf.Header64{
		Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(elf.EM_AARCH64), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Shentsize: 64,
	}
	if runtime.GOARCH == "arm64" {
		header.Machine = uint16(elf.EM_X86_64)
	}
	out, _ := binary.Append(nil, binary.LittleEndian, header) // of fixed size: never fails
	return out
}

// parFile writes an archive to a file and returns its reference.
func parFile(t testing.TB, archive []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "provider.par.gz")
	if err := os.WriteFile(path, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + path
}

// startProvider starts a provider under the link name "default" and waits for
// its event.
func (w *world) startProvider(ref, configuration string) wasmbus.ProviderStarted {
	w.t.Helper()
	return w.startProviderAs(ref, "default", configuration)
}

func (w *world) startProviderAs(ref, link, configuration string) wasmbus.ProviderStarted {
	w.t.Helper()
	w.sendProvider(ref, link, configuration)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for {
		ev, err := w.events.Next(ctx)
		if err != nil {
			w.t.Fatalf("%s did not start: %v", ref, err)
		}
		switch ev.Name() {
		case wasmbus.EventProviderFailed:
			w.t.Fatalf("%s did not start: %s", ref, ev.Data)
		case wasmbus.EventProviderStarted:
			var e wasmbus.ProviderStarted
			if err := ev.Decode(&e); err != nil {
				w.t.Fatal(err)
			}
			return e
		}
	}
}

func (w *world) sendProvider(ref, link, configuration string) {
	w.t.Helper()
	err := w.ctl.StartProvider(context.Background(), wasmbus.StartProviderCommand{
		ProviderRef: ref, LinkName: link, HostID: w.host.Info().HostID, Configuration: configuration,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// providerFails starts ref and returns the reason in the event.
func (w *world) providerFails(ref, link, configuration string) string {
	w.t.Helper()
	w.sendProvider(ref, link, configuration)
	var e wasmbus.ProviderStartFailed
	w.event(wasmbus.EventProviderFailed, &e)
	if e.ProviderRef != ref || e.LinkName != link {
		w.t.Errorf("event is about %q and link %q, want %q and %q", e.ProviderRef, e.LinkName, ref, link)
	}
	return e.Error
}

// stopProvider stops a provider and returns the event.
func (w *world) stopProvider(e wasmbus.ProviderStarted) wasmbus.ProviderStopped {
	w.t.Helper()
	err := w.ctl.StopProvider(context.Background(), wasmbus.StopProviderCommand{
		ProviderRef: e.PublicKey, LinkName: e.LinkName, ContractID: e.ContractID, HostID: w.host.Info().HostID,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	var stopped wasmbus.ProviderStopped
	w.event(wasmbus.EventProviderStopped, &stopped)
	return stopped
}

// link links the probe to a provider.
func (w *world) link(provider, name string) wasmbus.LinkDefinition {
	w.t.Helper()
	l := wasmbus.LinkDefinition{ActorID: probeKey, ProviderID: provider, LinkName: name, ContractID: kvContract, Values: map[string]string{"a": "b"}}
	if err := w.ctl.PutLink(context.Background(), l); err != nil {
		w.t.Fatal(err)
	}
	return l
}

// told is what the test provider tells of itself.
type told struct {
	Env, Args []string
	PID, PPID int
	Links     []wasmbus.LinkDefinition
	Data      wasmbus.HostData
}

// ask calls an operation of a provider as the probe's host does.
func (w *world) ask(p wasmbus.ProviderStarted, operation string, payload []byte) ([]byte, error) {
	target := wasmbus.Entity{PublicKey: p.PublicKey, LinkName: p.LinkName, ContractID: p.ContractID}
	return w.host.callRemote(context.Background(), probeKey, target, operation, payload)
}

func (w *world) describe(p wasmbus.ProviderStarted) told {
	w.t.Helper()
	reply, err := w.ask(p, "Test.Describe", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	var d told
	if err := json.Unmarshal(reply, &d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func expiring(at int64) func(*par.CreateOptions) {
	return func(o *par.CreateOptions) { o.Claims.Expires = at }
}

func (w *world) providerKey(name string) string { return string(key(strkey.Service, name).Public()) }

// counts calls the probe until it counted with its provider.
func (w *world) counts(want string) {
	w.t.Helper()
	testkit.Eventually(w.t, want, func() bool {
		got, err := w.get(probeKey, "/count")
		return err == nil && got == want
	})
}
