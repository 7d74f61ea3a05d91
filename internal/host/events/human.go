package events

import (
	"fmt"
	"time"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/wasmbus"
)

// ProviderClaims are a provider's claims as events show them.
func ProviderClaims(c *claims.Claims[claims.Provider], now time.Time) wasmbus.ProviderClaims {
	out := wasmbus.ProviderClaims{Issuer: string(c.Issuer), Tags: []string{}}
	out.NotBeforeHuman, out.ExpiresHuman = dates(c.NotBefore, c.Expires, now)
	if m := c.Metadata; m != nil {
		if m.Name != nil {
			out.Name = *m.Name
		}
		if m.Ver != nil {
			out.Version = *m.Ver
		}
	}
	return out
}

func dates(notBefore, expires int64, now time.Time) (begin, end string) {
	begin, end = "immediately", "never"
	if expires != 0 {
		end = distance(time.Unix(expires, 0).Sub(now))
	}
	if notBefore != 0 {
		begin = distance(time.Unix(notBefore, 0).Sub(now))
	}
	return begin, end
}

// Claims are an actor's claims as events show them.
func Claims(c *claims.Claims[claims.Actor], now time.Time) wasmbus.ActorClaims {
	out := wasmbus.ActorClaims{Caps: []string{}, Tags: []string{}, Issuer: string(c.Issuer)}
	out.NotBeforeHuman, out.ExpiresHuman = dates(c.NotBefore, c.Expires, now)
	m := c.Metadata
	if m == nil {
		return out
	}
	out.Name = m.Name
	out.Caps = append(out.Caps, m.Caps...)
	out.Tags = append(out.Tags, m.Tags...)
	if m.CallAlias != nil {
		out.CallAlias = *m.CallAlias
	}
	if m.Rev != nil {
		out.Revision = *m.Rev
	}
	if m.Ver != nil {
		out.Version = *m.Ver
	}
	return out
}

// distance is a time from now in the coarsest fitting unit, such as "in 30
// days" or "2 hours ago".
func distance(d time.Duration) string {
	text := Duration(d.Abs())
	if d < 0 {
		return text + " ago"
	}
	return "in " + text
}

// Duration is a duration in the coarsest fitting unit, such as "3 minutes".
func Duration(d time.Duration) string {
	units := []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}}
	for _, u := range units {
		if n := int(d / u.length); n > 0 {
			return plural(n, u.name)
		}
	}
	return plural(int(d/time.Second), "second")
}

func plural(n int, unit string) string {
	if n == 1 {
		return fmt.Sprintf("1 %s", unit)
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
