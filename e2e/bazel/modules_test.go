package bazel

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/testkit"
)

// forUsers are the packages that a user of the rules builds.
var forUsers = append([]string{"./rules/...", "./sdk/..."}, toolsOfTheRules...)

// toolsOfTheRules are those of //rules/toolchain.
var toolsOfTheRules = []string{"./tools/signer", "./tools/ocipush", "./tools/parpack", "./tools/smithy", "./tools/wasmfix"}

type module struct{ path, version, sum string }

// A user of the rules resolves the Go modules of what the rules build, not those of the
// registry, the benchmarks and the tests.
func TestUsersResolveOnlyTheModulesOfTheTools(t *testing.T) {
	modules := modulesOf(t, []string{"linux", "darwin", "windows"}, forUsers...)
	for _, m := range modules {
		for _, no := range []string{"distribution/", "chromedp", "buildtools", "goleak", "go-cmp", "prometheus", "redis"} {
			if strings.Contains(m.path, no) {
				t.Errorf("the rules make their users resolve %s", m.path)
			}
		}
	}
	t.Logf("%d Go modules for users, %d requirements here", len(modules), strings.Count(read(t, "../../go.sum"), "/go.mod h1:"))
	const begin, end = "# --- Go modules of the tools: go test ./e2e/bazel -update\n", "\n# --- end of the Go modules\n"
	text := read(t, "../../MODULE.bazel")
	before, rest, ok1 := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	const use = "use_repo(\n    go_deps,\n"
	ahead, rest, ok3 := strings.Cut(after, use)
	_, behind, ok4 := strings.Cut(rest, ")\n")
	if !ok1 || !ok2 || !ok3 || !ok4 {
		t.Fatalf("MODULE.bazel lacks the lines %q, %q or %q", begin, end, use)
	}
	used, others := usedRepositories(t, modules)
	for line := range strings.Lines(used) {
		behind = strings.Replace(behind, line, "", 1) // nor is it a tool of ours alone
	}
	after = ahead + use + used + ")\n" + behind
	for _, name := range others {
		if !strings.Contains(behind, "    \""+name+"\",\n") {
			t.Errorf("use_repo(go_deps_dev) in MODULE.bazel lacks %s, which a BUILD file names", name)
		}
	}
	testkit.GoldenFile(t, "../../MODULE.bazel", []byte(before+begin+inModule(modules, after)+end+after))
	testkit.GoldenFile(t, "../../rules/private/go_repositories.bzl", []byte(inWorkspace(modules)))
}

// Both ways to set the rules up name the same releases of rules_go and gazelle.
func TestWorkspaceFileNamesTheVersionsOfTheModule(t *testing.T) {
	archives := regexp.MustCompile(`/(\w+)/releases/download/v([\d.]+)/([\w-]+)-v([\d.]+)\.`).FindAllStringSubmatch(
		strings.ReplaceAll(read(t, "testdata/workspace/WORKSPACE"), "bazel-gazelle", "gazelle"), -1)
	if len(archives) != 2 {
		t.Fatalf("found the archives %q", archives)
	}
	module := read(t, "../../MODULE.bazel")
	for _, a := range archives {
		if want := fmt.Sprintf("bazel_dep(name = %q, version = %q,", a[1], a[2]); a[3] != a[1] || a[4] != a[2] || !strings.Contains(module, want) {
			t.Errorf("the WORKSPACE file has %s, and MODULE.bazel has no line %s…", a[0], want)
		}
	}
}

