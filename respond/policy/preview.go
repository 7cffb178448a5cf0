package policy

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Replacement is a file that is to take the place of another one.
type Replacement struct {
	Above         []File // the files that it is over
	Before, After File
	Open          []respond.Seen  // open leaks that it is about, with their sightings
	Unseen        map[string]bool // fingerprints of those that have more sightings
	Now           time.Time
}

// Preview says what would change if a file took the place of another one: what its own repository gets by it, and of the
// organisation's what a repository gets that says nothing.
func Preview(r Replacement) respond.PolicyPreview {
	before, after := Over(r.Above, r.Before), Over(r.Above, r.After)
	p := respond.PolicyPreview{
		Changes:  append(lockChange(r.Before, r.After), changes(before, after, r)...),
		VainLock: len(r.After.Lock) > 0,
	}
	allowedBefore, allowedAfter := r.allows(before), r.allows(after)
	for _, seen := range r.Open {
		switch allowed := allowedAfter(seen); {
		case allowed && !allowedBefore(seen):
			p.Allowed++
		case !allowed && fails(before, seen.Leak) && !fails(after, seen.Leak):
			p.Spared++
		}
	}
	return p
}

func changes(before, after respond.Policy, r Replacement) []respond.SettingChange {
	var list []respond.SettingChange
	for _, s := range settings() {
		from, to := s.current(&before), s.current(&after)
		if !reflect.DeepEqual(from, to) {
			list = append(list, respond.SettingChange{Setting: s.name, From: shown(from), To: shown(to)})
			continue
		}
		ignored := func(p respond.Policy) (respond.IgnoredSetting, bool) {
			i := slices.IndexFunc(p.Ignored, func(i respond.IgnoredSetting) bool { return i.Setting == s.name && i.From == r.After.Source })
			if i < 0 {
				return respond.IgnoredSetting{}, false
			}
			return p.Ignored[i], true
		}
		was, _ := ignored(before)
		if now, is := ignored(after); is && now != was {
			list = append(list, respond.SettingChange{Setting: s.name, From: shown(from), To: now.Value, LockedBy: now.By})
		}
	}
	return list
}

// lockChange is the change of lock itself.
func lockChange(before, after File) []respond.SettingChange {
	sorted := func(names []string) string { return strings.Join(slices.Sorted(slices.Values(names)), ", ") }
	from, to := sorted(before.Lock), sorted(after.Lock)
	if from == to {
		return nil
	}
	return []respond.SettingChange{{Setting: "lock", From: from, To: to}}
}

// allows reports of a leak whether it would have been allowed, had it been pushed under the policy.
func (r Replacement) allows(p respond.Policy) func(respond.Seen) bool {
	facts := respond.ScanFacts{Allowance: AllowedAt(p.Allow, r.Now), Unseen: r.Unseen}
	return func(seen respond.Seen) bool {
		seen.New = true
		to, _, moved := facts.Moves(seen)
		return moved && to == respond.Ignored
	}
}

// fails reports whether an open leak fails checks.
func fails(p respond.Policy, l respond.Leak) bool {
	return l.Sure() && !p.Observes() && p.FailOn.Fails(l.Severity)
}
