package record

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// Apply writes what was decided: the leaks' new states and the jobs of all effects, in the caller's transaction. So a
// decision is either wholly taken or not at all, and its effects follow, however often the process is killed.
func (r *Recorder) Apply(ctx context.Context, tx Tx, d respond.Decision, p respond.Policy) error {
	for _, c := range d.Changes {
		if err := r.change(ctx, tx, c); err != nil {
			return err
		}
		if err := r.tellGitHub(ctx, tx, c, p); err != nil {
			return err
		}
	}
	ofIssue := map[int64][]respond.Action{} // effects on issues, whose order counts
	var order []int64
	for _, a := range d.Actions {
		switch a.Do {
		case respond.Comment, respond.WithdrawComment, respond.CloseIssue, respond.ReopenIssue:
			if ofIssue[a.Leak] == nil {
				order = append(order, a.Leak)
			}
			if a.Do == respond.Comment {
				a.Body = text.Comment(a.Reply)
			}
			ofIssue[a.Leak] = append(ofIssue[a.Leak], a)
			continue
		}
		if err := r.enqueue(ctx, tx, a, p); err != nil {
			return err
		}
	}
	for _, leak := range order {
		if err := tx.Enqueue(ctx, job.Effects{Leak: leak, Actions: ofIssue[leak]}, nil); err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) enqueue(ctx context.Context, tx Tx, a respond.Action, p respond.Policy) error {
	switch a.Do {
	case respond.UpdateCheck:
		return tx.Enqueue(ctx, job.Check{Repository: a.Repository, Head: a.Head}, nil)
	case respond.FileIssue:
		if err := tx.RecordFiled(ctx, a.Repository, a.Leak); err != nil {
			return err
		}
		return tx.Enqueue(ctx, job.Issue{Leak: a.Leak}, nil)
	case respond.EditIssue:
		return tx.Enqueue(ctx, job.Issue{Leak: a.Leak}, nil)
	case respond.UpdateSummary:
		return tx.Enqueue(ctx, job.Summary{Repository: a.Repository}, nil)
	case respond.DeleteTexts:
		if known, err := claim(ctx, tx, a.Key); err != nil || known {
			return err
		}
		return tx.Enqueue(ctx, job.DeleteTexts{Leak: a.Leak, Command: a.Key, By: a.By}, nil)
	case respond.AskClerk:
		if known, err := claim(ctx, tx, a.Key); err != nil || known {
			return err
		}
		return tx.Enqueue(ctx, job.Verify{Leak: a.Leak, Question: a.Verification}, after(tx.Now(), a.After))
	case respond.DeleteLogs:
		return tx.Enqueue(ctx, job.DeleteLogs{Leak: a.Leak, By: a.By, ID: a.Key}, nil)
	case respond.Notify:
		if known, err := claim(ctx, tx, a.Key); err != nil || known {
			return err
		}
		return r.enqueueNotices(ctx, tx, a, p)
	}
	return nil
}

// claim notes that an action was queued; known reports that it was before.
func claim(ctx context.Context, tx Tx, key string) (known bool, err error) {
	claimed, err := tx.BeginOnce(ctx, "queued:"+key, ledger.Lease{Owner: "queue"})
	if err != nil || claimed.Token == 0 {
		return err == nil, err
	}
	return false, tx.FinishAction(ctx, claimed, "queued")
}

// after schedules a job; nil is at once.
func after(now time.Time, d time.Duration) *river.InsertOpts {
	if d <= 0 {
		return nil
	}
	return &river.InsertOpts{ScheduledAt: now.Add(d)}
}

// change takes one step of a leak's life.
func (r *Recorder) change(ctx context.Context, tx Tx, c respond.Change) error {
	leak, err := tx.Leak(ctx, c.Leak)
	if err != nil {
		return err
	}
	if c.Admit {
		if err := tx.AdmitLeak(ctx, leak.ID); err != nil {
			return err
		}
	}
	event := respond.Event{}
	if c.Moved() {
		event = c.Event()
	}
	return tx.UpdateLeak(ctx, c.ApplyTo(leak), event)
}

// tellGitHub queues what shows a leak's new state in GitHub's own places: its alerts, and the Security tab.
func (r *Recorder) tellGitHub(ctx context.Context, tx Tx, c respond.Change, p respond.Policy) error {
	if !c.Moved() || !p.ResolveAlerts && !p.CodeScanning {
		return nil
	}
	leak, err := tx.Leak(ctx, c.Leak)
	if err != nil {
		return err
	}
	if p.CodeScanning {
		if err := EnqueueCodeScanning(ctx, tx, leak.Repository); err != nil {
			return err
		}
	}
	if !p.ResolveAlerts {
		return nil
	}
	list, err := tx.AlertsOf(ctx, leak)
	if err != nil {
		return err
	}
	for _, a := range list {
		if err := tx.Enqueue(ctx, job.Alert{Repository: a.Repository, Number: a.Number}, nil); err != nil {
			return err
		}
	}
	return nil
}

// codeScanningAfter is how long the Security tab waits for more that is to be shown there: GitHub takes minutes to show it anyway.
const codeScanningAfter = 5 * time.Second

// EnqueueCodeScanning has the Security tab of a repository brought up to date.
func EnqueueCodeScanning(ctx context.Context, tx Tx, repository int64) error {
	return tx.Enqueue(ctx, job.CodeScanning{Repository: repository}, after(tx.Now(), codeScanningAfter))
}

// Decide reads the facts about a leak, asks decide what follows from them, and applies it. A leak that is not there, since the App
// was uninstalled, is no error.
func (r *Recorder) Decide(ctx context.Context, tx Tx, leak int64, p respond.Policy, decide func(respond.LeakFacts) respond.Decision) error {
	now, err := tx.Leak(ctx, leak)
	if errors.Is(err, ledger.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	facts, err := r.Facts(ctx, tx, now, p)
	if err != nil {
		return err
	}
	return r.Apply(ctx, tx, decide(facts), p)
}

// Facts are what a decision about one leak needs.
func (r *Recorder) Facts(ctx context.Context, tx Tx, leak respond.Leak, p respond.Policy) (respond.LeakFacts, error) {
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return respond.LeakFacts{}, err
	}
	heads, err := HeadsOf(ctx, tx, leak.ID)
	if err != nil {
		return respond.LeakFacts{}, err
	}
	filed, err := tx.IssuesFiled(ctx, repository.ID, tx.Now().Add(-time.Hour))
	if err != nil {
		return respond.LeakFacts{}, err
	}
	events, err := tx.Events(ctx, leak.ID)
	if err != nil {
		return respond.LeakFacts{}, err
	}
	hidden, err := HiddenIssue(ctx, tx, leak, p)
	return respond.LeakFacts{
		Repository: r.WithURL(repository), Leak: WithVisibility(leak, repository), Heads: heads, Policy: p, FiledHour: filed, Hidden: hidden,
		Moved: lastMoved(events),
	}, err
}

// lastMoved is when the state last changed; zero: never.
func lastMoved(events []respond.Event) (at time.Time) {
	for _, e := range events {
		if e.From != e.To && e.At.After(at) {
			at = e.At
		}
	}
	return at
}

// HiddenIssue reports whether strangers read the leak's issue, and must not learn of it.
func HiddenIssue(ctx context.Context, tx Tx, leak respond.Leak, p respond.Policy) (bool, error) {
	if leak.IssueNumber == 0 {
		return false, nil
	}
	there, err := tx.Repository(ctx, leak.IssueRepository)
	if errors.Is(err, ledger.ErrNotFound) { // out of reach: nothing is written there
		return true, nil
	}
	return respond.Hidden(there.Private, respond.Open, p), err
}

// HistoryOf stands before the commit in the head of a backfill's scan. No check run reports all that was there before rekey
// came, so the head's own scans and this one are kept apart.
const HistoryOf = "history of "

// HeadsOf lists the commits whose check runs show the leak, or name it as still open.
func HeadsOf(ctx context.Context, tx Tx, leak int64) ([]string, error) {
	heads, err := tx.HeadsOf(ctx, leak)
	var list []string
	for _, head := range heads {
		if !strings.HasPrefix(head.SHA, HistoryOf) {
			list = append(list, head.SHA)
		}
	}
	if err != nil {
		return nil, err
	}
	return withDefaultBranch(ctx, tx, leak, list)
}

// withDefaultBranch adds the tip of the default branch, whose check names all open leaks.
func withDefaultBranch(ctx context.Context, tx Tx, id int64, heads []string) ([]string, error) {
	leak, err := tx.Leak(ctx, id)
	if err != nil {
		return nil, err
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if err != nil {
		return nil, err
	}
	tip, err := tx.Tip(ctx, repository.ID, "refs/heads/"+repository.DefaultBranch)
	if tip != "" && !slices.Contains(heads, tip) {
		heads = append(heads, tip)
	}
	return heads, err
}
