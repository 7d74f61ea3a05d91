// Command provider is a key-value provider that does what its configuration
// asks for, good or bad. The tests of the host build and pack it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

// config says how to behave; it is the configuration of the start command.
type config struct {
	ExitAtOnce bool   // end before anything else, with a word on standard error
	Deaf       bool   // never connect, and ignore SIGTERM
	Hang       bool   // ignore the shutdown request and SIGTERM
	Child      bool   // start a process that would outlive this one
	Flood      int    // lines to write at the start
	WaitFor    string // a file that must be there before it connects
	Unhealthy  bool   // fail health checks from the first link on
}

func main() {
	data, err := provider.ReadHostData(os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var c config
	if data.ConfigJSON != nil {
		if err := json.Unmarshal([]byte(*data.ConfigJSON), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if c.ExitAtOnce {
		fmt.Fprintln(os.Stderr, "cannot open the database")
		os.Exit(3)
	}
	if c.Deaf || c.Hang {
		signal.Ignore(syscall.SIGTERM)
	}
	if c.Child {
		if err := exec.Command("/bin/sleep", "3600").Start(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for c.WaitFor != "" {
		if _, err := os.Stat(c.WaitFor); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	for i := range c.Flood {
		fmt.Println("flood", i, strings.Repeat("x", i%200))
	}
	if c.Deaf {
		select {}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if c.Hang {
		ctx = context.Background()
	}
	err = provider.Run(ctx, data, &store{config: c, values: map[string]int64{}}, provider.Options{})
	if c.Hang {
		time.Sleep(time.Hour)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// store counts, and tells of itself what tests want to know.
type store struct {
	config config
	host   *provider.Host

	mu     sync.Mutex
	values map[string]int64
	links  []provider.LinkDefinition
}

func (s *store) Init(_ context.Context, h *provider.Host) error {
	s.host = h
	return nil
}

func (s *store) Link(_ context.Context, l provider.LinkDefinition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links = append(s.links, l)
	return nil
}

func (s *store) Unlink(_ context.Context, l provider.LinkDefinition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.links {
		if s.links[i].ID() == l.ID() {
			s.links = append(s.links[:i], s.links[i+1:]...)
			break
		}
	}
	return nil
}

func (s *store) Health(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.config.Unhealthy && len(s.links) > 0 {
		return fmt.Errorf("not well since the first link")
	}
	return nil
}

func (s *store) Call(ctx context.Context, c provider.Call) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch c.Operation {
	case "KeyValue.Increment":
		by := int64(1)
		if text, ok := c.Link.Values["by"]; ok {
			var err error
			if by, err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, err
			}
		}
		s.values[c.Link.LinkName] += by
		return msgpack.AppendInt(nil, s.values[c.Link.LinkName]), nil
	case "Test.Echo":
		return c.Msg, nil
	case "Test.Describe":
		return s.describe()
	case "Test.CallBack": // with the same operation and argument
		return s.host.CallActor(ctx, c.Link, "NumberGen.Random32", c.Msg)
	}
	return nil, provider.UnknownOperation(c.Operation)
}

// describe answers with what the host gave: its environment and host data.
func (s *store) describe() ([]byte, error) {
	return json.Marshal(description{
		Env: os.Environ(), PID: os.Getpid(), PPID: os.Getppid(), Args: os.Args, Links: s.links, Data: s.host.Data(),
	})
}

type description struct {
	Env, Args []string
	PID, PPID int
	Links     []provider.LinkDefinition
	Data      wasmbus.HostData
}
