package smithy

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/model"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/project"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/syntax"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/smithy/validate"
)

func fmtCommand(s *cli.IO) *cobra.Command {
	var check bool
	var config string
	cmd := &cobra.Command{
		Use:   "fmt [FILE | FOLDER | -]...",
		Short: "Write .smithy files in the one form",
		Long: `Write .smithy files in the one form, that of smithy-cli's formatter. Comments stay, also those behind
something; imports are sorted, and those that nothing uses stay (lint names them). A file with errors
of form is left as it is. Nothing named means what codegen.toml names on disk; - reads standard input and writes standard output.`,
		Example: `  smithy fmt payments.smithy
  smithy fmt                # what codegen.toml names
  smithy fmt --check .      # only names what is not in the form; exit 1 if there is something
  smithy fmt - < in.smithy`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				files, err := project.Local(config)
				if err != nil {
					return err
				}
				return formatAll(cmd, s, slices.DeleteFunc(files, func(name string) bool { return filepath.Ext(name) != ".smithy" }), check)
			}
			if len(args) == 1 && args[0] == "-" {
				return filter(s)
			}
			files, err := smithyFiles(args)
			if err != nil {
				return err
			}
			return formatAll(cmd, s, files, check)
		},
	}
	cmd.Flags().StringVarP(&config, "config", "c", "", "the configuration that names the models (default codegen.toml)")
	cmd.Flags().BoolVar(&check, "check", false, "change nothing; fail if a file is not in the form")
	return cmd
}

func filter(s *cli.IO) error {
	text, err := io.ReadAll(io.LimitReader(s.In, syntax.MaxSize+1))
	if err != nil {
		return fmt.Errorf("reading standard input: %w", err)
	}
	out, err := syntax.Format("standard input", text)
	if err != nil {
		return err
	}
	_, err = s.Out.Write(out)
	return err
}

func smithyFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, e fs.DirEntry, err error) error {
			if err == nil && !e.IsDir() && filepath.Ext(path) == ".smithy" {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

type formatted struct {
	Success bool     `json:"success"`
	Files   int      `json:"files"`
	Changed []string `json:"changed"`
}

func formatAll(cmd *cobra.Command, s *cli.IO, files []string, check bool) error {
	r := formatted{Success: true, Files: len(files), Changed: []string{}}
	var broken []model.Event
	var sources []model.Source
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		out, err := syntax.Format(name, text)
		if list, ok := err.(syntax.ErrorList); ok {
			sources = append(sources, model.Source{Name: name, Data: text})
			for _, e := range list {
				broken = append(broken, model.Event{Severity: model.Error, ID: "Model", Pos: e.Pos, Message: e.Msg})
			}
			continue
		}
		if bytes.Equal(out, text) {
			continue
		}
		r.Changed = append(r.Changed, name)
		if !check {
			if err := fsx.WriteFile(name, 0o644, func(w io.Writer) error { _, err := w.Write(out); return err }); err != nil {
				return err
			}
		}
	}
	if len(broken) > 0 {
		return tell(cmd, s, broken, sources, model.Note, "")
	}
	r.Success = !check || len(r.Changed) == 0
	if err := cli.Print(cmd, s, r, func(w io.Writer) {
		for _, name := range r.Changed {
			fmt.Fprintln(w, name)
		}
	}); err != nil {
		return err
	}
	if !r.Success {
		return fmt.Errorf("not in the one form: %s; run smithy fmt", strings.Join(r.Changed, ", "))
	}
	return nil
}

func astCommand(s *cli.IO) *cobra.Command {
	var in inputs
	var out string
	cmd := &cobra.Command{
		Use:   "ast [FILE | FOLDER]...",
		Short: "Write models as one JSON AST",
		Long: `Write models, the imported ones with them, as one JSON AST of version 2.0: byte for byte what smithy-cli's
ast command writes. The model must load; it need not be valid.`,
		Example: `  smithy ast payments.smithy > payments.json
  smithy ast --out model.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := in.load(cmd.Context(), s, args)
			if err != nil {
				return err
			}
			m, events := model.Load(p.Sources)
			if validate.Worst(events) == model.Error {
				validate.Sort(events)
				return tell(cmd, s, events, p.Sources, model.Danger, "")
			}
			if out == "" {
				_, err = s.Out.Write(m.AST())
				return err
			}
			return fsx.WriteFile(out, 0o644, func(w io.Writer) error { _, err := w.Write(m.AST()); return err })
		},
	}
	in.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the file to write (default standard output)")
	return cmd
}
