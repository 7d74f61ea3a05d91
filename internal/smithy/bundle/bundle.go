// Package bundle packs the models of an interface for a registry: one tar file
// that begins with a codegen.toml, which says what else the models need. Equal
// models give equal bytes, and so an equal digest, whoever packs them.
package bundle

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
)

// Config is the name of the first file of a bundle.
const Config = "codegen.toml"

// What a bundle may hold: far more than interfaces do, and little enough to be
// kept in memory.
const (
	MaxFiles = 1000
	MaxSize  = 32 << 20 // bytes of all files
)

// StartSize is how many bytes Is wants.
const StartSize = 512

// File is a file of a bundle.
type File struct {
	Name string // with / between its parts, below the folder that the bundle stands for
	Data []byte
}

// Is tells whether a file that starts so is a bundle. Provider archives are tar
// files too, and begin with their claims.
func Is(start []byte) bool {
	return len(start) >= StartSize && bytes.HasPrefix(start, []byte(Config+"\x00")) && string(start[257:262]) == "ustar"
}

// Write writes a bundle. The headers hold nothing but name and size.
func Write(w io.Writer, files []File) error {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int {
		return cmp.Or(-compareBool(a.Name == Config, b.Name == Config), strings.Compare(a.Name, b.Name))
	})
	if err := check(files); err != nil {
		return err
	}
	out := tar.NewWriter(w)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: int64(len(f.Data)), Mode: 0o644, Format: tar.FormatUSTAR}
		if err := out.WriteHeader(h); err != nil {
			return fmt.Errorf("packing %s: %w", f.Name, err)
		}
		if _, err := out.Write(f.Data); err != nil {
			return fmt.Errorf("packing %s: %w", f.Name, err)
		}
	}
	return out.Close()
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// Read reads a bundle to its end and refuses what Write does not write: links,
// paths that lead out of it, two files of one name, other files than models.
func Read(r io.Reader) ([]File, error) {
	in := tar.NewReader(r)
	var files []File
	left := int64(MaxSize)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("it is no bundle of models: %w", err)
		}
		if h.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("%q in it is no file", h.Name)
		}
		if left -= h.Size; left < 0 {
			return nil, fmt.Errorf("it holds more than %d bytes", MaxSize)
		}
		if len(files) == MaxFiles {
			return nil, fmt.Errorf("it holds more than %d files", MaxFiles)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			return nil, fmt.Errorf("reading %q of it: %w", h.Name, err)
		}
		files = append(files, File{h.Name, data})
	}
	if err := check(files); err != nil {
		return nil, err
	}
	return files, nil
}

// check holds for what is written and what is read.
func check(files []File) error {
	if len(files) == 0 || files[0].Name != Config {
		return fmt.Errorf("it is no bundle of models: it does not begin with %s", Config)
	}
	if len(files) == 1 {
		return errors.New("the bundle has no model")
	}
	if len(files) > MaxFiles {
		return fmt.Errorf("it holds more than %d files", MaxFiles)
	}
	seen := map[string]bool{}
	size := 0
	for i, f := range files {
		if size += len(f.Data); size > MaxSize {
			return fmt.Errorf("it holds more than %d bytes", MaxSize)
		}
		switch ext := path.Ext(f.Name); {
		case f.Name != path.Clean(f.Name), path.IsAbs(f.Name), f.Name == "..", strings.HasPrefix(f.Name, "../"), strings.ContainsAny(f.Name, "\\:\x00"):
			return fmt.Errorf("the name %q leads out of the bundle", f.Name)
		case i > 0 && ext != ".smithy" && ext != ".json":
			return fmt.Errorf("%q is no model: want .smithy or .json", f.Name)
		case seen[strings.ToLower(f.Name)]: // they are to be files on any system
			return fmt.Errorf("two files are called %s", f.Name)
		}
		seen[strings.ToLower(f.Name)] = true
	}
	return nil
}
