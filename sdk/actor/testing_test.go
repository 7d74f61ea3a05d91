package actor_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/actortest"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/actor/msgpack"
)

func testedActor() *actor.Actor {
	a := actor.New()
	a.Test("one_passes", func(t *actor.T) { t.Info("running one"); t.Check(true, "not seen") })
	a.Test("two_fails", func(t *actor.T) { t.Check(false, `it is "wrong"`); t.Error("not reached") })
	a.Test("three_panics", func(*actor.T) { panic("oh no") })
	a.Test("four_errs", func(t *actor.T) { t.CheckErr(nil); t.CheckErr(errors.New("disk full")) })
	a.Test("five_says_nothing", func(t *actor.T) { t.Fail("") })
	return a
}

func TestSelfTests(t *testing.T) {
	const (
		one   = `one_passes true {"data":[]}`
		two   = `two_fails false {"error":"it is \"wrong\""}`
		three = `three_panics false {"error":"panicked: oh no"}`
		four  = `four_errs false {"error":"disk full"}`
		five  = `five_says_nothing false {"error":"failed without a reason"}`
	)
	tests := map[string]struct {
		payload []byte
		want    []string
	}{
		"no options":             {nil, []string{one, two, three, four, five}},
		"nil":                    {[]byte{0xc0}, []string{one, two, three, four, five}},
		"all":                    {options(".*"), []string{one, two, three, four, five}},
		"in order of patterns":   {options("^t", "one"), []string{two, three, one}},
		"each once":              {options("one", ".*_passes"), []string{one}},
		"none":                   {options("no_such_test"), nil},
		"one pattern is no good": {options("(", "one"), []string{"TestCase false {\"error\":\"pattern (: error parsing regexp: missing closing ): `(`\"}", one}},
	}
	h := actortest.New(t, testedActor())
	for name, tt := range tests {
		for _, operation := range []string{"Testing.Start", "Start"} {
			reply, err := h.Call(operation, tt.payload)
			if got := results(t, reply); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: got\n%s, %v", name, strings.Join(got, "\n"), err)
			}
		}
	}
	if _, err := h.Call("Testing.Start", []byte{0x81}); err == nil {
		t.Error("options that are cut off were taken")
	}
	if _, err := actortest.New(t, actor.New()).Call("Testing.Start", nil); err == nil {
		t.Error("an actor without tests answers Testing.Start")
	}
}

// options writes TestOptions as wash does.
func options(patterns ...string) []byte {
	b := msgpack.AppendMap(nil, 2)
	b = msgpack.AppendArray(msgpack.AppendString(b, "patterns"), len(patterns))
	for _, p := range patterns {
		b = msgpack.AppendString(b, p)
	}
	return msgpack.AppendMap(msgpack.AppendString(b, "options"), 0)
}

func results(t *testing.T, reply []byte) []string {
	t.Helper()
	var out []string
	r := msgpack.NewReader(reply)
	r.Array(func(int) {
		var name, passed, snap string
		r.Map(func(key string) {
			switch key {
			case "name":
				name = r.String()
			case "passed":
				passed = "false"
				if r.Bool() {
					passed = "true"
				}
			case "snapData":
				snap = string(r.Bytes())
			}
		})
		out = append(out, name+" "+passed+" "+snap)
	})
	if err := r.Done(); err != nil {
		t.Fatalf("results %x: %v", reply, err)
	}
	return out
}
