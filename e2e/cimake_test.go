package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// ciStep is what a pipeline does next: it runs a command, or moves a path between the checkout and what outlives it.
type ciStep struct {
	command    string
	env        map[string]string
	from, to   string // "cache", "artifact" or ""; the other of the two is the checkout
	path       string
	privileged bool // its job may see secrets
}

// makePipelines are the pipelines for Make that users copy: the steps of each job, by file and job.
func makePipelines(t *testing.T) map[string]map[string][]ciStep {
	t.Helper()
	all := map[string]map[string][]ciStep{}
	for file, read := range map[string]func(*testing.T, []byte) map[string][]ciStep{
		"../docs/ci/make-github.yml": githubJobs, "../docs/ci/make-gitlab.yml": gitlabJobs,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = read(t, text)
		for _, job := range []string{"build", "sign", "release"} {
			if len(all[file][job]) < 3 {
				t.Fatalf("%s: the job %s has the steps %v", file, job, all[file][job])
			}
		}
	}
	return all
}

func githubJobs(t *testing.T, text []byte) map[string][]ciStep {
	var parsed struct {
		Jobs map[string]struct {
			Environment string
			Steps       []struct {
				Run, Uses string
				Env       map[string]string
				With      struct{ Path string }
			}
		}
	}
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	jobs := map[string][]ciStep{}
	for name, job := range parsed.Jobs {
		for _, s := range job.Steps {
			step := ciStep{command: s.Run, env: s.Env, path: s.With.Path, privileged: job.Environment != ""}
			action, _, _ := strings.Cut(s.Uses, "@")
			switch action {
			case "actions/checkout", "actions/setup-go":
				continue
			case "actions/cache/restore":
				step.from = "cache"
			case "actions/cache/save":
				step.to = "cache"
			case "actions/upload-artifact":
				step.to = "artifact"
			case "actions/download-artifact":
				step.from = "artifact"
			case "":
			default:
				t.Errorf("%s uses %s, which is played nowhere", name, s.Uses)
			}
			jobs[strings.TrimPrefix(name, "pull-")] = append(jobs[strings.TrimPrefix(name, "pull-")], step)
		}
	}
	return jobs
}

func gitlabJobs(t *testing.T, text []byte) map[string][]ciStep {
	type moved struct {
		Policy string
		Paths  []string
	}
	var parsed map[string]yaml.Node
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	jobs := map[string][]ciStep{}
	for name, node := range parsed {
		var job struct {
			Environment      string
			Script, Needs    []string
			Cache, Artifacts moved
		}
		if node.Kind != yaml.MappingNode {
			continue
		}
		if err := node.Decode(&job); err != nil {
			t.Fatal(err)
		}
		var steps []ciStep
		for _, path := range job.Cache.Paths {
			if job.Cache.Policy == "pull" {
				steps = append(steps, ciStep{from: "cache", path: path})
			}
		}
		if len(job.Needs) > 0 {
			steps = append(steps, ciStep{from: "artifact", path: "build"})
		}
		for _, line := range job.Script {
			steps = append(steps, ciStep{command: line, privileged: job.Environment != ""})
		}
		for _, path := range job.Artifacts.Paths {
			steps = append(steps, ciStep{to: "artifact", path: path})
		}
		for _, path := range job.Cache.Paths {
			if job.Cache.Policy == "push" {
				steps = append(steps, ciStep{to: "cache", path: path})
			}
		}
		jobs[strings.TrimPrefix(name, "merge-")] = steps
	}
	return jobs
}

// A fork's request, main, another request, and a release, as the pipelines for Make have them.
func TestMakePipelinesSignOnce(t *testing.T) {
	for file, jobs := range makePipelines(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			c := newCI(t)
			c.play(jobs["request"])
			if _, by := c.signed(); !strkey.IsDevelopment(by) {
				t.Errorf("before main ran, a request was signed by %s", by)
			}
			c.play(jobs["build"])
			c.play(jobs["sign"])
			main, by := c.signed()
			if by != c.account.Public() {
				t.Errorf("main was signed by %s; want %s", by, c.account.Public())
			}
			said := c.play(jobs["request"])
			if content, _ := c.signed(); !bytes.Equal(content, main) || strings.Contains(said, "development key") {
				t.Errorf("a request that changes nothing is not as main is:\n%s", said)
			}
			c.compiles("them")
			said = c.play(jobs["request"])
			if _, by := c.signed(); !strkey.IsDevelopment(by) || !strings.Contains(said, "hello.jwt was signed for something else, and is left aside:\n  hash of the module: wanted") {
				t.Errorf("a request that changes the code, signed by %s:\n%s", by, said)
			}
			c.play(jobs["build"])
			said = c.play(jobs["release"])
			if _, by := c.signed(); by != c.account.Public() || !strings.Contains(said, "sha256:") {
				t.Errorf("the release was signed by %s:\n%s", by, said)
			}
			c.secretsAreKept()
		})
	}
}

