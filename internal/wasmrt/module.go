package wasmrt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

const guestCall = "__guest_call"

// Module is a compiled actor.
type Module struct {
	rt     *Runtime
	starts []string // exported functions to be run in a new instance, in this order
	stop   func()   // ends a compilation that is under way

	mu     sync.Mutex
	code   *code         // what new calls use; nil once the module is closed
	native chan struct{} // closed when code will not be replaced by better any more
}

// Compile reads a module and makes it ready to be called. It refuses what this Runtime could not
// run: broken or unsupported WebAssembly, imports that it does not have, a missing or misshapen
// __guest_call. The bytes must not be changed afterwards.
func (r *Runtime) Compile(ctx context.Context, wasm []byte) (*Module, error) {
	wz := r.quick
	if wz == nil {
		wz = r.final
	}
	wasm, state := r.openState(wasm)
	compiled, err := r.compile(workers(ctx), wz, wasm)
	if err != nil {
		return nil, fmt.Errorf("compiling the actor: %w", err)
	}
	if err := check(wz, compiled); err != nil {
		return nil, errors.Join(err, compiled.Close(ctx))
	}
	background, stop := context.WithCancel(r.background)
	m := &Module{rt: r, starts: startFunctions(compiled), stop: stop, code: r.newCode(wz, compiled, state), native: make(chan struct{})}
	if wz == r.final {
		close(m.native)
		return m, nil
	}
	r.jobs.Go(func() {
		defer close(m.native)
		defer r.tidyLater()
		// What fails here can be interpreted all the same, so nobody needs to know.
		if better, err := r.compile(workers(background), r.final, wasm); err == nil {
			m.replace(r.background, r.newCode(r.final, better, state))
		}
	})
	return m, nil
}

// compile goes through the folder of compiled modules where there is one.
func (r *Runtime) compile(ctx context.Context, wz wazero.Runtime, wasm []byte) (wazero.CompiledModule, error) {
	if wz == r.final && r.cache != nil {
		return r.cache.compile(ctx, wz, wasm)
	}
	return wz.CompileModule(ctx, wasm)
}

// state says how the state of a module's instances is kept from one call to the next.
type state struct {
	isolation Isolation
	globals   []string          // exports of the mutable globals
	data      []wasmbin.Segment // what a new instance's memory is to begin with
}

// openState gives a copy of the module with its mutable globals exported, if snapshots are wanted
// and possible. What was signed is verified before, and is not what runs then; the copy does the
// same, and lets the host read what it could not otherwise. Where that changes nothing, the copy is
// without the contents of its memory too: an instance that goes on from a snapshot has no use for
// them, and a Go actor's 21,000 pieces cost more than the snapshot.
func (r *Runtime) openState(wasm []byte) ([]byte, state) {
	if r.cfg.Isolation != Snapshot {
		return wasm, state{isolation: r.cfg.Isolation}
	}
	open, sum := rewrite(wasm, wasmbin.Edit{Globals: true, Data: true})
	if sum != nil && !sum.Settled() {
		open, sum = rewrite(wasm, wasmbin.Edit{Globals: true})
	}
	if sum == nil || sum.Lasting() != "" {
		return wasm, state{isolation: Fresh}
	}
	return open, state{isolation: Snapshot, globals: sum.Globals, data: sum.Data}
}

// rewrite gives no summary of what is broken, which is for the engine to tell.
func rewrite(wasm []byte, e wasmbin.Edit) ([]byte, *wasmbin.Summary) {
	var out bytes.Buffer
	out.Grow(len(wasm))
	sum, err := wasmbin.Rewrite(&out, bytes.NewReader(wasm), e)
	if err != nil {
		return nil, nil
	}
	return out.Bytes(), sum
}

// workers lets a compilation use every core. With one worker only, it could not be cancelled.
func workers(ctx context.Context) context.Context {
	return experimental.WithCompilationWorkers(ctx, max(2, runtime.GOMAXPROCS(0)))
}

// Native is closed when calls of the module run as fast as they ever will: as native code, unless
// this Runtime only interprets.
func (m *Module) Native() <-chan struct{} { return m.native }

