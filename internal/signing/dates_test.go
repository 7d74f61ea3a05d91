package signing

import "testing"

func TestHumanDates(t *testing.T) {
	for diff, want := range map[int64]string{
		0: "in 0s", 59: "in 59s", 61: "in 1m", 3600: "in 1h", 7300: "in 2h", 86400: "in 1day", 30 * 86400: "in 30days",
		365 * 86400: "in 11months 30days 3h 50m 24s", -1: "1s ago", -90000: "1day ago", -8 * 3600: "8h ago",
	} {
		if got := Human(1_000_000_000+diff, 1_000_000_000); got != want {
			t.Errorf("%d: %q; want %q", diff, got, want)
		}
	}
}
