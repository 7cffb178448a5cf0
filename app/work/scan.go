package work

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// scan reads what the task names, records it, and concludes the head's check run. It returns what it did, in words.
func (w *Worker) scan(ctx context.Context, owner string, t *task) (string, error) {
	client := w.GitHub.Repository(t.Repository, github.ScanAccess)
	haves, listed, err := w.haves(ctx, client, t)
	if err != nil {
		return "", err
	}
	// What an event or the ledger names may be gone from the server, which then sends the whole history and does not say so.
	request := wire.Request{Wants: t.wants(), Haves: haves, RequireCommon: !listed && len(haves) > 0}
	report, err := w.read(ctx, client, request, []string{t.Want}, nil)
	if errors.Is(err, wire.ErrNoCommonHave) {
		if request.Haves, err = w.otherHaves(ctx, client, t); err != nil {
			return "", err
		}
		request.RequireCommon = false
		if t.From = ""; len(request.Haves) > 0 {
			t.From = request.Haves[0]
		}
		report, err = w.read(ctx, client, request, []string{t.Want}, nil)
	}
	if err != nil {
		return "", fmt.Errorf("reading %s of %s/%s: %w", t.Want, t.Repository.Owner, t.Repository.Name, err)
	}
	if commit, ok := report.Peeled[t.Want]; ok && t.Head == "" {
		t.Head = commit
	}
	unjudged, err := w.record(ctx, t, report)
	if err != nil {
		return "", err
	}
	if t.Head != "" {
		if err := w.concludeScan(ctx, owner, client, t); err != nil {
			return "", err
		}
	}
	w.metrics.scanned(t.Event, report)
	note := fmt.Sprintf("scanned %d commits, %d blobs: %d findings", report.Stats.Commits, report.Stats.Blobs, len(report.Sightings))
	if len(unjudged) > 0 {
		note += "; not all could be judged"
	}
	return note, nil
}

// concludeScan makes the head's check run say what the scan found. Where that has to wait or fails for a time (another job is
// at that check run, since a push and its pull request come together; GitHub has a problem), a job for it alone goes on: what
// was read is recorded, and need not be read again.
func (w *Worker) concludeScan(ctx context.Context, owner string, client *github.Client, t *task) error {
	err := w.conclude(ctx, owner, client, t.Repository.ID, t.Head, create)
	if !begunCheck(err) || outcome.Of(err, w.Now(), outcome.Attempt{}).Do == github.GiveUp {
		return err
	}
	w.Log.InfoContext(ctx, "check run waits", "repository", w.recorder.Named(t.Repository.ID), "head", t.Head, "reason", err.Error())
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		return tx.Enqueue(ctx, job.Check{Repository: t.Repository.ID, Head: t.Head}, nil)
	})
}

// begunCheck reports whether a check run that was not concluded was begun all the same, so that a job which only updates check
// runs goes on with it.
func begunCheck(err error) bool {
	if _, waits := errors.AsType[*outcome.WaitError](err); waits || errors.Is(err, ledger.ErrBusy) || errors.Is(err, ledger.ErrFenced) {
		return true
	}
	_, asked := errors.AsType[*github.Error](err)
	return asked
}

// read fetches the request's pack and scans it as it comes. follower may be nil.
func (w *Worker) read(ctx context.Context, client *github.Client, req wire.Request, heads []string, follower *progress) (pack.Report, error) {
	started := w.Now()
	body, err := client.FetchPack(ctx, req)
	if err != nil {
		return pack.Report{}, err
	}
	defer body.Close()
	options := w.packOptions()
	if follower != nil {
		options.Progress = follower.at
	}
	p, err := pack.Open(ctx, body, options)
	if err != nil {
		return pack.Report{}, err
	}
	defer p.Close()
	report, err := p.Scan(ctx, w.Scanner, pack.Range{Heads: heads})
	if err != nil {
		return pack.Report{}, err
	}
	report.Stats.Duration = w.Now().Sub(started)
	return report, nil
}

// packOptions are the bounds of reading a pack.
func (w *Worker) packOptions() pack.Options {
	return pack.Options{TempDir: w.TempDir, Budget: w.Memory, MaxTrees: w.Memory.Size()}
}

// record writes the scan, its leaks, what was decided about them, and the moved tip in one transaction. It returns what could
// not be judged, in words.
func (w *Worker) record(ctx context.Context, t *task, report pack.Report) (unjudged []string, err error) {
	chosen, err := w.choose(ctx, t.Repository.ID, report)
	if err == nil {
		chosen.sightings, err = w.judgedByRepository(ctx, t.Repository.ID, chosen.sightings)
	}
	if err != nil {
		return nil, err
	}
	observations := w.observations(ctx, chosen.sightings, t)
	scan := scanOf(t, report)
	w.setSkipped(ctx, &scan, report.Skipped, chosen.unjudged())
	scan.MorePlaces = chosen.more
	scan.Finished = w.Now()
	if len(scan.Unjudged) > 0 {
		w.Log.WarnContext(ctx, "not everything was checked: the check doesn't pass, and the commits are read again", "repository", t.Repository.Owner+"/"+t.Repository.Name,
			"ref", t.Ref, "head", t.Head, "left", scan.Unjudged)
	}
	return scan.Unjudged, w.recordScan(ctx, t, scan, observations, chosen.unseen)
}

