package backfill

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/publish"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// CompareIssues brings the issues in a repository and the leaks that they are about together again, where an event or an
// effect was lost: closed, reopened, transferred, deleted. It lists the App's own issues, a hundred with each request. While an event
// about an issue there waits it waits too: the event says who did what, and a comparison only that it was done.
func (w *Worker) CompareIssues(ctx context.Context, j *river.Job[job.Issues]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	if err := w.whileEventsWait(ctx, repository.ID); err != nil {
		return err
	}
	client := w.GitHub.Repository(record.Target(repository), github.RespondAccess)
	listed, err := client.OwnIssues(ctx)
	if publish.IssueUnavailable(err) {
		return nil // issues are off, or the repository is archived: its leaks stay open
	}
	if err != nil {
		return fmt.Errorf("listing the issues of repository %d: %w", repository.ID, err)
	}
	there := make(map[int]github.Issue, len(listed))
	for _, i := range listed {
		there[i.Number] = i
	}
	var leaks []respond.Leak
	err = w.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		leaks, err = tx.LeaksWithIssuesIn(ctx, repository.ID)
		return err
	})
	if err != nil {
		return err
	}
	for _, leak := range leaks {
		issue, listed := there[leak.IssueNumber]
		if !listed && leak.State == respond.Open {
			err = w.replaceLost(ctx, client, leak)
		} else if listed {
			err = w.compareIssue(ctx, client, leak.ID, issue)
		}
		if err != nil {
			return fmt.Errorf("issue of leak %d: %w", leak.ID, err)
		}
	}
	return nil
}

// eventsPause is for how long a comparison leaves events about issues alone.
const eventsPause = 10 * time.Second

// whileEventsWait returns an [*outcome.WaitError] while an event about an issue of the repository waits.
func (w *Worker) whileEventsWait(ctx context.Context, repository int64) error {
	return w.Store.View(ctx, func(ctx context.Context, tx Tx) error { return eventsWait(ctx, tx, repository) })
}

func eventsWait(ctx context.Context, tx Tx, repository int64) error {
	waits, err := tx.IssueEventWaits(ctx, repository)
	if err == nil && waits {
		return &outcome.WaitError{Until: tx.Now().Add(eventsPause), Reason: "an event about an issue of this repository waits"}
	}
	return err
}

// compareIssue decides about a leak whose issue was listed in another state than the leak's. The list may be old by then: what was
// said since, and done about it, is seen in the issue itself.
func (w *Worker) compareIssue(ctx context.Context, client *github.Client, id int64, issue github.Issue) error {
	leak, p, found, err := w.Policies.OfLeak(ctx, id)
	if err != nil || !found || agree(leak, issue) {
		return err
	}
	issue, err = client.Issue(ctx, issue.Number)
	if errors.Is(err, github.ErrGone) || errors.Is(err, github.ErrNotFound) || err == nil && (issue.Number != leak.IssueNumber || agree(leak, issue)) {
		return nil // the next comparison finds that it is gone
	}
	if err != nil {
		return err
	}
	state := respond.IssueState{Open: issue.State == "open", Reopened: issue.Reason == "reopened"}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if err := eventsWait(ctx, tx, leak.IssueRepository); err != nil {
			return err // it came meanwhile
		}
		if works, err := tx.LeakWorks(ctx, leak.ID); err != nil {
			return err
		} else if works {
			return &outcome.WaitError{Until: tx.Now().Add(eventsPause), Reason: "something is being done about a leak"}
		}
		return w.Recorder.Decide(ctx, tx, id, p, func(f respond.LeakFacts) respond.Decision {
			if f.Leak.State != leak.State {
				return respond.Decision{} // and done, all of it since the issue was read
			}
			return respond.Compare(f, state, tx.Now())
		})
	})
}

// agree reports whether an issue is open as its leak is.
func agree(leak respond.Leak, issue github.Issue) bool {
	return (leak.State == respond.Open) == (issue.State == "open")
}

// replaceLost files another issue for an open leak whose issue was deleted or transferred without our hearing of it.
func (w *Worker) replaceLost(ctx context.Context, client *github.Client, leak respond.Leak) error {
	issue, err := client.Issue(ctx, leak.IssueNumber)
	switch {
	case err == nil && issue.Number == leak.IssueNumber && issue.URL == leak.IssueURL:
		return nil
	case err != nil && !errors.Is(err, github.ErrGone) && !errors.Is(err, github.ErrNotFound):
		return err
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		now, err := tx.Leak(ctx, leak.ID)
		if errors.Is(err, ledger.ErrNotFound) || err == nil && (now.IssueNumber != leak.IssueNumber || now.IssueRepository != leak.IssueRepository) {
			return nil // uninstalled since, or somebody else was quicker
		}
		if err != nil {
			return err
		}
		return record.ForgetIssue(ctx, tx, now)
	})
}

// queueComparisons queues a comparison of each repository that holds issues.
func (w *Worker) queueComparisons(ctx context.Context) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		repositories, err := tx.IssueRepositories(ctx)
		if err != nil {
			return err
		}
		for _, id := range repositories {
			if err := tx.Enqueue(ctx, job.Issues{Repository: id}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
