package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// owner names the runner of a job for the log of actions: a job that is tried again, in whatever process, goes on with
// what it had begun.
func owner(row *rivertype.JobRow) string { return fmt.Sprintf("%s %d", row.Kind, row.ID) }

// unfinished tells that an action was begun before and may or may not have had its effect.
func unfinished(a ledger.Action) bool { return !a.Begun.IsZero() && a.Finished.IsZero() }

// lease is how long one job may be at a check run or an issue before another one may take over: longer than all requests
// that an update takes, with their waits.
const lease = 3 * time.Minute

// check brings a commit's check run up to date after something about its leaks changed.
func (w *Worker) check(ctx context.Context, j *river.Job[job.Check]) error {
	repository, found, err := w.repository(ctx, j.Args.Repository)
	if err != nil || !found {
		return err
	}
	return w.conclude(ctx, owner(j.JobRow), w.GitHub.Repository(repository.target(), github.ScanAccess), repository.ID, j.Args.Head, update)
}

// letGo ends the owner's lease where GitHub refused the effect: nothing came of it, so that others need not wait until the
// lease has passed. Where something may have come of it, it stays the owner's, who looks first. It returns err, and what
// went wrong with the lease.
func (w *Worker) letGo(ctx context.Context, key, owner string, err error) error {
	if err == nil || outcomeOf(err, w.Now(), false).Do == github.Retry {
		return err
	}
	return errors.Join(err, w.Store.Update(context.WithoutCancel(ctx), func(ctx context.Context, tx *ledger.Tx) error {
		return tx.ReleaseAction(ctx, key, owner)
	}))
}

// conclusion tells whether a check run may be made.
type conclusion bool

const (
	create conclusion = true
	update conclusion = false // only where one was made, or begun: the first look at a history makes none
)

var errNoCheck = errors.New("the commit has no check run")

// conclude makes the head's one check run say what the ledger knows. The text comes from the ledger and not from the
// caller, so that jobs which overtake each other end with the same check. It sends nothing where GitHub has it already.
func (w *Worker) conclude(ctx context.Context, owner string, client *github.Client, repositoryID int64, head string, how conclusion) error {
	key := fmt.Sprintf("check:%d:%s", repositoryID, head)
	return w.letGo(ctx, key, owner, w.concludeUnder(ctx, key, owner, client, repositoryID, head, how))
}

func (w *Worker) concludeUnder(ctx context.Context, key, owner string, client *github.Client, repositoryID int64, head string, how conclusion) error {
	var begun ledger.Action
	var have ledger.Check
	var facts respond.CheckFacts
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if begun, err = tx.BeginAction(ctx, key, lease, owner); err != nil {
			return err
		}
		if have, err = tx.Check(ctx, repositoryID, head); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return err
		}
		if how == update && have.RunID == 0 && begun.Begun.IsZero() {
			return errNoCheck
		}
		facts, err = w.checkFacts(ctx, tx, repositoryID, head)
		return err
	})
	if errors.Is(err, errNoCheck) || errors.Is(err, ledger.ErrNotFound) { // not found: uninstalled since
		return nil
	}
	if err != nil {
		return err
	}
	if facts, err = w.completeFacts(ctx, facts, repositoryID, head); err != nil {
		return err
	}
	run, annotated := respond.Check(facts)
	digest := respond.CheckDigest(run)
	said := have.RunID != 0 && have.Conclusion == string(run.Conclusion) && have.Digest == digest && !unfinished(begun)
	if said && len(annotated) == 0 {
		return w.concluded(ctx, key, have, nil) // that on the policy file went with the first run
	}
	id, err := w.sendCheck(ctx, client, begun, have.RunID, run, len(run.Annotations) > len(annotated))
	if err != nil {
		return fmt.Errorf("check run on %s: %w", head, err)
	}
	have = ledger.Check{
		Repository: repositoryID, Head: head, RunID: id, Conclusion: string(run.Conclusion), Digest: digest, Updated: w.Now(),
	}
	return w.concluded(ctx, key, have, annotated)
}

