package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// viewQuery is a query of the dashboard, or one of its variants.
type viewQuery struct {
	name string
	ask  func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error)
}

// viewQueries are all of them. ids are of leaks and installations that are asked for by their ids, whosever they are.
func viewQueries(leaks, installations []int64) []viewQuery {
	yes, no := true, false
	list := []viewQuery{
		{"overview", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return tx.Overview(ctx, v, time.Hour)
		}},
		{"coverage", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return tx.Coverage(ctx, v, time.Hour)
		}},
		{"deliveries", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return tx.DeliveryHealth(ctx, v)
		}},
		{"jobs", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) { return tx.VisibleJobs(ctx, v) }},
		{"installations", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return tx.InstallationList(ctx, v)
		}},
	}
	for name, f := range map[string]ledger.LeakFilter{
		"all": {}, "outside": {Outside: true}, "default branch": {InDefaultBranch: true}, "search path": {Search: ".env"},
		"search name": {Search: "shop"}, "search instance": {Search: "clerk"}, "search number": {Search: "#3"}, "search four": {Search: "a1b2"},
		"search all": {Search: "shop .ENV"}, "states": {States: []respond.State{respond.Open, respond.Revoked}}, "nothing": {Search: "no such thing"},
		"kinds": {Kinds: []detect.Kind{detect.SecretKey}, Environments: []detect.Environment{detect.Live}, Severities: []detect.Severity{detect.HighSeverity}},
		"times": {OpenedAfter: start().Add(-time.Hour), OpenedBefore: start().Add(time.Hour)}, "pusher": {Pusher: "MONA"},
		"owner": {Owner: "ACME"}, "other owner": {Owner: "other"}, "repository": {Repository: 9}, "other repository": {Repository: 10},
	} {
		list = append(list, viewQuery{"leak counts: " + name, func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return tx.LeakCounts(ctx, v, f)
		}})
		for _, order := range []ledger.LeakOrder{"", ledger.BySeen, ledger.BySeverity, ledger.ByRepository} {
			for _, reverse := range []bool{false, true} {
				list = append(list, viewQuery{
					fmt.Sprintf("leaks: %s by %s %v", name, order, reverse),
					func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
						return allLeaks(ctx, tx, v, ledger.LeakQuery{LeakFilter: f, Order: order, Reverse: reverse, Limit: 2})
					},
				})
			}
		}
	}
	for name, query := range map[string]ledger.RepositoryQuery{
		"all": {}, "by read": {Order: ledger.RepositoriesByRead}, "by leaks": {Order: ledger.RepositoriesByLeaks},
		"by gaps": {Order: ledger.RepositoriesByGaps, Reverse: true}, "private": {Private: &yes, Archived: &no}, "search": {Search: "SHOP"},
		"history": {History: ledger.HistoryStates()}, "leaks": {WithLeaks: true, WithGaps: true}, "old": {ReadBefore: start().Add(1000 * time.Hour)},
		"owner": {Owner: "acme"}, "installation": {Installation: 7}, "other installation": {Installation: 8}, "other": {ID: 10},
	} {
		list = append(list, viewQuery{"repositories: " + name, func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return allRepositories(ctx, tx, v, query)
		}})
	}
	for name, query := range map[string]ledger.AuditQuery{
		"all": {}, "by name": {Order: ledger.AuditsByName}, "by time": {Order: ledger.AuditsByTime, Reverse: true}, "search": {Search: "SHOP"},
		"found": {WithFindings: true}, "gaps": {WithGaps: true}, "development": {Development: true}, "package": {Package: "@clerk/nextjs"}, "version": {Package: "@clerk/nextjs", Version: "7.0.0"},
		"repository": {Repository: 9}, "other": {Repository: 10},
	} {
		list = append(list, viewQuery{"audits: " + name, func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return allAudits(ctx, tx, v, query)
		}})
	}
	list = append(list, viewQuery{"development in production", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
		return tx.DevelopmentInProduction(ctx, v)
	}})
	list = append(list, viewQuery{"packages", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
		return tx.AuditPackages(ctx, v)
	}})
	for name, query := range map[string]ledger.ActivityQuery{
		"all": {}, "by": {By: "MONA"}, "people": {People: true}, "commands": {Kinds: []ledger.ActivityKind{ledger.ActivityCommand}},
		"states": {Kinds: []ledger.ActivityKind{ledger.ActivityState}}, "done": {Done: true}, "repository": {Repository: 9}, "other": {Repository: 10},
		"leak": {Leak: leaks[0]}, "other leak": {Leak: leaks[len(leaks)-1]},
	} {
		list = append(list, viewQuery{"activity: " + name, func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			return allActivity(ctx, tx, v, query)
		}})
	}
	for _, id := range leaks {
		list = append(list, viewQuery{fmt.Sprintf("leak %d", id), func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			d, err := tx.LeakDetail(ctx, v, id)
			return d, ignoreNotFound(err)
		}})
	}
	for _, id := range installations {
		list = append(list, viewQuery{fmt.Sprintf("progress of %d", id), func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) (any, error) {
			p, err := tx.Progress(ctx, v, id)
			return p, ignoreNotFound(err)
		}})
	}
	return list
}

