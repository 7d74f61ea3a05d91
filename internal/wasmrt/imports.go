package wasmrt

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	wasi "github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// provideImports puts into an engine everything that an actor may import. wasmCloud's own guests
// name the module "wasmbus", plain waPC ones "wapc"; "wasi_unstable" is what compilers called the
// same WASI functions before they were frozen.
func provideImports(ctx context.Context, wz wazero.Runtime) error {
	for _, name := range []string{"wasmbus", "wapc"} {
		b := wz.NewHostModuleBuilder(name)
		for _, f := range guestInterface() {
			b.NewFunctionBuilder().
				WithGoModuleFunction(f.fn, i32s(f.params), i32s(f.results)).
				WithName(f.name).Export(f.name)
		}
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("providing host module %s: %w", name, err)
		}
	}
	for _, name := range []string{wasi.ModuleName, "wasi_unstable"} {
		b := wz.NewHostModuleBuilder(name)
		wasi.NewFunctionExporter().ExportFunctions(b)
		exportProcExit(b)
		exportStreams(b)
		if _, err := b.Instantiate(ctx); err != nil {
			return fmt.Errorf("providing host module %s: %w", name, err)
		}
	}
	return nil
}

// exportProcExit replaces wazero's proc_exit, which closes the instance for good: an actor whose
// _start ends by proc_exit(0) is to be called after that.
func exportProcExit(b wazero.HostModuleBuilder) {
	exit := func(_ context.Context, _ api.Module, stack []uint64) {
		panic(sys.NewExitError(uint32(stack[0])))
	}
	b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(exit), i32s(1), nil).Export("proc_exit")
}

// exportStreams replaces what would change the streams for good: an instance serves many calls, and
// its memory and globals are all that is put back between them. Streams stay open and blocking.
func exportStreams(b wazero.HostModuleBuilder) {
	const success, badFile = 0, 8 // errno of WASI
	keep := func(params int) api.GoModuleFunc {
		return func(_ context.Context, _ api.Module, stack []uint64) {
			for _, fd := range stack[:params] {
				if uint32(fd) > 2 {
					stack[0] = badFile // nothing but the streams is ever open
					return
				}
			}
			stack[0] = success
		}
	}
	for _, f := range []struct {
		name        string
		params, fds int
	}{{"fd_close", 1, 1}, {"fd_renumber", 2, 2}, {"fd_fdstat_set_flags", 2, 1}} {
		b.NewFunctionBuilder().WithGoModuleFunction(keep(f.fds), i32s(f.params), i32s(1)).Export(f.name)
	}
}

type hostFunction struct {
	name            string
	params, results int // all of them are i32
	fn              api.GoModuleFunc
}

// guestInterface lists the waPC host functions.
func guestInterface() []hostFunction {
	return []hostFunction{
		{"__guest_request", 2, 0, guestRequest},
		{"__guest_response", 2, 0, guestResponse},
		{"__guest_error", 2, 0, guestError},
		{"__host_call", 8, 1, hostCall},
		{"__host_response_len", 0, 1, hostResponseLen},
		{"__host_response", 1, 0, hostResponse},
		{"__host_error_len", 0, 1, hostErrorLen},
		{"__host_error", 1, 0, hostError},
		{"__console_log", 2, 0, consoleLog},
	}
}

func i32s(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = api.ValueTypeI32
	}
	return types
}

func guestRequest(ctx context.Context, m api.Module, stack []uint64) {
	c := callOf(ctx)
	put(m, stack[0], []byte(c.operation))
	put(m, stack[1], c.payload)
}

func guestResponse(ctx context.Context, m api.Module, stack []uint64) {
	callOf(ctx).response = get(m, stack[0], stack[1])
}

func guestError(ctx context.Context, m api.Module, stack []uint64) {
	c := callOf(ctx)
	c.guestErr, c.hasErr = string(get(m, stack[0], stack[1])), true
}

func hostCall(ctx context.Context, m api.Module, stack []uint64) {
	c := callOf(ctx)
	text := func(i int) string { return string(get(m, stack[i], stack[i+1])) }
	reply, err := c.host.HostCall(ctx, text(0), text(2), text(4), get(m, stack[6], stack[7]))
	if err != nil {
		// Guests test for 1. OTP and waPC give 0 on failure, the Rust host 0xFFFFFFFF.
		c.hostReply, c.hostErr, stack[0] = nil, err.Error(), 0
		return
	}
	c.hostReply, c.hostErr, stack[0] = reply, "", 1
}

func hostResponseLen(ctx context.Context, _ api.Module, stack []uint64) {
	stack[0] = uint64(len(callOf(ctx).hostReply))
}

func hostResponse(ctx context.Context, m api.Module, stack []uint64) {
	put(m, stack[0], callOf(ctx).hostReply)
}

func hostErrorLen(ctx context.Context, _ api.Module, stack []uint64) {
	stack[0] = uint64(len(callOf(ctx).hostErr))
}

func hostError(ctx context.Context, m api.Module, stack []uint64) {
	put(m, stack[0], []byte(callOf(ctx).hostErr))
}

func consoleLog(ctx context.Context, m api.Module, stack []uint64) {
	callOf(ctx).log.line("", string(get(m, stack[0], stack[1])))
}

// outOfBounds is thrown by get and put; the engine turns it into a trap of the guest.
type outOfBounds struct{ ptr, size uint32 }

func (e outOfBounds) Error() string {
	return fmt.Sprintf("it named %d bytes at address %d, which are not in its memory", e.size, e.ptr)
}

// put writes into the guest's memory. A guest may name any address for nothing: Rust's empty
// buffers are at 1.
func put(m api.Module, ptr uint64, data []byte) {
	if len(data) > 0 && !m.Memory().Write(uint32(ptr), data) {
		panic(outOfBounds{uint32(ptr), uint32(len(data))})
	}
}

// get copies out of the guest's memory, which moves when it grows.
func get(m api.Module, ptr, size uint64) []byte {
	if uint32(size) == 0 {
		return nil
	}
	view, ok := m.Memory().Read(uint32(ptr), uint32(size))
	if !ok {
		panic(outOfBounds{uint32(ptr), uint32(size)})
	}
	return append([]byte(nil), view...)
}
