package read

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/observe"
	"github.com/rekey-app/rekey/app/policies"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/budget"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// Record writes the scan, its leaks, what was decided about them, and the moved tip in one transaction. It returns what could
// not be judged, in words.
func (r *Reader) Record(ctx context.Context, t *Task, report pack.Report) (unjudged []string, err error) {
	ctx, span := observe.Start(ctx, "record")
	defer func() { span.End(err) }()
	chosen, err := r.choose(ctx, t.Repository.ID, report)
	if err == nil {
		chosen.sightings, err = r.judgedByRepository(ctx, t.Repository.ID, chosen.sightings)
	}
	if err != nil {
		return nil, err
	}
	observations := r.observations(ctx, chosen.sightings, t)
	scan := scanOf(t, report)
	r.setSkipped(ctx, &scan, report.Skipped, chosen.unjudged())
	scan.MorePlaces = chosen.more
	scan.Finished = r.Now()
	if len(scan.Unjudged) > 0 {
		r.Log.WarnContext(ctx, "not everything was checked: the check doesn't pass, and the commits are read again", "repository", t.Repository.Owner+"/"+t.Repository.Name,
			"ref", t.Ref, "head", t.Head, "left", scan.Unjudged)
	}
	return scan.Unjudged, r.recordScan(ctx, t, scan, observations, chosen.unseen)
}

// recordBrought records a scan, and what was read before of the commits that its push brought. Those that other refs had count where they
// would have been read again, had not the base been lost: of a ref that moved on.
func recordBrought(ctx context.Context, tx Tx, t *Task, scan respond.Scan, observations []respond.Observation) (ledger.RecordedScan, error) {
	recorded, err := tx.RecordScan(ctx, scan, observations)
	if err == nil && t.Others {
		brought := t.Distinct
		if t.Lost && !t.Forced {
			brought = t.Listed
		}
		err = tx.RecordReadBefore(ctx, scan, slices.Concat(brought, []string{scan.Head}))
	}
	return recorded, err
}

// policyChanged tells what knows policies of one that a push brings to the default branch, and reports whether it brings one. It comes before
// the policy is asked: the push may bring both.
func (r *Reader) policyChanged(ctx context.Context, t *Task, repository respond.Repository) (bool, error) {
	if !t.Policy || t.Ref != "refs/heads/"+repository.DefaultBranch {
		return false, nil
	}
	change := policies.Change{Before: t.Before, After: t.Want, Pusher: t.Pusher, Received: t.Received}
	return true, r.Policies.Changed(ctx, repository, change)
}

func (r *Reader) recordScan(ctx context.Context, t *Task, scan respond.Scan, observations []respond.Observation, unseen map[string]bool) error {
	if t.Policy {
		r.Policies.Forget(t.Repository.ID, t.Repository.Name)
	}
	repository, found, err := r.Recorder.Repository(ctx, t.Repository.ID)
	if err != nil || !found {
		return err
	}
	changed, err := r.policyChanged(ctx, t, repository)
	if err != nil {
		return err
	}
	if !t.Policy && r.bringsPolicy(ctx, t, repository) {
		scan.PolicyChanged = true
	}
	if scan.Outside, err = r.outside(ctx, t, len(observations) > 0); err != nil {
		return err
	}
	var p respond.Policy
	if len(observations) > 0 { // a clean push asks nothing more of GitHub
		if p, err = r.Policies.Of(ctx, repository); err != nil {
			return err
		}
	}
	allowance := allowanceOf(p, observations, r.Now())
	var brought ledger.RecordedScan
	err = r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		if t.Within != nil {
			if err := t.Within(ctx, tx); err != nil {
				return err
			}
		}
		if err := r.recordPush(ctx, tx, t, &scan); err != nil {
			return err
		}
		if err := lookAgain(ctx, tx, t, scan, repository, len(observations) > 0 && p.CodeScanning, changed); err != nil {
			return err
		}
		if scan.Head == "" && len(observations)+len(scan.Unjudged) == 0 {
			return nil
		}
		if scan.Head == "" {
			scan.Head = t.Want
		}
		again, err := proves(ctx, tx, scan, observations)
		if err != nil {
			return err
		}
		recorded, err := recordBrought(ctx, tx, t, scan, observations)
		if err != nil || len(observations) == 0 {
			return err
		}
		if again {
			err := tx.EnqueueOnce(ctx, job.Backfill{Installation: repository.Installation, Repository: repository.ID}, nil)
			if err != nil {
				return err
			}
		}
		brought = recorded
		brought.New = slices.DeleteFunc(slices.Clone(recorded.New), func(l respond.Leak) bool { return !l.Detected.Equal(tx.Now()) })
		if err := maskTexts(ctx, tx, t.Repository.ID, p, observations); err != nil {
			return err
		}
		return r.decide(ctx, tx, t, scan, recorded, unseen, p, allowance)
	})
	if err == nil {
		r.logLeaks(ctx, t, brought.New, brought.Fresh)
	}
	return err
}

