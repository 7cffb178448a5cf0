package api_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/api"
	"github.com/rekey-app/rekey/app/status"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// world is a server's API, and what it knows.
type world struct {
	t     *testing.T
	store *ledger.Store
	clock *ledgertest.Clock
	api   http.Handler
	sees  *ledger.Visible // nil: nobody has signed in
	leak  int64           // of acme
	other int64           // of the other organisation
}

// Viewer implements [api.Viewers].
func (w *world) Viewer(context.Context) (ledger.Visible, bool) {
	if w.sees == nil {
		return ledger.Visible{}, false
	}
	return *w.sees, true
}

// Process implements [api.Reporter].
func (w *world) Process(context.Context) status.Report {
	return status.Report{
		Version: "v1", Role: "all", Started: w.clock.Time, Now: w.clock.Time, Ready: true,
		Components: []status.Component{{Name: "disk", State: status.Warning, Reason: "/srv of db7.internal is full"}},
	}
}

// Report implements [api.Reporter].
func (w *world) Report(ctx context.Context) status.Report {
	r := w.Process(ctx)
	lag := 1.5
	r.Deliveries.LagSeconds = &lag
	r.Queue = []status.Queue{{Kind: "issue", Waiting: 1, Running: 1, GivenUp: 1, Oldest: w.clock.Time}}
	return r
}

const (
	acme, other = 9, 10 // repositories
	head        = "1111111111111111111111111111111111111111"
)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t}
	w.store, w.clock = ledgertest.OpenWithClock(t, ledgertest.SQLite(t))
	all := ledger.Visible{Everything: true}
	w.sees = &all
	w.api = api.New(api.Config{
		Store: ledger.Scope[api.Tx](w.store), Viewers: w, Status: w, WebURL: "https://github.example/", Log: slog.New(slog.DiscardHandler),
		Quotas: func() []github.Quota {
			return []github.Quota{{Installation: 7, Limit: 5000, Left: 4000}, {Installation: 8, Limit: 5000, Left: 30}, {Limit: 5000, Left: 4900}}
		},
	})
	w.leak = w.organisation(7, acme, "acme", true)
	w.other = w.organisation(8, other, "other", false)
	w.running()
	return w
}

func (w *world) update(do func(ctx context.Context, tx *ledger.Tx) error) {
	w.t.Helper()
	ledgertest.Update(w.t, w.store, do)
}

// organisation is one with a repository in which everything has happened. It returns its leak.
func (w *world) organisation(installation, id int64, account string, private bool) (leak int64) {
	w.t.Helper()
	start := w.clock.Time
	w.update(func(ctx context.Context, tx *ledger.Tx) error {
		r := respond.Repository{ID: id, Installation: installation, Owner: account, Name: "shop", DefaultBranch: "main", Private: private, Backfilled: start}
		err := errors.Join(tx.UpsertInstallation(ctx, respond.Installation{ID: installation, Account: account}, time.Time{}), tx.UpsertRepository(ctx, r),
			tx.RecordPush(ctx, id, start), tx.RecordHistory(ctx, id, ledger.HistoryRead{Commits: 5, Bytes: 500, Took: 2 * time.Second}))
		if err != nil {
			return err
		}
		facts := respond.Leak{
			Fingerprint: "f0f0 of " + account, Kind: "secret_key", Environment: "live", Severity: "critical", Confidence: "high",
			Reasons: []string{"42 characters behind the prefix"}, Redacted: "sk_live_…a1b2", Instance: "clerk." + account + ".example",
			Dashboard: "https://dashboard.example/" + account, Variable: "=CLERK_SECRET_KEY", Pusher: "mona", Introduced: start.Add(-time.Hour),
		}
		sighting := respond.Sighting{
			Source: respond.InBlob, Blob: head, Commit: head, Path: "@config/.env", Member: "a.txt", Encoding: "plain", Line: 3, Column: 4,
			AuthorName: "Mona of " + account, Authored: start.Add(-time.Hour), Ref: "refs/heads/main", Allowed: true,
		}
		scan := respond.Scan{Repository: id, Head: head, Trigger: respond.TriggerPullRequest, Ref: "refs/heads/main", PullNumber: 12, Pusher: "mona"}
		written := respond.Sighting{
			Source: respond.InIssueComment, Line: 2, AuthorName: "Sam of " + account, Authored: start,
			Text: respond.Text{NodeID: "IC_1", ID: 1, Number: 4, URL: "https://github.example/" + account + "/shop/issues/4#issuecomment-1", Field: "body", Former: true, Gone: start},
		}
		recorded, err := tx.RecordScan(ctx, scan, []respond.Observation{{Leak: facts, Sighting: sighting}, {Leak: facts, Sighting: written}})
		if err != nil {
			return err
		}
		open := facts
		open.Fingerprint, open.Severity, open.Environment, open.Confidence = "f1f1 of "+account, "medium", "test", "low"
		_, err = tx.RecordScan(ctx, respond.Scan{Repository: id, Head: head, Trigger: respond.TriggerPush}, []respond.Observation{{Leak: open}})
		if err != nil {
			return err
		}
		l := recorded.New[0]
		leak = l.ID
		l.State, l.Closed, l.ClosedBy, l.Reason, l.Responded = respond.Revoked, start.Add(time.Minute), respond.ByClerk, "-Clerk no longer accepts the key", start
		l.Verdict, l.VerifiedAt, l.InstanceID, l.FilesRef = respond.KeyRevoked, start, "ins_"+account, "refs/heads/main"
		l.ApprovedBy, l.Until, l.Snoozed, l.Reminded = "lisa of "+account, start.Add(48*time.Hour), start.Add(24*time.Hour), start
		l.Request = respond.Request{To: respond.Ignored, By: "mona", At: start, Reason: "a decoy of " + account, Until: start.Add(48 * time.Hour)}
		l.IssueRepository, l.IssueNumber, l.IssueURL = id, 3, "https://github.example/"+account+"/shop/issues/3"
		return errors.Join(
			tx.UpdateLeak(ctx, l, respond.Event{By: respond.ByClerk, From: respond.Open, To: respond.Revoked, Reason: "Clerk no longer accepts the key", ApprovedBy: l.ApprovedBy, Until: l.Until}),
			tx.RecordActivity(ctx, ledger.Activity{By: "mona", Kind: ledger.ActivityCommand, What: "rotated", Detail: "by a button of " + account, Repository: id, Leak: leak}),
			tx.SaveAudit(ctx, ledger.Audit{
				Repository: id, Head: head, Clerk: true, Gaps: []string{"large.js of " + account}, Allowed: 1,
				Findings: []respond.AuditFinding{{Check: "C3", Severity: "critical", Path: "proxy.ts of " + account, Line: 12}},
				Packages: []respond.AuditPackage{{Name: "@clerk/nextjs", Version: "6.39.1", Locked: true}, {Name: "@clerk/" + account, Version: "^1.0.0"}},
			}),
			tx.SaveCheck(ctx, ledger.Check{Repository: id, Head: head, RunID: 77, Conclusion: "failure", Updated: start}),
			tx.SaveIssueText(ctx, leak, "Leaked in "+account, "**Done** in "+account),
			tx.RecordGap(ctx, id, "", "", head, []string{"too large"}),
			tx.Enqueue(ctx, job.Check{Repository: id, Head: head}, nil))
	})
	return leak
}