func ignoreNotFound(err error) error {
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	return err
}

// allLeaks reads page after page.
func allLeaks(ctx context.Context, tx *ledger.Tx, v ledger.Visible, query ledger.LeakQuery) (list []ledger.LeakRow, err error) {
	for {
		page, err := tx.Leaks(ctx, v, query)
		if list = append(list, page.Leaks...); err != nil || page.Next == "" {
			return list, err
		}
		query.After = page.Next
	}
}

func allRepositories(ctx context.Context, tx *ledger.Tx, v ledger.Visible, query ledger.RepositoryQuery) (list []ledger.RepositoryPage, err error) {
	query.Limit = 1
	for {
		page, err := tx.RepositoryList(ctx, v, query)
		next := page.Next
		page.Next = "" // a cursor has names in it that the list has anyway
		if list = append(list, page); err != nil || next == "" {
			return list, err
		}
		query.After = next
	}
}

func allAudits(ctx context.Context, tx *ledger.Tx, v ledger.Visible, query ledger.AuditQuery) (list []ledger.AuditPage, err error) {
	query.Limit = 1
	for {
		page, err := tx.AuditList(ctx, v, query)
		next := page.Next
		page.Next = "" // as above
		if list = append(list, page); err != nil || next == "" {
			return list, err
		}
		query.After = next
	}
}

func allActivity(ctx context.Context, tx *ledger.Tx, v ledger.Visible, query ledger.ActivityQuery) (list []ledger.Activity, err error) {
	query.Limit = 1
	for {
		page, err := tx.Activity(ctx, v, query)
		if list = append(list, page.Entries...); err != nil || page.Next == "" {
			return list, err
		}
		query.After = page.Next
	}
}

// organisation records an organisation with a repository of which everything has happened.
func organisation(t *testing.T, s *ledger.Store, installation, id int64, account string, private bool) (leak int64) {
	t.Helper()
	l := fill(t, s, installation, id, account)
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		r, err := tx.Repository(ctx, id)
		if err != nil {
			return err
		}
		r.Private = private
		l, err := tx.Leak(ctx, l.ID)
		if err != nil {
			return err
		}
		l.IssueRepository, l.IssueNumber, l.IssueURL, l.FilesRef = id, 3, "https://github.example/"+account+"/shop/issues/3", "refs/heads/main"
		outside := scanOf(headB, "pull_request")
		outside.Repository, outside.Outside, outside.PullNumber = id, true, 5
		stranger := observation("f2 of "+account, 3)
		_, recorded := tx.RecordScan(ctx, outside, []respond.Observation{stranger})
		texts, began := tx.StartTexts(ctx, id)
		texts.Remaining, texts.Edited, texts.Skipped, texts.Reason = 30, 2, []string{"releases: of " + account}, "of "+account
		texts.Read.Add("issues", 5)
		return errors.Join(recorded, began, tx.SaveTexts(ctx, texts), tx.UpsertRepository(ctx, r),
			tx.UpdateLeak(ctx, l, respond.Event{By: account + "-person", From: "ignored", To: "open", Reason: "of " + account}),
			tx.SaveIssueText(ctx, l.ID, "title of "+account, "body of "+account),
			tx.RecordActivity(ctx, ledger.Activity{By: "mona", Kind: ledger.ActivityCommand, What: "rotated", Detail: "of " + account, Repository: id, Leak: l.ID}),
			tx.SaveAudit(ctx, ledger.Audit{
				Repository: id, Head: headA, Clerk: true, Gaps: []string{account + ".js: over a limit"},
				Findings:    []respond.AuditFinding{{Check: "C3", Severity: detect.CriticalSeverity, Path: account + "/proxy.ts", Line: 3}},
				Development: 1,
				Packages:    []respond.AuditPackage{{Name: "@clerk/nextjs", Version: "6.39.2", Locked: true}, {Name: "@clerk/" + account, Version: "1.0.0"}},
			}),
			tx.RecordHistory(ctx, id, ledger.HistoryRead{Commits: 7, Bytes: 70, Took: time.Minute}))
	})
	return l.ID
}

