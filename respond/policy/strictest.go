package policy

import (
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// What stricter means: each function returns what is as strict as both of its values. Where both are equally strict it is the
// second, the later file's.

// byRank orders values from the least strict to the strictest.
func byRank[T comparable](order ...T) func(a, b T) T {
	return func(a, b T) T {
		if slices.Index(order, a) > slices.Index(order, b) {
			return a
		}
		return b
	}
}

// unchanged is for what is fixed once it is locked.
func unchanged[T any](a, _ T) T { return a }

func failingMore(a, b respond.FailOn) respond.FailOn {
	severities := []detect.Severity{detect.LowSeverity, detect.MediumSeverity, detect.HighSeverity, detect.CriticalSeverity}
	for _, s := range severities {
		if a.Fails(s) != b.Fails(s) {
			if a.Fails(s) {
				return a
			}
			return b
		}
	}
	return b
}

// union is all of both. Logins and labels are the same in any case.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.ContainsFunc(out, func(known string) bool { return strings.EqualFold(known, s) }) {
			out = append(out, s)
		}
	}
	return out
}

// notifyingAll tells each target all that either says. A target has one rule: it is told once.
func notifyingAll(a, b []respond.NotifyRule) []respond.NotifyRule {
	out := slices.Clone(a)
	for _, rule := range b {
		at := slices.IndexFunc(out, func(known respond.NotifyRule) bool { return known.To == rule.To })
		if at < 0 {
			out = append(out, rule)
			continue
		}
		if kinds := together(out[at], rule); kinds != nil {
			out[at].On = kinds
		}
	}
	return out
}

// together returns the kinds that a target is told by either rule; nil where the first tells it all of them.
func together(a, b respond.NotifyRule) []respond.NoticeKind {
	var both []respond.NoticeKind
	more := false
	for _, kind := range respond.NoticeKinds() {
		if a.Includes(kind) || b.Includes(kind) {
			both = append(both, kind)
			more = more || !a.Includes(kind)
		}
	}
	if !more {
		return nil
	}
	return both
}