// running adds deliveries, and histories that are being read, wait and were given up.
func (w *world) running() {
	w.t.Helper()
	if _, err := w.store.Accept(w.t.Context(), []ledger.Delivery{{GUID: "a", Event: "push", Repository: acme}, {GUID: "b", Event: "push", Repository: other}}); err != nil {
		w.t.Fatal(err)
	}
	w.clock.Time = w.clock.Time.Add(10 * time.Minute)
	for i, state := range []ledger.BackfillPhase{ledger.BackfillWaiting, ledger.BackfillGivenUp, ledger.BackfillReading, "", "", ""} {
		id := int64(100 + i)
		w.update(func(ctx context.Context, tx *ledger.Tx) error {
			r := respond.Repository{ID: id, Installation: 7, Owner: "acme", Name: "new", Private: true}
			if state == "" {
				r.Backfilled = w.clock.Time
			}
			if err := tx.UpsertRepository(ctx, r); err != nil || state == "" {
				return errors.Join(err, tx.RecordHistory(ctx, id, ledger.HistoryRead{Commits: 1, Bytes: 1000, Took: 30 * time.Second}))
			}
			if _, err := tx.StartBackfill(ctx, id); err != nil {
				return err
			}
			switch state {
			case ledger.BackfillWaiting:
				return tx.PauseBackfill(ctx, id, "GitHub was away")
			case ledger.BackfillGivenUp:
				return tx.GiveUpBackfill(ctx, id, "too large", false)
			}
			// As the queue has it while the job runs.
			err := tx.Enqueue(ctx, job.Backfill{Installation: 7, Repository: id}, nil)
			if err == nil {
				_, err = tx.ExecSQL(ctx, `UPDATE river_job SET state = 'running', attempted_by = '[]' WHERE kind = 'backfill'`)
			}
			if err == nil {
				_, err = tx.ExecSQL(ctx, `UPDATE keyed_jobs SET running = waiting, waiting = 0 WHERE kind = 'backfill'`)
			}
			return err
		})
		if state == ledger.BackfillReading {
			err := w.store.SaveProgress(w.t.Context(), ledger.Backfill{Repository: id, Attempt: 1, Phase: state, Objects: 5, Total: 10, Bytes: 50})
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	w.update(func(ctx context.Context, tx *ledger.Tx) error {
		h, err := tx.StartTexts(ctx, 103)
		if err != nil {
			return err
		}
		h.Pending, h.Remaining, h.Paused, h.Reason = h.Pending[1:], 12, w.clock.Time.Add(time.Hour), "this hour's requests for texts are used up"
		h.Skipped = []string{"discussions: needs Discussions: read"}
		h.Read.Add("issues", 7)
		return tx.SaveTexts(ctx, h)
	})
	w.clock.Time = w.clock.Time.Add(time.Minute)
}

// get asks, with headers as pairs.
func (w *world) get(path string, headers ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	out := httptest.NewRecorder()
	w.api.ServeHTTP(out, r)
	return out
}
