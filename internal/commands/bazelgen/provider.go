package bazelgen

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/upstream"
)

// fromProviderMakefile takes the variables of provider.mk.
func (p *project) fromProviderMakefile(m *upstream.Makefile) error {
	p.provider = &provider{}
	var rev, name, url string
	var faults []error
	for _, v := range []struct {
		name string
		into *string
	}{
		{"PROJECT", &p.name}, {"VERSION", &p.version}, {"REVISION", &rev}, {"NAME", &p.claimName},
		{"CAPABILITY_ID", &p.provider.capid}, {"VENDOR", &p.provider.vendor}, {"bin_name", &name},
	} {
		var err error
		*v.into, err = m.Word(v.name)
		faults = append(faults, err)
	}
	bin, err := m.List("BIN")
	faults = append(faults, err)
	flags, err := m.List("PAR_FLAGS")
	if err := errors.Join(append(faults, err)...); err != nil {
		return err // all at once: --set is given for each
	}
	if p.provider.vendor == "" {
		return fmt.Errorf("%s: VENDOR is empty: want who publishes the provider", p.source)
	}
	if err := p.setRevision(rev); err != nil {
		return err
	}
	if err := p.setSchema(flags); err != nil {
		return err
	}
	if len(bin) > 1 || len(bin) == 1 && strings.Contains(bin[0], "=") {
		return fmt.Errorf("%s: BIN says what its executables run on: write a wasmcloud_provider with `binaries`, where each has its target", p.source)
	}
	if len(bin) == 1 {
		p.unsigned = bin[0]
	}
	switch {
	case m.Has("oci_url"):
		if url, err = m.Word("oci_url"); err == nil {
			p.push, err = parseReference(url)
		}
		if err != nil {
			return fmt.Errorf("%s: oci_url: %w", p.source, err)
		}
	case name != p.claimName: // the rule would push to a repository of the claims' name
		p.push = &reference{repository: name}
	}
	return nil
}

// setSchema takes what PAR_FLAGS says. A flag that changes the archive's bytes, and is not
// known here, may not be lost in silence.
func (p *project) setSchema(flags []string) error {
	for i := 0; i < len(flags); i++ {
		file, joined := strings.CutPrefix(flags[i], "--schema=")
		if !joined && flags[i] == "--schema" && i+1 < len(flags) {
			i++
			file, joined = flags[i], true
		}
		if !joined {
			return fmt.Errorf("%s: PAR_FLAGS has %s: bazelgen knows --schema FILE only; give the rest to the rule by hand, and --set PAR_FLAGS=", p.source, flags[i])
		}
		p.provider.schema = file
	}
	return nil
}

// providerRules gives the targets of a provider. src is the label of its executable.
func providerRules(p *project, w *workspace, src string) ([]rule, error) {
	rules, src, err := compiled(p, w, src, goProviderRules, "rust_binary")
	if err != nil {
		return nil, err
	}
	r := rule{kind: "wasmcloud_provider", file: w.label(ourModule, "//rules:provider.bzl"), name: p.name}
	r.str("binary", src)
	r.str("capid", p.provider.capid)
	r.claim("claim_name", &build.StringExpr{Value: p.claimName}, p.claimName != p.name)
	r.pushTo(p.push)
	r.expr("revision", &build.LiteralExpr{Token: strconv.Itoa(*p.revision)})
	r.claim("schema", &build.StringExpr{Value: p.provider.schema}, p.provider.schema != "")
	r.str("vendor", p.provider.vendor)
	r.str("version", p.version)
	if path.Base(w.pkg(p.dir)) != p.name {
		r.attrs = append(r.attrs, attr{name: "short_names", value: &build.Ident{Name: "True"}, once: true})
	}
	rules = append(rules, r)
	if p.cases {
		test := rule{kind: "wasmcloud_provider_test", file: w.label(ourModule, "//rules:testing.bzl"), name: p.name + "_cases_test"}
		test.expr("cases", call("glob", stringList([]string{"cases/*.txtar"})))
		test.str("provider", ":"+p.name)
		rules = append(rules, test)
	}
	return rules, nil
}

// goProviderRules compiles as provider.mk does: without a C compiler.
func goProviderRules(p *project, w *workspace) ([]rule, string, error) {
	g, err := readGo(p.dir, w, hosts())
	if err != nil {
		return nil, "", err
	}
	library, tests := goLibraryRules(p, w, g)
	binary := rule{kind: "go_binary", file: library.file, name: p.name + "_go"}
	binary.list("embed", ":"+library.name)
	binary.list("gc_linkopts", "-s", "-w")
	binary.str("pure", "on")
	return append([]rule{library, binary}, tests...), ":" + binary.name, nil
}
