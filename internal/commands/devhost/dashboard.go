package devhost

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/artifact"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/daemon"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/fsx"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/core"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/host/dash"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// defaultDashboardPort is the Elixir host's; `wash up` waits for it.
const defaultDashboardPort = 4000

// dashboard is a host's web page. A nil one is a host without.
type dashboard struct {
	listener net.Listener
	uploads  string // a folder of its own
	feed     *dash.Feed
	server   *dash.Server
	halt     context.CancelFunc
	ended    chan struct{}
}

// openDashboard claims the dashboard's port before the host starts, so that a
// taken one is told at once, and has the host write to it.
func (f *hostFlags) openDashboard(s *cli.IO, cfg *core.Config) (*dashboard, error) {
	if !f.hasDashboard || f.noDashboard {
		return nil, nil
	}
	listener, err := f.listenDashboard(s)
	if err != nil {
		return nil, err
	}
	uploads, err := os.MkdirTemp("", "devhost-uploads-") // 0700
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("making a folder for the dashboard's uploads: %w", err)
	}
	d := &dashboard{listener: listener, uploads: uploads, feed: dash.NewFeed()}
	cfg.UploadDir, cfg.Traces = uploads, dash.NewTraces()
	cfg.Log = slog.New(dash.LogHandler(cfg.Log.Handler(), d.feed))
	return d, nil
}

// listenDashboard: a port that was asked for is the one, or an error; the usual
// one may be taken by another host without harm.
func (f *hostFlags) listenDashboard(s *cli.IO) (net.Listener, error) {
	port, asked := f.dashboardPort, f.set.Changed("dashboard-port")
	if v := s.Env("WASMCLOUD_DASHBOARD_PORT"); v != "" && !asked {
		n, err := strconv.Atoi(v)
		if err != nil || n < 0 {
			return nil, cli.Usage("WASMCLOUD_DASHBOARD_PORT is %q: want a number", v)
		}
		port, asked = n, true
	}
	l, err := dash.Listen(port)
	if err == nil {
		return l, nil
	}
	if !asked || f.anyPort {
		return dash.Listen(0)
	}
	return nil, fmt.Errorf("port %d for the dashboard cannot be had: %w; "+
		"take a free one (--dashboard-port 0, or --any-port), another (--dashboard-port N), or none (--no-dashboard)", port, err)
}

// start serves the dashboard of a host that is ready.
func (d *dashboard) start(host *core.Host, cfg core.Config) error {
	if d == nil {
		return nil
	}
	var err error
	d.server, err = dash.New(dash.Config{
		Host: host.View(), Feed: d.feed, Traces: cfg.Traces, UploadDir: d.uploads, Log: cfg.Log, Now: cfg.Now,
		Verify: func() artifact.Policy {
			return artifact.Policy{Now: cfg.Now(), Issuers: cfg.Issuers, AllowLegacyHash: cfg.AllowLegacyHash}
		},
	})
	if err != nil {
		return err
	}
	ctx, halt := context.WithCancel(context.Background())
	d.halt, d.ended = halt, make(chan struct{})
	go func() {
		defer close(d.ended)
		if err := d.server.Serve(ctx, d.listener); err != nil {
			cfg.Log.Error("the dashboard ended", "error", err)
		}
	}()
	return nil
}

// stop ends the dashboard and takes the uploads away. It may be called twice.
func (d *dashboard) stop() {
	if d == nil {
		return
	}
	if d.halt != nil {
		d.halt()
		<-d.ended
	}
	d.listener.Close()
	os.RemoveAll(d.uploads)
}

// url is where the dashboard is; loginURL lets in whoever has it.
func (d *dashboard) url() string {
	if d == nil {
		return ""
	}
	return dash.URL(d.listener)
}

func (d *dashboard) loginURL() string {
	if d == nil {
		return ""
	}
	return d.server.LoginURL(d.listener)
}

// shownLogin is the address that a start shows. Logs of CI are kept, and read by
// many; who needs the token there asks for it (devhost dashboard).
func shownLogin(s *cli.IO, plain, login string) string {
	if ci := s.Env("CI"); ci != "" && ci != "false" && ci != "0" {
		return plain
	}
	return login
}

// loginFile is where `devhost dashboard` finds the URL with the token. The state
// file has it without: that one is shown and copied about.
func loginFile(stateFile string) string {
	return strings.TrimSuffix(stateFile, filepath.Ext(stateFile)) + loginSuffix
}

const loginSuffix = ".dashboard-url"

// writeLogin publishes the URL with the token to this user alone.
func (p *published) writeLogin(stateFile, url string) error {
	if url == "" {
		return nil
	}
	path := loginFile(stateFile)
	p.files[path] = []byte(url + "\n")
	return fsx.WriteFile(path, 0o600, func(w io.Writer) error {
		_, err := w.Write(p.files[path])
		return err
	})
}

func dashboardCommand(s *cli.IO) *cobra.Command {
	var file string
	var open bool
	cmd := &cobra.Command{
		Use:   "dashboard",
		Short: "Print the address of a running host's dashboard",
		Long: `dashboard prints the address at which a browser is let in to the dashboard of a
running host. The token in it lets whoever has it start code on this machine:
don't pass it on. The browser exchanges it for a cookie.`,
		Example: `  devhost dashboard
  devhost dashboard --open`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			url, page, err := findDashboard(s, file)
			if err != nil {
				return err
			}
			if open {
				if err := openBrowser(cmd.Context(), page, url); err != nil {
					return fmt.Errorf("no browser could be started (%w): open %s yourself", err, url)
				}
			}
			result := struct {
				URL string `json:"url"`
			}{url}
			return cli.Print(cmd, s, result, func(w io.Writer) { fmt.Fprintln(w, url) })
		},
	}
	cmd.Flags().StringVar(&file, "state-file", "", "the `file` that up or run wrote")
	cmd.Flags().BoolVar(&open, "open", false, "open it in the browser, too")
	return cmd
}

// findDashboard reads what a running host published; page is where openBrowser
// may write.
func findDashboard(s *cli.IO, given string) (url, page string, err error) {
	file, err := stateFileOr(given, s)
	if err != nil {
		return "", "", err
	}
	var st lattice.HostState
	alive, err := daemon.Alive(file, &st)
	switch {
	case err != nil:
		return "", "", err
	case !alive:
		return "", "", fmt.Errorf("no host runs that wrote %s: start one (devhost up), or name its state file (--state-file)", file)
	case st.Dashboard == "":
		return "", "", fmt.Errorf("the host %s runs without a dashboard: start it without --no-dashboard", st.HostID)
	}
	text, err := os.ReadFile(loginFile(file))
	if errors.Is(err, os.ErrNotExist) {
		return "", "", fmt.Errorf("the host's dashboard is at %s, but the file with its token is gone (%s): restart the host", st.Dashboard, loginFile(file))
	} else if err != nil {
		return "", "", err
	}
	return strings.TrimSpace(string(text)), loginFile(file) + ".html", nil
}

// openBrowser has the browser open a page of ours that leads to url: arguments
// can be read by every user of the machine, the page by this one alone.
func openBrowser(ctx context.Context, page, url string) error {
	err := fsx.WriteFile(page, 0o600, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "<!doctype html><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0; url=%s\">\n", url)
		return err
	})
	if err != nil {
		return err
	}
	argv := []string{"xdg-open", page}
	switch runtime.GOOS {
	case "darwin":
		argv = []string{"open", page}
	case "windows":
		argv = []string{"rundll32", "url.dll,FileProtocolHandler", page}
	}
	return exec.CommandContext(ctx, argv[0], argv[1:]...).Run()
}