func (w *Worker) recordScan(ctx context.Context, t *task, scan ledger.Scan, observations []ledger.Observation, unseen map[string]bool) error {
	if t.Policy {
		w.policies.Forget(t.Repository.ID, t.Repository.Name)
	}
	repository, found, err := w.recorder.Repository(ctx, t.Repository.ID)
	if err != nil || !found {
		return err
	}
	if t.Policy && t.Ref == "refs/heads/"+repository.DefaultBranch { // before the policy is asked: the push may bring both
		change := policies.Change{Before: t.Before, After: t.Want, Pusher: t.Pusher, Received: t.Received}
		if err := w.policies.Vouch(ctx, repository, change); err != nil {
			return err
		}
	}
	if scan.Outside, err = w.outside(ctx, t, len(observations) > 0); err != nil {
		return err
	}
	var p respond.Policy
	if len(observations) > 0 { // a clean push asks nothing more of GitHub
		if p, err = w.policies.Of(ctx, repository); err != nil {
			return err
		}
	}
	allowance := allowanceOf(p, observations, w.Now())
	var brought ledger.RecordedScan
	err = w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := w.moveTip(ctx, tx, t, scan.Unjudged); err != nil {
			return err
		}
		if err := w.fillGaps(ctx, tx, t, &scan); err != nil {
			return err
		}
		if t.Policy {
			if err := refile(ctx, tx, t.Repository.ID); err != nil {
				return err
			}
		}
		if scan.Head == "" && len(observations)+len(scan.Unjudged) == 0 {
			return nil
		}
		if scan.Head == "" {
			scan.Head = t.Want
		}
		recorded, err := tx.RecordScan(ctx, scan, observations)
		if err != nil || len(observations) == 0 {
			return err
		}
		brought = recorded
		brought.New = slices.DeleteFunc(slices.Clone(recorded.New), func(l ledger.Leak) bool { return !l.Detected.Equal(tx.Now()) })
		return w.decide(ctx, tx, scan, recorded, unseen, p, allowance)
	})
	if err == nil {
		w.logLeaks(ctx, t, brought.New, brought.Fresh)
	}
	return err
}

// allowanceOf is what the policy allows, with the paths of the observations matched, and no others ever: a policy's patterns are
// foreign text, and nobody waits for them in the ledger's one write transaction.
func allowanceOf(p respond.Policy, observations []ledger.Observation, now time.Time) *policy.Allowance {
	allowance := policy.AllowedAt(p.Allow, now)
	for _, o := range observations {
		allowance.Path(detect.Environment(o.Leak.Environment), o.Sighting.Path)
	}
	return allowance.Seal()
}

