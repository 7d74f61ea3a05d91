package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/bazelbuild/buildtools/build"
	"go.yaml.in/yaml/v3"
)

// rcLine is an option of a .bazelrc, under "COMMAND" or "COMMAND:CONFIG".
type rcLine struct{ file, command, config, option string }

func rcLines(t *testing.T, file string) []rcLine {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []rcLine
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		command, config, _ := strings.Cut(words[0], ":")
		if len(words) < 2 || !slices.Contains([]string{"common", "startup", "build", "test", "run", "try-import", "import"}, command) {
			t.Errorf("%s: not an option of a command: %s", file, line)
			continue
		}
		for _, option := range words[1:] {
			if !strings.HasPrefix(option, "--") && !strings.HasSuffix(command, "import") {
				t.Errorf("%s: %s is no flag", file, option)
			}
			all = append(all, rcLine{file, command, config, option})
		}
	}
	return all
}

// ciFiles are the pipelines with Bazel that users copy, with the commands in them, by path.
func ciFiles(t *testing.T) map[string][]string {
	t.Helper()
	paths, err := filepath.Glob("../docs/ci/bazel-*.yml")
	if err != nil || len(paths) < 2 {
		t.Fatalf("%q, %v", paths, err)
	}
	all := map[string][]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var parsed map[string]any
		if err := yaml.Unmarshal(text, &parsed); err != nil {
			t.Errorf("%s: %v", path, err)
		}
		all[path] = commands(parsed)
	}
	return all
}

// commands collects what a pipeline runs: the values of run and script.
func commands(node any) (all []string) {
	switch node := node.(type) {
	case map[string]any:
		for key, value := range node {
			if slices.Contains([]string{"run", "script", "before_script"}, key) {
				all = append(all, texts(value)...)
			} else {
				all = append(all, commands(value)...)
			}
		}
	case []any:
		for _, value := range node {
			all = append(all, commands(value)...)
		}
	}
	return all
}

func texts(node any) (all []string) {
	switch node := node.(type) {
	case string:
		return []string{node}
	case []any:
		for _, value := range node {
			all = append(all, fmt.Sprint(value))
		}
	}
	return all
}

var (
	configFlag   = regexp.MustCompile(`--config=([\w-]+)`)
	exampleLabel = regexp.MustCompile(`(?:^|[\s"` + "`" + `(])//((?:actor|provider):[\w.-]+)`)
	settingFlag  = regexp.MustCompile(`//rules/settings:(\w+)(?:=(\w+))?`)
	bazelLine    = regexp.MustCompile(`(?m)\bbazel (build|test|run)\b[^\n]*`)
)

// The pipelines are YAML with jobs that run Bazel, under configurations that ci.bazelrc has.
func TestPipelinesRunWhatTheirBazelrcDefines(t *testing.T) {
	configs := map[string]bool{}
	for _, line := range rcLines(t, "../docs/ci/ci.bazelrc") {
		configs[line.config] = true
	}
	used := map[string]bool{}
	for path, all := range ciFiles(t) {
		lines := 0
		for _, command := range all {
			for _, line := range bazelLine.FindAllString(command, -1) {
				lines++
				for _, m := range configFlag.FindAllStringSubmatch(line, -1) {
					used[m[1]] = true
					if !configs[m[1]] {
						t.Errorf("%s: ci.bazelrc has no configuration %s: %s", path, m[1], line)
					}
				}
			}
		}
		if lines < 4 {
			t.Errorf("%s runs Bazel %d times", path, lines)
		}
	}
	for _, want := range []string{"ci", "cache-read", "cache-write", "clean"} {
		if !used[want] {
			t.Errorf("no pipeline uses the configuration %s", want)
		}
	}
}

