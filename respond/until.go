package respond

import (
	"regexp"
	"strings"
	"sync"
	"time"
)

// maxUntil is how far ahead a last day may be.
const maxUntil = 10 * 366 * 24 * time.Hour

var untilWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)(?:^|\s)until(?:\s+|$)`) })

// splitUntil takes the last day on which it counts, in UTC, from the end of a reason: "a decoy until 2027-01-31". until is the
// moment after that day, zero where none is named; ok is false where "until" is followed by anything but a day that is not over
// at the moment, and is within [maxUntil].
func splitUntil(reason string, at time.Time) (rest string, until time.Time, ok bool) {
	words := untilWord().FindAllStringIndex(reason, -1)
	if len(words) == 0 {
		return reason, time.Time{}, true
	}
	last := words[len(words)-1]
	day, err := time.Parse(time.DateOnly, strings.TrimRight(strings.TrimSpace(reason[last[1]:]), ".,;!"))
	until = day.AddDate(0, 0, 1)
	if err != nil || !until.After(at) || until.Sub(at) > maxUntil {
		return reason, time.Time{}, false
	}
	return strings.TrimRight(strings.TrimSpace(reason[:last[0]]), ",;"), until, true
}

// LastDay is the last day before a moment at which something no longer counts.
func LastDay(until time.Time) time.Time {
	return until.UTC().Add(-time.Nanosecond).Truncate(24 * time.Hour)
}
