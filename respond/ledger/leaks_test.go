package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

const (
	headA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	headB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func repository() respond.Repository {
	return respond.Repository{ID: 9, Installation: 7, Owner: "acme", Name: "shop", DefaultBranch: "main", Private: true}
}

func scanOf(head, event string) respond.Scan {
	return respond.Scan{
		Repository: 9, Head: head, Base: "", Ref: "refs/heads/main", Trigger: respond.Trigger(event), Pusher: "mona", Commits: 2, Blobs: 3,
		Bytes: 4, PackBytes: 5, Duration: 1500 * time.Microsecond, Skipped: []string{"a tree: cut off"}, Finished: start(),
	}
}

// observation is a leak with one sighting; what tells it apart is the fingerprint, what tells the place apart the line.
func observation(fingerprint string, line int) respond.Observation {
	return respond.Observation{
		Leak: respond.Leak{
			Fingerprint: fingerprint, Kind: "secret_key", Environment: "live", Severity: "critical", Confidence: "high",
			Reasons: []string{"a Clerk variable"}, Redacted: "sk_live_…a1b2", Variable: "CLERK_SECRET_KEY",
			Introduced: start().Add(-time.Hour), Pusher: "mona",
		},
		Sighting: respond.Sighting{
			Source: "file", Blob: headB, Path: "a/\xff\n`@\x00.env", Commit: headA, Member: "x.zip!y", Encoding: "plain",
			Line: line, Column: 3, EndLine: line, EndColumn: 53, AuthorName: "Mona", AuthorEmail: "m@example.com",
			Authored: start().Add(-time.Hour), Ref: "refs/heads/main",
		},
		AtHead: true,
	}
}

func record(t *testing.T, s *ledger.Store, scan respond.Scan, os ...respond.Observation) (r ledger.RecordedScan) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		r, err = tx.RecordScan(ctx, scan, os)
		return err
	})
	return r
}

func fingerprints(leaks []respond.Leak) string {
	var list []string
	for _, l := range leaks {
		list = append(list, l.Fingerprint)
	}
	return strings.Join(list, " ")
}