// Who does not write the cache and has no secret is a pull request; a release touches no cache.
func TestPipelinesKeepTheirRoles(t *testing.T) {
	secret := regexp.MustCompile(`(?i)secrets\.|NETRC|SEED|PASSWORD`)
	jobs := 0
	for path := range ciFiles(t) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Jobs map[string]any `yaml:"jobs"`
			Rest map[string]any `yaml:",inline"`
		}
		if err := yaml.Unmarshal(text, &parsed); err != nil {
			t.Fatal(err)
		}
		all := parsed.Jobs
		if all == nil {
			all = parsed.Rest
		}
		for name, job := range all {
			body, err := yaml.Marshal(job)
			if err != nil {
				t.Fatal(err)
			}
			text := string(body)
			switch {
			case strings.HasSuffix(name, "-request"):
				jobs++
				if secret.MatchString(text) || !strings.Contains(text, "--config=cache-read") || strings.Contains(text, "cache-write") {
					t.Errorf("%s: %s is in strangers' hands:\n%s", path, name, text)
				}
			case name == "main":
				jobs++
				if strings.Contains(text, "SEED") || !strings.Contains(text, "--config=cache-write") {
					t.Errorf("%s: %s:\n%s", path, name, text)
				}
			case strings.HasSuffix(name, "release"):
				jobs++
				if strings.Contains(text, "--remote_cache") || strings.Count(text, "--config=clean") != len(bazelLine.FindAllString(text, -1)) {
					t.Errorf("%s: %s builds with what others built:\n%s", path, name, text)
				}
			}
		}
	}
	if jobs != 6 {
		t.Errorf("%d jobs of the six were recognised", jobs)
	}
}

// Labels in pages, pipelines, rc files and what the Bazel registry's machines run are there: targets
// of the example's actor and provider, and flags.
func TestLabelsInPagesExist(t *testing.T) {
	targets := exampleTargets(t)
	settings := map[string]string{}
	for _, page := range rules(t) {
		if page.Topic == "settings" {
			for _, s := range page.Symbols {
				settings[s.Name] = s.Type
			}
		}
	}
	texts := pages(t)
	for path := range ciFiles(t) {
		texts[path] = ""
	}
	for _, path := range []string{"../docs/ci/ci.bazelrc", "../.bazelrc", "../examples/bazel-actor/.bazelrc", "../.bcr/presubmit.yml"} {
		texts[path] = ""
	}
	labels, flags := 0, 0
	for path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range exampleLabel.FindAllStringSubmatch(string(text), -1) {
			labels++
			if name := strings.TrimRight(m[1], "."); !targets[name] {
				t.Errorf("%s names //%s, which examples/bazel-actor does not have", path, name)
			}
		}
		for _, m := range settingFlag.FindAllStringSubmatch(string(text), -1) {
			flags++
			kind, ok := settings[m[1]]
			if !ok && m[1] != "NAME" {
				t.Errorf("%s names the flag %s, which rules/settings does not have", path, m[1])
			}
			if m[2] != "" && strings.HasPrefix(kind, "one of") && !strings.Contains(kind, `"`+m[2]+`"`) {
				t.Errorf("%s sets %s to %s: want %s", path, m[1], m[2], kind)
			}
		}
	}
	if labels < 10 || flags < 5 {
		t.Errorf("found %d labels and %d flags", labels, flags)
	}
}

// exampleTargets are the labels in the example's packages, those of the macros included.
func exampleTargets(t *testing.T) map[string]bool {
	t.Helper()
	targets := map[string]bool{}
	for _, folder := range []string{"actor", "provider"} {
		text, err := os.ReadFile("../examples/bazel-actor/" + folder + "/BUILD.bazel")
		if err != nil {
			t.Fatal(err)
		}
		f, err := build.ParseBuild("BUILD.bazel", text)
		if err != nil {
			t.Fatal(err)
		}
		for _, rule := range f.Rules("") {
			name := folder + ":" + rule.Name()
			targets[name] = true
			if rule.Kind() == "wasmcloud_"+folder {
				targets[folder+":signed"] = true // named as its folder is
				for _, part := range []string{"unsigned", "claims", "digest", "push", "inspect", "host"} {
					targets[name+"."+part], targets[folder+":"+part] = true, true
				}
			}
		}
	}
	return targets
}
