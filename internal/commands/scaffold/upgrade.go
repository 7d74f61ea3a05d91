package scaffold

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

// upgraded is what `scaffold upgrade` answers.
type upgraded struct {
	Folder  string   `json:"folder"`
	From    string   `json:"from"` // versions
	To      string   `json:"to"`
	Written []string `json:"written"`
	Kept    []string `json:"kept"` // edited ones, by the name that they have now
}

func upgradeCommand(s *cli.IO) *cobra.Command {
	var from string
	var force bool
	cmd := &cobra.Command{
		Use:   "upgrade FOLDER",
		Short: "Replace the Make includes of a project by newer ones",
		Long: `Replace the Make includes that were copied into a project's folder by those of this tool,
or those in the folder --from: the share/rules_wasmcloud/make of an installation, or the rules/make of a
checkout. It needs no network. The project's own Makefile is not touched.

Includes that somebody edited are named, and nothing is done; with --force they are kept beside
the new ones as NAME.edited. In a project, ` + "`make upgrade`" + ` runs this.`,
		Example: `  scaffold upgrade make
  scaffold upgrade make --from ~/rules_wasmcloud/rules/make`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := upgrade(args[0], from, force)
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, result, result.print)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "a `folder` with the includes to take")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace edited ones, too")
	return cmd
}

func upgrade(dir, from string, force bool) (*upgraded, error) {
	if isCheckout(filepath.Join(dir, "..", "..")) {
		return nil, fmt.Errorf("%s belongs to a checkout of rules_wasmcloud: `git pull` there", dir)
	}
	old, err := readIncludes(os.DirFS(dir), ".")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	files, err := newIncludes(from)
	if err != nil {
		return nil, err
	}
	r := &upgraded{Folder: dir, From: versionOf(old), To: versionOf(files)}
	edited, err := editedIncludes(dir, old)
	if err != nil && !force {
		return nil, err
	}
	if len(edited) > 0 && !force {
		return nil, fmt.Errorf("edited since they were copied: %s in %s: move what is yours into the project's Makefile, below its include line, "+
			"or replace them by FORCE=1, which keeps them as NAME.edited", strings.Join(edited, ", "), dir)
	}
	if err != nil { // without a list each may have been edited
		for _, f := range old {
			edited = append(edited, f.path)
		}
	}
	return r, r.replace(dir, old, files, edited)
}

func newIncludes(from string) (files []file, err error) {
	if from != "" {
		if files, err = readIncludes(os.DirFS(from), "."); err != nil {
			return nil, fmt.Errorf("%s: %w", from, err)
		}
		return append(files, sumsOf(files)), nil
	}
	version := cli.Version().Version
	if !released.MatchString(version) {
		version = ""
	}
	files, err = copyIncludes(version)
	for i := range files {
		files[i].path = strings.TrimPrefix(files[i].path, copied+"/")
	}
	return files, err
}

// replace writes what is new, keeps what is somebody's, and removes what there is no longer. The list
// of sums comes last: interrupted, the next run finds files that are not listed, and says so.
func (r *upgraded) replace(dir string, old, files []file, edited []string) error {
	wanted := map[string][]byte{}
	for _, f := range files {
		wanted[f.path] = f.data
	}
	for _, f := range old {
		new, stays := wanted[f.path]
		if stays && bytes.Equal(new, f.data) {
			continue
		}
		for _, name := range edited {
			if name != f.path {
				continue
			}
			if err := writeBytes(dir, name+".edited", 0o644, f.data); err != nil {
				return err
			}
			r.Kept = append(r.Kept, name+".edited")
		}
		if !stays {
			if err := os.Remove(filepath.Join(dir, f.path)); err != nil {
				return err
			}
		}
	}
	for _, f := range files {
		if now, err := os.ReadFile(filepath.Join(dir, f.path)); err == nil && bytes.Equal(now, f.data) {
			continue
		}
		if err := writeBytes(dir, f.path, 0o644, f.data); err != nil {
			return err
		}
		r.Written = append(r.Written, f.path)
	}
	return nil
}

func (r *upgraded) print(w io.Writer) {
	if len(r.Written) == 0 {
		fmt.Fprintf(w, "%s is that of %s already; TO=v0.2.0 or FROM=folder names a newer one to `make upgrade`\n", r.Folder, r.To)
		return
	}
	fmt.Fprintf(w, "%s: %s -> %s\n", r.Folder, r.From, r.To)
	for _, name := range r.Kept {
		fmt.Fprintf(w, "kept %s\n", name)
	}
}
