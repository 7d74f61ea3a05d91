package bazel

import (
	"fmt"
	"os"
	"strings"
)

// Params replaces each argument @FILE by the lines of FILE, as Bazel writes them
// with Args.set_param_file_format("multiline"): one argument a line, nothing
// quoted. Such arguments can hold no line break, which Bazel does not prevent, and
// a line that begins with @ is an argument, not a file.
func Params(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		file, ok := strings.CutPrefix(arg, "@")
		if !ok || file == "" {
			out = append(out, arg)
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the arguments in %s: %w", file, err)
		}
		for line := range strings.Lines(string(text)) {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
	}
	return out, nil
}
