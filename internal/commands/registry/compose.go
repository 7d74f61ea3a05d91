package registry

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

//go:embed docker-compose.yml
var composeFile string

const composeName = "docker-compose.yml"

func composeCommand(s *cli.IO) *cobra.Command {
	return &cobra.Command{
		Use:   "compose",
		Short: "Write a docker-compose.yml with a registry service",
		Long: `Write a docker-compose.yml with a service "registry" (the image registry:2 on loopback port 5000, with a volume)
into the current folder. A file of that name with other content is left alone, and that is an error.`,
		Example: `  registry compose && docker-compose up -d registry`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			changed, err := writeCompose()
			if err != nil {
				return err
			}
			return cli.Print(cmd, s, struct {
				File    string `json:"file"`
				Changed bool   `json:"changed"`
			}{composeName, changed}, func(w io.Writer) { fmt.Fprintln(w, composeName) })
		},
	}
}

func writeCompose() (changed bool, err error) {
	present, err := os.ReadFile(composeName)
	switch {
	case err == nil && string(present) != composeFile:
		return false, fmt.Errorf("%s is here already and is another: copy the service from `%s`, or move it away first", composeName, "cd \"$(mktemp -d)\" && registry compose")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return false, fmt.Errorf("reading the present %s: %w", composeName, err)
	}
	return fsx.WriteFileIfChanged(composeName, 0o644, func(w io.Writer) error {
		_, err := io.WriteString(w, composeFile)
		return err
	})
}
