package providertest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/provider"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/par"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// program is what is to be run.
type program struct {
	path     string
	subject  strkey.PublicKey // of an archive; "" = a new key for each process
	contract string           // of an archive
}

func (p *program) key() (strkey.PublicKey, error) {
	if p.subject != "" {
		return p.subject, nil
	}
	seed, err := strkey.Generate(strkey.Service, rand.Reader)
	if err != nil {
		return "", err
	}
	return seed.Public(), nil
}

// findProgram takes an executable as it is, and places the one of an archive that is
// for this machine in dir, with the checks of a host.
func findProgram(ctx context.Context, cfg Config, dir string) (*program, error) {
	f, err := os.Open(cfg.Path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no file: name a provider archive or an executable", cfg.Path)
	}
	start := make([]byte, par.StartSize)
	n, err := io.ReadFull(f, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	if par.IsArchive(start[:n]) {
		return fromArchive(ctx, cfg, f, dir)
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, err
	}
	return &program{path: path}, checkExecutable(f, info, start[:n])
}

func fromArchive(ctx context.Context, cfg Config, f *os.File, dir string) (*program, error) {
	a, err := artifact.Read(f)
	if err == nil {
		now := time.Now
		if cfg.Now != nil {
			now = cfg.Now
		}
		err = a.Verify(artifact.Policy{Now: now(), Issuers: cfg.Issuers})
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	target := par.HostTarget()
	entry, ok := a.Archive.Find(target)
	if !ok {
		return nil, fmt.Errorf("%s holds executables for %s, and this machine is %s: pack one for it as well (parpack insert)",
			cfg.Path, strings.Join(a.Archive.Targets(), ", "), target)
	}
	store, err := provider.OpenStore(dir)
	if err != nil {
		return nil, err
	}
	path, err := store.Place(ctx, entry.Hash, func(ctx context.Context, w io.Writer) error {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
		_, err := par.Extract(ctx, f, target, w, par.Limits{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	p := &program{path: path, subject: strkey.PublicKey(a.Subject()), contract: a.Provider.Metadata.CapID}
	if err := par.CheckPlaced(path); err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.Path, err)
	}
	return p, nil
}

func checkExecutable(f *os.File, info os.FileInfo, start []byte) error {
	if runtime.GOOS != "windows" && info.Mode()&0o111 == 0 {
		return fmt.Errorf("%s may not be executed: `chmod +x` it, or name the executable that your build makes", f.Name())
	}
	if strings.HasPrefix(string(start), "#!") {
		return nil
	}
	if err := par.CheckMachine(f); err != nil {
		return fmt.Errorf("%s: %w", f.Name(), err)
	}
	return nil
}