// working queues jobs about a leak and its repository.
func working(t *testing.T, s *ledger.Store, repository, leak int64) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		return errors.Join(tx.Enqueue(ctx, job.Verify{Leak: leak}, nil), tx.Enqueue(ctx, job.Check{Repository: repository, Head: headB}, nil))
	})
}

// TestEveryViewIsTried: whoever adds a query that takes who sees what adds it to viewQueries, and here.
func TestEveryViewIsTried(t *testing.T) {
	t.Parallel()
	var takes []string
	for m := range reflect.TypeFor[*ledger.Tx]().Methods() {
		for in := range m.Type.Ins() {
			if in == reflect.TypeFor[ledger.Visible]() {
				takes = append(takes, m.Name)
			}
		}
	}
	tried := []string{
		"Activity", "AuditList", "AuditPackages", "Coverage", "DeliveryHealth", "DevelopmentInProduction", "InstallationList", "LeakCounts", "LeakDetail", "Leaks", "Overview", "Progress", "RepositoryList", "VisibleJobs",
	}
	if !slices.Equal(takes, tried) {
		t.Errorf("these take who sees what: %v; TestViewersSeeTheirOwn tries %v", takes, tried)
	}
}

// TestViewersSeeTheirOwn: two organisations are in one ledger. By whatever query, a viewer of one sees the very same as if the other
// were not there.
func TestViewersSeeTheirOwn(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		both, _ := open(t, url)
		alone, _ := open(t, empty(t, url))
		mine := organisation(t, both, 7, 9, "acme", true)
		theirs := organisation(t, both, 8, 10, "other", false)
		working(t, both, 9, mine)
		working(t, both, 10, theirs)
		working(t, alone, 9, organisation(t, alone, 7, 9, "acme", true))
		told := 0
		for _, q := range viewQueries([]int64{mine, theirs}, []int64{7, 8, 99}) {
			ask := func(s *ledger.Store, v ledger.Visible) (text string) {
				t.Helper()
				view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
					answer, err := q.ask(ctx, tx, v)
					if err != nil {
						return fmt.Errorf("%s: %w", q.name, err)
					}
					encoded, err := json.Marshal(answer)
					text = string(encoded)
					return err
				})
				return text
			}
			seen, want, all := ask(both, ledger.VisibleOnly(9)), ask(alone, ledger.VisibleOnly(9)), ask(both, ledger.Visible{Everything: true})
			if seen != want {
				t.Errorf("%s: beside another organisation it is\n%s\nalone\n%s", q.name, seen, want)
			}
			if strings.Contains(seen, "other") {
				t.Errorf("%s names the other organisation: %s", q.name, seen)
			}
			if all != seen {
				told++
			}
			nothing, none := ask(both, ledger.Visible{}), ask(both, ledger.VisibleOnly(4711))
			if nothing != none || strings.Contains(nothing, "acme") || strings.Contains(nothing, "other") {
				t.Errorf("%s: who may see nothing sees %s or %s", q.name, nothing, none)
			}
		}
		if told < 50 {
			t.Errorf("only %d queries tell more to those who see all: the test has too little to hide", told)
		}
	})
}
