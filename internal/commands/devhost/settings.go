package devhost

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// environment reads the settings that real hosts take from their environment.
// The first unreadable one is kept, so that callers check once.
type environment struct {
	get func(string) string
	err error
}

func (e *environment) first(names ...string) string {
	for _, n := range names {
		if v := e.get(n); v != "" {
			return v
		}
	}
	return ""
}

// flag reads true/false as the real hosts write them; OTP takes "1" for TLS.
func (e *environment) flag(name string, unset bool) bool {
	v := e.get(name)
	if v == "" {
		return unset
	}
	b, err := strconv.ParseBool(strings.ToLower(v))
	if err != nil && e.err == nil {
		e.err = cli.Usage("%s is %q: want true or false", name, v)
	}
	return b
}

func (e *environment) number(name string, unset int) int {
	v := e.get(name)
	if v == "" {
		return unset
	}
	n, err := strconv.Atoi(v)
	if (err != nil || n < 0) && e.err == nil {
		e.err = cli.Usage("%s is %q: want a number", name, v)
	}
	return n
}

func (e *environment) list(name string) []string { return splitList(e.get(name)) }

// splitList cuts a comma-separated list; spaces and empty parts are dropped.
func splitList(s string) []string {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// readSeed reads a seed from the file named by a flag, or else from an
// environment variable. Nothing takes a seed as an argument: every user of the
// machine can read the arguments of a running host.
func (e *environment) readSeed(flag, file, variable string, kind strkey.Kind) *strkey.Seed {
	text, from := []byte(e.get(variable)), variable
	if file != "" {
		from = "--" + flag
		if _, err := strkey.ParseSeed([]byte(file)); err == nil {
			e.fail(cli.Usage("--%s takes a file: a seed among the arguments can be read by everybody on this machine", flag))
			return nil
		}
		var err error
		if text, err = os.ReadFile(file); err != nil {
			e.fail(fmt.Errorf("--%s: %w", flag, err))
			return nil
		}
	}
	if len(text) == 0 {
		return nil
	}
	seed, err := strkey.ParseSeed(text, kind)
	if err != nil {
		e.fail(fmt.Errorf("%s: %w", from, err))
	}
	return seed
}

func (e *environment) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

// labels are those of the environment (OTP: HOST_X, Rust: WASMCLOUD_LABEL_x) and
// then those of the flags. The built-in hostcore.* ones are the host's affair.
func labels(environ []string, flags []string) (map[string]string, error) {
	out := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		if label, ok := strings.CutPrefix(name, "WASMCLOUD_LABEL_"); ok && label != "" {
			out[label] = value
		} else if label, ok := strings.CutPrefix(name, "HOST_"); ok && label != "" {
			out[strings.ToLower(label)] = value
		}
	}
	for _, kv := range flags {
		name, value, ok := strings.Cut(kv, "=")
		if !ok || name == "" {
			return nil, cli.Usage("--label %q: want key=value", kv)
		}
		out[name] = value
	}
	return out, nil
}
