// Package core holds the models that wasmCloud interfaces import, so that a tool
// has them with no network: org.wasmcloud.model and org.wasmcloud.core.
package core

import "embed"

//go:embed *.smithy
var files embed.FS

// Names gives the files' names, in the order of their imports.
func Names() []string {
	return []string{"wasmcloud-model.smithy", "wasmcloud-core.smithy"}
}

// Namespace tells which namespace a file defines.
func Namespace(name string) string {
	return map[string]string{"wasmcloud-model.smithy": "org.wasmcloud.model", "wasmcloud-core.smithy": "org.wasmcloud.core"}[name]
}

// Read gives a file by its name, nil if there is no such file.
func Read(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		return nil
	}
	return data
}
