package wasmrt

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"
)

// instance is an instance of a module with all that can change in it. One call uses it at a time.
type instance struct {
	code    *code
	module  api.Module
	call    api.Function
	memory  *memory
	globals []api.MutableGlobal
	world   *world
}

// world is what an instance reaches besides the guest interface. It belongs to the call that the
// instance serves.
type world struct{ call *call }

// instantiate makes an instance on behalf of a call. It is to be started, or put where a snapshot was.
func (m *Module) instantiate(c *call, code *code) (*instance, error) {
	i := &instance{code: code, memory: m.rt.pool.get(), world: &world{call: c}}
	var err error
	i.module, err = code.wz.InstantiateModule(withMemory(c.ctx, i.memory), code.compiled, m.rt.moduleConfig(i.world))
	if err != nil {
		i.memory.release()
		return nil, err
	}
	i.call = i.module.ExportedFunction(guestCall)
	for _, name := range code.globals {
		// Rewrite exported mutable ones only.
		i.globals = append(i.globals, i.module.ExportedGlobal(name).(api.MutableGlobal))
	}
	return i, nil
}

// close throws the instance away. Its memory may serve another module: it is cleared.
func (i *instance) close(ctx context.Context) {
	i.module.Close(ctx)
	i.memory.release()
}

// serve lets the guest answer a call.
func (i *instance) serve(c *call) ([]byte, error) {
	i.world.call = c
	results, err := i.call.Call(c.ctx, uint64(len(c.operation)), uint64(len(c.payload)))
	if err != nil {
		return nil, err
	}
	return c.outcome(uint32(results[0]))
}

func withMemory(ctx context.Context, m *memory) context.Context {
	return experimental.WithMemoryAllocator(ctx,
		experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory { return m }))
}

// start gives the memory its first contents and runs the start functions. An exit with code 0 is how
// some toolchains end theirs, and leaves the instance usable.
func (i *instance) start(ctx context.Context, functions []string) error {
	for _, s := range i.code.data {
		if !i.module.Memory().Write(s.Offset, s.Bytes) {
			return outOfBounds{s.Offset, uint32(len(s.Bytes))}
		}
	}
	for _, name := range functions {
		_, err := i.module.ExportedFunction(name).Call(ctx)
		if exit, ok := errors.AsType[*sys.ExitError](err); ok && exit.ExitCode() == 0 && !i.module.IsClosed() {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// moduleConfig is the world of one instance, as the engine wants it.
func (r *Runtime) moduleConfig(w *world) wazero.ModuleConfig {
	return wazero.NewModuleConfig().
		WithName("").         // anonymous: many instances of one module live side by side
		WithStartFunctions(). // they are called by start, which knows what an exit means
		WithArgs("main.wasm").
		WithStdout(stream{w, func(c *call) *lineWriter { return c.stdout }}).
		WithStderr(stream{w, func(c *call) *lineWriter { return c.stderr }}).
		WithRandSource(r.cfg.Rand).
		WithWalltime(func() (int64, int32) {
			now := r.cfg.Now()
			return now.Unix(), int32(now.Nanosecond())
		}, sys.ClockResolution(time.Microsecond)).
		WithSysNanotime().
		WithNanosleep(func(ns int64) { w.call.sleep(ns) })
}

// stream is an output stream of whatever call an instance serves.
type stream struct {
	world *world
	of    func(*call) *lineWriter
}

func (s stream) Write(p []byte) (int, error) { return s.of(s.world.call).Write(p) }

// snapshot is the state of an instance: of one whose code.lasting is empty, all of it.
type snapshot struct {
	memory  []byte
	globals []uint64
}

func (i *instance) snapshot() *snapshot {
	s := &snapshot{memory: append([]byte(nil), i.memory.buf...)}
	for _, g := range i.globals {
		s.globals = append(s.globals, g.Get())
	}
	return s
}

// restore puts the instance into the state of a snapshot. It fails if its memory is larger than it
// was: memory cannot shrink, and a guest that finds more than it knows of asks for still more, until
// there is none.
func (i *instance) restore(s *snapshot) error {
	have, want := len(i.memory.buf), len(s.memory)
	if have > want {
		return fmt.Errorf("its memory grew from %d to %d bytes", want, have)
	}
	if have < want {
		if _, ok := i.module.Memory().Grow(uint32((want - have) / PageSize)); !ok {
			return fmt.Errorf("its memory cannot grow from %d to %d bytes", have, want)
		}
	}
	copy(i.memory.buf, s.memory)
	for n, g := range i.globals {
		g.Set(s.globals[n])
	}
	return nil
}