// secretsAreKept looks at who had key and password, and for the seed in whatever was left.
func (c *ci) secretsAreKept() {
	c.Helper()
	if had := c.lines(`\[.*key.*\]`); len(had) != 2 || !strings.HasPrefix(had[0], "signer sign-request ") || !strings.HasPrefix(had[1], "signer sign-request ") {
		c.Errorf("the key was to be seen by two sign-requests alone:\n%s", strings.Join(had, "\n"))
	}
	if had := c.lines(`^cargo .*\[.+\]`); len(had) > 0 {
		c.Errorf("what compiles had a secret:\n%s", strings.Join(had, "\n"))
	}
	seed := []byte(c.account.Reveal())
	if bytes.Contains(c.output.Bytes(), seed) {
		c.Errorf("the seed is printed:\n%s", c.output.Bytes())
	}
	files := 0
	err := filepath.WalkDir(c.top, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			if e != nil && e.Name() == "secrets" {
				return fs.SkipDir
			}
			return err
		}
		files++
		text, err := os.ReadFile(path)
		if bytes.Contains(text, seed) {
			c.Errorf("the seed is in %s", path)
		}
		return err
	})
	if err != nil || files < 20 {
		c.Errorf("%d files were looked at: %v", files, err)
	}
}

// Whoever compiles has no secret, in the files themselves.
func TestMakePipelinesCompileWithoutSecrets(t *testing.T) {
	secret := regexp.MustCompile(`secrets\.|SEED|PASSWORD`)
	for file, jobs := range makePipelines(t) {
		for name, steps := range jobs {
			for _, s := range steps {
				has := secret.MatchString(s.command + fmt.Sprint(s.env))
				if has && (!s.privileged || !strings.Contains(s.command, "BUILT=yes")) {
					t.Errorf("%s: %s has a secret where code of the project's runs: %s", file, name, s.command)
				}
				if s.privileged && s.command != "" && !strings.Contains(s.command, "BUILT=yes") {
					t.Errorf("%s: %s compiles: %s", file, name, s.command)
				}
			}
		}
	}
}

// A checkout sets all times to now, and a cache brings back what was signed: nothing is signed anew, with the
// key or without it.
func TestRestoredCacheSignsNothing(t *testing.T) {
	for _, tt := range []struct{ name, with string }{{"with the key", "WASH_ISSUER_KEY=$SIGNING_SEED make"}, {"without it, and the token", "make"}} {
		t.Run(tt.name, func(t *testing.T) {
			c := newCI(t)
			c.fresh()
			c.run(ciStep{command: "make && make request && WASH_ISSUER_KEY=$SIGNING_SEED make jwt && make", privileged: true})
			for _, path := range []string{"build", "hello.jwt"} {
				c.move(filepath.Join(c.checkout, path), filepath.Join(c.top, "cache", path))
			}
			c.fresh()
			for _, path := range []string{"build", "hello.jwt"} {
				c.move(filepath.Join(c.top, "cache", path), filepath.Join(c.checkout, path))
			}
			before, err := os.Stat(filepath.Join(c.checkout, "build/hello_s.wasm"))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Remove(filepath.Join(c.top, "log")); err != nil {
				t.Fatal(err)
			}
			said := c.run(ciStep{command: tt.with, privileged: true})
			after, err := os.Stat(filepath.Join(c.checkout, "build/hello_s.wasm"))
			if err != nil || !os.SameFile(before, after) || !before.ModTime().Equal(after.ModTime()) || !strings.Contains(said, "(unchanged)") {
				t.Errorf("signed again: %v\n%s", err, said)
			}
			if _, by := c.signed(); by != c.account.Public() {
				t.Errorf("signed by %s", by)
			}
			// The signer is asked once, and compares.
			if asked := c.lines("^signer "); len(asked) != 1 {
				t.Errorf("the signer ran %d times:\n%s", len(asked), strings.Join(asked, "\n"))
			}
		})
	}
}