// recordPush writes down what follows from the push whatever was found: the ref's tip, the gaps that are read now, and which issues are to
// be compared with its files.
func (r *Reader) recordPush(ctx context.Context, tx Tx, t *Task, scan *respond.Scan) error {
	if err := r.moveTip(ctx, tx, t, scan.Unjudged); err != nil {
		return err
	}
	if err := r.fillGaps(ctx, tx, t, scan); err != nil {
		return err
	}
	return refresh(ctx, tx, t)
}

// lookAgain queues what is looked at again because of a push: the Security tab, the Clerk configuration, and what depends on the policy.
func lookAgain(ctx context.Context, tx Tx, t *Task, scan respond.Scan, r respond.Repository, found, policyChanged bool) error {
	if err := showAgain(ctx, tx, t, r, found); err != nil {
		return err
	}
	if err := enqueueAudit(ctx, tx, t, scan, r); err != nil || !policyChanged {
		return err
	}
	return tx.Enqueue(ctx, job.Policy{Repository: r.ID}, nil)
}

// showAgain has the Security tab brought up to date where something was found, and where the default branch has moved: files that it
// shows may be others now.
func showAgain(ctx context.Context, tx Tx, t *Task, r respond.Repository, found bool) error {
	if !found {
		if !t.movesRef() || t.Ref != "refs/heads/"+r.DefaultBranch {
			return nil
		}
		last, err := tx.LastUpload(ctx, r.ID)
		if err != nil || last.Results == 0 {
			return err
		}
	}
	return record.EnqueueCodeScanning(ctx, tx, r.ID)
}

// proves reports whether the observations show for the first time that the repository uses Clerk, while it has leaks that are
// Clerk's only in such a repository: then its history is to be read again.
func proves(ctx context.Context, tx Tx, scan respond.Scan, observations []respond.Observation) (bool, error) {
	sure := func(o respond.Observation) bool { return o.Leak.Confidence != detect.LowConfidence }
	if scan.Outside || scan.Trigger == respond.TriggerBackfill || !slices.ContainsFunc(observations, sure) {
		return false, nil
	}
	if uses, err := tx.UsesClerk(ctx, scan.Repository); uses || err != nil {
		return false, err
	}
	return tx.Unsure(ctx, scan.Repository)
}

// allowanceOf is what the policy allows, with the paths of the observations matched, and no others ever: a policy's patterns are
// foreign text, and nobody waits for them in the ledger's one write transaction.
func allowanceOf(p respond.Policy, observations []respond.Observation, now time.Time) *policy.Allowance {
	allowance := policy.AllowedAt(p.Allow, now)
	for _, o := range observations {
		allowance.Path(o.Leak.Environment, o.Sighting.Path)
	}
	return allowance.Seal()
}

// decide chooses what follows from a scan's findings.
func (r *Reader) decide(ctx context.Context, tx Tx, t *Task, scan respond.Scan, recorded ledger.RecordedScan, unseen map[string]bool, p respond.Policy, allowance *policy.Allowance) error {
	repository, err := tx.Repository(ctx, scan.Repository)
	if err != nil {
		return err
	}
	filed, err := tx.IssuesFiled(ctx, scan.Repository, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	facts := respond.ScanFacts{Repository: r.Recorder.WithURL(repository), Scan: scan, Unseen: unseen, FiledHour: filed, Policy: p, Allowance: allowance, Hidden: map[int64]bool{}, Received: t.Received, Now: tx.Now()}
	for _, leak := range slices.Concat(recorded.New, recorded.Known) {
		if t.Trigger == respond.TriggerText {
			if err := r.watchTexts(ctx, tx, leak); err != nil {
				return err
			}
		}
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
	return r.Recorder.Apply(ctx, tx, respond.Decide(facts), p)
}

// moveTip records what the ref points to as read, unless something was left: then the next push, which has this commit as its
// base, brings all of it again, as often as is of use. After that the range is a gap, which the ref's checks name.
func (r *Reader) moveTip(ctx context.Context, tx Tx, t *Task, unjudged []string) error {
	if !t.movesRef() {
		return nil
	}
	if moved, err := tx.MovedSince(ctx, t.Repository.ID, t.Ref, t.Received); err != nil {
		return err
	} else if moved { // the event came late: what is known of the ref is newer, what was left of it too
		if len(unjudged) > 0 {
			return nil
		}
		return tx.RecordRead(ctx, t.Repository.ID, t.Want)
	}
	if len(unjudged) == 0 {
		if err := tx.RecordFullyRead(ctx, t.Repository.ID, t.Ref); err != nil {
			return err
		}
		return tx.SetTip(ctx, t.Repository.ID, t.Ref, t.Want, t.Received)
	}
	u, err := tx.RecordUnread(ctx, t.Repository.ID, t.Ref, t.Want, unjudged)
	if err != nil || u.Attempts < budget.UnreadAttempts {
		return err
	}
	if err := tx.RecordGap(ctx, t.Repository.ID, t.Ref, t.From, t.Want, unjudged); err != nil {
		return err
	}
	return tx.SetTip(ctx, t.Repository.ID, t.Ref, t.Want, t.Received)
}

// maxRefreshed is how many issues one push queues to be compared with the files.
const maxRefreshed = 20

// refresh queues the issues of leaks that the ref's files held until now: the push may have taken them out.
func refresh(ctx context.Context, tx Tx, t *Task) error {
	if !t.movesRef() {
		return nil
	}
	leaks, err := tx.OpenIn(ctx, t.Repository.ID, t.Ref, maxRefreshed)
	if err != nil {
		return err
	}
	for _, leak := range leaks {
		if err := tx.Enqueue(ctx, job.Issue{Leak: leak.ID, Refresh: true}, nil); err != nil {
			return err
		}
	}
	return nil
}

// RecordFailure writes a scan that could not be finished, with the reason.
func (r *Reader) RecordFailure(ctx context.Context, t *Task, reason string) error {
	r.Metrics.failed(t.Trigger)
	if t.Head == "" {
		return nil
	}
	return r.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		scan := scanOf(t, pack.Report{})
		scan.Failure, scan.Finished, scan.Outside = reason, r.Now(), t.Fork || t.Again
		moved, err := tx.MovedSince(ctx, t.Repository.ID, t.Ref, t.Received)
		if err != nil {
			return err
		}
		if t.movesRef() && !moved { // so that it is not tried each hour
			if _, err := tx.RecordUnread(ctx, t.Repository.ID, t.Ref, t.Want, []string{reason}); err != nil {
				return err
			}
		}
		_, err = tx.RecordScan(ctx, scan, nil)
		return err
	})
}

