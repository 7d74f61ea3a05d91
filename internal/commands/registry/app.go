package registry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	"github.com/sirupsen/logrus"

	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"             // by name in the configuration
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // by name in the configuration
)

// newApp makes distribution's handler over the folder data. Its own server is
// not used: it handles signals, opens telemetry exporters and logs to stdout.
func newApp(ctx context.Context, data, htpasswd string, log *slog.Logger) (app http.Handler, stop func() error, err error) {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, nil, fmt.Errorf("making the data folder: %w", err)
	}
	quiet(log)
	cfg := &configuration.Configuration{
		Version: configuration.CurrentVersion,
		Storage: configuration.Storage{
			"filesystem":  {"rootdirectory": data},
			"delete":      {"enabled": true},
			"redirect":    {"disable": true},
			"maintenance": {"uploadpurging": map[any]any{"enabled": false}},
		},
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, nil, err
	}
	cfg.HTTP.Secret = hex.EncodeToString(secret)
	if htpasswd != "" {
		cfg.Auth = configuration.Auth{"htpasswd": {"realm": "registry", "path": htpasswd}}
	}
	defer func() {
		// NewApp panics on what it cannot configure.
		if v := recover(); v != nil {
			err = fmt.Errorf("starting the registry over %s: %v", data, v)
		}
	}()
	made := handlers.NewApp(context.WithoutCancel(ctx), cfg)
	return made, made.Shutdown, nil
}

// quiet takes distribution's log off standard error, where it writes several
// lines a request by a global logger. What it calls an unknown error (a full
// disk, say) is the only thing that our own line a request cannot tell.
func quiet(log *slog.Logger) {
	logrus.SetOutput(io.Discard)
	logrus.StandardLogger().ReplaceHooks(logrus.LevelHooks{})
	logrus.AddHook(forward{log})
}

type forward struct{ log *slog.Logger }

func (forward) Levels() []logrus.Level {
	return []logrus.Level{logrus.PanicLevel, logrus.FatalLevel, logrus.ErrorLevel}
}

func (f forward) Fire(e *logrus.Entry) error {
	if code, ok := e.Data["err.code"]; ok && fmt.Sprint(code) != "unknown" {
		return nil
	}
	f.log.Error(e.Message, "detail", fmt.Sprint(e.Data["err.detail"]))
	return nil
}

// logged writes a line a request: those that change something or go wrong, or
// all at debug level.
func logged(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &statusRecorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		level := slog.LevelDebug
		switch {
		case rec.status >= 500:
			level = slog.LevelError
		case rec.status < 300 && (r.Method == http.MethodPut || r.Method == http.MethodDelete):
			level = slog.LevelInfo
		}
		log.Log(r.Context(), level, "request", "method", r.Method, "path", r.URL.Path, "status", rec.status,
			"took", time.Since(start).Round(time.Microsecond), "from", r.RemoteAddr)
	})
}

type statusRecorder struct {
	http.ResponseWriter
	status int
}

func (r *statusRecorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController, and ReadFrom's fast path, through.
func (r *statusRecorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
