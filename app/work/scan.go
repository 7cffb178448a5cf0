package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// maxHaves bounds how many recorded tips a request names. More would make it longer, hardly ever its answer shorter.
const maxHaves = 64

// maxFindings bounds how many sightings of one scan the ledger takes; what is beyond is counted aloud.
const maxFindings = 2000

// scan reads what the task names, records it, and concludes the head's check run. It returns what it did, in words.
func (w *Worker) scan(ctx context.Context, owner string, t *task) (string, error) {
	client := w.GitHub.Repository(t.Repository, github.ScanAccess)
	haves, err := w.haves(ctx, client, t)
	if err != nil {
		return "", err
	}
	request := wire.Request{Wants: []string{t.Want}, Haves: haves, RequireCommon: t.Event == "push" || t.Event == "sweep"}
	report, err := w.read(ctx, client, request, []string{t.Want}, nil)
	if errors.Is(err, wire.ErrNoCommonHave) {
		// What was there before is gone from the server. The default branch's tip keeps it from sending the whole history.
		if request.Haves, err = w.defaultTip(ctx, client, t); err != nil {
			return "", err
		}
		request.RequireCommon = false
		report, err = w.read(ctx, client, request, []string{t.Want}, nil)
	}
	if err != nil {
		return "", fmt.Errorf("reading %s of %s/%s: %w", t.Want, t.Repository.Owner, t.Repository.Name, err)
	}
	if commit, ok := report.Peeled[t.Want]; ok && t.Head == "" {
		t.Head = commit
	}
	if err := w.record(ctx, t, report); err != nil {
		return "", err
	}
	if t.Head != "" {
		if err := w.conclude(ctx, owner, client, t.Repository.ID, t.Head, create); err != nil {
			return "", err
		}
	}
	w.metrics.scanned(t.Event, report)
	return fmt.Sprintf("scanned %d commits, %d blobs: %d findings", report.Stats.Commits, report.Stats.Blobs, len(report.Sightings)), nil
}

