// Package wasmrt runs wasmCloud actors: WebAssembly modules that speak the waPC guest interface.
//
// A Runtime holds one engine and the host functions. Compile turns the bytes of a module into a
// Module once; Call then answers one operation in an instance that is as good as new, as in the Rust
// host: nothing that one caller leaves in memory is there for the next. A guest has clocks,
// random numbers and its two output streams, which end up as log lines, and no file system,
// network, arguments or environment.
//
// All methods may be used by several goroutines at the same time.
package wasmrt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
)

const (
	// PageSize is the unit in which the memory of a guest is counted, in bytes.
	PageSize = 64 << 10
	// DefaultMemoryPages is what one instance may hold if Config does not say otherwise: 256 MiB.
	DefaultMemoryPages = 4096
	// DefaultDepth is how many calls may be nested in one another (an actor that calls an actor…)
	// if Config does not say otherwise. An actor that calls itself is stopped by it.
	DefaultDepth = 16

	maxMemoryPages = 1 << 16 // what 32 bits can address
)

// Host is what a guest reaches during one call. Its methods are called on the goroutine of
// Module.Call and with a context made from the one given there: it holds the deadline and the
// depth of the call, so a Host that answers by calling another Module must pass it on.
type Host interface {
	// HostCall serves an outgoing call. An error's text is what the guest gets to read.
	// The payload belongs to the Host; the result is not kept beyond the call.
	HostCall(ctx context.Context, binding, namespace, operation string, payload []byte) ([]byte, error)
	// Log takes one line without its line end: what the guest gave to __console_log as it is,
	// what it wrote on its streams after "stdout: " or "stderr: ". It is valid UTF-8 and at most
	// a few KiB long.
	Log(ctx context.Context, line string)
}

// Config says how guests are run. The zero value is usable.
type Config struct {
	// Interpreter runs guests without ever compiling them to native code, as on platforms for which
	// there is no compiler. Calls are slower, and nothing is spent on code that may not be used.
	Interpreter bool
	// CompileFirst lets Compile return only when a module is native code. Otherwise it returns when
	// the module can be interpreted, which for a standard-Go actor takes a tenth of the time, and
	// calls go over to the native code once that is there.
	CompileFirst bool
	// Isolation says what calls see of one another.
	Isolation Isolation
	// MemoryPages bounds the memory of one instance, in pages of 64 KiB; 0 means DefaultMemoryPages.
	MemoryPages uint32
	// CacheDir keeps compiled modules between runs. It is made if absent, and refused if anybody
	// but its owner may enter it, since what it holds is run as native code: entries that have no
	// seal made with CacheKey, are not as they were sealed, or belong to others are compiled anew.
	// Empty means that nothing is kept. The interpreter has no use for it.
	CacheDir string
	// CacheKey seals the entries of CacheDir, and is to be kept elsewhere.
	CacheKey []byte
	// MaxDepth bounds nested calls; 0 means DefaultDepth.
	MaxDepth int
	// Now is the guests' wall clock; nil means the real one.
	Now func() time.Time
	// Rand is the guests' source of random bytes, to be safe for concurrent reads; nil means crypto/rand.
	Rand io.Reader
}

// Runtime runs modules. Make it by New.
type Runtime struct {
	cfg   Config
	quick wazero.Runtime // interprets what is not compiled yet; nil if nothing has to
	final wazero.Runtime // runs the modules in the long run
	cache *codeCache     // nil without CacheDir
	pool  memoryPool

	background context.Context // of the compilations that no caller waits for
	stop       context.CancelFunc
	jobs       sync.WaitGroup

	tidyMu sync.Mutex
	tidy   *time.Timer // runs when nothing happened for a while
}

// tidyTime is how long after the last compilation, or the last call of an actor and
// idleTime, memory is given back: several at a time are one burst.
const tidyTime = 3 * time.Second

// tidyLater has the process give back what compiling and calls took. Compiling takes
// several times what the code does, and Go would keep most of it for garbage to come,
// of which a host whose actors are idle makes none.
func (r *Runtime) tidyLater() {
	r.tidyMu.Lock()
	defer r.tidyMu.Unlock()
	if r.background.Err() != nil {
		return
	}
	if r.tidy == nil {
		r.tidy = time.AfterFunc(tidyTime, func() {
			runtime.GC() // what is in a sync.Pool outlives one collection
			debug.FreeOSMemory()
		})
	} else {
		r.tidy.Reset(tidyTime)
	}
}

// New makes a Runtime. Close releases it.
func New(ctx context.Context, cfg Config) (*Runtime, error) {
	if cfg.MemoryPages > maxMemoryPages {
		return nil, fmt.Errorf("memory limit of %d pages: a guest can address at most %d (4 GiB)", cfg.MemoryPages, maxMemoryPages)
	}
	r := &Runtime{cfg: withDefaults(cfg)}
	r.background, r.stop = context.WithCancel(context.WithoutCancel(ctx))
	engine := wazero.NewRuntimeConfig()
	if cfg.Interpreter {
		engine = wazero.NewRuntimeConfigInterpreter()
	}
	if cfg.CacheDir != "" && !cfg.Interpreter {
		cache, err := openCache(cfg.CacheDir, cfg.CacheKey)
		if err != nil {
			return nil, err
		}
		r.cache = cache
		engine = engine.WithCompilationCache(cache.CompilationCache)
	}
	var err error
	r.final, err = r.newEngine(ctx, engine)
	if err == nil && !cfg.Interpreter && !cfg.CompileFirst {
		r.quick, err = r.newEngine(ctx, wazero.NewRuntimeConfigInterpreter())
	}
	if err != nil {
		return nil, errors.Join(err, r.Close(ctx))
	}
	return r, nil
}

func (r *Runtime) newEngine(ctx context.Context, cfg wazero.RuntimeConfig) (wazero.Runtime, error) {
	// Closing on a done context costs tiny calls a factor of two, and is the only way to get out of
	// a guest that loops.
	wz := wazero.NewRuntimeWithConfig(ctx, cfg.WithMemoryLimitPages(r.cfg.MemoryPages).WithCloseOnContextDone(true))
	return wz, provideImports(ctx, wz)
}

func withDefaults(cfg Config) Config {
	if cfg.MemoryPages == 0 {
		cfg.MemoryPages = DefaultMemoryPages
	}
	if cfg.MaxDepth == 0 {
		cfg.MaxDepth = DefaultDepth
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	return cfg
}

// Close releases the Runtime, with every module and every instance that still runs: their calls
// fail.
func (r *Runtime) Close(ctx context.Context) error {
	r.stop()
	r.jobs.Wait()
	r.tidyMu.Lock()
	if r.tidy != nil {
		r.tidy.Stop()
	}
	r.tidyMu.Unlock()
	var errs []error
	for _, wz := range []wazero.Runtime{r.quick, r.final} {
		if wz != nil {
			errs = append(errs, wz.Close(ctx))
		}
	}
	if r.cache != nil {
		errs = append(errs, r.cache.Close(ctx))
	}
	return errors.Join(errs...)
}