// decide chooses what follows from a scan's findings.
func (w *Worker) decide(ctx context.Context, tx *ledger.Tx, scan ledger.Scan, recorded ledger.RecordedScan, unseen map[string]bool, p respond.Policy, allowance *policy.Allowance) error {
	repository, err := tx.Repository(ctx, scan.Repository)
	if err != nil {
		return err
	}
	filed, err := tx.Filings(ctx, scan.Repository, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	facts := respond.ScanFacts{Repository: w.recorder.WithURL(repository), Scan: scan, Unseen: unseen, FiledHour: filed, Policy: p, Allowance: allowance, Hidden: map[int64]bool{}, Now: tx.Now()}
	for _, leak := range slices.Concat(recorded.New, recorded.Known) {
		// A scan that is recorded again brings the same leaks as new ones again. What follows from a new leak follows once: from
		// the transaction that wrote it first.
		isNew := leak.Detected.Equal(tx.Now())
		if facts.Hidden[leak.ID], err = record.HiddenIssue(ctx, tx, leak, p); err != nil {
			return err
		}
		facts.Seen = append(facts.Seen, respond.Seen{Leak: record.WithVisibility(leak, repository), New: isNew, Sightings: recorded.Fresh[leak.ID]})
	}
	facts.Heads = map[int64][]string{}
	for _, seen := range facts.Seen {
		if _, _, moves := facts.Moves(seen); !moves {
			continue
		}
		if facts.Heads[seen.Leak.ID], err = record.HeadsOf(ctx, tx, seen.Leak.ID); err != nil {
			return err
		}
	}
	return w.recorder.Apply(ctx, tx, respond.Decide(facts), p)
}

// moveTip records what the ref points to as read, unless something was left: then the next push, which has this commit as its
// base, brings all of it again, as often as is of use. After that the range is a gap, which the ref's checks name.
func (w *Worker) moveTip(ctx context.Context, tx *ledger.Tx, t *task, unjudged []string) error {
	if !t.movesRef() {
		return nil
	}
	if len(unjudged) == 0 {
		if err := tx.NoteWholeRead(ctx, t.Repository.ID, t.Ref); err != nil {
			return err
		}
		return tx.SetTip(ctx, t.Repository.ID, t.Ref, t.Want)
	}
	u, err := tx.NoteUnread(ctx, t.Repository.ID, t.Ref, t.Want, unjudged)
	if err != nil || u.Attempts < budget.UnreadAttempts {
		return err
	}
	if err := tx.NoteGap(ctx, t.Repository.ID, t.Ref, t.From, t.Want, unjudged); err != nil {
		return err
	}
	return tx.SetTip(ctx, t.Repository.ID, t.Ref, t.Want)
}

// recordFailure writes a scan that could not be finished, and concludes the head's check run with the reason.
func (w *Worker) recordFailure(ctx context.Context, owner string, t *task, reason string) error {
	w.metrics.scans.WithLabelValues(string(t.Event), "failed").Inc()
	if t.Head == "" {
		return nil
	}
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		scan := scanOf(t, pack.Report{})
		scan.Failure, scan.Finished, scan.Outside = reason, w.Now(), t.Fork || t.Again
		if t.movesRef() { // so that it is not tried each hour
			if _, err := tx.NoteUnread(ctx, t.Repository.ID, t.Ref, t.Want, []string{reason}); err != nil {
				return err
			}
		}
		_, err := tx.RecordScan(ctx, scan, nil)
		return err
	})
	if err != nil {
		return err
	}
	err = w.concludeScan(ctx, owner, w.GitHub.Repository(t.Repository, github.ScanAccess), t)
	if err != nil && outcome.Of(err, w.Now(), outcome.Attempt{Last: true}).Do == github.GiveUp {
		// GitHub does not take the check run either (repository gone, permission missing): the log has said why.
		w.Log.ErrorContext(ctx, "check run not concluded", "repository", w.recorder.Named(t.Repository.ID), "head", t.Head, "error", err)
		return nil
	}
	return err
}

func scanOf(t *task, report pack.Report) ledger.Scan {
	return ledger.Scan{
		Repository: t.Repository.ID, Head: t.Head, Base: t.Base, Ref: t.Ref, Trigger: t.Event,
		PullNumber: t.Pull, Pusher: t.Pusher,
		Commits: report.Stats.Commits, Blobs: report.Stats.Blobs, Bytes: report.Stats.Bytes,
		PackBytes: report.Stats.PackBytes, Duration: report.Stats.Duration, PolicyChanged: t.Policy,
	}
}

// leakOf leaves the time of detection to the ledger, which takes that of its transaction.
func (w *Worker) leakOf(ctx context.Context, f detect.Finding, s pack.Sighting, t *task) ledger.Leak {
	return ledger.Leak{
		Repository: t.Repository.ID, Fingerprint: f.Secret.Fingerprint(),
		Kind: f.Kind, Environment: f.Environment, Severity: f.Severity,
		Confidence: f.Confidence, Reasons: w.redactedAll(ctx, f.Reasons), Redacted: f.Secret.Redacted(),
		Instance: f.Instance, Dashboard: w.Scanner.RedactString(ctx, f.Dashboard), Variable: w.Scanner.RedactString(ctx, f.Variable), Browser: f.Browser,
		State: ledger.Open, Introduced: s.Author.When, Pusher: t.Pusher,
	}
}

func sightingOf(f detect.Finding, s pack.Sighting, t *task) ledger.Sighting {
	return ledger.Sighting{
		Source: respond.Source(s.Source), Blob: s.Blob, Path: s.Path, Commit: s.Commit, Member: f.Member, Encoding: f.Encoding,
		Line: f.Place.Line, Column: f.Place.Column, EndLine: f.Place.EndLine, EndColumn: f.Place.EndColumn,
		AuthorName: s.Author.Name, AuthorEmail: s.Author.Email, Authored: s.Author.When,
		Ref: t.Ref, Allowed: f.Allowed,
	}
}

// redacted takes credentials out of what foreigners named: a file may be called like the key that it holds.
func (w *Worker) redacted(ctx context.Context, s ledger.Sighting) ledger.Sighting {
	for _, text := range []*string{&s.Path, &s.Member, &s.Ref, &s.AuthorName, &s.AuthorEmail} {
		*text = w.Scanner.RedactString(ctx, *text)
	}
	return s
}

func (w *Worker) redactedAll(ctx context.Context, texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, w.Scanner.RedactString(ctx, text))
	}
	return out
}

// refile queues the issues that had no place under the policy before.
func refile(ctx context.Context, tx *ledger.Tx, repository int64) error {
	leaks, err := tx.Unissued(ctx, repository, maxSummed)
	if err != nil {
		return err
	}
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID}, nil); err != nil {
			return err
		}
	}
	return nil
}
