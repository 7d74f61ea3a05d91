package scaffold

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// adopted is what `scaffold adopt` answers. Paths are slash-separated and relative to the folder.
type adopted struct {
	Folder   string     `json:"folder"`
	DryRun   bool       `json:"dry_run"`
	Projects []adoption `json:"projects"`
	Already  []string   `json:"already"` // Makefiles that include ours
	Left     []remark   `json:"left_alone"`
	Written  []string   `json:"written"`
	Backup   string     `json:"backup"` // "" when nothing was written
}

// adoption is one project.
type adoption struct {
	Makefile string    `json:"makefile"`
	Kind     string    `json:"kind"` // actor, provider, interface or common
	From     string    `json:"from"` // what was included, or wasmcloud.toml
	To       string    `json:"to"`
	Pinned   string    `json:"pinned"` // the subject that was written into the Makefile, or ""
	Before   *identity `json:"before"` // of the artifact that lies there; null without one
	After    *identity `json:"after"`  // of the same code when make signs it; null for interfaces
}

// identity is what a registry and hosts know an artifact by.
type identity struct {
	File    string `json:"file"`
	Digest  string `json:"digest"` // "" before there is an artifact
	Subject string `json:"subject"`
	Account string `json:"account"`
	Key     string `json:"key"` // where the account's key was found; "" before
}

type remark struct {
	Path string `json:"path"`
	Line int    `json:"line"` // 0: the whole file
	Why  string `json:"why"`
}

func (r remark) String() string {
	if r.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", r.Path, r.Line, r.Why)
	}
	return r.Path + ": " + r.Why
}

func adoptCommand(s *cli.IO) *cobra.Command {
	var checkout string
	var dryRun, undo bool
	cmd := &cobra.Command{
		Use:   "adopt [FOLDER]",
		Short: "Let a project of wasmCloud's own Makefiles use these includes",
		Long: `Change the include line of each Makefile in a folder and below it that includes wasmCloud's
own actor.mk, provider.mk, interface.mk or common.mk, so that it includes those of
this repository; write a Makefile for an actor that has a wasmcloud.toml alone. No
program is run, and nothing else is touched.

The identity that hosts know an artifact by stays: where it would depend on a key in
somebody's home, its public half is written into the Makefile. What was signed before,
and what the same code will be when make signs it next, is printed, and so is whatever
is left alone.

What is changed is kept in .wasmcloud-adopt, from which --undo puts it back, byte for
byte, unless it was edited since. To adopt again is to do nothing.

A released scaffold copies the includes to the folder make of the adopted one; one that was
built from a checkout of rules_wasmcloud has them included from there.`,
		Example: `  scaffold adopt --dry-run
  scaffold adopt ~/src/shop
  scaffold adopt ~/src/shop --undo`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			if undo {
				return undoAdoption(cmd, s, dir, dryRun)
			}
			from, err := findModule(checkout, cli.Version().Version)
			if err != nil {
				return err
			}
			result, err := adopt(cmd.Context(), s, dir, from, dryRun)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	cmd.Flags().BoolVarP(&dryRun, "dry-run", "n", false, "say what would be done, and do nothing")
	cmd.Flags().BoolVar(&undo, "undo", false, "put everything back as it was")
	cmd.Flags().StringVar(&checkout, "checkout", "", "a `folder` with the sources of rules_wasmcloud for the projects to use")
	return cmd
}

func adopt(ctx context.Context, s *cli.IO, dir string, from module, dryRun bool) (*adopted, error) {
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("the folder to adopt: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("%s is a file: name the folder that the project lies in", dir)
	}
	p := &plan{io: s, root: dir, from: from}
	if err := p.find(ctx); err != nil {
		return nil, err
	}
	result := &adopted{Folder: dir, DryRun: dryRun, Projects: p.projects, Already: p.already, Left: p.left}
	if len(p.projects) == 0 && len(p.already) == 0 {
		why := ""
		for _, r := range p.left {
			why += "\n  " + r.String()
		}
		return nil, fmt.Errorf("%s holds nothing to adopt: want a Makefile that includes wasmCloud's actor.mk, provider.mk, interface.mk or common.mk, "+
			"or an actor's wasmcloud.toml%s", dir, why)
	}
	if err := p.includes(); err != nil {
		return nil, err
	}
	for _, c := range p.changes {
		result.Written = append(result.Written, c.path)
	}
	if dryRun || len(p.changes) == 0 {
		return result, nil
	}
	result.Backup = backupDir
	return result, applyChanges(ctx, dir, p.changes)
}

func (r *adopted) print(w io.Writer) {
	for _, p := range r.Projects {
		fmt.Fprintf(w, "%s: %s\n", p.Makefile, p.Kind)
		fmt.Fprintf(w, "  include  %s -> %s\n", p.From, p.To)
		if p.Pinned != "" {
			fmt.Fprintf(w, "  pinned   WASH_SUBJECT_KEY = %s\n", p.Pinned)
		}
		p.Before.print(w, "before")
		p.After.print(w, "after")
	}
	for _, path := range r.Already {
		fmt.Fprintf(w, "%s: adopted already\n", path)
	}
	if len(r.Left) > 0 {
		fmt.Fprintln(w, "left alone:")
	}
	for _, l := range r.Left {
		fmt.Fprintf(w, "  %s\n", l)
	}
	switch {
	case r.DryRun && len(r.Written) > 0:
		fmt.Fprintf(w, "would write: %s\n", strings.Join(r.Written, " "))
	case len(r.Written) > 0:
		fmt.Fprintf(w, "written: %s\n", strings.Join(r.Written, " "))
		fmt.Fprintf(w, "to undo: scaffold adopt %s --undo\n", filepath.Clean(r.Folder))
	}
}

func (i *identity) print(w io.Writer, when string) {
	if i == nil {
		return
	}
	by := i.Account
	if i.Key != "" {
		by += " (" + i.Key + ")"
	}
	digest := i.Digest
	if digest == "" {
		digest = "not built yet"
	}
	fmt.Fprintf(w, "  %-8s %s %s\n           subject %s\n           account %s\n", when, i.File, digest, i.Subject, by)
}
