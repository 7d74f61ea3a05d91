package provider

import "time"

// Backoff says how often and how soon a provider that ended by itself is
// started again. The zero value has the defaults named.
type Backoff struct {
	First  time.Duration // before the first restart; 0 = 200 ms; doubled each time
	Most   time.Duration // between two restarts; 0 = 30 s
	Tries  int           // restarts in a row; 0 = 8, negative = none
	Stable time.Duration // run time after which counting begins anew; 0 = 1 min
}

// Next returns the wait before the next start of a process that ran for ran
// and was restarted tries times in a row, and the new count. ok is false when
// it is to be given up.
func (b Backoff) Next(tries int, ran time.Duration) (wait time.Duration, count int, ok bool) {
	b = b.withDefaults()
	if ran >= b.Stable {
		tries = 0
	}
	if tries >= b.Tries {
		return 0, tries, false
	}
	wait = b.First
	for range tries {
		if wait = 2 * wait; wait >= b.Most {
			break
		}
	}
	return min(wait, b.Most), tries + 1, true
}

func (b Backoff) withDefaults() Backoff {
	if b.First <= 0 {
		b.First = 200 * time.Millisecond
	}
	if b.Most <= 0 {
		b.Most = 30 * time.Second
	}
	if b.Tries == 0 {
		b.Tries = 8
	}
	if b.Stable <= 0 {
		b.Stable = time.Minute
	}
	return b
}
