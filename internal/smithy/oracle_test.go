package smithy_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/core"
)

const (
	version   = "1.50.0" // of smithy-cli, whose answers the golden files are
	ecj       = "3.37.0" // of Eclipse's compiler, which runs on a JRE: that has none of its own
	leastJava = 17       // ecj needs it
	oracle    = "testdata/oracle"
	patience  = 10 * time.Minute // for what Maven fetches and Java runs; it takes half a minute
)

// TestOracle runs Smithy's own code on the corpus, so that the golden files are
// known to be its answers and not ours.
func TestOracle(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts Java: left out with -short")
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	repository, classpath := smithyCLI(ctx, t)
	classes, answers := t.TempDir(), t.TempDir()
	java(ctx, t, "-jar", filepath.Join(repository, "org", "eclipse", "jdt", "ecj", ecj, "ecj-"+ecj+".jar"),
		"--release", strconv.Itoa(leastJava), "-proc:none", "-cp", classpath, "-d", classes, filepath.Join("testdata", "Oracle.java"))
	args := []string{"-cp", classes + string(os.PathListSeparator) + classpath, "Oracle", answers}
	for _, name := range core.Names() {
		args = append(args, filepath.Join("core", name))
	}
	java(ctx, t, append(append(args, "--"), corpus(t, good, broken, contracts)...)...)
	if *update {
		if err := errors.Join(os.RemoveAll(oracle), os.CopyFS(oracle, os.DirFS(answers))); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(listing(t, answers), listing(t, oracle)); diff != "" {
		t.Fatalf("the golden files are not those that smithy-cli gives: run this test with -update; smithy-cli -, golden +:\n%s", diff)
	}
	for _, name := range listing(t, answers) {
		if !bytes.Equal(read(t, filepath.Join(answers, name)), read(t, filepath.Join(oracle, name))) {
			t.Errorf("smithy-cli's answer for %s is not the golden one: run this test with -update", name)
		}
	}
}

// A golden file whose model is gone would be compared with nothing, one of two
// models of a name with the wrong one. This needs no Java.
func TestGoldenFilesAreOfTheCorpus(t *testing.T) {
	models := map[string]string{}
	for _, file := range corpus(t, good, broken, contracts) {
		if other := models[stem(file)]; other != "" {
			t.Errorf("%s and %s have one golden file", other, file)
		}
		models[stem(file)] = file
	}
	for _, name := range listing(t, oracle) {
		if models[strings.TrimSuffix(name, filepath.Ext(name))] == "" {
			t.Errorf("there is no model for %s: run TestOracle with -update", name)
		}
	}
}

func listing(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// command can be stopped: what it started may hold its output, which is not
// waited for then.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

func java(ctx context.Context, t *testing.T, args ...string) {
	t.Helper()
	// The second compiler of the virtual machine takes longer than it saves here. How deep a model
	// the usual stack can take depends on what was compiled by then.
	if out, err := command(ctx, "java", append([]string{"-XX:TieredStopAtLevel=1", "-Xss512m"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("java: %v\n%s", errors.Join(ctx.Err(), err), out)
	}
}

// smithyCLI gives Maven's repository in the user's home, with ecj in it, and the class
// path of smithy-cli. Maven fetches what is not there yet. Where there is no
// Java or no Maven the test is skipped; .ci/run installs them and sets
// REQUIRE_JAVA, so there that is a failure.
func smithyCLI(ctx context.Context, t *testing.T) (repository, classpath string) {
	t.Helper()
	without := func(format string, args ...any) {
		t.Helper()
		if why := "not compared with smithy-cli: " + fmt.Sprintf(format, args...); os.Getenv("REQUIRE_JAVA") != "" || ctx.Err() != nil {
			t.Fatal(errors.Join(ctx.Err(), errors.New(why)))
		} else {
			t.Skip(why)
		}
	}
	if have, err := javaVersion(ctx); err != nil {
		without("%v: apt-get install default-jre-headless maven", err)
	} else if have < leastJava {
		without("Java %d is here, %d or later is needed", have, leastJava)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		without("there is no folder for it: %v", err)
	}
	repository = filepath.Join(home, ".m2", "repository")
	find := func() (jars []string, whole bool) {
		jars, _ = filepath.Glob(filepath.Join(repository, "software", "amazon", "smithy", "*", version, "*-"+version+".jar"))
		compiler, _ := filepath.Glob(filepath.Join(repository, "org", "eclipse", "jdt", "ecj", ecj, "ecj-"+ecj+".jar"))
		return jars, len(jars) >= 6 && len(compiler) == 1
	}
	jars, whole := find()
	for _, artifact := range []string{"software.amazon.smithy:smithy-cli:" + version, "org.eclipse.jdt:ecj:" + ecj} {
		if whole {
			break
		}
		// Maven by itself takes the home that the system's list of users has.
		out, err := command(ctx, "mvn", "-q", "-B", "-Dmaven.repo.local="+repository, "dependency:get", "-Dartifact="+artifact).CombinedOutput()
		if err != nil {
			without("Maven does not get %s: %v %s", artifact, err, bytes.TrimSpace(out))
		}
		jars, whole = find()
	}
	if !whole {
		t.Fatalf("Maven has got smithy-cli %s and ecj %s, but in %s are only %q", version, ecj, repository, jars)
	}
	return repository, strings.Join(jars, string(os.PathListSeparator))
}

// javaVersion runs the java on PATH: where none is installed, some systems have
// one that only says so.
func javaVersion(ctx context.Context) (int, error) {
	out, err := command(ctx, "java", "-version").CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("no Java: %w", err)
	}
	found := regexp.MustCompile(`version "(?:1\.)?(\d+)`).FindSubmatch(out)
	if found == nil {
		return 0, fmt.Errorf("java -version says %q", bytes.TrimSpace(out))
	}
	return strconv.Atoi(string(found[1]))
}
