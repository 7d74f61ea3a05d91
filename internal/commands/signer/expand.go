package signer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/bazel"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/signing"
)

// actionExpand puts the values of a stamped build into a JSON file: claims,
// annotations, what to push. Texts are replaced one by one, so that no value can
// break the JSON.
func actionExpand(*cli.IO) *cobra.Command {
	var in, out string
	var status []string
	cmd := signing.NeedFiles(&cobra.Command{
		Use: "expand", Short: "Replace {KEY} in a JSON file's texts by values of the workspace status",
		RunE: func(*cobra.Command, []string) error {
			body, err := os.ReadFile(in)
			if err != nil {
				return err
			}
			values, err := bazel.ReadStatus(status...)
			if err != nil {
				return err
			}
			d := json.NewDecoder(bytes.NewReader(body))
			d.UseNumber() // as they were written
			var tree any
			if err := d.Decode(&tree); err != nil {
				return fmt.Errorf("%s: %w", in, err)
			}
			if tree, err = expand(tree, values); err != nil {
				return err
			}
			text, err := json.MarshalIndent(tree, "", "  ")
			if err != nil {
				return err
			}
			return signing.WriteText(out, string(text))
		},
	}, map[string]*string{"in": &in, "out": &out})
	cmd.Flags().StringArrayVar(&status, "status", nil, "workspace status `file`; may be given more than once")
	_ = cmd.MarkFlagRequired("status")
	return cmd
}

func expand(tree any, values bazel.Status) (any, error) {
	var err error
	switch t := tree.(type) {
	case string:
		return values.Expand(t)
	case []any:
		for i := range t {
			if t[i], err = expand(t[i], values); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range t {
			if t[key], err = expand(t[key], values); err != nil {
				return nil, err
			}
		}
	}
	return tree, nil
}