// usedRepositories are the repositories that BUILD files name: lines of those of some
// modules, and the names of others.
func usedRepositories(t *testing.T, modules []module) (lines string, others []string) {
	t.Helper()
	ours := map[string]bool{}
	for _, m := range modules {
		ours[repositoryName(m.path)] = true
	}
	named := map[string]bool{}
	label := regexp.MustCompile(`"@(com|org|in|land|io|dev)(_\w+)//`)
	for _, root := range []string{"internal", "rules", "sdk", "tools"} {
		err := filepath.WalkDir("../../"+root, func(path string, e os.DirEntry, err error) error {
			if err != nil || e.Name() != "BUILD.bazel" {
				return err
			}
			for _, m := range label.FindAllStringSubmatch(read(t, path), -1) {
				if name := m[1] + m[2]; name != "io_bazel_rules_go" {
					named[name] = true
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(named)) {
		if ours[name] {
			lines += fmt.Sprintf("    %q,\n", name)
		} else {
			others = append(others, name)
		}
	}
	return lines, others
}

func read(t *testing.T, file string) string {
	t.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// modulesOf asks Go what packages are made of on some systems.
func modulesOf(t *testing.T, systems []string, packages ...string) []module {
	t.Helper()
	found := map[string]string{}
	for _, system := range systems {
		cmd := exec.Command("go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}{{end}}{{end}}"}, packages...)...)
		cmd.Dir = "../.."
		cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, stderr.String())
		}
		for line := range strings.Lines(string(out)) {
			if path, version, ok := strings.Cut(strings.TrimSpace(line), " "); ok && path != "github.com/bazelbuild/rules_go" {
				found[path] = version
			}
		}
	}
	sums := read(t, "../../go.sum")
	var all []module
	for _, path := range slices.Sorted(maps.Keys(found)) {
		_, rest, ok := strings.Cut("\n"+sums, "\n"+path+" "+found[path]+" ")
		if !ok {
			t.Fatalf("go.sum has no sum of %s %s", path, found[path])
		}
		sum, _, _ := strings.Cut(rest, "\n")
		all = append(all, module{path, found[path], sum})
	}
	return all
}

// inModule calls indirect what the rest of the file does not use: Bazel complains of others.
func inModule(modules []module, rest string) string {
	var b strings.Builder
	for _, m := range modules {
		indirect := ""
		if !strings.Contains(rest, fmt.Sprintf("%q,\n", repositoryName(m.path))) {
			indirect = "    indirect = True,\n"
		}
		fmt.Fprintf(&b, "go_deps.module(\n%s    path = %q,\n    sum = %q,\n    version = %q,\n)\n", indirect, m.path, m.sum, m.version)
	}
	return b.String()
}

func inWorkspace(modules []module) string {
	var b strings.Builder
	b.WriteString(`"""The Go modules of the tools, for WORKSPACE. Written by: go test ./e2e/bazel -update"""

load("@bazel_gazelle//:deps.bzl", "go_repository")
load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")

# buildifier: disable=unnamed-macro
def go_repositories():
    """Declares what is not declared yet."""
`)
	for _, m := range modules {
		fmt.Fprintf(&b, "    maybe(\n        go_repository,\n        name = %q,\n%s        build_file_proto_mode = \"disable_global\",\n        importpath = %q,\n        sum = %q,\n        version = %q,\n    )\n",
			repositoryName(m.path), directives[m.path], m.path, m.sum, m.version)
	}
	return b.String()
}

// directives are what gazelle has to be told in WORKSPACE mode: docker's module has a
// vendor folder, and gazelle takes what is in it for built.
var directives = map[string]string{"github.com/docker/cli": `        build_directives = [
            "gazelle:resolve go github.com/docker/docker-credential-helpers/client @com_github_docker_docker_credential_helpers//client",
            "gazelle:resolve go github.com/docker/docker-credential-helpers/credentials @com_github_docker_docker_credential_helpers//credentials",
            "gazelle:resolve go github.com/sirupsen/logrus @com_github_sirupsen_logrus//:logrus",
        ],
`}

// repositoryName is gazelle's: the host's parts reversed, what no name may hold as _.
func repositoryName(path string) string {
	host, rest, _ := strings.Cut(path, "/")
	parts := strings.Split(host, ".")
	slices.Reverse(parts)
	return strings.ToLower(regexp.MustCompile(`[^A-Za-z0-9]`).ReplaceAllString(strings.Join(parts, "_")+"_"+rest, "_"))
}
