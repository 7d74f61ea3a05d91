package lattice

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// keyvalueArchive builds and packs this repository's key-value provider, once
// for all scripts.
var keyvalueArchive = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "keyvalue-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	executable := filepath.Join(dir, "keyvalue")
	if text, err := exec.Command("go", "build", "-o", executable, "../../../providers/keyvalue").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("building providers/keyvalue: %w\n%s", err, text)
	}
	ctx, name := context.Background(), "keyvalue"
	file, err := par.Measure(ctx, par.HostTarget(), func() (io.ReadCloser, error) { return os.Open(executable) })
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	_, err = par.Create(ctx, &out, par.CreateOptions{
		Files: []par.File{file}, Issuer: strkey.Development(), Compress: true, Fast: true,
		Claims: claims.Claims[claims.Provider]{
			Subject: providerKey(), Revision: claims.Revision,
			Metadata: &claims.Provider{Name: &name, CapID: "wasmcloud:keyvalue", Vendor: "test"},
		},
	})
	return out.Bytes(), err
})

func providerKey() string { return string(strkey.FromRaw(strkey.Service, [32]byte{8}).Public()) }
