package lattice

import (
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
)

// result is the outcome of one test: a function inside the actor, or a case file.
type result struct {
	Name   string        `json:"name"`
	Passed bool          `json:"passed"`
	Error  string        `json:"error,omitempty"`
	File   string        `json:"file,omitempty"` // of a case
	Time   time.Duration `json:"-"`
	MS     int64         `json:"time_ms"`
}

func actorResult(t contract.TestResult) result {
	r := result{Name: t.Name, Passed: t.Passed}
	if !t.Passed {
		r.Error = given(wasmbus.TestFailure(t.SnapData), "the actor gives no reason")
	}
	return r
}

// report collects the results of a run. Success and the counts are filled in by
// print.
type report struct {
	Success bool     `json:"success"`
	Actor   string   `json:"actor,omitempty"`
	Passed  int      `json:"passed"`
	Total   int      `json:"total"`
	Tests   []result `json:"tests"`

	filter *regexp.Regexp // by which they were chosen; nil = all
}

func (r *report) add(t result) {
	t.MS = t.Time.Milliseconds()
	r.Tests = append(r.Tests, t)
	r.Total++
	if t.Passed {
		r.Passed++
	}
	r.Success = r.Passed == r.Total
}

// print shows the results in wash's words, except that failures are named. The
// error has exit code 1 if a test failed or none ran.
func (r *report) print(cmd *cobra.Command, s *cli.IO) error {
	if r.Tests == nil {
		r.Tests = []result{}
	}
	if err := cli.Print(cmd, s, r, func(w io.Writer) { r.text(w, cli.Color(s)) }); err != nil {
		return err
	}
	switch {
	case r.Total == 0 && r.filter != nil:
		return fmt.Errorf("no test ran: none has a name that matches %s", r.filter)
	case r.Total == 0:
		return fmt.Errorf("no test ran")
	case !r.Success:
		return cli.Code(1, nil)
	}
	return nil
}

const (
	green = "\x1b[32m"
	red   = "\x1b[31m"
	plain = "\x1b[0m"
)

func (r *report) text(w io.Writer, color bool) {
	paint := func(code, text string) string {
		if !color {
			return text
		}
		return code + text + plain
	}
	for _, t := range r.Tests {
		if t.Passed {
			fmt.Fprintf(w, "%s: %s\n", paint(green, "Pass"), t.Name)
		} else {
			fmt.Fprintf(w, "%s: %s: %s\n", paint(red, "Fail"), t.Name, t.Error)
		}
	}
	code := green
	if !r.Success {
		code = red
	}
	fmt.Fprintf(w, "Test results: %s\n", paint(code, fmt.Sprintf("%d/%d Passed", r.Passed, r.Total)))
}

// The part of JUnit's XML that every reader knows.
type junitSuites struct {
	XMLName  xml.Name   `xml:"testsuites"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Suite    junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// junit writes the report for CI systems. Invalid characters of actors' texts
// are replaced by the encoder.
func (r *report) junit(w io.Writer, suite string) error {
	failures := r.Total - r.Passed
	out := junitSuites{Tests: r.Total, Failures: failures, Suite: junitSuite{Name: suite, Tests: r.Total, Failures: failures}}
	var total time.Duration
	for _, t := range r.Tests {
		total += t.Time
		c := junitCase{Class: suite, Name: t.Name, Time: seconds(t.Time)}
		if !t.Passed {
			c.Failure = &junitFailure{Message: firstLine(t.Error), Text: t.Error}
		}
		out.Suite.Cases = append(out.Suite.Cases, c)
	}
	out.Suite.Time = seconds(total)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
