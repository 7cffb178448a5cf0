// Package format writes numbers, sizes, durations and dates for people, in one way wherever they read them: in check runs,
// issues, messages, on a terminal and in logs. It needs nothing but the standard library.
package format

import (
	"fmt"
	"strconv"
	"time"
)

// separator stands between groups of three digits: a narrow space at which no line breaks.
const separator = "\u202f"

// Number writes a number with its thousands set apart: "1 234".
func Number[N int | int64 | uint64](n N) string {
	s := strconv.FormatUint(uint64(n), 10)
	sign := ""
	if n < 0 {
		s, sign = strconv.FormatUint(-uint64(n), 10), "-"
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + separator + s[i:]
	}
	return sign + s
}

// Count writes a number with its noun: "1 commit", "3 commits".
func Count[N int | int64 | uint64](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(n) + " " + many
}

// Size writes a number of bytes with two or three digits: "1 byte", "2.5 KiB", "64 MiB".
func Size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return Count(max(bytes, 0), "byte", "bytes")
	}
	f, names := float64(bytes)/unit, []string{"KiB", "MiB", "GiB", "TiB"}
	for f >= unit-0.5 && len(names) > 1 {
		f, names = f/unit, names[1:]
	}
	if s := strconv.FormatFloat(f, 'f', 1, 64); len(s) == len("0.0") {
		return s + " " + names[0]
	}
	return Number(int64(f+0.5)) + " " + names[0]
}

// Duration writes a duration: "20 ms", "2.5 s", "45 s", "3 min 20 s", "2 h 5 min", "3 days". What is below 0 is 0.
func Duration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Millisecond:
		return "under 1 ms"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 9950*time.Millisecond:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d.Round(time.Second) < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d.Round(time.Second) < time.Hour:
		return twoUnits(d.Round(time.Second), time.Minute, "min", time.Second, "s")
	case d.Round(time.Minute) < 2*day:
		return twoUnits(d.Round(time.Minute), time.Hour, "h", time.Minute, "min")
	}
	return Count(int64(d.Round(time.Minute)/day), "day", "days")
}

func twoUnits(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	s := fmt.Sprintf("%d %s", d/large, largeName)
	if rest := d % large / small; rest > 0 {
		s += fmt.Sprintf(" %d %s", rest, smallName)
	}
	return s
}

// Time writes a moment: "23 Nov 2026, 08:11 UTC".
func Time(t time.Time) string { return t.UTC().Format("2 Jan 2006, 15:04 UTC") }

// Date writes a day in UTC: "23 Nov 2026".
func Date(t time.Time) string { return t.UTC().Format("2 Jan 2006") }