func TestScansAndLeaks(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		know(t, s, repository())
		first := scanOf(headA, "push")
		r := record(t, s, first, observation("f1", 1), observation("f2", 2), observation("f1", 3))
		equal(t, "new", fingerprints(r.New), "f1 f2")
		equal(t, "known", fingerprints(r.Known), "")
		want := observation("f1", 1).Leak
		want.ID, want.Repository, want.State, want.Detected = r.New[0].ID, 9, respond.Open, start()
		want.Look = start().Add(respond.FirstLook)
		equal(t, "leak", r.New[0], want)

		// The same again, as after a crash: the same comes of it, and nothing is doubled.
		clock.Time = start().Add(time.Hour)
		r = record(t, s, first, observation("f1", 1), observation("f2", 2), observation("f1", 3))
		equal(t, "new, again", fingerprints(r.New), "f1 f2")

		// A pull request has the same head; a later push sees one leak at a new place.
		record(t, s, scanOf(headA, "pull_request"), observation("f2", 2))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			leak, err := tx.Leak(ctx, want.ID)
			if err != nil {
				return err
			}
			leak.State, leak.Closed, leak.ClosedBy, leak.Reason = respond.Revoked, clock.Time, "Clerk", "the key is dead"
			leak.Verdict, leak.VerifiedAt, leak.Fingerprint = "revoked", clock.Time, "identity stays"
			leak.IssueRepository, leak.IssueNumber, leak.IssueURL, leak.IssueDigest = 9, 12, "https://example.com/12", "d1"
			leak.FilesRef = "refs/heads/m\xffin"
			return tx.UpdateLeak(ctx, leak, respond.Event{By: "Clerk", From: respond.Open, To: respond.Revoked, Reason: "asked"})
		})
		r = record(t, s, scanOf(headB, "push"), observation("f1", 1), observation("f3", 1))
		equal(t, "new at b", fingerprints(r.New), "f3")
		equal(t, "known at b", fingerprints(r.Known), "f1")
		equal(t, "regressed at an old place", fingerprints(r.Regressed), "")
		second := scanOf(headB, "push")
		second.Base = headA
		filled := observation("f1", 9)
		filled.Leak.Instance, filled.Leak.Variable, filled.Leak.Browser = "clerk.example.com", "OTHER", true
		filled.Leak.Introduced = start().Add(-48 * time.Hour)
		for range 2 {
			r = record(t, s, second, filled)
			equal(t, "regressed at a new place", fingerprints(r.Regressed), "f1")
		}

		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			got, err := tx.LeakByIssue(ctx, 9, 12)
			if err != nil {
				return err
			}
			want.State, want.Closed, want.ClosedBy, want.Reason = respond.Revoked, clock.Time, "Clerk", "the key is dead"
			want.Verdict, want.VerifiedAt = "revoked", clock.Time
			want.IssueRepository, want.IssueNumber, want.IssueURL, want.IssueDigest = 9, 12, "https://example.com/12", "d1"
			want.FilesRef = "refs/heads/m\xffin"
			want.Instance, want.Browser, want.Introduced = "clerk.example.com", true, start().Add(-48*time.Hour)
			equal(t, "leak in the end", got, want)
			if _, err := tx.LeakByIssue(ctx, 9, 0); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("no issue: %v", err)
			}

			events, err := tx.Events(ctx, got.ID)
			if err != nil {
				return err
			}
			equal(t, "events", events, []respond.Event{
				{Leak: got.ID, At: clock.Time, By: "Clerk", From: respond.Open, To: respond.Revoked, Reason: "asked"},
			})
			scans, err := tx.Scans(ctx, 9, headA)
			if err != nil {
				return err
			}
			equal(t, "scans", scans, []respond.Scan{first, scanOf(headA, "pull_request")})
			heads, err := tx.HeadsOf(ctx, got.ID)
			if err != nil {
				return err
			}
			equal(t, "heads", heads, []ledger.Head{{Repository: 9, SHA: headB}, {Repository: 9, SHA: headA}})
			sightings, err := tx.Sightings(ctx, got.ID, 10)
			if err != nil {
				return err
			}
			if len(sightings) != 3 {
				t.Fatalf("%d sightings instead of 3", len(sightings))
			}
			place := observation("f1", 1).Sighting
			place.ID, place.Leak = sightings[0].ID, got.ID
			equal(t, "sighting", sightings[0], place)
			open, err := tx.OpenLeaks(ctx, 10)
			equal(t, "open leaks", fingerprints(open), "f3 f2")
			return err
		})
	})
}

func TestUsesClerk(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		demand := func(when string, want bool) {
			t.Helper()
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				got, err := tx.UsesClerk(ctx, 9)
				equal(t, when, got, want)
				other, _ := tx.UsesClerk(ctx, 10)
				equal(t, "another repository, "+when, other, false)
				return err
			})
		}
		demand("at first", false)
		low := observation("low", 1)
		low.Leak.Confidence = "low"
		record(t, s, scanOf(headA, "push"), low)
		demand("with a low one", false)
		outside := scanOf(headB, "pull_request")
		outside.Outside = true
		record(t, s, outside, observation("theirs", 1))
		demand("with one from outside", false)
		r := record(t, s, scanOf(headB, "push"), observation("ours", 1))
		demand("with a key", true)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			leak := r.New[0]
			leak.State = respond.Revoked
			return tx.UpdateLeak(ctx, leak, respond.Event{})
		})
		demand("with a revoked key", true)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			leak := r.New[0]
			leak.State = respond.Ignored
			return tx.UpdateLeak(ctx, leak, respond.Event{})
		})
		demand("with a false positive", false)
	})
}

