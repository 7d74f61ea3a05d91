package ocipush

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/oci"
)

// registryFlags are how to reach a registry, the same for every command.
type registryFlags struct {
	user, password string
	passwordStdin  bool
	insecure       bool
	caFile         string
	explainAuth    bool
	notes          *authNotes // of all clients of one command
}

// authNotes keeps whether anything was told of logins.
type authNotes struct {
	mu   sync.Mutex
	told bool
}

func (f *registryFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVarP(&f.user, "user", "u", "", "registry `user` (else $WASH_REG_USER)")
	fl.StringVarP(&f.password, "password", "p", "", "registry `password` (else $WASH_REG_PASSWORD); other users of this machine can see it")
	fl.BoolVar(&f.passwordStdin, "password-stdin", false, "read the password from standard input")
	fl.BoolVar(&f.insecure, "insecure", false, "speak plain HTTP to the registry")
	fl.StringVar(&f.caFile, "ca-file", "", "`file` of PEM certificates to trust beside the system's (else $WASMCLOUD_CA_FILE)")
	fl.BoolVar(&f.explainAuth, "explain-auth", false, "say which login is chosen for which registry, and why, without its secret")
	cmd.MarkFlagsMutuallyExclusive("password", "password-stdin")
}

// client opens a client by the flags, with further changes of its configuration. Call
// done when it has served.
func (f *registryFlags) client(s *cli.IO, change ...func(*oci.Config)) (c *oci.Client, done func(), err error) {
	cfg, err := f.config(s)
	if err != nil {
		return nil, nil, err
	}
	for _, with := range change {
		with(&cfg)
	}
	told := f.explain(s, &cfg)
	c = oci.New(cfg)
	return c, func() { c.Close(); told() }, nil
}

func (f *registryFlags) config(s *cli.IO) (oci.Config, error) {
	cfg := oci.Config{
		Env:       s.Env,
		User:      f.user,
		Password:  f.password,
		LoginName: "-u and -p (or WASH_REG_USER and WASH_REG_PASSWORD)",
		Insecure:  f.insecure,
		CAFile:    f.caFile,
		Now:       s.Now,
		UserAgent: "ocipush/" + cli.Version().Version,
	}
	if f.passwordStdin {
		line, err := io.ReadAll(io.LimitReader(s.In, 64<<10))
		if err != nil {
			return cfg, fmt.Errorf("reading the password from standard input: %w", err)
		}
		cfg.Password = strings.TrimRight(string(line), "\r\n")
	}
	if cfg.User == "" {
		cfg.User = s.Env("WASH_REG_USER")
	}
	if cfg.Password == "" {
		cfg.Password = s.Env("WASH_REG_PASSWORD")
	}
	return cfg, nil
}

// explain makes the client tell how it logs in, on standard error. Several pushes tell
// at once. What it returns is called at the end; that of a command's first client tells
// that nobody asked.
func (f *registryFlags) explain(s *cli.IO, cfg *oci.Config) (atEnd func()) {
	if !f.explainAuth {
		return func() {}
	}
	first := f.notes == nil
	if first {
		f.notes = &authNotes{}
	}
	notes := f.notes
	cfg.Explain = func(line string) {
		notes.mu.Lock()
		defer notes.mu.Unlock()
		notes.told = true
		cli.Notef(s, "auth: %s", line)
	}
	return func() {
		if first && !notes.told {
			cli.Notef(s, "auth: no registry asked for a login")
		}
	}
}