// sendCheck creates or updates the run. Where an earlier attempt began and its end is not known, the run may be there
// already, and some of its annotations too: GitHub is asked first. So it is where the ledger does not note all
// annotations: unnoted tells so.
func (w *Worker) sendCheck(ctx context.Context, client *github.Client, begun ledger.Action, id int64, run github.CheckRun, unnoted bool) (int64, error) {
	if id == 0 && unfinished(begun) {
		var err error
		if id, _, err = client.FindCheckRun(ctx, run.HeadSHA, run.Name, run.ExternalID); err != nil {
			return 0, err
		}
	}
	if id != 0 && len(run.Annotations) > 0 && (unnoted || unfinished(begun)) {
		there, err := client.Annotations(ctx, id)
		if err != nil {
			return 0, err
		}
		run.Annotations = missing(run.Annotations, there)
	}
	if id == 0 {
		return client.CreateCheckRun(ctx, w.safeRun(ctx, run))
	}
	return id, client.UpdateCheckRun(ctx, id, w.safeRun(ctx, run))
}

// missing is pure: which of the annotations are not there yet, by place and title.
func missing(annotations, there []github.Annotation) []github.Annotation {
	type identity struct {
		path              string
		line, end, column int
		title             string
	}
	identify := func(a github.Annotation) identity {
		if a.StartLine != a.EndLine {
			a.StartColumn = 0 // GitHub keeps columns of single lines only
		}
		return identity{a.Path, a.StartLine, a.EndLine, a.StartColumn, a.Title}
	}
	known := map[identity]bool{}
	for _, a := range there {
		known[identify(a)] = true
	}
	return slices.DeleteFunc(slices.Clone(annotations), func(a github.Annotation) bool { return known[identify(a)] })
}

func (w *Worker) concluded(ctx context.Context, key string, check ledger.Check, annotated []int64) error {
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := tx.SaveCheck(ctx, check); err != nil {
			return err
		}
		if err := tx.MarkAnnotated(ctx, check.Repository, check.Head, annotated); err != nil {
			return err
		}
		return tx.FinishAction(ctx, key, fmt.Sprintf("check run %d", check.RunID))
	})
}

func (w *Worker) checkFacts(ctx context.Context, tx *ledger.Tx, repositoryID int64, head string) (respond.CheckFacts, error) {
	repository, err := tx.Repository(ctx, repositoryID)
	if err != nil {
		return respond.CheckFacts{}, err
	}
	scans, err := tx.Scans(ctx, repositoryID, head)
	if err != nil {
		return respond.CheckFacts{}, err
	}
	sightings, err := tx.HeadSightings(ctx, repositoryID, head)
	if err != nil {
		return respond.CheckFacts{}, err
	}
	for i := range sightings {
		sightings[i].Leak = w.here(sightings[i].Leak, repository)
	}
	return respond.CheckFacts{
		Repository: w.describe(repository), Head: head, DetailsURL: w.DetailsURL, Scans: scans, Sightings: sightings,
	}, nil
}

// completeFacts adds what GitHub has to be asked for, where it matters: the policy where there is something to judge, and
// what is wrong with a policy file that the commit brought.
func (w *Worker) completeFacts(ctx context.Context, f respond.CheckFacts, repositoryID int64, head string) (respond.CheckFacts, error) {
	f.Policy = policy.Default()
	repository, found, err := w.repository(ctx, repositoryID)
	if err != nil || !found {
		return f, err
	}
	unjudged := func(s ledger.Scan) bool { return len(s.Unjudged) > 0 }
	if len(f.Sightings) > 0 || slices.ContainsFunc(f.Scans, unjudged) {
		if f.Policy, err = w.policy(ctx, repository.Repository); err != nil {
			return f, err
		}
	}
	if slices.ContainsFunc(f.Scans, func(s ledger.Scan) bool { return s.PolicyChanged }) {
		f.PolicyFile, err = w.policyProblem(ctx, repository.target(), head)
	}
	return f, err
}
