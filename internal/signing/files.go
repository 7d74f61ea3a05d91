package signing

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
)

// Open opens an input file; "-" is standard input.
func Open(ctx context.Context, s *cli.IO, path string) (io.ReadCloser, error) {
	if path == "-" {
		return input{fsx.Stoppable(ctx, s.In), io.NopCloser(nil)}, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no file %s%s", path, hintReference(path))
	}
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err == nil && info.IsDir() {
		f.Close()
		return nil, fmt.Errorf("%s is a folder; wanted is a file", path)
	}
	return input{fsx.Stoppable(ctx, f), f}, nil
}

// hintReference helps those who know that wash pulls what it inspects.
func hintReference(path string) string {
	if strings.Contains(filepath.Base(path), ":") || strings.Contains(path, "@sha256:") {
		return "; only local files are read: fetch it by `ocipush pull` first"
	}
	return ""
}

// input is a file whose reading ends with the context.
type input struct {
	io.Reader
	io.Closer
}

// WriteOutput writes an output file, unless it has the same bytes already. An
// error of the function that is not one of writing is returned as it is: it is
// about the input, not about the file written.
func WriteOutput(path string, write func(w io.Writer) error) (changed bool, err error) {
	var inner error
	out := &tracked{}
	changed, err = fsx.WriteFileIfChanged(path, 0o644, func(w io.Writer) error {
		out.w = w
		inner = write(out)
		return inner
	})
	if err != nil && inner != nil && out.err == nil {
		return false, inner
	}
	return changed, err
}

type tracked struct {
	w   io.Writer
	err error
}

func (t *tracked) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	if err != nil {
		t.err = err
	}
	return n, err
}

// Answer prints the line that says which file was made. A front end that stands in for
// another program prints that one's line and nothing else.
type Answer func(w io.Writer, line, file string, changed bool)

// Marked is the answer of our own tools: the line says if the file was there already.
func Marked(w io.Writer, line, _ string, changed bool) {
	if !changed {
		line += " (unchanged)"
	}
	fmt.Fprintln(w, line)
}

// Stem is a file's name without its folder and last extension: what wash names
// keys and outputs by.
func Stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// ReadSmall reads a whole file that is not larger than a token may be.
func ReadSmall(ctx context.Context, s *cli.IO, path string) ([]byte, error) {
	in, err := Open(ctx, s, path)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	body, err := io.ReadAll(io.LimitReader(in, claims.MaxToken+1))
	if err == nil && len(body) > claims.MaxToken {
		err = fmt.Errorf("%s has more than %d bytes", path, claims.MaxToken)
	}
	return bytes.TrimSpace(body), err
}

// ReadToken reads a token from a file: the text itself, or the JSON that `signer
// token --output json` prints. It is not looked at.
func ReadToken(ctx context.Context, s *cli.IO, path string) (string, error) {
	body, err := ReadSmall(ctx, s, path)
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	var object struct{ Token string }
	if bytes.HasPrefix(body, []byte("{")) && json.Unmarshal(body, &object) == nil {
		return object.Token, nil
	}
	return string(body), nil
}
