package bazel

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree makes files and symbolic links ("path -> target") below a new folder.
func tree(t *testing.T, entries ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, entry := range entries {
		name, target, isLink := strings.Cut(entry, " -> ")
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if isLink {
			err = os.Symlink(strings.ReplaceAll(target, "$DIR", dir), file)
		} else {
			err = os.WriteFile(file, []byte(`{"from":"`+name+`"}`), 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func noEnv(string) string { return "" }

func env(pairs ...string) func(string) string {
	return func(key string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1]
			}
		}
		return ""
	}
}

type spec struct {
	From string `json:"from"`
}

// Each layout is one in which Bazel or a user starts a target.
func TestFindTheSpec(t *testing.T) {
	const out = "out/bin/actor/"
	for name, tt := range map[string]struct {
		entries []string
		arg0    string
		want    string // the spec's path, "" for ErrNoSpec
	}{
		"bazel run": {
			[]string{out + "push -> $DIR/out/bin/tools/ocipush", "out/bin/tools/ocipush", out + "push.spec.json"},
			out + "push", out + "push.spec.json",
		},
		"through bazel-bin": {
			[]string{"ws/bazel-bin -> $DIR/out/bin", out + "push -> ../tools/ocipush", "out/bin/tools/ocipush", out + "push.spec.json"},
			"ws/bazel-bin/actor/push", "ws/bazel-bin/actor/push.spec.json",
		},
		"a link elsewhere": {
			[]string{"home/p -> ../" + out + "push", out + "push -> ../tools/ocipush", "out/bin/tools/ocipush", out + "push.spec.json"},
			"home/p", out + "push.spec.json",
		},
		"from another program's runfiles": {
			[]string{"t.runfiles/_main/actor/push -> $DIR/" + out + "push", out + "push -> ../tools/ocipush", "out/bin/tools/ocipush",
				"t.runfiles/_main/actor/push.spec.json -> $DIR/" + out + "push.spec.json", out + "push.spec.json"},
			"t.runfiles/_main/actor/push", "t.runfiles/_main/actor/push.spec.json",
		},
		"only in its own runfiles": {
			[]string{out + "push", out + "push.runfiles/rules+/x/push.spec.json -> $DIR/store/a", "store/a", out + "push.runfiles/_main/other.spec.json"},
			out + "push", out + "push.runfiles/rules+/x/push.spec.json",
		},
		"in the runfiles of the link's target": {
			[]string{"home/push -> ../" + out + "push", out + "push", out + "push.runfiles/_main/actor/push.spec.json"},
			"home/push", out + "push.runfiles/_main/actor/push.spec.json",
		},
		"with .exe": {
			[]string{out + "push.exe", out + "push.spec.json"},
			out + "push.exe", out + "push.spec.json",
		},
		"the outer link wins": {
			[]string{"a/x -> ../b/x", "a/x.spec.json", "b/x", "b/x.spec.json"},
			"a/x", "a/x.spec.json",
		},
		"the tool itself": {
			[]string{"out/bin/tools/ocipush", "out/bin/tools/push.spec.json", "out/bin/tools/ocipush.runfiles/_main/x"},
			"out/bin/tools/ocipush", "",
		},
		"a folder of that name is no spec": {
			[]string{"x", "x.spec.json/file"}, "x", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, tt.entries...)
			p, err := Find(filepath.Join(dir, tt.arg0), noEnv)
			if tt.want == "" {
				if !errors.Is(err, ErrNoSpec) {
					t.Fatalf("got %v, %v; want ErrNoSpec", p, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if want := filepath.Join(dir, tt.want); p.spec != want {
				t.Errorf("spec %s; want %s", p.spec, want)
			}
			var s spec
			if err := p.Spec(&s); err != nil || s.From == "" {
				t.Errorf("%+v, %v", s, err)
			}
		})
	}
}

func TestFindByPATHAndRelativePath(t *testing.T) {
	dir := tree(t, "bin/push", "bin/push.spec.json")
	t.Chdir(dir)
	t.Setenv("PATH", filepath.Join(dir, "bin"))
	for _, arg0 := range []string{"push", "bin/push", "./bin/push"} {
		p, err := Find(arg0, noEnv)
		if err != nil {
			t.Errorf("%s: %v", arg0, err)
			continue
		}
		if want := filepath.Join(dir, "bin/push.spec.json"); p.spec != want {
			t.Errorf("%s: spec %s; want %s", arg0, p.spec, want)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	for name, tt := range map[string]struct {
		entries []string
		arg0    string
		want    string
	}{
		"no program":    {nil, "gone", "finding the program"},
		"two specs":     {[]string{"x", "x.runfiles/a/x.spec.json", "x.runfiles/b/x.spec.json"}, "x", "more than one spec file for this program: a/x.spec.json, b/x.spec.json"},
		"bad manifest":  {[]string{"x", "x.runfiles_manifest -> $DIR/x.dir", "x.dir/y"}, "x", "no spec file"},
		"dangling spec": {[]string{"x", "x.spec.json -> gone"}, "x", "no spec file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Find(filepath.Join(tree(t, tt.entries...), tt.arg0), noEnv)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v; want %q", err, tt.want)
			}
		})
	}
}

func TestLinksWithoutEndAreRefused(t *testing.T) {
	dir := tree(t, "a -> b", "b -> a")
	if _, err := Find(filepath.Join(dir, "a"), noEnv); err == nil || errors.Is(err, ErrNoSpec) {
		t.Errorf("followed a circle: %v", err)
	}
}

func TestSpecIsReadStrictly(t *testing.T) {
	for text, want := range map[string]string{
		`{"from":"a","to":"b"}`:   "of another version than the rules",
		`{"from":"a"} {}`:         "more than one JSON value",
		`{"from":`:                "unexpected EOF",
		``:                        "EOF",
		"{\"from\":\"a\"}\n \n\t": "",
	} {
		dir := tree(t, "x", "x.spec.json")
		if err := os.WriteFile(filepath.Join(dir, "x.spec.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		p, err := Find(filepath.Join(dir, "x"), noEnv)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Spec(&spec{})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func TestRunfiles(t *testing.T) {
	dir := tree(t,
		"out/push", "out/push.spec.json",
		"out/push.runfiles/_main/actor/a.wasm -> $DIR/store/a", "store/a",
		"out/push.runfiles/_repo_mapping -> $DIR/mapping",
		"other.runfiles/_main/actor/a.wasm -> $DIR/store/b", "store/b",
		"in.runfiles/_main/out/push", "in.runfiles/_main/out/push.spec.json", "in.runfiles/_main/actor/a.wasm",
	)
	manifest := filepath.Join(dir, "MANIFEST")
	write(t, manifest, "_main/actor/a.wasm "+filepath.Join(dir, "store/b")+"\n_main/empty \n")
	// A repository that is called _main by another may not turn our path away.
	write(t, filepath.Join(dir, "mapping"), ",_main,other+\n")
	for name, tt := range map[string]struct {
		arg0 string
		env  func(string) string
		want string // end of the path
	}{
		"beside the program":                           {"out/push", noEnv, "out/push.runfiles/_main/actor/a.wasm"},
		"a folder named by the environment wins":       {"out/push", env("RUNFILES_DIR", filepath.Join(dir, "other.runfiles")), "other.runfiles/_main/actor/a.wasm"},
		"so does a manifest":                           {"out/push", env("RUNFILES_MANIFEST_FILE", manifest, "RUNFILES_DIR", "/gone"), "store/b"},
		"the tree that the program is in, if no other": {"in.runfiles/_main/out/push", noEnv, "in.runfiles/_main/actor/a.wasm"},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Find(filepath.Join(dir, tt.arg0), tt.env)
			if err != nil {
				t.Fatal(err)
			}
			file, err := p.Runfile("_main/actor/a.wasm")
			if err != nil || file != filepath.Join(dir, tt.want) {
				t.Errorf("%s, %v; want %s", file, err, tt.want)
			}
			for _, gone := range []string{"_main/gone", "../x", "", "_main/empty"} {
				if file, err := p.Runfile(gone); err == nil {
					t.Errorf("%q: %s", gone, file)
				}
			}
		})
	}
}

func TestSpecInAManifest(t *testing.T) {
	dir := tree(t, "push", "store/s")
	write(t, filepath.Join(dir, "push.runfiles_manifest"), "_main/actor/push.spec.json "+filepath.Join(dir, "store/s")+"\n")
	p, err := Find(filepath.Join(dir, "push"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if p.spec != filepath.Join(dir, "store/s") {
		t.Error(p.spec)
	}
}

func TestWithoutRunfiles(t *testing.T) {
	dir := tree(t, "push", "push.spec.json")
	p, err := Find(filepath.Join(dir, "push"), noEnv)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Runfile("_main/x"); err == nil || !strings.Contains(err.Error(), "run the target by bazel") {
		t.Error(err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