func TestOpenIn(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		recorded := record(t, s, scanOf(headA, "push"), observation("main", 1), observation("other", 2), observation("unfiled", 3), observation("closed", 4))
		for i, fingerprint := range []string{"main", "other", "unfiled", "closed"} {
			leak := recorded.New[slices.IndexFunc(recorded.New, func(l respond.Leak) bool { return l.Fingerprint == fingerprint })]
			leak.IssueRepository, leak.IssueNumber, leak.FilesRef = 9, i+1, "refs/heads/main"
			switch fingerprint {
			case "other":
				leak.FilesRef = "refs/heads/other"
			case "unfiled":
				leak.IssueNumber = 0
			case "closed":
				leak.State = respond.Resolved
			}
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error { return tx.UpdateLeak(ctx, leak, respond.Event{}) })
		}
		for ref, want := range map[string][]string{"refs/heads/main": {"main"}, "refs/heads/other": {"other"}, "": nil} {
			var got []string
			view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				list, err := tx.OpenIn(ctx, 9, ref, 10)
				for _, l := range list {
					got = append(got, l.Fingerprint)
				}
				return err
			})
			equal(t, ref, got, want)
		}
	})
}

func TestRecordReadBefore(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		outside, elsewhere := scanOf(headA, "pull_request"), observation("f3", 3)
		outside.Outside, elsewhere.Sighting.Commit = true, headB
		record(t, s, scanOf(headA, "push"), observation("f1", 1), elsewhere)
		record(t, s, outside, observation("f2", 2))
		late := scanOf(strings.Repeat("c", 40), "push")
		record(t, s, late)
		commits := make([]string, 600)
		for i := range commits {
			commits[i] = fmt.Sprintf("%040x", i)
		}
		for range 2 { // recorded again, after a crash say
			update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
				return tx.RecordReadBefore(ctx, late, slices.Concat(commits, []string{headA}))
			})
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			list, err := tx.HeadSightings(ctx, 9, late.Head)
			if len(list) != 1 || list[0].Leak.Fingerprint != "f1" || list[0].AtHead {
				t.Errorf("%+v", list)
			}
			return err
		})
	})
}

func TestHeadSightings(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		gone := observation("f1", 2)
		gone.AtHead = false
		record(t, s, scanOf(headA, "push"), observation("f1", 1), gone)
		record(t, s, scanOf(headA, "pull_request"), observation("f1", 2), observation("f2", 5))
		list := func() (list []respond.HeadSighting) {
			view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
				list, err = tx.HeadSightings(ctx, 9, headA)
				return err
			})
			return list
		}
		lines := func() (lines []int) {
			for _, h := range list() {
				if h.Leak.ID != h.Sighting.Leak || h.Leak.Fingerprint == "" {
					t.Errorf("sighting %+v is given with leak %+v", h.Sighting, h.Leak)
				}
				if !h.AtHead {
					t.Errorf("line %d is at the head in one scan, and said not to be", h.Sighting.Line)
				}
				if h.Annotated {
					lines = append(lines, -h.Sighting.Line)
				} else {
					lines = append(lines, h.Sighting.Line)
				}
			}
			return lines
		}
		equal(t, "lines of two scans", lines(), []int{1, 2, 5})
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			ids := []int64{list()[1].Sighting.ID}
			if err := tx.MarkAnnotated(ctx, 9, headA, ids); err != nil {
				return err
			}
			return tx.MarkAnnotated(ctx, 9, headA, ids)
		})
		equal(t, "lines after an annotation", lines(), []int{1, -2, 5})
		// Neither a failed scan nor a repeated one that sees less takes anything away.
		failed := scanOf(headA, "pull_request")
		failed.Failure = "cut off"
		record(t, s, failed)
		equal(t, "lines after a failure", lines(), []int{1, -2, 5})
		record(t, s, scanOf(headA, "push"))
		equal(t, "lines after a repetition", lines(), []int{1, -2, 5})
	})
}

