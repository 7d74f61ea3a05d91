// Package signer is the command that signs wasmCloud modules and components,
// tells what a signature claims and verifies it, and looks after the keys.
//
// It links no network: what signs can be run where nothing else may.
package signer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbin"
)

// Command returns the signer command.
func Command(s *cli.IO) *cobra.Command {
	root := cli.Root(s, "signer", "Sign wasmCloud modules, and tell and verify who signed them")
	root.Long = `Sign wasmCloud modules and components, tell what their signatures claim, verify them, and look after keys.

A signed file depends on the unsigned bytes, the claims and the key alone: signing again gives the same bytes.
The key is looked for in this order: --issuer or WASH_ISSUER_KEY (a file, or the seed); the folder KEYDIR; the
user's account key in WASH_KEYS or ~/.wash/keys (not under CI=true); else the published development key, which
protects nothing. No key is made unless you ask for one: signer keys init.`
	root.Example = `  signer sign build/echo.wasm --name echo -q --rev 1 --ver 0.1.0     # writes build/echo_s.wasm
  signer verify build/echo_s.wasm --issuer ACFIRY65OQE7DFP5KLNS2PF2LVZMUZYJX4OZIEQ36N2IQANUB5XVYYOU
  signer keys init .keys`
	root.AddCommand(signCommand(s), hashCommand(s), tokenCommand(s), embedCommand(s), requestCommand(s),
		inspectCommand(s), verifyCommand(s), keysCommand(s), actionCommand(s))
	return root
}

// open opens an input file; "-" is standard input.
func open(ctx context.Context, s *cli.IO, path string) (io.ReadCloser, error) {
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

// hintReference helps those who know `wash inspect`, which pulls.
func hintReference(path string) string {
	if strings.Contains(filepath.Base(path), ":") || strings.Contains(path, "@sha256:") {
		return "; the signer reads local files only: fetch it by `ocipush pull` first"
	}
	return ""
}

// input is a file whose reading ends with the context.
type input struct {
	io.Reader
	io.Closer
}

// writeOutput writes an output file, unless it has the same bytes already. An
// error of the function that is not one of writing is returned as it is: it is
// about the input, not about the file written.
func writeOutput(path string, write func(w io.Writer) error) (changed bool, err error) {
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

// stem is a file's name without its folder and last extension: what wash names
// keys and outputs by.
func stem(path string) string {
	base := filepath.Base(path)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// signedName is where the signed form of a file goes by default.
func signedName(path string) string {
	return filepath.Join(filepath.Dir(path), stem(path)+"_s.wasm")
}

// sectionFlag says in which form a token is embedded.
type sectionFlag struct{ legacy bool }

func (f *sectionFlag) String() string {
	if f.legacy {
		return "legacy"
	}
	return "modern"
}
func (f *sectionFlag) Type() string { return "form" }
func (f *sectionFlag) Set(v string) error {
	switch v {
	case "modern", "legacy":
		f.legacy = v == "legacy"
		return nil
	}
	return errors.New("want modern or legacy")
}

func (f *sectionFlag) add(cmd *cobra.Command) {
	cmd.Flags().Var(f, "section", "`form` of the signature: modern (wasmcloud_jwt: OTP host 0.62 and later, every Rust host)\nor legacy (jwt, without a wascap revision: every host)")
}

func (f *sectionFlag) name() string {
	if f.legacy {
		return wasmbin.LegacySection
	}
	return wasmbin.TokenSection
}
