package bazelgen

import (
	"bytes"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bazelbuild/buildtools/build"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// seedShape: S, the letter of a kind of key, and 56 more characters of base32.
var seedShape = regexp.MustCompile(`S[ACMNOUV][A-Z2-7]{56}`)

// seeds finds private keys. What it says about one names its public half, by which it
// can be revoked, and repeats nothing of the seed.
func seeds(text []byte) []finding {
	var found []finding
	for _, at := range seedShape.FindAllIndex(text, -1) {
		if longer(text, at) {
			continue // part of a longer word, such as a digest in base32
		}
		f := finding{Check: checkSeed}
		before := text[:at[0]]
		f.Line = 1 + bytes.Count(before, []byte("\n"))
		f.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		seed, err := strkey.ParseSeed(text[at[0]:at[1]])
		switch {
		case err != nil:
			f.Check, f.Level = checkSeedTypo, levelWarning
			f.Message = "this looks like a seed with a typing error in it: take it out if it was one"
		case strkey.IsDevelopment(seed.Public()):
			continue // published, and protects nothing
		default:
			f.Message = fmt.Sprintf("the seed of the %s key %s: take it out, make a new key, and trust this one no more; a build needs the public key only",
				seed.Kind(), seed.Public())
		}
		found = append(found, f)
	}
	return found
}

func longer(text []byte, at []int) bool {
	word := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] >= 'A' && text[i] <= 'Z' || text[i] >= 'a' && text[i] <= 'z')
	}
	return word(at[0]-1) || word(at[1])
}

// at starts a finding at an expression.
func at(e build.Expr, check, format string, args ...any) finding {
	start, _ := e.Span()
	return finding{Line: start.Line, Column: start.LineRune, Check: check, Message: fmt.Sprintf(format, args...)}
}

// target is a call of one of our rules or macros, in a BUILD file or within a macro.
type target struct {
	*build.Rule
	vars map[string]build.Expr
}

// targets lists the calls of the given rules, by the names under which the file
// loads them.
func targets(f *build.File, kinds ...string) []target {
	vars := constants(f)
	names := map[string]string{}
	for _, stmt := range f.Stmt {
		if load, ok := stmt.(*build.LoadStmt); ok {
			for i := range load.From {
				names[load.To[i].Name] = load.From[i].Name
			}
		}
	}
	var out []target
	build.Walk(f, func(e build.Expr, _ []build.Expr) {
		c, ok := e.(*build.CallExpr)
		if !ok {
			return
		}
		r := build.NewRule(c)
		kind := r.Kind()
		if from, ok := names[kind]; ok {
			kind = from
		}
		if slices.Contains(kinds, kind) {
			out = append(out, target{r, vars})
		}
	})
	return out
}

// constants are the names that a file gives a value once, at its top.
func constants(f *build.File) map[string]build.Expr {
	vars := map[string]build.Expr{}
	for _, stmt := range f.Stmt {
		if a, ok := stmt.(*build.AssignExpr); ok && a.Op == "=" {
			if id, ok := a.LHS.(*build.Ident); ok {
				vars[id.Name] = a.RHS
			}
		}
	}
	return vars
}

// strings gives the strings in an attribute that can be told without running
// anything; ok is false if the attribute is absent.
func (t target) strings(name string) (out []*build.StringExpr, ok bool) {
	value := t.Attr(name)
	if value == nil {
		return nil, false
	}
	var collect func(e build.Expr, depth int)
	collect = func(e build.Expr, depth int) {
		switch e := e.(type) {
		case *build.StringExpr:
			out = append(out, e)
		case *build.ListExpr:
			for _, item := range e.List {
				collect(item, depth)
			}
		case *build.BinaryExpr:
			collect(e.X, depth)
			collect(e.Y, depth)
		case *build.Ident:
			if v := t.vars[e.Name]; v != nil && depth < 10 { // X = X is no constant
				collect(v, depth+1)
			}
		}
	}
	collect(value, 0)
	return out, true
}

