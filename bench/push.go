package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// pushCases: a 60 MiB signed module, cold and unchanged, to the reference
// registry on loopback, against oras, crane and wash.
func (b *bench) pushCases(ctx context.Context) error {
	addr, stop, err := b.registry(ctx)
	if err != nil {
		return err
	}
	defer stop()
	file := filepath.Join(b.dir, "push_s.wasm")
	if err := b.signed(ctx, file); err != nil {
		return err
	}
	if err := b.pushCold(ctx, addr, file); err != nil {
		return err
	}
	if err := b.pushUnchanged(ctx, addr, file); err != nil {
		return err
	}
	return b.pushBatch(ctx, addr)
}

// pushCold times a push into a repository that has never seen the blob. The
// registry shares blobs between repositories on disk but, without a mount,
// each repository is still asked for and sent the whole.
func (b *bench) pushCold(ctx context.Context, addr, file string) error {
	n := 0
	name := func(who string) string { n++; return fmt.Sprintf("%s/cold/%s-%d:1", addr, who, n) }
	subjects := b.pushers(func(argv ...string) func(context.Context) (sample, error) {
		return func(ctx context.Context) (sample, error) {
			args := append([]string(nil), argv...)
			for i, a := range args {
				if a == "REF" {
					args[i] = name("peer")
				}
			}
			return command(b.env(), args...)(ctx)
		}
	}, file)
	got, err := compare(ctx, 7, subjects)
	if err != nil {
		return err
	}
	goals := map[string]string{"oras": "<= 1.00"}
	for i, s := range subjects[1:] {
		b.report.ratio("push 60 MiB cold", quantile(walls(got[0]), 0.5), quantile(walls(got[i+1]), 0.5), s.name, goals[s.name], 1.0)
	}
	b.report.figure("push 60 MiB cold, resident", mib(maxRSS(got[0])), "", nil)
	return nil
}

// pushUnchanged times a push of what is there already. For oras the bare file
// is what our goal is stated against.
func (b *bench) pushUnchanged(ctx context.Context, addr, file string) error {
	subjects := b.pushers(func(argv ...string) func(context.Context) (sample, error) {
		args := append([]string(nil), argv...)
		for i, a := range args {
			if a == "REF" {
				args[i] = addr + "/same/" + filepath.Base(args[0]) + ":1"
			}
		}
		return command(b.env(), args...)
	}, file)
	got, err := compare(ctx, 15, subjects)
	if err != nil {
		return err
	}
	goals := map[string]string{"oras": "<= 1.20"}
	for i, s := range subjects[1:] {
		b.report.ratio("push 60 MiB unchanged", quantile(walls(got[0]), 0.5), quantile(walls(got[i+1]), 0.5), s.name, goals[s.name], 1.2)
	}
	return nil
}

// pushers are the competitors; REF in a command stands for the reference.
func (b *bench) pushers(run func(argv ...string) func(context.Context) (sample, error), file string) []subject {
	layer := "application/vnd.module.wasm.content.layer.v1+wasm"
	out := []subject{{name: "ocipush", run: run(b.tool("ocipush"), "push", "REF", file)}}
	if b.oras.path != "" {
		out = append(out, subject{name: "oras", run: run(b.oras.path, "push", "--plain-http", "--disable-path-validation", "--no-tty", "REF", file+":"+layer)})
	}
	if b.crane.path != "" {
		out = append(out, subject{name: "crane", run: run(b.crane.path, "append", "--insecure", "--new_layer", file, "--new_tag", "REF")})
	}
	if b.wash.path != "" {
		out = append(out, subject{name: "wash", run: run(b.wash.path, "reg", "push", "--insecure", "REF", file)})
	}
	return out
}

// signed makes the module that is pushed; a pinned test key, so that the
// development key's rules don't enter the picture.
func (b *bench) signed(ctx context.Context, out string) error {
	in := filepath.Join(b.dir, "push.wasm")
	if err := writeModule(in, 60<<20); err != nil {
		return err
	}
	env := append(b.env(), "WASH_ISSUER_KEY="+testIssuer, "WASH_SUBJECT_KEY="+testModule)
	_, err := command(env, b.tool("signer"), "sign", in, "--name", "bench", "-q", "--ver", "1.0.0", "--rev", "1", "--destination", out)(ctx)
	return err
}

// registry starts tools/registry on a free port and waits for its state file.
func (b *bench) registry(ctx context.Context) (addr string, stop func(), err error) {
	state := filepath.Join(b.dir, "registry.json")
	stop, err = b.serve(ctx, state, b.tool("registry"), "serve", "--addr", "127.0.0.1:0", "--data", filepath.Join(b.dir, "registry"), "--state-file", state)
	if err != nil {
		return "", nil, err
	}
	var s struct {
		Address string `json:"address"`
	}
	if err := readJSON(state, &s); err != nil {
		stop()
		return "", nil, err
	}
	return s.Address, stop, nil
}

// serve starts a server and returns when its state file is there.
func (b *bench) serve(ctx context.Context, state string, argv ...string) (stop func(), err error) {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = b.env()
	log, err := os.Create(state + ".log")
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	stop = func() { cmd.Process.Signal(os.Interrupt); <-done; os.Remove(state) }
	for tick := time.NewTicker(time.Millisecond); ; {
		select {
		case err := <-done:
			out, _ := os.ReadFile(state + ".log")
			return nil, fmt.Errorf("%s stopped before it was ready: %v\n%s", argv[0], err, out)
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
			if _, err := os.Stat(state); err == nil {
				tick.Stop()
				return stop, nil
			}
		}
	}
}

func readJSON(path string, into any) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
