package interop

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/strkey"
)

// seedOf gives a seed that is the same each time.
func seedOf(t *testing.T, kind byte) string {
	t.Helper()
	return strkey.FromRaw(strkey.Kind(kind), sha256.Sum256([]byte("interop "+string(kind)))).Reveal()
}

var (
	anyKey    = regexp.MustCompile(`\b(S?)([ACMNOUV])[A-Z2-7]{55,57}\b`)
	anyToken  = regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`)
	anyUptime = regexp.MustCompile(`("uptime_seconds": )\d+`)
	hostRow   = regexp.MustCompile(`(\$HOST )\d+\b`)
	humanTime = regexp.MustCompile(`("uptime_human": )"[^"]*"`)
	anyTime   = regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ][\d:.]+(Z| UTC|[+-]\d\d:\d\d)`)
	anyID     = regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	friendly  = regexp.MustCompile(`("friendly_name": )"[^"]*"`)
	digest    = regexp.MustCompile(`sha256:[0-9a-f]{64}`)
	envValue  = regexp.MustCompile(`\[env: (\w+)=[^\]]*\]`) // in wash's help
	inDays    = regexp.MustCompile(`\bin \d+days?\b`)       // a day less when a second has passed
	colours   = regexp.MustCompile("\x1b\\[[0-9;]*m")
	tempFile  = regexp.MustCompile(`\$WORK/tmp/wash-\d+`)
)

// cargoLine begins what the stand-in for cargo says to programs, and wash passes on.
const cargoLine = `{"filenames"`

// tidy takes out of a text what differs from run to run: places, ports, keys, tokens
// and times; and white space, which no two table printers agree on.
func (w *world) tidy(text string) string {
	text = colours.ReplaceAllString(text, "")
	for name, value := range map[string]string{"WORK": w.dir, "REGISTRY": w.registry, "HOST": w.host.HostID, "VERSION": w.host.Version, "NATS": strings.TrimPrefix(w.host.NATSURL, "nats://")} {
		if value != "" {
			text = strings.ReplaceAll(text, value, "$"+name)
		}
	}
	text = anyToken.ReplaceAllStringFunc(text, claimsOf)
	text = anyKey.ReplaceAllStringFunc(text, func(key string) string {
		switch key {
		case moduleKey, accountKey, serviceKey, otherKey, issuerSeed, moduleSeed, nobodyKey, serviceSeed, w.vars["ACCOUNT2"], seedOf(w.t, 'O'):
			return key
		}
		m := anyKey.FindStringSubmatch(key)
		return "<" + m[1] + m[2] + ">"
	})
	text = digest.ReplaceAllString(text, "<digest>")
	text = envValue.ReplaceAllString(text, "[env: $1]")
	text = inDays.ReplaceAllString(text, "in <days>")
	text = anyUptime.ReplaceAllString(text, "${1}0")
	text = humanTime.ReplaceAllString(text, `${1}""`)
	text = friendly.ReplaceAllString(text, `$1""`)
	text = anyTime.ReplaceAllString(text, "<time>")
	text = anyID.ReplaceAllString(text, "<id>")
	text = tempFile.ReplaceAllString(text, "<file>")
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, cargoLine) {
			lines = append(lines, hostRow.ReplaceAllString(line, "${1}0"))
		}
	}
	return strings.Join(lines, "\n")
}

// claimsOf shows a token by what it claims, without its signature.
func claimsOf(token string) string {
	parts := strings.Split(token, ".")
	header, err1 := base64.RawURLEncoding.DecodeString(parts[0])
	body, err2 := base64.RawURLEncoding.DecodeString(parts[1])
	if err1 != nil || err2 != nil {
		return token
	}
	var claims map[string]any
	if err := json.Unmarshal(body, &claims); err != nil {
		return token
	}
	// In whole days from now, which is what was asked for.
	for name, value := range claims {
		if seconds, ok := value.(float64); ok && (name == "exp" || name == "nbf") && seconds > 0 {
			claims[name] = "<time>"
		}
	}
	if id, ok := claims["jti"].(string); ok {
		claims["jti"] = fmt.Sprintf("<%d letters>", len(id))
	}
	if issued, ok := claims["iat"].(float64); ok && issued > 1 {
		claims["iat"] = "<time>"
	}
	text, err := json.Marshal(claims) // sorts the members
	if err != nil {
		return token
	}
	masked := strings.NewReplacer(`"`, "'", `\u003c`, "<", `\u003e`, ">").Replace(string(text))
	return strings.ReplaceAll(string(header), `"`, "'") + "." + masked
}

// object gives the JSON object that an answer ends in, and what wash printed before it.
func object(text string) (into map[string]any, before string, ok bool) {
	for at := 0; at < len(text); {
		if text[at] == '{' && json.Unmarshal([]byte(text[at:]), &into) == nil {
			return into, text[:at], true
		}
		next := strings.IndexByte(text[at:], '\n')
		if next < 0 {
			break
		}
		at += next + 1
	}
	return nil, "", false
}