func TestRepositoriesAndTips(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, clock := open(t, url)
		looked := repository()
		looked.Backfilled = start()
		know(t, s, looked)
		renamed := repository()
		renamed.Name, renamed.Archived = "store", true
		other := respond.Repository{ID: 10, Installation: 7}
		know(t, s, other, renamed)
		renamed.Backfilled = start()
		renamed.AsOf, other.AsOf = start(), start()
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			list, err := tx.RepositoriesOf(ctx, 7)
			equal(t, "repositories", list, []respond.Repository{renamed, other})
			return errors.Join(err,
				tx.UpsertInstallation(ctx, respond.Installation{ID: 7, AccountID: 3, Account: "acme", Suspended: true}, time.Time{}),
				tx.SetTip(ctx, 9, "refs/heads/a\xff", headA, time.Time{}))
		})
		clock.Time = start().Add(time.Second)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.SetTip(ctx, 9, "refs/heads/b", headA, time.Time{}), tx.SetTip(ctx, 9, "refs/heads/c", headB, time.Time{}))
		})
		clock.Time = start().Add(2 * time.Second)
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(tx.SetTip(ctx, 9, "refs/heads/b", headB, time.Time{}), tx.DeleteTip(ctx, 9, "refs/heads/c", time.Time{}))
		})
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			installation, err := tx.Installation(ctx, 7)
			if err != nil {
				return err
			}
			equal(t, "installation", installation, respond.Installation{ID: 7, AccountID: 3, Account: "acme", Suspended: true})
			tips, err := tx.Tips(ctx, 9, 10)
			if err != nil {
				return err
			}
			equal(t, "tips", tips, []respond.Tip{
				{Ref: "refs/heads/b", SHA: headB, Seen: clock.Time}, {Ref: "refs/heads/a\xff", SHA: headA, Seen: start()},
			})
			tips, err = tx.Tips(ctx, 9, 1)
			equal(t, "number of tips under a limit", len(tips), 1)
			return err
		})
	})
}

func TestChecksMetaAndStats(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		record(t, s, scanOf(headA, "push"), observation("f1", 1))
		update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			return errors.Join(
				tx.SaveCheck(ctx, ledger.Check{Repository: 9, Head: headA}),
				tx.SaveCheck(ctx, ledger.Check{Repository: 9, Head: headA, RunID: 5, Conclusion: "failure", Digest: "d"}),
				tx.SetMeta(ctx, "k", "v"), tx.SetMeta(ctx, "k", "w"))
		})
		if _, err := s.Accept(t.Context(), []ledger.Delivery{
			{GUID: "1", Event: "push", Received: start().Add(time.Second)}, {GUID: "2", Event: "push"}, {GUID: "3", Event: "issues"},
		}); err != nil {
			t.Fatal(err)
		}
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			check, err := tx.Check(ctx, 9, headA)
			if err != nil {
				return err
			}
			equal(t, "check", check, ledger.Check{
				Repository: 9, Head: headA, RunID: 5, Conclusion: "failure", Digest: "d", Updated: start(),
			})
			value, err := tx.Meta(ctx, "k")
			if err != nil {
				return err
			}
			equal(t, "value", value, "w")
			if value, err = tx.Meta(ctx, "none"); err != nil || value != "" {
				t.Errorf("no value: %q, %v", value, err)
			}
			stats, err := tx.Stats(ctx)
			equal(t, "stats", stats, ledger.Stats{
				Jobs:    stats.Jobs, // the queue's tests have those
				Waiting: map[string]int{"scan": 2, "respond": 1}, Running: map[string]int{}, GivenUp: map[string]int{},
				Unfinished: 3, LastDelivery: start().Add(time.Second), Leaks: map[respond.State]int{respond.Open: 1},
				Open: []ledger.OpenLeaks{{Kind: "secret_key", Environment: "live", Severity: "critical", Count: 1, Oldest: start()}}, OldestUnfinished: start(),
			})
			return err
		})
		if err := s.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestTypedTextsAreCleaned: the domain's types of text lose what PostgreSQL refuses, as plain texts do.
func TestTypedTextsAreCleaned(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		know(t, s, repository())
		seen := observation("f", 1)
		seen.Leak.Kind, seen.Sighting.Source = "kind\x00\xff", "so\x00urce"
		record(t, s, scanOf(headA, "push"), seen)
		view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			list, err := tx.HeadSightings(ctx, 9, headA)
			if err != nil || len(list) != 1 || list[0].Leak.Kind != "kind\uFFFD\uFFFD" || list[0].Sighting.Source != "so\uFFFDurce" {
				t.Errorf("%+v, %v", list, err)
			}
			return err
		})
	})
}