// str gives an attribute that is one string; "" if it is not.
func (t target) str(name string) string {
	if all, _ := t.strings(name); len(all) == 1 {
		return all[0].Value
	}
	return ""
}

// pushing are the rules and macros that push what they name.
func pushing() []string { return []string{"wasmcloud_push", "wasmcloud_actor", "wasmcloud_provider"} }

// floatingTags finds tags that mean another artifact tomorrow.
func floatingTags(f *build.File) []finding {
	const cure = "name a version: what is deployed by a tag that moves cannot be told from the tag"
	var found []finding
	for _, t := range targets(f, pushing()...) {
		tags, ok := t.strings("remote_tags")
		for _, tag := range tags {
			if tag.Value == "latest" {
				found = append(found, at(tag, checkFloatingTag, "the tag latest: %s", cure))
			}
		}
		if list, isList := t.Attr("remote_tags").(*build.ListExpr); ok && isList && len(list.List) == 0 && t.str("version") == "" {
			found = append(found, at(list, checkFloatingTag, "no tag: %s", cure))
		}
		// The part after the registry; a tag in it would be one that nobody notices.
		if repository, _ := t.strings("repository"); len(repository) == 1 && strings.HasSuffix(repository[0].Value, ":latest") {
			found = append(found, at(repository[0], checkFloatingTag, "the tag latest in a repository's name: %s", cure))
		}
	}
	for _, t := range targets(f, "wasmcloud_pull", "wasmcloud.pull") {
		tags, ok := t.strings("tag")
		_, pinned := t.strings("digest")
		switch {
		case pinned:
		case !ok:
			found = append(found, at(t.Call, checkFloatingTag, "neither tag nor digest: another artifact may be pulled tomorrow; give the digest"))
		case len(tags) == 1 && tags[0].Value == "latest":
			found = append(found, at(tags[0], checkFloatingTag, "the tag latest without a digest: another artifact may be pulled tomorrow; give the digest"))
		}
	}
	return found
}

// developmentKeys finds targets that push elsewhere than to this machine what the
// published key signs.
func developmentKeys(f *build.File) []finding {
	development := map[string]bool{}
	for _, t := range targets(f, "wasmcloud_keys") {
		development[":"+t.Name()] = isDevelopment(t.Attr("account"), t.str("account"))
	}
	signed := map[string]bool{} // targets of this file by what signs them
	names := func(t target, attr string, known map[string]bool) bool {
		label := t.str(attr)
		if !strings.ContainsAny(label, ":/") {
			label = ":" + label
		}
		return known[label] || attr == "keys" && ourDevelopmentKeys(label)
	}
	for _, t := range targets(f, "wasmcloud_sign", "wasmcloud_actor", "wasmcloud_provider") {
		signed[":"+t.Name()] = names(t, "keys", development)
	}
	var found []finding
	for _, t := range targets(f, pushing()...) {
		registry := t.str("registry")
		if registry == "" || loopback(registry) || !names(t, "keys", development) && !names(t, "artifact", signed) {
			continue
		}
		found = append(found, at(t.Attr("registry"), checkDevelopment,
			"%s is not this machine, and the published development key signs this: anybody could have; name keys of your own", registry))
	}
	return found
}

// isDevelopment: the key written out, or the rules' constant for it.
func isDevelopment(e build.Expr, account string) bool {
	return strkey.IsDevelopment(strkey.PublicKey(account)) || e != nil && isIdent(e, "DEVELOPMENT_ACCOUNT")
}

// ourDevelopmentKeys says whether a label is of the wasmcloud_keys that the rules
// have for that key.
func ourDevelopmentKeys(label string) bool {
	_, path, _ := strings.Cut(label, "//")
	return strings.HasPrefix(path, "rules/settings") && strings.HasSuffix(path, ":development_keys")
}

// loopback says whether a registry is on this machine, as push itself decides it.
func loopback(registry string) bool {
	host := registry
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:i]
	}
	host = strings.Trim(host, "[]")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
