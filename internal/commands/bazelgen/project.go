package bazelgen

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// project is the folder of an actor, a provider or an interface, as its Makefile or wasmcloud.toml describes it.
type project struct {
	dir       string
	source    string // the file that was read
	name      string // of the targets
	claimName string
	version   string
	revision  *int // nil: none in the claims, as `wash build` signs
	caps      []string
	alias     string
	push      *reference // nil: nothing said
	unsigned  string     // a finished file in the folder, of wasm or a provider's; "" when it is compiled
	provider  *provider  // nil: an actor
	models    *models    // an interface's; nil: none
	compiler  compiler
	cases     bool // cases/*.txtar
	selfTest  bool // test-options.json
}

// provider is what the claims of a provider have that an actor's have not.
type provider struct{ capid, vendor, schema string }

type compiler string

const (
	goCompiler   compiler = "go"
	rustCompiler compiler = "rust"
	noCompiler   compiler = ""
)

// reference is where an artifact is pushed.
type reference struct{ registry, repository, tag string }

// options are what the command line says for every folder.
type options struct {
	set map[string]string // variables of Makefiles
	src string            // the label of the unsigned wasm; "" to find out
}

// errNoProject says that a folder holds nothing to write targets for.
var errNoProject = errors.New("no project")

// readProject finds out what a folder holds.
func readProject(dir string, o options) (*project, error) {
	p := &project{dir: dir, source: filepath.Join(dir, "Makefile")}
	text, err := os.ReadFile(p.source)
	var other *upstream.OtherError
	switch {
	case err == nil:
		err = p.fromMakefile(text, o.set)
		tomlFile := filepath.Join(dir, "wasmcloud.toml")
		// Templates of a time had both, and a Makefile that only calls wash.
		if errors.As(err, &other) && exists(tomlFile) {
			err = p.fromToml(tomlFile)
		}
	case errors.Is(err, fs.ErrNotExist):
		err = p.fromToml(filepath.Join(dir, "wasmcloud.toml"))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s has neither a Makefile nor a wasmcloud.toml: %w", dir, errNoProject)
	}
	if err != nil {
		return nil, err
	}
	if o.src == "" && p.models == nil {
		if err := p.findSource(); err != nil {
			return nil, err
		}
	}
	p.findTests()
	return p, p.check()
}

func (p *project) fromMakefile(text []byte, set map[string]string) error {
	m, err := upstream.ReadMakefile(p.source, text, set)
	if err != nil {
		return err
	}
	switch m.Include {
	case upstream.ProviderInclude:
		return p.fromProviderMakefile(m)
	case upstream.InterfaceInclude:
		return p.fromInterfaceMakefile(m)
	}
	var rev, url string
	var faults []error
	for _, v := range []struct {
		name string
		into *string
	}{
		{"PROJECT", &p.name}, {"VERSION", &p.version}, {"REVISION", &rev}, {"ACTOR_NAME", &p.claimName}, {"ACTOR_ALIAS", &p.alias},
	} {
		*v.into, err = m.Word(v.name)
		faults = append(faults, err)
	}
	p.caps, err = m.List("CLAIMS")
	if err := errors.Join(append(faults, err)...); err != nil {
		return err // all at once: --set is given for each
	}
	if err := p.setRevision(rev); err != nil {
		return err
	}
	if m.Has("UNSIGNED_WASM") {
		if p.unsigned, err = m.Word("UNSIGNED_WASM"); err != nil {
			return err
		}
	}
	if !m.Has("REG_URL") {
		return nil
	}
	if url, err = m.Word("REG_URL"); err == nil {
		p.push, err = parseReference(url)
	}
	if err != nil {
		return fmt.Errorf("%s: REG_URL: %w", p.source, err)
	}
	return nil
}

func (p *project) setRevision(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return fmt.Errorf("%s: REVISION is %q: want a whole number, 0 or more", p.source, text)
	}
	p.revision = &n
	return nil
}

func (p *project) fromToml(file string) error {
	p.source = file
	var t upstream.Toml
	if err := upstream.ReadToml(file, &t); err != nil {
		return err
	}
	if t.Type != "" && t.Type != "actor" {
		return &upstream.OtherError{Path: file, Why: fmt.Sprintf("its type is %q: bazelgen writes targets for actors only", t.Type)}
	}
	cargoFile := filepath.Join(p.dir, "Cargo.toml")
	// wash takes what is missing from Cargo.toml.
	if (t.Name == "" || t.Version == "") && exists(cargoFile) {
		c, err := upstream.ReadCargo(cargoFile)
		if err != nil {
			return err
		}
		if t.Name == "" {
			t.Name = c.Package.Name
		}
		if t.Version == "" {
			if t.Version, err = c.Version(); err != nil {
				return err
			}
		}
	}
	p.name = targetName(t.Name)
	p.claimName, p.version, p.caps, p.alias = t.Name, t.Version, t.Actor.Claims, t.Actor.CallAlias
	if t.Actor.Registry == "" {
		return nil
	}
	p.push = registryOnly(t.Actor.Registry, p.name, p.version)
	return nil
}

