package casefile

import "testing"

func TestSuits(t *testing.T) {
	const call = "-- call A.B --\n"
	for _, tt := range []struct{ text, actor, provider string }{
		{call, "", ""},
		{"-- link a:b --\n" + call + "-- expect C.D --\n", "", ""},
		{call + "-- expect C.D --\n", "c.txtar:2: C.D is asked of no fake: write a `-- link CONTRACT --` section before the first call", ""},
		{"-- link --\n" + call, "c.txtar:1: which contract? Write `-- link wasmcloud:keyvalue --`, or the one that the actor calls", ""},
		{"-- link a:b --\n-- fake C.D cache --\n" + call, "c.txtar:2: no link of this case is named cache: write a `-- link CONTRACT cache --` section", "c.txtar:2: no link of this case is named cache: write a `-- link CONTRACT cache --` section"},
		{"-- request GET http://x --\n", "c.txtar:1: an actor cannot be asked by HTTP: write `-- call HttpServer.HandleRequest --`; request is for the cases of a provider", ""},
	} {
		c, err := Parse("c.txtar", []byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		for i, check := range []func() error{c.ForActor, c.ForProvider} {
			want, got := []string{tt.actor, tt.provider}[i], ""
			if err := check(); err != nil {
				got = err.Error()
			}
			if got != want {
				t.Errorf("%q, check %d:\ngot  %s\nwant %s", tt.text, i, got, want)
			}
		}
	}
}
