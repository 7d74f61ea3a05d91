package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestToolsFitTheirIncludes(t *testing.T) {
	for _, fits := range [][2]string{
		{"v0.1.0", "v0.1.0"}, {"v0.1.7", "v0.1.0"}, {"v0.1.0", "v0.1.9"}, {"v0.1.0-rc.1", "v0.1.0"}, {"v0.1.0", ""},
		// Nobody released these.
		{"devel", "v0.1.0"}, {"v0.0.0-20260101000000-abcdefabcdef", "v0.1.0"}, {"v0.2.0", "devel"}, {"v0.3.1-0.20260101000000-abcdefabcdef", "v0.1.0"}, {"v0.3.1+dirty", "v0.1.0"},
	} {
		if err := fitsIncludes("signer", fits[0], fits[1]); err != nil {
			t.Errorf("tool %s, includes %s: %v", fits[0], fits[1], err)
		}
	}
	for _, differs := range [][2]string{{"v0.2.0", "v0.1.0"}, {"v0.1.0", "v0.2.0"}, {"v1.1.0", "v0.1.0"}, {"v0.10.0", "v0.1.0"}, {"v0.2.0-beta.1", "v0.1.0"}} {
		err := fitsIncludes("signer", differs[0], differs[1])
		if err == nil || !strings.Contains(err.Error(), "this signer is "+differs[0]) || !strings.Contains(err.Error(), "`make upgrade`") {
			t.Errorf("tool %s, includes %s: %v", differs[0], differs[1], err)
		}
	}
}

// A tool that does not fit does nothing at all.
func TestToolThatDoesNotFitDoesNothing(t *testing.T) {
	old := version
	t.Cleanup(func() { version = old })
	version = "v0.2.0"
	var out bytes.Buffer
	s := &IO{Out: &out, Err: &out, Env: func(name string) string { return map[string]string{IncludesVariable: "v0.1.3"}[name] }}
	ran := false
	code := Main(t.Context(), s, nil, func(s *IO) *cobra.Command {
		root := Root(s, "tool", "Do something")
		root.RunE = func(*cobra.Command, []string) error { ran = true; return nil }
		return root
	})
	if want := "tool: this tool is v0.2.0, and the Make includes that call it are of v0.1.3"; code != 1 || ran || !strings.HasPrefix(out.String(), want) {
		t.Errorf("exit %d, ran %v:\n%s", code, ran, out.String())
	}
}