// targetName makes a name for targets of a name with spaces and capitals.
func targetName(name string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return !strings.ContainsRune(labelSigns, r) }), "_"))
}

// parseReference splits HOST/PATH:TAG. HOST is what docker would take for one: it has
// a dot or a port, or is localhost.
func parseReference(url string) (*reference, error) {
	host, rest, ok := strings.Cut(url, "/")
	if !ok || host != "localhost" && !strings.ContainsAny(host, ".:") {
		return nil, fmt.Errorf("%q names no registry: want HOST/NAME:TAG", url)
	}
	if strings.Contains(rest, "@") {
		return nil, fmt.Errorf("%q has a digest: want a tag, HOST/NAME:TAG", url)
	}
	name, tag, _ := strings.Cut(rest, ":")
	if name == "" {
		return nil, fmt.Errorf("%q names no repository: want HOST/NAME:TAG", url)
	}
	return &reference{registry: host, repository: name, tag: tag}, nil
}

// registryOnly takes wasmcloud.toml's registry, which is a host or a whole reference.
func registryOnly(registry, name, version string) *reference {
	registry = strings.TrimPrefix(strings.TrimPrefix(registry, "https://"), "http://")
	if r, err := parseReference(registry); err == nil {
		if r.tag == "" {
			r.tag = version
		}
		return r
	}
	return &reference{registry: strings.TrimSuffix(registry, "/"), repository: name, tag: version}
}

// findSource says how the wasm comes to be, by what lies in the folder, as actor.mk
// decides it.
func (p *project) findSource() error {
	rust, goFiles := exists(filepath.Join(p.dir, "Cargo.toml")), glob(p.dir, "*.go")
	if p.provider == nil && (rust || len(goFiles) > 0) {
		p.unsigned = "" // where actor.mk puts what it compiles: wash's Makefiles named cargo's own file so
	}
	switch {
	case p.unsigned != "":
		if filepath.IsAbs(p.unsigned) || strings.HasPrefix(filepath.Clean(p.unsigned), "..") {
			return fmt.Errorf("%s: %s is %s, outside of this folder: name its label by --src", p.source, p.unsignedBy(), p.unsigned)
		}
	case rust:
		p.compiler = rustCompiler
	case len(goFiles) > 0:
		if exists(filepath.Join(p.dir, "wasmcloud.toml")) && p.source != filepath.Join(p.dir, "Makefile") || usesTinyGo(p.dir) {
			// wasmcloud.toml's only other language is tinygo, whose SDK the Go compiler cannot compile.
			return fmt.Errorf("%s: bazelgen knows no rule that runs TinyGo: write one, and name its label by --src", p.source)
		}
		p.compiler = goCompiler
	case p.provider != nil:
		return fmt.Errorf("%s holds no Cargo.toml and no Go files, and BIN is not set: name the label of the executable by --src", p.dir)
	default:
		found := glob(p.dir, "*.wasm")
		if len(found) != 1 {
			return fmt.Errorf("%s holds no Cargo.toml, no Go files, and %d .wasm files (wanted: one): name the label of the wasm to sign by --src",
				p.dir, len(found))
		}
		p.unsigned = filepath.Base(found[0])
	}
	return nil
}

// usesTinyGo is how actor.mk decides.
func usesTinyGo(dir string) bool {
	text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	return err == nil && strings.Contains(string(text), "github.com/wasmcloud/actor-tinygo")
}

// unsignedBy is the variable that names a finished file.
func (p *project) unsignedBy() string {
	if p.provider != nil {
		return "BIN"
	}
	return "UNSIGNED_WASM"
}

func (p *project) findTests() {
	p.cases = len(glob(p.dir, "cases/*.txtar")) > 0
	p.selfTest = exists(filepath.Join(p.dir, selfTestFile))
}

// selfTestFile chooses among the tests inside the actor.
const selfTestFile = "test-options.json"

// labelSigns are the characters that every version of Bazel takes in a target's name
// and that make no trouble in file names.
const labelSigns = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+"

var contractID = regexp.MustCompile(`^[^\s"'\\]+$`)

func (p *project) check() error {
	switch {
	case p.name == "":
		return fmt.Errorf("%s gives no name", p.source)
	case strings.Trim(p.name, labelSigns) != "":
		return fmt.Errorf("%s: %q cannot be a target's name: want letters, digits and any of _ - . +", p.source, p.name)
	case p.models != nil && !token.IsIdentifier(p.name):
		return fmt.Errorf("%s: %q cannot be a Go package's name: want letters, digits and _", p.source, p.name)
	case p.version == "" && p.models == nil:
		return fmt.Errorf("%s gives no version: claims need one", p.source)
	}
	caps := p.caps
	if p.provider != nil {
		caps = []string{p.provider.capid}
	}
	for _, c := range caps {
		if !contractID.MatchString(c) {
			return fmt.Errorf("%s: %q is no contract id; one looks like wasmcloud:httpserver", p.source, c)
		}
	}
	return nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// glob lists files below a folder whose own name may hold any sign.
func glob(dir, pattern string) []string {
	found, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		return nil // only for a bad pattern, and those here are good
	}
	return found
}
