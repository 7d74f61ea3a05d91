package tester

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/casefile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
	contract "github.com/rules-wasmcloud/rules_wasmcloud/sdk/contracts/testing"
	"github.com/rules-wasmcloud/rules_wasmcloud/sdk/provider"
)

const (
	modeRun    = "run"
	modeReplay = "replay"
	modeRecord = "record"
)

const defaultTimeout = 30 * time.Second

// settings are a link's values.
type settings struct {
	mode    string
	options contract.TestOptions // run
	timeout time.Duration        // run: for the actor to be there, and for its tests
	fakes   *casefile.Case       // replay
	file    string               // record
	from    string               // record: the provider's key
	link    string               // record: the provider's link name
}

// readSettings reads `mode` and what belongs to it; a value that is not known is an
// error, because a mistyped one would be a test that tests nothing.
func readSettings(l provider.LinkDefinition) (settings, error) {
	s := settings{timeout: defaultTimeout, link: casefile.DefaultLink, options: contract.TestOptions{Patterns: []string{".*"}, Options: map[string]string{}}}
	if s.mode = l.Values["mode"]; s.mode == "" {
		s.mode = modeRun
		if l.ContractID != Contract {
			s.mode = modeReplay
		}
	}
	read, ok := map[string]map[string]func(*settings, string) error{
		modeRun:    {"patterns": readPatterns, "options": readOptions, "timeout_ms": readTimeout},
		modeReplay: {"contract": contractOf(l), "file": readFile, "cases": readInline},
		modeRecord: {"file": keep(func(s *settings) *string { return &s.file }), "provider": readProvider, "provider_link": keep(func(s *settings) *string { return &s.link })},
	}[s.mode]
	if !ok {
		return s, fmt.Errorf("link value mode=%s: want run, replay or record", s.mode)
	}
	for _, name := range slices.Sorted(maps.Keys(l.Values)) {
		if name == "mode" {
			continue
		}
		set, ok := read[name]
		if !ok {
			return s, fmt.Errorf("link value %s: mode=%s knows %s", name, s.mode, strings.Join(slices.Sorted(maps.Keys(read)), ", "))
		}
		if err := set(&s, l.Values[name]); err != nil {
			return s, fmt.Errorf("link value %s: %w", name, err)
		}
	}
	switch {
	case s.mode == modeReplay && s.fakes == nil:
		return s, errors.New("mode=replay needs the link value file, the path of a case file, or cases, its text")
	case s.mode == modeRecord && (s.file == "" || s.from == ""):
		return s, errors.New("mode=record needs the link values file, where to write, and provider, the key V… of the provider to listen to")
	}
	return s, nil
}

func keep(where func(*settings) *string) func(*settings, string) error {
	return func(s *settings, text string) error {
		*where(s) = text
		return nil
	}
}

// readPatterns reads one regular expression, or a JSON list of them.
func readPatterns(s *settings, text string) error {
	s.options.Patterns = []string{text}
	if strings.HasPrefix(text, "[") {
		var list []string
		if json.Unmarshal([]byte(text), &list) == nil {
			s.options.Patterns = list
		}
	}
	for _, p := range s.options.Patterns {
		if _, err := regexp.Compile(p); err != nil {
			return err
		}
	}
	return nil
}

func readOptions(s *settings, text string) error {
	if err := json.Unmarshal([]byte(text), &s.options.Options); err != nil {
		return fmt.Errorf(`want JSON of the form {"name":"value"}: %w`, err)
	}
	return nil
}

func readTimeout(s *settings, text string) error {
	ms, err := strconv.ParseUint(text, 10, 31)
	if err != nil || ms == 0 {
		return fmt.Errorf("%q is no positive number of milliseconds", text)
	}
	s.timeout = time.Duration(ms) * time.Millisecond
	return nil
}

func readProvider(s *settings, text string) error {
	key, err := strkey.ParsePublic(text, strkey.Service)
	s.from = string(key)
	return err
}

// contractOf lets a link say what it is for; that it is linked so is what counts.
func contractOf(l provider.LinkDefinition) func(*settings, string) error {
	return func(_ *settings, text string) error {
		if text != l.ContractID {
			return fmt.Errorf("it is %s, and the link is of %s: link the actor by the contract that it calls", text, l.ContractID)
		}
		return nil
	}
}

func readFile(s *settings, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return s.parse(path, text)
}

func readInline(s *settings, text string) error { return s.parse("cases", []byte(text)) }

func (s *settings) parse(name string, text []byte) (err error) {
	if s.fakes != nil {
		return errors.New("the fakes are given twice, by file and by cases")
	}
	if s.fakes, err = casefile.ParseFakes(name, text); err != nil {
		return err
	}
	if len(s.fakes.Fakes) == 0 {
		return fmt.Errorf("%s holds no `-- fake OPERATION --` section", name)
	}
	return nil
}
