package wash

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/compile"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

type buildOptions struct {
	config, keys    string
	issuer, subject string
	noKeygen        bool
	buildOnly, push bool
}

// built is the answer; the first two members are wash's.
type built struct {
	Path      string `json:"actor_path"`
	Signed    bool   `json:"signed"`
	Reference string `json:"reference,omitempty"` // where it was pushed to
}

func buildCommand(s *cli.IO) *cobra.Command {
	var o buildOptions
	cmd := &cobra.Command{
		Use:   "build",
		Short: "Build (and sign) a wasmCloud actor",
		Long: `Build the actor that wasmcloud.toml describes, by cargo or TinyGo, and sign it: build/NAME_s.wasm.

All of the file counts: name, version, language, type; [actor] claims, call_alias, wasm_target, key_directory (unless
--keys-directory or WASH_KEYS names another), filename of the signed actor, registry and push_insecure (for --push);
[rust] cargo_path; [tinygo] tinygo_path. Providers and interfaces are built by ` + "`make`" + `.`,
		Example: "  wash build\n  wash build -p actors/echo --push",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.buildOnly && o.push {
				return cli.Usage("--push sends what is signed: leave --build-only out")
			}
			p, err := readProject(o.config)
			if err != nil {
				return err
			}
			result, err := o.run(cmd, s, p)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, func(w io.Writer) {
				if result.Signed {
					fmt.Fprintf(w, "Actor built and signed and can be found at %q\n", result.Path)
				} else {
					fmt.Fprintf(w, "Actor built and can be found at %q\n", result.Path)
				}
			})
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.config, "config-path", "p", ".", "wasmcloud.toml, or the `folder` that it lies in")
	f.StringVar(&o.keys, "keys-directory", "", "`folder` of keys (WASH_KEYS; key_directory of wasmcloud.toml; ~/.wash/keys)")
	f.StringVarP(&o.issuer, "issuer", "i", "", "`key` that signs (WASH_ISSUER_KEY)")
	f.StringVarP(&o.subject, "subject", "s", "", "`key` that identifies the actor (WASH_SUBJECT_KEY)")
	f.BoolVar(&o.noKeygen, "disable-keygen", false, "fail where no key is found")
	f.BoolVar(&o.buildOnly, "build-only", false, "do not sign")
	f.BoolVar(&o.push, "push", false, "push to the registry of wasmcloud.toml")
	return cmd
}

func (o *buildOptions) run(cmd *cobra.Command, s *cli.IO, p *project) (*built, error) {
	if o.push && p.Actor.Registry == "" {
		return nil, fmt.Errorf("%s names no registry in [actor], which --push needs", p.file)
	}
	unsigned, err := p.compile(cmd, s)
	if err != nil {
		return nil, err
	}
	if o.buildOnly {
		return &built{Path: unsigned}, nil
	}
	result := &built{Path: p.within(p.SignedFile(signing.Stem(unsigned))), Signed: true}
	if _, err := within(cmd, s, o.signArgs(s, p, unsigned, result.Path)...); err != nil {
		return nil, err
	}
	if o.push {
		result.Reference = p.reference()
		args := []string{"reg", "push", result.Reference, result.Path}
		if p.Actor.PushInsecure {
			args = append(args, "--insecure")
		}
		if _, err := within(cmd, s, args...); err != nil {
			return nil, err
		}
	}
	return result, nil
}

// compile gives the unsigned module, build/NAME.wasm.
func (p *project) compile(cmd *cobra.Command, s *cli.IO) (string, error) {
	switch p.Language {
	case "rust":
		made, err := compile.Rust(cmd.Context(), compile.RustOptions{
			Dir: p.dir, Cargo: program(p.dir, p.Rust.CargoPath), Env: s.Env, Name: p.crate, Target: p.Actor.WasmTarget, Log: s.Err,
		})
		if err != nil {
			return "", err
		}
		// wash moves it, and then cargo has to make it again.
		path := filepath.Join(p.dir, "build", filepath.Base(made))
		return path, copyFile(path, made)
	case "tinygo":
		path := filepath.Join(p.dir, "build", p.Name+".wasm")
		o := compile.TinyGoOptions{Dir: p.dir, TinyGo: program(p.dir, p.TinyGo.Path), Log: s.Err}
		return path, compile.TinyGo(cmd.Context(), o, func(made string) error { return copyFile(path, made) })
	}
	return "", fmt.Errorf("%s: the language is %q: want rust or tinygo", p.file, p.Language)
}

// program is a compiler named by wasmcloud.toml, from whose folder a path counts.
func program(dir, path string) []string {
	if path == "" {
		return nil
	}
	if strings.ContainsRune(path, filepath.Separator) && !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return []string{path}
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	_, err = fsx.WriteFileIfChanged(to, 0o644, func(w io.Writer) error {
		_, err := io.Copy(w, in)
		return err
	})
	return err
}

// signArgs are those of `wash claims sign`.
func (o *buildOptions) signArgs(s *cli.IO, p *project, unsigned, signed string) []string {
	args := []string{"claims", "sign", unsigned, "--name", p.Name, "--ver", p.Version, "--destination", signed}
	for _, id := range p.Actor.Claims {
		args = append(args, "--cap", id)
	}
	keys := o.keys
	if keys == "" && s.Env("WASH_KEYS") == "" && p.Actor.KeyDirectory != "" {
		keys = p.within(p.Actor.KeyDirectory)
	}
	for _, f := range [][2]string{{"--call-alias", p.Actor.CallAlias}, {"--directory", keys}, {"--issuer", o.issuer}, {"--subject", o.subject}} {
		if f[1] != "" {
			args = append(args, f[0], f[1])
		}
	}
	if o.noKeygen {
		args = append(args, "--disable-keygen")
	}
	return args
}

// reference is where the actor is pushed to.
func (p *project) reference() string {
	registry, whole := p.Registry()
	if whole {
		return registry
	}
	return registry + "/" + strings.ToLower(p.Name) + ":" + p.Version
}

// within runs another command of this front end and gives what it printed.
func within(cmd *cobra.Command, s *cli.IO, args ...string) (string, error) {
	var out strings.Builder
	inner := *s
	inner.Out = &out
	root := Command(&inner)
	root.SetArgs(slices.Clone(args))
	err := root.ExecuteContext(cmd.Context())
	return out.String(), err
}
