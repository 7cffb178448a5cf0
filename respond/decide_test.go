package respond_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

func TestDecideAfterAScan(t *testing.T) {
	t.Parallel()
	live, test := leak(detect.SecretKey, detect.Live, 1), leak(detect.SecretKey, detect.Test, 2)
	here := []respond.Sighting{sighting(1, "apps/web/.env", 3)}
	fixture := []respond.Sighting{sighting(1, "fixtures/keys.ts", 3)}
	inline := []respond.Sighting{sighting(1, "a.ts", 3)}
	inline[0].Allowed = true
	later := []respond.Sighting{sighting(9, "b.ts", 1)}
	later[0].Authored = monday.Add(48 * time.Hour)

	notifying := respond.DefaultPolicy()
	notifying.Notify = []respond.NotifyRule{{To: "security"}}
	off := respond.DefaultPolicy()
	off.Issues.Off = true
	watch := respond.DefaultPolicy()
	watch.Verify = respond.VerifyWatch
	watchedAndTold := notifying
	watchedAndTold.Verify = respond.VerifyWatch
	fromOutside := func(l *respond.Leak) { l.Outside = true }
	paths := respond.DefaultPolicy()
	paths.Allow.Paths = []respond.AllowedPath{{Path: "fixtures/**", Reason: "made up"}}
	prints := respond.DefaultPolicy()
	prints.Allow.Fingerprints = []respond.AllowedFingerprint{{Fingerprint: live.Fingerprint, Reason: "decoy", Production: true}}
	unvouched := respond.DefaultPolicy()
	unvouched.Allow.Fingerprints = []respond.AllowedFingerprint{{Fingerprint: live.Fingerprint, Reason: "decoy"}, {Fingerprint: test.Fingerprint, Reason: "decoy"}}
	expired := prints
	expired.Allow.Fingerprints = []respond.AllowedFingerprint{{Fingerprint: live.Fingerprint, Reason: "decoy", Production: true, Expires: monday}}
	byRekey := with(test, func(l *respond.Leak) { filed(l); l.State, l.ClosedBy = respond.Ignored, respond.Self })
	byAda := with(test, func(l *respond.Leak) { filed(l); l.State, l.ClosedBy = respond.Ignored, "ada" })
	resolved := with(live, func(l *respond.Leak) { filed(l); l.State, l.ClosedBy, l.Closed = respond.Resolved, "ada", monday })

	for _, tt := range []struct {
		name   string
		event  respond.Trigger
		policy respond.Policy
		filed  int
		seen   []respond.Seen
		want   []string
	}{
		{"nothing", "push", respond.DefaultPolicy(), 0, nil, nil},
		{"nothing at the backfill", "backfill", respond.DefaultPolicy(), 0, nil, nil},
		{"a new key", "push", respond.DefaultPolicy(), 0, []respond.Seen{{live, true, here}}, []string{"file_issue"}},
		{"a new key, told", "push", notifying, 0, []respond.Seen{{live, true, here}}, []string{"file_issue", "notify opened"}},
		{"a new key, watched", "push", watch, 0, []respond.Seen{{live, true, here}}, []string{"file_issue", "ask_clerk watching"}},
		{"issues off", "push", off, 0, []respond.Seen{{live, true, here}}, nil},
		{"seen before, issue not filed yet", "push", respond.DefaultPolicy(), 0, []respond.Seen{{live, false, nil}}, []string{"file_issue"}},
		{"seen before, same places", "push", respond.DefaultPolicy(), 0, []respond.Seen{{with(live, filed), false, nil}}, nil},
		{"seen before, new place", "push", respond.DefaultPolicy(), 0, []respond.Seen{{with(live, filed), false, here}}, []string{"edit_issue"}},
		{"low confidence", "push", notifying, 0, []respond.Seen{{with(test, func(l *respond.Leak) { l.Confidence = "low" }), true, here}}, nil},
		{"too many in an hour", "backfill", respond.DefaultPolicy(), 9, []respond.Seen{{live, true, here}, {test, true, here}, {leak(detect.SecretKey, detect.Live, 3), true, here}}, []string{"file_issue", "sum_up"}},
		{"path allowed, test key", "push", paths, 0, []respond.Seen{{test, true, fixture}}, []string{"open > ignored by rekey"}},
		{"path allowed, production key", "push", paths, 0, []respond.Seen{{live, true, fixture}}, []string{"file_issue"}},
		{"one of two places allowed", "push", paths, 0, []respond.Seen{{test, true, append(fixture, here...)}}, []string{"file_issue"}},
		{"fingerprint allowed", "push", prints, 0, []respond.Seen{{live, true, here}}, []string{"open > ignored by rekey", "notify ignored"}},
		{"fingerprint allowed by a writer, production key", "push", unvouched, 0, []respond.Seen{{live, true, here}}, []string{"file_issue"}},
		{"fingerprint allowed by a writer, test key", "push", unvouched, 0, []respond.Seen{{test, true, here}}, []string{"open > ignored by rekey"}},
		{"fingerprint allowed until now", "push", expired, 0, []respond.Seen{{live, true, here}}, []string{"file_issue"}},
		{"rekey:allow, test key", "push", respond.DefaultPolicy(), 0, []respond.Seen{{test, true, inline}}, []string{"open > ignored by rekey"}},
		{"rekey:allow, production key", "push", respond.DefaultPolicy(), 0, []respond.Seen{{live, true, inline}}, []string{"file_issue"}},
		{"was allowed, now elsewhere", "push", respond.DefaultPolicy(), 0, []respond.Seen{{byRekey, false, here}}, []string{"ignored > open by rekey", "reopen_issue", "comment", "edit_issue"}},
		{"a person ignored it", "push", respond.DefaultPolicy(), 0, []respond.Seen{{byAda, false, here}}, []string{"edit_issue"}},
		{"dead, seen again", "push", notifying, 0, []respond.Seen{{with(live, revoked), false, later}}, []string{"edit_issue"}},
		{"resolved, seen again where it was", "push", notifying, 0, []respond.Seen{{resolved, false, nil}}, nil},
		{"resolved, pushed again with an old author date", "push", notifying, 0, []respond.Seen{{resolved, false, here}}, []string{"resolved > open by rekey", "reopen_issue", "comment", "notify reopened", "edit_issue"}},
		{"from outside", "outside", watchedAndTold, 0, []respond.Seen{{with(live, fromOutside), true, here}}, nil},
		{"from outside, allowed there", "outside", paths, 0, []respond.Seen{{with(test, fromOutside), true, fixture}}, []string{"open > ignored by rekey"}},
		{"from outside, ours and closed", "outside", notifying, 0, []respond.Seen{{resolved, false, later}, {byRekey, false, here}, {with(live, filed), false, here}}, nil},
		{"from outside, then merged", "push", watchedAndTold, 0, []respond.Seen{{live, true, here}}, []string{"file_issue", "notify opened", "ask_clerk watching"}},
		{"resolved, committed again", "push", notifying, 0, []respond.Seen{{resolved, false, later}}, []string{"resolved > open by rekey", "reopen_issue", "comment", "notify reopened", "edit_issue"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			scan := pushScan()
			scan.Trigger = tt.event
			if tt.event == "outside" {
				scan.Trigger, scan.Outside = "pull_request", true
			}
			f := respond.ScanFacts{Repository: shop, Scan: scan, Seen: tt.seen, FiledHour: tt.filed, Policy: tt.policy, Allowance: policy.AllowedAt(tt.policy.Allow, monday.Add(72*time.Hour)), Now: monday.Add(72 * time.Hour)}
			d := respond.Decide(f)
			if diff := cmp.Diff(tt.want, told(d)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(d, respond.Decide(f)); diff != "" {
				t.Errorf("decided twice, the second time otherwise: %s", diff)
			}
			keys := map[string]bool{}
			for _, a := range d.Actions {
				if a.Key == "" || keys[a.Key] {
					t.Errorf("key %q of %s is not its own", a.Key, a.Do)
				}
				keys[a.Key] = true
				if strings.ContainsAny(a.Key, " \n") {
					t.Errorf("key %q", a.Key)
				}
			}
		})
	}
}

func TestProductionKeysAreFiledFirst(t *testing.T) {
	t.Parallel()
	live, test := leak(detect.SecretKey, detect.Live, 5), leak(detect.SecretKey, detect.Test, 6)
	p := respond.DefaultPolicy()
	p.Issues.MaxPerHour = 1
	here := []respond.Sighting{sighting(1, "a", 1)}
	d := respond.Decide(respond.ScanFacts{Repository: shop, Scan: pushScan(), Seen: []respond.Seen{{test, true, here}, {live, true, here}}, Policy: p, Now: monday})
	if a := d.Actions[0]; a.Do != respond.FileIssue || a.Leak != live.ID {
		t.Errorf("first %+v", a)
	}
	old, alive := leak(detect.SecretKey, detect.Live, 3), leak(detect.SecretKey, detect.Live, 4)
	old.Detected, alive.Detected, alive.Verdict = monday.Add(-48*time.Hour), monday.Add(-24*time.Hour), "alive"
	unsure := with(leak(detect.SecretKey, detect.Live, 9), func(l *respond.Leak) { l.Confidence = "medium" })
	leaks := []respond.Leak{test, unsure, old, live, alive}
	slices.SortFunc(leaks, respond.ComparePriority)
	var order []int64
	for _, l := range leaks {
		order = append(order, l.ID)
	}
	if want := []int64{4, 5, 3, 9, 6}; !slices.Equal(order, want) { // alive, new, old, less certain, a test key
		t.Errorf("order %v, want %v", order, want)
	}
	d = respond.CatchUp([]respond.Leak{with(live, filed), test, leak(detect.SecretKey, detect.Live, 7)}, 0, p)
	if diff := cmp.Diff([]string{"file_issue", "sum_up"}, told(d)); diff != "" || d.Actions[0].Leak != 7 {
		t.Errorf("%s, leak %d", diff, d.Actions[0].Leak)
	}
	if d := respond.CatchUp([]respond.Leak{test}, 1, p); len(d.Actions) != 1 || d.Actions[0].Do != respond.UpdateSummary {
		t.Errorf("%v", told(d))
	}
	if d := respond.CatchUp(nil, 0, p); len(d.Actions) != 0 {
		t.Errorf("%v", told(d))
	}
}

// TestChecksThatShowAMovedLeakAreUpdated: each once, and not that of the scan's own head, which is concluded with the scan.
func TestChecksThatShowAMovedLeakAreUpdated(t *testing.T) {
	t.Parallel()
	byRekey := func(seed int64) respond.Leak {
		return with(leak(detect.SecretKey, detect.Test, seed), func(l *respond.Leak) { l.State, l.ClosedBy = respond.Ignored, respond.Self })
	}
	moved, also, stays := byRekey(1), byRekey(2), leak(detect.SecretKey, detect.Live, 3)
	here := []respond.Sighting{sighting(1, "a", 1)}
	other := strings.Repeat("7", 40)
	f := respond.ScanFacts{
		Repository: shop, Scan: pushScan(), Seen: []respond.Seen{{moved, false, here}, {also, false, here}, {stays, true, here}}, Policy: respond.DefaultPolicy(), Now: monday,
		Heads: map[int64][]string{moved.ID: {head, other}, also.ID: {other}, stays.ID: {strings.Repeat("8", 40)}},
	}
	for _, s := range f.Seen {
		if to, _, moves := f.Moves(s); moves != (s.Leak.ID != stays.ID) || moves && to != respond.Open {
			t.Errorf("leak %d moves to %q: %t", s.Leak.ID, to, moves)
		}
	}
	var heads []string
	for _, a := range respond.Decide(f).Actions {
		if a.Do == respond.UpdateCheck {
			heads = append(heads, a.Head)
		}
	}
	if diff := cmp.Diff([]string{other}, heads); diff != "" {
		t.Error(diff)
	}
}
