package lattice

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// subject is a provider to be tested: this test's own executable under another name,
// which says in what way it is bad.
type subject struct {
	how  string
	host *provider.Host
	web  *http.Server
}

func (p *subject) Init(_ context.Context, h *provider.Host) error {
	p.host = h
	if p.how == "floods" {
		go func() {
			for i := 0; ; i++ {
				fmt.Fprintln(os.Stderr, "flood", i, strings.Repeat("x", 1000))
			}
		}()
	}
	return nil
}

func (p *subject) Link(_ context.Context, l provider.LinkDefinition) error {
	if file := l.Values["pids"]; file != "" {
		pids := strconv.Itoa(os.Getpid())
		if l.Values["child"] != "" {
			child := exec.Command(l.Values["child"])
			if err := child.Start(); err != nil {
				return err
			}
			pids += " " + strconv.Itoa(child.Process.Pid)
		}
		if err := os.WriteFile(file+".new", []byte(pids), 0o600); err != nil {
			return err
		}
		if err := os.Rename(file+".new", file); err != nil {
			return err
		}
	}
	if l.Values["address"] == "" {
		return nil
	}
	listener, err := net.Listen("tcp", l.Values["address"])
	if err != nil {
		return err
	}
	p.web = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		argument, _ := wasmbus.EncodeJSON(r.Method + " " + r.URL.Path + " " + r.Header.Get("X-Test") + " " + string(body))
		packed, _ := wasmbus.JSONToMsgpack(argument)
		reply, err := p.host.CallActor(r.Context(), l, "Web.Hit", packed)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		text, _ := wasmbus.DecodeReply(reply, wasmbus.BinString)
		w.Header().Set("X-Test", "yes")
		_, _ = w.Write(text)
	})}
	go func() { _ = p.web.Serve(listener) }()
	return nil
}

func (p *subject) Unlink(context.Context, provider.LinkDefinition) error {
	if p.web != nil {
		return p.web.Close()
	}
	return nil
}

func (p *subject) Health(context.Context) error {
	if p.how == "sick" {
		return errors.New("the disk is full")
	}
	return nil
}

func (p *subject) Shutdown(context.Context) error {
	if p.how == "deaf" {
		select {}
	}
	return nil
}

func (p *subject) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	switch c.Operation {
	case "Echo.Echo":
		p.host.Logger().Info("echoed", "bytes", len(c.Msg))
		return c.Msg, nil
	case "Echo.Values":
		values := map[string]string{"env": os.Getenv("P_SECRET"), "path": os.Getenv("PATH"), "log": os.Getenv("RUST_LOG"), "host": c.Link.Values["host"]}
		if c.Link.Values["host"] == "?" {
			values["host"] = p.host.Data().HostID
		}
		for k, v := range c.Link.Values {
			if k != "host" {
				values["link."+k] = v
			}
		}
		text, err := json.Marshal(values)
		if err != nil {
			return nil, err
		}
		return wasmbus.JSONToMsgpack(text)
	case "Echo.Ask":
		return p.host.CallActor(ctx, c.Link, "Actor.Asked", c.Msg)
	case "Echo.Pose":
		return nil, p.pose(ctx, c)
	case "Echo.Later":
		go func() { _, _ = p.host.CallActor(context.Background(), c.Link, "Actor.Asked", c.Msg) }()
		return nil, nil
	case "Echo.Die":
		fmt.Fprintln(os.Stderr, "these are my last words")
		os.Exit(4)
	}
	return nil, provider.UnknownOperation(c.Operation)
}

// pose calls the actor in the name of another provider, rightly signed.
func (p *subject) pose(ctx context.Context, c provider.Call) error {
	data := p.host.Data()
	cluster, err := strkey.ParseSeed([]byte(data.InvocationSeed), strkey.Cluster)
	if err != nil {
		return err
	}
	other := wasmbus.Entity{PublicKey: string(strkey.FromRaw(strkey.Service, [32]byte{8}).Public()), LinkName: c.Link.LinkName, ContractID: c.Link.ContractID}
	inv, err := wasmbus.NewInvocation(other, wasmbus.Actor(c.Link.ActorID), "Actor.Asked", c.Msg, data.HostID, cluster, time.Now())
	if err != nil {
		return err
	}
	_, err = p.host.NATS().RequestWithContext(ctx, wasmbus.ActorSubject(data.LatticeRPCPrefix, c.Link.ActorID), inv.Marshal())
	return err
}

