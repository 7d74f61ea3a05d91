// Command guest is an actor that does to its host what guests do in bad moments.
package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
)

var calls int

func init() {
	a := actor.New()
	for name, run := range map[string]func(arg string) (string, error){
		"Print": func(arg string) (string, error) {
			os.Stdout.WriteString(arg + "\nsecond\n")
			os.Stderr.WriteString("no line end")
			return "", nil
		},
		"Sleep":   func(arg string) (string, error) { d, err := time.ParseDuration(arg); time.Sleep(d); return "", err },
		"Now":     func(string) (string, error) { return time.Now().UTC().Format(time.RFC3339), nil },
		"Random":  func(string) (string, error) { b := make([]byte, 8); rand.Read(b); return hex.EncodeToString(b), nil },
		"Count":   func(string) (string, error) { calls++; return strings.Repeat("I", calls), nil },
		"Dice":    func(string) (string, error) { return strconv.FormatUint(mathrand.Uint64(), 16), nil },
		"Hush":    func(string) (string, error) { return "", errors.Join(os.Stdout.Close(), os.Stderr.Close()) },
		"Panic":   func(arg string) (string, error) { panic(arg) },
		"NilMap":  func(arg string) (string, error) { var m map[string]int; m[arg] = 1; return "", nil },
		"Crash":   func(arg string) (string, error) { go func() { panic(arg) }(); select {} },
		"Exit":    func(string) (string, error) { os.Exit(3); return "", nil },
		"Open":    func(arg string) (string, error) { b, err := os.ReadFile(arg); return string(b), err },
		"Args":    func(string) (string, error) { return strings.Join(append(os.Args, os.Environ()...), " "), nil },
		"Refuse":  func(arg string) (string, error) { return "", errors.New(arg) },
		"Ballast": func(string) (string, error) { b := make([]byte, 1<<30); return string(b[:1]), nil },
	} {
		a.Handle("Guest."+name, func(_ *actor.Context, payload []byte) ([]byte, error) {
			out, err := run(string(payload))
			return []byte(out), err
		})
	}
	actor.Export(a)
}

func main() { calls = 100 }
