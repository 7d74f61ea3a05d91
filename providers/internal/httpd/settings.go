package httpd

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/lattice"
)

// Defaults of wasmCloud's own HTTP server, whose link values these are.
const (
	defaultAddress = "127.0.0.1:8000"
	defaultBody    = 100 << 20
	defaultMaxAge  = 300
)

// settings are a link's values.
type settings struct {
	Address       string  `json:"address"`
	TLS           tlsPair `json:"tls"`
	CORS          cors    `json:"cors"`
	TimeoutMS     uint64  `json:"timeout_ms"` // 0 = the lattice's
	CacheControl  string  `json:"cache_control"`
	ReadOnly      bool    `json:"readonly_mode"`
	MaxContentLen size    `json:"max_content_len"`
}

type tlsPair struct {
	CertFile string `json:"cert_file"`
	KeyFile  string `json:"priv_key_file"`
}

type cors struct {
	Origins []string `json:"allowed_origins"` // none = any
	Headers []string `json:"allowed_headers"`
	Methods []string `json:"allowed_methods"`
	Exposed []string `json:"exposed_headers"`
	MaxAge  uint64   `json:"max_age_secs"`
}

// size is a number of bytes, written as 500, "500", "5k", "5m" or "1g".
type size int64

func (s *size) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	if text == "null" {
		return nil
	}
	n, err := parseSize(text)
	*s = size(n)
	return err
}

func parseSize(text string) (int64, error) {
	digits := strings.TrimRight(strings.ToLower(text), "kmg")
	shift := 0
	switch strings.ToLower(text[len(digits):]) {
	case "k":
		shift = 10
	case "m":
		shift = 20
	case "g":
		shift = 30
	case "":
	default:
		digits = ""
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n <= 0 || n > lattice.MaxChunked>>shift {
		return 0, fmt.Errorf("max_content_len %q: want bytes as 500, 5k, 5m or 1g, at most %d bytes", text, lattice.MaxChunked)
	}
	return n << shift, nil
}

// readSettings follows wasmCloud's own provider: config_file, then config_b64, config_json and the
// single values, each over the ones before it. Names may be in capitals.
func readSettings(values map[string]string) (settings, error) {
	s := settings{Address: defaultAddress, MaxContentLen: defaultBody, CORS: cors{
		Headers: []string{"accept", "accept-language", "content-type", "content-language"},
		Methods: []string{"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"},
		MaxAge:  defaultMaxAge,
	}}
	lower := map[string]string{}
	for name, value := range values {
		key := strings.ToLower(name)
		if _, twice := lower[key]; twice {
			return s, fmt.Errorf("the link has two values %s that differ only in capitals", key)
		}
		lower[key] = value
	}
	if err := s.readDocuments(lower); err != nil {
		return s, err
	}
	if err := s.readSingle(lower); err != nil {
		return s, err
	}
	return s, s.check()
}

func (s *settings) readDocuments(values map[string]string) error {
	if path, ok := values["config_file"]; ok {
		if filepath.Ext(path) != ".json" {
			return fmt.Errorf("config_file %s: only .json is read", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("config_file: %w", err)
		}
		if err := json.Unmarshal(text, s); err != nil {
			return fmt.Errorf("config_file %s: %w", path, err)
		}
	}
	if b64, ok := values["config_b64"]; ok {
		text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(b64, "="))
		if err != nil {
			return errors.New("config_b64: it is not base64")
		}
		if err := json.Unmarshal(text, s); err != nil {
			return fmt.Errorf("config_b64: %w", err)
		}
	}
	if text, ok := values["config_json"]; ok {
		if err := json.Unmarshal([]byte(text), s); err != nil {
			return fmt.Errorf("config_json: %w", err)
		}
	}
	return nil
}

func (s *settings) readSingle(values map[string]string) (err error) {
	if v, ok := values["address"]; ok {
		s.Address = v
	}
	if v, ok := values["port"]; ok {
		port, err := strconv.ParseUint(v, 10, 16)
		if err != nil {
			return fmt.Errorf("port %q: want a number from 0 to 65535", v)
		}
		s.Address = fmt.Sprintf("127.0.0.1:%d", port)
	}
	if v, ok := values["cache_control"]; ok {
		s.CacheControl = v
	}
	if v, ok := values["readonly_mode"]; ok {
		if s.ReadOnly, err = strconv.ParseBool(v); err != nil {
			return fmt.Errorf("readonly_mode %q: want true or false", v)
		}
	}
	if v, ok := values["timeout_ms"]; ok {
		if s.TimeoutMS, err = strconv.ParseUint(v, 10, 32); err != nil {
			return fmt.Errorf("timeout_ms %q: want a number of milliseconds", v)
		}
	}
	if v, ok := values["max_content_len"]; ok {
		n, err := parseSize(v)
		if err != nil {
			return err
		}
		s.MaxContentLen = size(n)
	}
	return nil
}

func (s *settings) check() error {
	if _, err := netip.ParseAddrPort(s.Address); err != nil {
		return fmt.Errorf("address %q: want an IP address and a port, such as %s", s.Address, defaultAddress)
	}
	if (s.TLS.CertFile == "") != (s.TLS.KeyFile == "") {
		return errors.New("tls: give both cert_file and priv_key_file, or neither")
	}
	if strings.ContainsAny(s.CacheControl, "\r\n") {
		return errors.New("cache_control: it has a line end")
	}
	if s.TimeoutMS > uint64(time.Hour/time.Millisecond) {
		return fmt.Errorf("timeout_ms %d: want at most an hour", s.TimeoutMS)
	}
	return nil
}