// read fetches the request's pack and scans it as it comes. follower may be nil.
func (w *Worker) read(ctx context.Context, client *github.Client, req wire.Request, heads []string, follower *progress) (pack.Report, error) {
	started := w.Now()
	body, err := client.FetchPack(ctx, req)
	if err != nil {
		return pack.Report{}, err
	}
	defer body.Close()
	options, source := pack.Options{TempDir: w.TempDir}, io.Reader(body)
	if follower != nil {
		options.Progress, source = follower.at, follower.watch(body)
	}
	p, err := pack.Open(ctx, source, options)
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

// haves returns what the server need not send: what the event says was there before, and the tips heard of earlier.
// Where neither tells anything, the default branch's tip is asked for.
func (w *Worker) haves(ctx context.Context, client *github.Client, t *task) ([]string, error) {
	base := t.Base
	unread := false
	var tips []ledger.Tip
	err := w.Store.View(ctx, func(ctx context.Context, tx *ledger.Tx) (err error) {
		if t.Again {
			// The range that was read before is the one that is meant: by now the head may be on the default branch.
			scans, err := tx.Scans(ctx, t.Repository.ID, t.Head)
			if err != nil {
				return err
			}
			if len(scans) > 0 {
				base = scans[0].Base
				return nil
			}
		}
		if t.Event != "push" && t.Event != "sweep" {
			return nil
		}
		if tips, err = tx.Tips(ctx, t.Repository.ID, maxHaves); err != nil || base == "" {
			return err
		}
		repository, err := tx.Repository(ctx, t.Repository.ID)
		if err != nil {
			return err
		}
		// Before the first look nothing was read, and it will read all that was there.
		unread = !repository.FirstLooked.IsZero()
		if unread {
			var read bool
			read, err = tx.WasRead(ctx, t.Repository.ID, base)
			unread = !read
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	t.Base = base
	haves := havesOf(*t, tips, unread)
	if len(haves) > 0 {
		return haves, nil
	}
	return w.defaultTip(ctx, client, t)
}

// defaultTip asks for the default branch's tip, unless that is what is wanted.
func (w *Worker) defaultTip(ctx context.Context, client *github.Client, t *task) ([]string, error) {
	refs, err := client.Refs(ctx, "HEAD")
	if err != nil {
		return nil, fmt.Errorf("asking for the default branch of %s/%s: %w", t.Repository.Owner, t.Repository.Name, err)
	}
	for _, ref := range refs {
		if ref.Name == "HEAD" && ref.ID != t.Want {
			t.Base = ref.ID
			return []string{ref.ID}, nil
		}
	}
	return nil, nil
}

// havesOf is pure: base first, then tips, without repetitions and without what is wanted.
//
// A ref that only moved on is read from its base alone, so that each commit is read by the scan of the push that brought
// it. Tips are refs as they were when their own scans ended, and events come in any order: a younger tip may hold what is
// wanted here, though nobody has read it, since its own scan began where this one is to end. Where a ref is new, or was
// moved elsewhere, there is no such base, and the tips that were known when the event came say what was there before. A
// ref's own tip says nothing of what was there before the ref was made.
//
// unread tells that the base has never been read to its end: the delivery that brought it was lost, or its scan given up.
// Then only tips count, all of which were read.
func havesOf(t task, tips []ledger.Tip, unread bool) []string {
	var haves []string
	add := func(sha string) {
		if sha != "" && sha != t.Want && !slices.Contains(haves, sha) {
			haves = append(haves, sha)
		}
	}
	if !unread {
		add(t.Base)
		if t.Base != "" && !t.Forced {
			return haves
		}
	}
	for _, tip := range tips {
		if tip.Seen.Before(t.Received) && (unread || tip.Ref != t.Ref) {
			add(tip.SHA)
		}
	}
	return haves
}

// record writes the scan, its leaks, what was decided about them, and the moved tip in one transaction.
func (w *Worker) record(ctx context.Context, t *task, report pack.Report) error {
	observations, left := w.observations(ctx, report.Sightings, t)
	scan := scanOf(t, report)
	scan.Skipped = w.redactedAll(ctx, scan.Skipped)
	if left > 0 {
		scan.Skipped = append(scan.Skipped, fmt.Sprintf("%d further findings, over the %d that one scan records", left, maxFindings))
	}
	scan.Finished = w.Now()
	if t.Policy {
		w.policies.forget(t.Repository.ID, t.Repository.Name)
	}
	repository, found, err := w.repository(ctx, t.Repository.ID)
	if err != nil || !found {
		return err
	}
	var p policy.Policy
	if len(observations) > 0 { // a clean push asks nothing more of GitHub
		if p, err = w.policy(ctx, repository.Repository); err != nil {
			return err
		}
	}
	return w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		if err := w.moveTip(ctx, tx, t); err != nil {
			return err
		}
		if scan.Head == "" && len(observations) == 0 {
			return nil
		}
		if scan.Head == "" {
			scan.Head = t.Want
		}
		recorded, err := tx.RecordScan(ctx, scan, observations)
		if err != nil || len(observations) == 0 {
			return err
		}
		return w.decide(ctx, tx, scan, recorded, p)
	})
}

// decide chooses what follows from a scan's findings. The head's check run is concluded right after, by the scan itself.
func (w *Worker) decide(ctx context.Context, tx *ledger.Tx, scan ledger.Scan, recorded ledger.RecordedScan, p policy.Policy) error {
	repository, err := tx.Repository(ctx, scan.Repository)
	if err != nil {
		return err
	}
	filed, err := tx.Filings(ctx, scan.Repository, tx.Now().Add(-time.Hour))
	if err != nil {
		return err
	}
	facts := respond.ScanFacts{Repository: w.describe(repository), Scan: scan, FiledHour: filed, Policy: p, Now: tx.Now()}
	for _, leak := range slices.Concat(recorded.New, recorded.Known) {
		// A scan that is recorded again brings the same leaks as new ones again. What follows from a new leak follows once: from
		// the transaction that wrote it first.
		isNew := leak.Detected.Equal(tx.Now())
		facts.Seen = append(facts.Seen, respond.Seen{Leak: w.here(leak, repository), New: isNew, Sightings: recorded.Fresh[leak.ID]})
	}
	decision := respond.Decide(facts)
	for _, change := range decision.Changes {
		heads, err := headsOf(ctx, tx, change.Leak)
		if err != nil {
			return err
		}
		for _, head := range heads {
			decision.Actions = append(decision.Actions, respond.Action{Do: respond.UpdateCheck, Repository: scan.Repository, Head: head})
		}
	}
	decision.Actions = slices.DeleteFunc(decision.Actions, func(a respond.Action) bool { return a.Do == respond.UpdateCheck && a.Head == scan.Head })
	return w.apply(ctx, tx, decision, p)
}

func (w *Worker) moveTip(ctx context.Context, tx *ledger.Tx, t *task) error {
	if t.Event != "push" && t.Event != "sweep" {
		return nil
	}
	return tx.SetTip(ctx, t.Repository.ID, t.Ref, t.Want)
}

// recordFailure writes a scan that could not be finished, and concludes the head's check run with the reason.
func (w *Worker) recordFailure(ctx context.Context, owner string, t *task, reason string) error {
	w.metrics.scans.WithLabelValues(t.Event, "failed").Inc()
	if t.Head == "" {
		return nil
	}
	err := w.Store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		scan := scanOf(t, pack.Report{})
		scan.Failure, scan.Finished = reason, w.Now()
		_, err := tx.RecordScan(ctx, scan, nil)
		return err
	})
	if err != nil {
		return err
	}
	err = w.conclude(ctx, owner, w.GitHub.Repository(t.Repository, github.ScanAccess), t.Repository.ID, t.Head, create)
	if err != nil && !errors.Is(err, ledger.ErrBusy) && outcomeOf(err, w.Now(), true).Do == github.GiveUp {
		// GitHub does not take the check run either (repository gone, permission missing): the log has said why.
		w.Log.ErrorContext(ctx, "check run not concluded", "repository", t.Repository.ID, "head", t.Head, "error", err)
		return nil
	}
	return err
}

