package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond/format"
)

// functions are what templates may call.
func (s *Site) functions() template.FuncMap {
	return template.FuncMap{
		"asset":    func(name string) string { return s.assets.named[name] },
		"icon":     icon,
		"number":   number,
		"count":    func(n any, one, many string) string { return format.Count(integer(n), one, many) },
		"size":     format.Size,
		"duration": format.Duration,
		"time":     moment,
		"date":     func(t time.Time) template.HTML { return timeElement(t, format.Date(t)) },
		"ago":      func(t, now time.Time) template.HTML { return timeElement(t, Ago(now.Sub(t))) },
		"local":    func(s string) string { return LocalPath(s, "/") },
		"percent":  percent,
		"pick":     pick,
		"title":    title,
	}
}

func integer(n any) int64 {
	switch n := n.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

func number(n any) string { return format.Number(integer(n)) }

// moment is a time with its machine-readable form.
func moment(t time.Time) template.HTML { return timeElement(t, format.Time(t)) }

func timeElement(t time.Time, text string) template.HTML {
	if t.IsZero() {
		return `<span class="quiet">never</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339), format.Time(t), text)) //nolint:gosec // times and our own words
}

// Ago says how long ago something was, in one unit: "just now", "5 min ago", "3 h ago", "12 days ago".
func Ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h ago", d/time.Hour)
	}
	return format.Count(int64(d/day), "day", "days") + " ago"
}

// percent is part of whole in whole percent, never 100 before all of it is there and never 0 once something is.
func percent(part, whole any) int {
	p, w := integer(part), integer(whole)
	switch {
	case w <= 0 || p <= 0:
		return 0
	case p >= w:
		return 100
	}
	return int(min(max(p*100/w, 1), 99))
}

// pick returns yes or no, as a condition says.
func pick(condition bool, yes, no string) string {
	if condition {
		return yes
	}
	return no
}

// title begins a word with a capital letter.
func title(word any) string {
	s := fmt.Sprint(word)
	if s == "" {
		return ""
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