// check compares what a module wants and gives with what an engine gives and wants.
func check(wz wazero.Runtime, c wazero.CompiledModule) error {
	var unknown []string
	for _, f := range c.ImportedFunctions() {
		module, name, _ := f.Import()
		have, ok := provided(wz, module, name)
		if !ok || !slices.Equal(have.ParamTypes(), f.ParamTypes()) || !slices.Equal(have.ResultTypes(), f.ResultTypes()) {
			unknown = append(unknown, fmt.Sprintf("function %s.%s%s", module, name, signature(f)))
		}
	}
	for _, m := range c.ImportedMemories() {
		module, name, _ := m.Import()
		unknown = append(unknown, fmt.Sprintf("memory %s.%s", module, name))
	}
	if len(unknown) > 0 {
		return fmt.Errorf("actor imports what no wasmCloud host has: %s", strings.Join(unknown, ", "))
	}
	call, ok := c.ExportedFunctions()[guestCall]
	i32 := api.ValueTypeI32
	switch {
	case !ok:
		return errors.New("module is not an actor: it exports no " + guestCall)
	case !slices.Equal(call.ParamTypes(), []api.ValueType{i32, i32}) || !slices.Equal(call.ResultTypes(), []api.ValueType{i32}):
		return fmt.Errorf("module is not an actor: its %s is %s instead of (i32, i32) -> i32", guestCall, signature(call))
	case c.ExportedMemories()["memory"] == nil:
		return errors.New(`module is not an actor: it exports no memory named "memory"`)
	}
	return nil
}

func provided(wz wazero.Runtime, module, name string) (api.FunctionDefinition, bool) {
	m := wz.Module(module)
	if m == nil {
		return nil, false
	}
	f, ok := m.ExportedFunctionDefinitions()[name]
	return f, ok
}

func signature(f api.FunctionDefinition) string {
	names := func(types []api.ValueType) string {
		out := make([]string, len(types))
		for i, t := range types {
			out[i] = api.ValueTypeName(t)
		}
		return strings.Join(out, ", ")
	}
	return fmt.Sprintf("(%s) -> %s", names(f.ParamTypes()), names(f.ResultTypes()))
}

// startFunctions chooses what makes a new instance ready. A standard-Go reactor has only
// _initialize, which the Rust host never calls; with the alias _start that wasmfix adds, both names
// are the same function, and it must run only once.
func startFunctions(c wazero.CompiledModule) []string {
	var names []string
	exports := c.ExportedFunctions()
	for _, name := range []string{"_start", "_initialize", "wapc_init"} {
		f, ok := exports[name]
		if !ok || len(f.ParamTypes()) > 0 || (name == "_initialize" && slices.Contains(names, "_start")) {
			continue
		}
		names = append(names, name)
	}
	return names
}

// Close releases the compiled code, as soon as the calls that are under way have ended. New calls
// fail.
func (m *Module) Close(ctx context.Context) error {
	// Whoever edits and starts again would have the versions compiled one beside the other.
	m.stop()
	return m.replace(ctx, nil)
}

// Call lets an instance serve one operation; Config.Isolation says what it finds there of calls
// before. It returns what the guest answered, or a *GuestError, a *TrapError, an error that wraps
// ErrDepth, or, if ctx ended first, one that wraps context.DeadlineExceeded or what else ended it.
// The guest is interrupted wherever it is then; how soon a HostCall returns is the Host's affair.
func (m *Module) Call(ctx context.Context, operation string, payload []byte, host Host) ([]byte, error) {
	ctx, err := deeper(ctx, m.rt.cfg.MaxDepth)
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("actor was not called: %w", ctx.Err())
	}
	c := newCall(ctx, operation, payload, host)
	defer c.flush()
	code, err := m.acquire()
	if err != nil {
		return nil, err
	}
	defer m.release(context.WithoutCancel(ctx), code)
	i, err := m.lease(c, code)
	if err != nil {
		return nil, failure(ctx, err, c.lastWords())
	}
	out, err := i.serve(c)
	_, refused := errors.AsType[*GuestError](err)
	failed := err != nil && !refused
	if failed {
		err = failure(ctx, err, c.lastWords())
	}
	i.giveBack(ctx, failed)
	return out, err
}

type depthKey struct{}

// Depth gives how many calls the context is nested in: what a caller elsewhere is
// told, so that calls which leave this process and come back are counted on.
func Depth(ctx context.Context) int {
	depth, _ := ctx.Value(depthKey{}).(int)
	return depth
}

// WithDepth makes calls under the context count as nested in that many others.
func WithDepth(ctx context.Context, depth int) context.Context {
	return context.WithValue(ctx, depthKey{}, max(depth, 0))
}

// deeper counts the calls that are nested in one another by their contexts.
func deeper(ctx context.Context, limit int) (context.Context, error) {
	depth := Depth(ctx)
	if depth >= limit {
		return ctx, fmt.Errorf("%w: %d actors are waiting for one another already", ErrDepth, limit)
	}
	return context.WithValue(ctx, depthKey{}, depth+1), nil
}