// misbehave is the main function of the bad ones.
func misbehave(how string) {
	switch how {
	case "exits":
		fmt.Fprintln(os.Stderr, "fatal: no such database")
		os.Exit(3)
	case "silent":
		select {}
	case "lingers", "fails":
		hd, err := provider.ReadHostData(os.Stdin)
		if err == nil {
			err = provider.Run(context.Background(), hd, &subject{}, provider.Options{})
		}
		if err != nil || how == "fails" {
			os.Exit(7)
		}
		select {}
	case "forges":
		hd, err := provider.ReadHostData(os.Stdin)
		if err != nil {
			os.Exit(1)
		}
		own, err := strkey.Generate(strkey.Cluster, rand.Reader)
		if err != nil {
			os.Exit(1)
		}
		hd.InvocationSeed = own.Reveal()
		if provider.Run(context.Background(), hd, &subject{}, provider.Options{}) != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	provider.Main(&subject{how: how})
}

var subjects = []string{"good", "exits", "silent", "sick", "floods", "deaf", "lingers", "fails", "forges"}

func withSubjects(tools map[string]func(*cli.IO) *cobra.Command) map[string]func(*cli.IO) *cobra.Command {
	for _, how := range subjects {
		tools["prov-"+how] = func(*cli.IO) *cobra.Command {
			misbehave(how)
			return nil
		}
	}
	return tools
}

func TestTestProvider(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/provider", RequireUniqueNames: true, RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"usage": wrongUsage, "pids": waitForPIDs, "gone": processesGone},
		Setup: func(env *testscript.Env) error {
			bin, _, _ := strings.Cut(env.Getenv("PATH"), string(os.PathListSeparator))
			env.Setenv("BIN", bin)
			env.Setenv("ISSUER", string(archiveIssuer().Public()))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("TMPDIR", env.WorkDir)
			if err := os.CopyFS(env.WorkDir, os.DirFS("testdata/providerfiles")); err != nil {
				return err
			}
			good := filepath.Join(bin, "prov-good")
			if err := foreign(good, filepath.Join(env.WorkDir, "foreign")); err != nil {
				return err
			}
			// Under its name in a store this executable would not know what it is.
			script := filepath.Join(env.WorkDir, "good.sh")
			if err := os.WriteFile(script, []byte("#!/bin/sh\nexec "+good+"\n"), 0o700); err != nil {
				return err
			}
			if err := archive(filepath.Join(env.WorkDir, "other.par.gz"), script, "x86_64-windows"); err != nil {
				return err
			}
			return archive(filepath.Join(env.WorkDir, "good.par.gz"), script, par.HostTarget())
		},
	})
}

func archiveIssuer() *strkey.Seed { return strkey.FromRaw(strkey.Account, [32]byte{1}) }

func archive(path, executable string, target par.Target) error {
	file, err := par.Measure(context.Background(), target, func() (io.ReadCloser, error) { return os.Open(executable) })
	if err != nil {
		return err
	}
	service := strkey.FromRaw(strkey.Service, [32]byte{2})
	name := "good"
	var b bytes.Buffer
	_, err = par.Create(context.Background(), &b, par.CreateOptions{
		Files: []par.File{file}, Issuer: archiveIssuer(), Compress: true, Fast: true,
		Claims: claims.Claims[claims.Provider]{Subject: string(service.Public()), Metadata: &claims.Provider{Name: &name, CapID: "test:echo", Vendor: "test"}},
	})
	if err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// foreign is an executable whose header is of another machine; the rest does not
// matter.
func foreign(like, path string) error {
	b, err := os.ReadFile(like)
	if err != nil {
		return err
	}
	if !bytes.HasPrefix(b, []byte("\x7fELF")) {
		return os.WriteFile(path, b, 0o700)
	}
	const machine, riscy = 18, 183 // e_machine, EM_AARCH64
	b[machine], b[machine+1] = riscy, 0
	if strings.Contains(par.HostTarget().GOARCH(), "arm64") {
		b[machine] = 62 // EM_X86_64
	}
	return os.WriteFile(path, b, 0o700)
}

// waitForPIDs waits for the file in which a provider noted its process and its
// child's.
func waitForPIDs(ts *testscript.TestScript, _ bool, args []string) {
	end := time.Now().Add(30 * time.Second)
	for time.Now().Before(end) {
		if _, err := os.Stat(ts.MkAbs(args[0])); err == nil {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	ts.Fatalf("no %s", args[0])
}

func processesGone(ts *testscript.TestScript, _ bool, args []string) {
	end := time.Now().Add(30 * time.Second)
	for _, text := range strings.Fields(ts.ReadFile(args[0])) {
		pid, err := strconv.Atoi(text)
		ts.Check(err)
		for !dead(pid) {
			if time.Now().After(end) {
				ts.Fatalf("process %d is still there", pid)
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// dead: a zombie that nobody collects (the child's parent is gone too) is dead enough.
func dead(pid int) bool {
	if p, err := os.FindProcess(pid); err != nil || p.Signal(syscall.Signal(0)) != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return errors.Is(err, os.ErrNotExist)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}