func scanOf(t *Task, report pack.Report) respond.Scan {
	return respond.Scan{
		Repository: t.Repository.ID, Head: t.Head, Base: t.Base, Ref: t.Ref, Trigger: t.Trigger,
		PullNumber: t.Pull, Pusher: t.Pusher,
		Commits: report.Stats.Commits, Blobs: report.Stats.Blobs, Bytes: report.Stats.Bytes,
		PackBytes: report.Stats.PackBytes, Duration: report.Stats.Duration, PolicyChanged: t.Policy,
	}
}

// leakOf leaves the time of detection to the ledger, which takes that of its transaction.
func (r *Reader) leakOf(ctx context.Context, f detect.Finding, s pack.Sighting, t *Task) respond.Leak {
	l := LeakOf(ctx, r.Scanner, f)
	l.Repository, l.Introduced, l.Pusher = t.Repository.ID, s.Author.When, t.Pusher
	return l
}

// LeakOf is what a finding says of its leak. Nothing in it is a credential.
func LeakOf(ctx context.Context, scanner *detect.Scanner, f detect.Finding) respond.Leak {
	l := respond.Leak{
		Fingerprint: f.Secret.Fingerprint(), Kind: f.Kind, Environment: f.Environment, Severity: f.Severity,
		Confidence: f.Confidence, Redacted: f.Secret.Redacted(),
		Instance: f.Instance, Dashboard: scanner.RedactString(ctx, f.Dashboard), Variable: scanner.RedactString(ctx, f.Variable), Browser: f.Browser,
		State: respond.Open,
	}
	for _, reason := range f.Reasons.Texts() {
		l.Reasons = append(l.Reasons, scanner.RedactString(ctx, reason))
	}
	return l
}

func sightingOf(f detect.Finding, s pack.Sighting, t *Task) respond.Sighting {
	return respond.Sighting{
		Source: respond.Source(s.Source), Blob: s.Blob, Path: s.Path, Commit: s.Commit, Member: f.Member, Encoding: f.Encoding,
		Line: f.Place.Line, Column: f.Place.Column, EndLine: f.Place.EndLine, EndColumn: f.Place.EndColumn,
		AuthorName: s.Author.Name, AuthorEmail: s.Author.Email, Authored: s.Author.When,
		Ref: t.Ref, Allowed: f.Allowed,
	}
}

// redacted takes credentials out of what foreigners named: a file may be called like the key that it holds.
func (r *Reader) redacted(ctx context.Context, s respond.Sighting) respond.Sighting {
	for _, text := range []*string{&s.Path, &s.Member, &s.Ref, &s.AuthorName, &s.AuthorEmail} {
		*text = r.Scanner.RedactString(ctx, *text)
	}
	return s
}

func (r *Reader) redactedAll(ctx context.Context, texts []string) []string {
	var out []string
	for _, text := range texts {
		out = append(out, r.Scanner.RedactString(ctx, text))
	}
	return out
}
