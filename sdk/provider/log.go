package provider

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
)

// newLogger writes lines of text, or of JSON if the host asked for structured logs.
func newLogger(hd HostData, w io.Writer) (*slog.Logger, error) {
	if w == nil {
		w = os.Stderr
	}
	level, err := parseLevel(hd.LogLevel)
	if err != nil {
		return nil, err
	}
	opts := &slog.HandlerOptions{Level: level, ReplaceAttr: nameLevel}
	if hd.StructuredLogging {
		return slog.New(slog.NewJSONHandler(w, opts)), nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), nil
}

// parseLevel knows the levels of host data, and slog's own names.
func parseLevel(name string) (slog.Level, error) {
	switch strings.ToLower(name) {
	case "":
		return slog.LevelInfo, nil
	case "trace":
		return LevelTrace, nil
	case "critical":
		return LevelCritical, nil
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil {
		return 0, fmt.Errorf("host data: log_level %q is none of error, warn, info, debug, trace, critical", name)
	}
	return level, nil
}

// nameLevel writes levels as the hosts name them.
func nameLevel(_ []string, a slog.Attr) slog.Attr {
	level, ok := a.Value.Any().(slog.Level)
	if a.Key != slog.LevelKey || !ok {
		return a
	}
	switch level {
	case LevelTrace:
		return slog.String(a.Key, "trace")
	case LevelCritical:
		return slog.String(a.Key, "critical")
	}
	return slog.String(a.Key, strings.ToLower(level.String()))
}
