package wash

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

func completionsCommand(s *cli.IO) *cobra.Command {
	var dir string
	c := group("completions", "Generate shell completions")
	c.PersistentFlags().StringVarP(&dir, "dir", "d", ".", "`folder` to write to")
	for _, shell := range []struct {
		name, short, file string
		write             func(root *cobra.Command, w io.Writer) error
	}{
		{"zsh", "Zsh", "_wash", (*cobra.Command).GenZshCompletion},
		{"bash", "Bash", "wash.bash", func(root *cobra.Command, w io.Writer) error { return root.GenBashCompletionV2(w, true) }},
		{"fish", "Fish", "wash.fish", func(root *cobra.Command, w io.Writer) error { return root.GenFishCompletion(w, true) }},
		{"power-shell", "PowerShell", "_wash.ps1", (*cobra.Command).GenPowerShellCompletionWithDesc},
	} {
		c.AddCommand(&cobra.Command{
			Use: shell.name, Short: "Generate completions for " + shell.short, Example: "  wash completions -d ~/.completions " + shell.name, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				path := filepath.Join(dir, shell.file)
				if err := fsx.WriteFile(path, 0o644, func(w io.Writer) error { return shell.write(cmd.Root(), w) }); err != nil {
					return fmt.Errorf("generating the completions: %w", err)
				}
				result := struct {
					Path string `json:"path"`
				}{path}
				return cli.Print(cmd, s, result, func(w io.Writer) {
					fmt.Fprintf(w, "Generated completion file: %s. For instructions on setting up auto-complete for your shell, please see 'https://github.com/wasmCloud/wash/blob/main/Completions.md'\n", path)
				})
			},
		})
	}
	return c
}
