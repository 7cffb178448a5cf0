package publish

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// Check brings a commit's check run up to date after something about its leaks changed.
func (w *Worker) Check(ctx context.Context, j *river.Job[job.Check]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	return w.publishCheck(ctx, outcome.Owner(j.JobRow), w.GitHub.Repository(record.Target(repository), github.ScanAccess), repository.ID, j.Args.Head, false)
}

// publishCheck makes the head's one check run say what the ledger knows. The text comes from the ledger and not from the
// caller, so that jobs which overtake each other end with the same check. It sends nothing where GitHub has it already.
// Without createIfMissing it makes none where none was made or begun: a backfill makes none.
func (w *Worker) publishCheck(ctx context.Context, owner string, client *github.Client, repositoryID int64, head string, createIfMissing bool) error {
	effect := &checkEffect{
		w: w, client: client, have: ledger.Check{Repository: repositoryID, Head: head}, createIfMissing: createIfMissing,
	}
	err := w.runner().Do(ctx, checkKey(repositoryID, head), owner, effect)
	if errors.Is(err, ledger.ErrNotFound) { // uninstalled since
		return nil
	}
	if err != nil {
		return fmt.Errorf("check run on %s: %w", head, err)
	}
	about := job.AboutOf(ctx)
	if received := about.ReceivedAt(); effect.created && !received.IsZero() && !about.Recovered {
		w.Metrics.checked(w.Now().Sub(received))
	}
	return nil
}

func checkKey(repositoryID int64, head string) string {
	return fmt.Sprintf("check:%d:%s", repositoryID, head)
}

// checkEffect is a head commit's check run; see [Effect].
type checkEffect struct {
	w               *Worker
	client          *github.Client
	createIfMissing bool

	have      ledger.Check
	facts     text.CheckFacts
	run       github.CheckRun
	annotated []int64 // sightings whose annotations go with the run
	doubles   []int64 // further runs, to be withdrawn
	created   bool    // by this run
}

func (e *checkEffect) Facts(ctx context.Context, tx Tx, begun ledger.Action) error {
	have, err := tx.Check(ctx, e.have.Repository, e.have.Head)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		have = ledger.Check{Repository: e.have.Repository, Head: e.have.Head}
	case err != nil:
		return err
	}
	e.have = have
	if !e.createIfMissing && have.RunID == 0 && begun.Begun.IsZero() {
		return ErrNotNeeded
	}
	e.facts, err = e.w.checkFacts(ctx, tx, have.Repository, have.Head)
	return err
}

func (e *checkEffect) Plan(ctx context.Context, interrupted bool) (bool, error) {
	facts, err := e.w.completeFacts(ctx, e.facts, e.have.Repository, e.have.Head)
	if err != nil {
		return false, err
	}
	run, annotated := text.Check(facts)
	if e.have.RunID == 0 && len(facts.Scans) == 0 && run.Conclusion != text.Failure && !interrupted {
		return false, nil // a text of its pull request alone was read: that is no reason for the commit to pass
	}
	e.run, e.annotated = checkRun(run), annotated
	digest := text.CheckDigest(run)
	same := e.have.RunID != 0 && e.have.Conclusion == string(e.run.Conclusion) && e.have.Digest == digest && !interrupted
	if same && len(e.annotated) == 0 {
		return false, nil // that on the policy file went with the first run
	}
	e.have.Conclusion, e.have.Digest, e.have.Updated = string(e.run.Conclusion), digest, e.w.Now()
	return true, nil
}

func (e *checkEffect) Find(ctx context.Context) error {
	return e.runs().find(ctx)
}

// runs are the head's check runs on GitHub.
func (e *checkEffect) runs() *checkRuns {
	return &checkRuns{w: e.w, client: e.client, run: &e.run, id: &e.have.RunID, doubles: &e.doubles}
}

func (e *checkEffect) Send(ctx context.Context, before func(context.Context) error) error {
	none := e.have.RunID == 0
	err := e.runs().send(ctx, before)
	e.created = none && err == nil
	return err
}

func (e *checkEffect) Save(ctx context.Context, tx Tx) (string, error) {
	if err := tx.SaveCheck(ctx, e.have); err != nil {
		return "", err
	}
	return fmt.Sprintf("check run %d", e.have.RunID), tx.MarkAnnotated(ctx, e.have.Repository, e.have.Head, e.annotated)
}

func (w *Worker) checkFacts(ctx context.Context, tx Tx, repositoryID int64, head string) (text.CheckFacts, error) {
	repository, err := tx.Repository(ctx, repositoryID)
	if err != nil {
		return text.CheckFacts{}, err
	}
	scans, err := tx.Scans(ctx, repositoryID, head)
	if err != nil {
		return text.CheckFacts{}, err
	}
	sightings, err := tx.HeadSightings(ctx, repositoryID, head)
	if err != nil {
		return text.CheckFacts{}, err
	}
	for i := range sightings {
		sightings[i].Leak = record.WithVisibility(sightings[i].Leak, repository)
	}
	gaps, err := read.GapsOf(ctx, tx, repository, scans)
	if err != nil {
		return text.CheckFacts{}, err
	}
	open, err := w.stillOpen(ctx, tx, repository, scans)
	return text.CheckFacts{
		Repository: w.Recorder.WithURL(repository), Head: head, Scans: scans, Sightings: sightings, StillOpen: open, Gaps: gaps,
	}, err
}

// maxStillOpen is how many open leaks a check of the default branch is told of.
const maxStillOpen = 1000

// stillOpen lists the repository's open leaks for a commit that was pushed to the default branch: a green check there is
// not to be read as nothing being wrong.
func (w *Worker) stillOpen(ctx context.Context, tx Tx, r respond.Repository, scans []respond.Scan) ([]respond.Leak, error) {
	if !slices.ContainsFunc(scans, func(s respond.Scan) bool { return s.Ref == "refs/heads/"+r.DefaultBranch }) {
		return nil, nil
	}
	leaks, err := tx.StillOpen(ctx, r.ID, maxStillOpen)
	for i := range leaks {
		leaks[i] = record.WithVisibility(leaks[i], r)
	}
	return leaks, err
}

// completeFacts adds what GitHub has to be asked for, where it matters: the policy where there is something to judge, and
// what is wrong with a policy file that the commit brought.
func (w *Worker) completeFacts(ctx context.Context, f text.CheckFacts, repositoryID int64, head string) (text.CheckFacts, error) {
	f.Policy = respond.DefaultPolicy()
	repository, found, err := w.Recorder.Repository(ctx, repositoryID)
	if err != nil || !found {
		return f, err
	}
	some := func(of func(respond.Scan) bool) bool { return slices.ContainsFunc(f.Scans, of) }
	changed := some(func(s respond.Scan) bool { return s.PolicyChanged })
	judged := changed || len(f.Sightings) > 0 || some(func(s respond.Scan) bool { return len(s.Unjudged) > 0 })
	if judged || some(func(s respond.Scan) bool { return s.Failure != "" }) {
		applies, err := w.Policies.Of(ctx, repository)
		switch {
		case err == nil:
			f.Policy = applies
		case judged:
			return f, err
		default: // the scan may have failed for the same reason, and its check must not wait: nothing is observed then
			w.Log.WarnContext(ctx, "policy unknown for the check of a failed scan", "repository", w.Recorder.Named(repositoryID), "error", err)
		}
	}
	if changed {
		merged := some(func(s respond.Scan) bool { return s.Ref == "refs/heads/"+repository.DefaultBranch })
		f.PolicyFile, f.Preview, err = w.Policies.Look(ctx, repository, head, merged)
	}
	return f, err
}