func scanOf(t *task, report pack.Report) ledger.Scan {
	scan := ledger.Scan{
		Repository: t.Repository.ID, Head: t.Head, Base: t.Base, Ref: t.Ref, Event: t.Event,
		PullNumber: t.Pull, Pusher: t.Pusher,
		Commits: report.Stats.Commits, Blobs: report.Stats.Blobs, Bytes: report.Stats.Bytes,
		PackBytes: report.Stats.PackBytes, Duration: report.Stats.Duration, PolicyChanged: t.Policy,
	}
	for _, s := range report.Skipped {
		scan.Skipped = append(scan.Skipped, s.Object+": "+s.Reason)
	}
	return scan
}

// observations turns sightings into the ledger's records, at most [maxFindings]; it tells how many were left.
func (w *Worker) observations(ctx context.Context, sightings []pack.Sighting, t *task) (observations []ledger.Observation, left int) {
	if len(sightings) > maxFindings {
		sightings, left = sightings[:maxFindings], len(sightings)-maxFindings
	}
	for _, s := range sightings {
		f := s.Finding
		observations = append(observations, ledger.Observation{
			Leak:     w.leakOf(ctx, f, s, t),
			Sighting: w.redacted(ctx, sightingOf(f, s, t)),
			AtHead:   s.AtHead,
		})
	}
	return observations, left
}

// leakOf leaves the time of detection to the ledger, which takes that of its transaction.
func (w *Worker) leakOf(ctx context.Context, f detect.Finding, s pack.Sighting, t *task) ledger.Leak {
	return ledger.Leak{
		Repository: t.Repository.ID, Fingerprint: f.Secret.Fingerprint(),
		Kind: string(f.Kind), Environment: string(f.Environment), Severity: string(f.Severity),
		Confidence: string(f.Confidence), Reasons: w.redactedAll(ctx, f.Reasons), Redacted: f.Secret.Redacted(),
		Instance: f.Instance, Dashboard: w.Scanner.RedactString(ctx, f.Dashboard), Variable: w.Scanner.RedactString(ctx, f.Variable), Browser: f.Browser,
		State: ledger.Open, Introduced: s.Author.When, Pusher: t.Pusher,
	}
}

func sightingOf(f detect.Finding, s pack.Sighting, t *task) ledger.Sighting {
	return ledger.Sighting{
		Source: string(s.Source), Blob: s.Blob, Path: s.Path, Commit: s.Commit, Member: f.Member, Encoding: f.Encoding,
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
