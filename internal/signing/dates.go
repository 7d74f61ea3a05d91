package signing

import (
	"crypto/rand"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rules-wasmcloud/rules_wasmcloud/internal/claims"
	"github.com/rules-wasmcloud/rules_wasmcloud/internal/cli"
)

const day = 86400 // seconds

// DateFlags are the flags that say when a token is valid. wash counts in days
// from now; two runs then never agree, so absolute dates can be given as well.
type DateFlags struct {
	expires, notBefore     int64 // days
	expiresAt, notBeforeAt string
	fresh                  bool
}

// Add adds the flags. The short forms are not free in every command.
func (d *DateFlags) Add(cmd *cobra.Command, short bool) {
	x, b := "", ""
	if short {
		x, b = "x", "b"
	}
	f := cmd.Flags()
	f.Int64VarP(&d.expires, "expires", x, 0, "expire after so many `days`, from SOURCE_DATE_EPOCH if set, else from now")
	f.Int64VarP(&d.notBefore, "nbf", b, 0, "become valid after so many `days`, from SOURCE_DATE_EPOCH if set, else from now")
	f.StringVar(&d.expiresAt, "expires-at", "", "expire at this `time`: 2027-01-31, 2027-01-31T12:00:00Z or unix seconds")
	f.StringVar(&d.notBeforeAt, "nbf-at", "", "become valid at this `time`")
	f.BoolVar(&d.fresh, "fresh-id", false, "as wash: a random id and the current time, so that no two signatures are equal")
}

// Dates are a token's three, in unix seconds; 0 = absent.
type Dates struct{ Issued, Expires, NotBefore int64 }

// Resolve gives the dates that the flags and SOURCE_DATE_EPOCH ask for.
func (d *DateFlags) Resolve(s *cli.IO, cmd *cobra.Command) (Dates, error) {
	epoch, pinned, err := sourceDate(s)
	if err != nil {
		return Dates{}, err
	}
	base := epoch
	if !pinned {
		base = s.Now().Unix()
	}
	var out Dates
	if d.fresh {
		out.Issued = s.Now().Unix()
	} else if pinned {
		out.Issued = epoch
	}
	if out.Expires, err = Instant("--expires", d.expires, cmd.Flags().Changed("expires"), d.expiresAt, base); err != nil {
		return Dates{}, err
	}
	if out.NotBefore, err = Instant("--nbf", d.notBefore, cmd.Flags().Changed("nbf"), d.notBeforeAt, base); err != nil {
		return Dates{}, err
	}
	if out.Expires != 0 && out.Expires < out.NotBefore {
		return Dates{}, cli.Usage("the token would expire before it becomes valid")
	}
	relative := cmd.Flags().Changed("expires") || cmd.Flags().Changed("nbf")
	if relative && !pinned && !d.fresh {
		cli.Notef(s, "note: days count from now, so signing again gives other bytes; set SOURCE_DATE_EPOCH or use --expires-at and --nbf-at")
	}
	return out, nil
}

// Instant gives a moment from its two flags: days from base, if given, or a time.
func Instant(flag string, days int64, given bool, at string, base int64) (int64, error) {
	if at != "" && given {
		return 0, cli.Usage("give %s or %s-at, not both", flag, flag)
	}
	if at != "" {
		t, err := parseTime(at)
		if err != nil {
			return 0, cli.Usage("%s-at %q: want a time such as 2027-01-31, 2027-01-31T12:00:00Z or unix seconds", flag, at)
		}
		return t, nil
	}
	if !given {
		return 0, nil
	}
	if days < 0 || days > (math.MaxInt64-base)/day {
		return 0, cli.Usage("%s %d: want a number of days from 0", flag, days)
	}
	return base + days*day, nil
}

func parseTime(text string) (int64, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return n, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil && t.Unix() > 0 {
			return t.Unix(), nil
		}
	}
	return 0, fmt.Errorf("no time: %q", text)
}

// sourceDate reads SOURCE_DATE_EPOCH (https://reproducible-builds.org).
func sourceDate(s *cli.IO) (epoch int64, set bool, err error) {
	text := strings.TrimSpace(s.Env("SOURCE_DATE_EPOCH"))
	if text == "" {
		return 0, false, nil
	}
	epoch, err = strconv.ParseInt(text, 10, 64)
	if err != nil || epoch < 0 {
		return 0, false, fmt.Errorf("SOURCE_DATE_EPOCH is %q; want unix seconds", text)
	}
	return epoch, true, nil
}

// Human gives a moment as wash shows it: how far off it is, rounded down to its
// largest unit, such as "in 30days" or "8h ago".
func Human(at, now int64) string {
	diff := at - now
	if now > at {
		diff = -diff
	}
	for _, unit := range []int64{day, 3600, 60} {
		if diff >= unit {
			diff -= diff % unit
			break
		}
	}
	if now > at {
		return span(diff) + " ago"
	}
	return "in " + span(diff)
}

// span formats seconds as the Rust crate humantime does: a year has 365.25 days,
// a month a twelfth of that.
func span(seconds int64) string {
	const year, month = 31_557_600, 2_630_016
	units := []struct {
		size         int64
		one, several string
	}{{year, "year", "years"}, {month, "month", "months"}, {day, "day", "days"}, {3600, "h", "h"}, {60, "m", "m"}, {1, "s", "s"}}
	var parts []string
	for _, u := range units {
		n := seconds / u.size
		seconds %= u.size
		switch {
		case n == 1:
			parts = append(parts, "1"+u.one)
		case n > 1:
			parts = append(parts, strconv.FormatInt(n, 10)+u.several)
		}
	}
	if len(parts) == 0 {
		return "0s"
	}
	return strings.Join(parts, " ")
}

// RFC3339 gives a moment for programs; "" for none.
func RFC3339(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

// FreshID gives a random id if one is wanted, else "".
func (d *DateFlags) FreshID() (string, error) {
	if !d.fresh {
		return "", nil
	}
	return claims.RandomID(rand.Reader)
}
