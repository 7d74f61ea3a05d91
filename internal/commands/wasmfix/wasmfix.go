// Package wasmfix is the command that makes a compiler's output an actor: it adds
// the exports that hosts look for, drops what only debuggers need, and refuses
// what no host of the classic generations could load.
package wasmfix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// options are the flags of all three commands, as far as each has them.
type options struct {
	strip    bool
	quiet    bool
	noAlias  bool
	aliases  []string
	caps     []string
	hasAlias bool
	hasCaps  bool
	out      string
	anything bool // skip the checks
}

// Command returns the wasmfix command.
func Command(s *cli.IO) *cobra.Command {
	var o options
	root := cli.Root(s, "wasmfix MODULE", "Make a compiler's WebAssembly module a wasmCloud actor", cli.LongOutput())
	root.Long = `Make a compiler's module an actor that the hosts of wasmCloud 0.5x to 0.82 load, before it is signed.

Go exports _initialize, and hosts only call _start: an alias is added, so that Go's runtime is started. --strip drops names and
debugging sections. A module that a host could not load is refused; what is checked: ` + checkedText + `
Not checked is whether the code is valid: the host's compiler tells.`
	root.Example = `  wasmfix build/echo_raw.wasm -o build/echo.wasm --strip
  wasmfix build/echo_raw.wasm -o build/echo.wasm --caps wasmcloud:httpserver,wasmcloud:keyvalue
  wasmfix check build/echo.wasm
  wasmfix inspect build/echo.wasm --output json`
	root.Args = cobra.ExactArgs(1)
	root.RunE = func(cmd *cobra.Command, args []string) error {
		o.hasCaps = cmd.Flags().Changed("caps")
		o.hasAlias = cmd.Flags().Changed("alias")
		return fix(cmd, s, &o, args[0])
	}
	f := root.Flags()
	f.StringVarP(&o.out, "out", "o", "", "`file` to write (default MODULE itself)")
	f.BoolVar(&o.quiet, "quiet", false, "print nothing but warnings")
	_ = f.MarkHidden("quiet") // for build rules, whose output is the file
	f.BoolVar(&o.strip, "strip", false, "drop the sections with names and for debugging")
	f.StringArrayVar(&o.aliases, "alias", []string{"_start=_initialize"}, "`NEW=OLD`: export OLD under a second name, if NEW is not exported (repeatable)")
	f.BoolVar(&o.noAlias, "no-alias", false, "add no export")
	f.BoolVar(&o.anything, "no-check", false, "write the module even if no classic host would load it")
	addCaps(root, &o)
	root.AddCommand(inspectCommand(s), checkCommand(s))
	return root
}

func addCaps(cmd *cobra.Command, o *options) {
	cmd.Flags().StringSliceVar(&o.caps, "caps", nil, "contract `ids` that will be claimed: warn of others that the module's data names")
}

// fixed is the answer.
type fixed struct {
	File      string   `json:"file"`
	Changed   bool     `json:"changed"`
	Aliased   []string `json:"aliased"`
	Dropped   []string `json:"dropped"`
	SizeIn    int64    `json:"size_in"`
	SizeOut   int64    `json:"size_out"`
	Contracts []string `json:"contracts"`
}

func (r *fixed) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d bytes, was %d\n", r.File, r.SizeOut, r.SizeIn)
	for _, name := range r.Aliased {
		fmt.Fprintf(w, "  added the export %s\n", name)
	}
	if len(r.Dropped) > 0 {
		fmt.Fprintf(w, "  dropped %s\n", strings.Join(r.Dropped, ", "))
	}
}

func fix(cmd *cobra.Command, s *cli.IO, o *options, path string) error {
	if o.out == "" {
		o.out = path
	}
	aliases, err := parseAliases(o)
	if err != nil {
		return err
	}
	in, err := open(cmd.Context(), path)
	if err != nil {
		return err
	}
	defer in.Close()
	sum, changed, err := rewrite(in, path, o, aliases)
	if err != nil {
		return err
	}
	ids := contracts(o, sum.Contracts)
	warnContracts(s, path, unclaimed(o, ids))
	for _, text := range examine(sum).warnings {
		cli.Notef(s, "warning: %s: %s", path, text)
	}
	result := &fixed{
		File: o.out, Changed: changed, Aliased: append([]string{}, sum.Aliased...), Dropped: dropped(sum),
		SizeIn: sum.Read, SizeOut: sum.Size, Contracts: ids,
	}
	if o.quiet {
		return nil
	}
	return cli.Print(cmd, s, result, result.print)
}

// rewrite writes the fixed module, if it is worth one.
func rewrite(in io.Reader, path string, o *options, aliases []wasmbin.Alias) (sum *wasmbin.Summary, changed bool, err error) {
	var refused error
	changed, err = fsx.WriteFileIfChanged(o.out, 0o644, func(w io.Writer) (err error) {
		if sum, err = wasmbin.Rewrite(w, in, wasmbin.Edit{Strip: o.strip, Aliases: aliases}); err != nil {
			return err
		}
		refused = judge(sum, path, o)
		return refused
	})
	var format *wasmbin.FormatError
	switch {
	case refused != nil: // about the input: that it was to be written elsewhere says nothing
		return nil, false, refused
	case errors.As(err, &format):
		return nil, false, fmt.Errorf("%s: %w", path, format)
	}
	return sum, changed, err
}

func judge(sum *wasmbin.Summary, path string, o *options) error {
	switch {
	case sum.Signed():
		return fmt.Errorf("%s is signed, and changing it would break the signature: fix the unsigned module, then sign", path)
	case sum.Format == wasmbin.Component:
		return fmt.Errorf("%s is a component, which needs no fixing: sign it as it is", path)
	case o.hasAlias && !o.noAlias && missing(sum, o.aliases) != "":
		return fmt.Errorf("%s: --alias %s: the module exports neither of the two", path, missing(sum, o.aliases))
	case o.anything:
		return nil
	}
	return refuse(path, examine(sum))
}

// missing gives the first alias that was asked for and is not there afterwards.
// The default one is for Go's modules and no other's.
func missing(sum *wasmbin.Summary, aliases []string) string {
	for _, text := range aliases {
		name, _, _ := strings.Cut(text, "=")
		if !slices.ContainsFunc(sum.Exports, func(e wasmbin.Export) bool { return e.Name == name }) {
			return text
		}
	}
	return ""
}

func parseAliases(o *options) ([]wasmbin.Alias, error) {
	if o.noAlias {
		return nil, nil
	}
	var aliases []wasmbin.Alias
	for _, text := range o.aliases {
		name, of, ok := strings.Cut(text, "=")
		if !ok || name == "" || of == "" {
			return nil, cli.Usage("--alias %q: want NEW=OLD, such as _start=_initialize", text)
		}
		aliases = append(aliases, wasmbin.Alias{New: name, Of: of})
	}
	return aliases, nil
}

func dropped(sum *wasmbin.Summary) []string {
	names := []string{}
	for _, c := range sum.Customs {
		if c.Dropped {
			names = append(names, c.Name)
		}
	}
	return names
}

// open opens an input file.
func open(ctx context.Context, path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder; wanted is a WebAssembly module", path)
	}
	return stoppable{ctx, f}, nil
}

// stoppable is a file whose reading ends with the context.
type stoppable struct {
	ctx context.Context
	*os.File
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.File.Read(p)
}
