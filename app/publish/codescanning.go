package publish

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/app/read"
	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/guide"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/sarif"
)

// codeScanningTx is what the Security tab is about.
type codeScanningTx interface {
	LastUpload(ctx context.Context, repository int64) (ledger.Upload, error)
	SaveUpload(ctx context.Context, repository int64, u ledger.Upload) error
}

const (
	// maxShown is how many leaks the Security tab shows, the most severe.
	maxShown = 2000
	// refusedFor is how long GitHub is not asked again that takes no code scanning for a repository.
	refusedFor = 24 * time.Hour
)

// CodeScanning brings what the Security tab shows of a repository up to date, where the policy says so; where it says so no longer, nothing
// is shown from then on.
func (w *Worker) CodeScanning(ctx context.Context, j *river.Job[job.CodeScanning]) error {
	repository, found, err := w.Recorder.Repository(ctx, j.Args.Repository)
	if err != nil || !found || repository.Archived {
		return err
	}
	p, err := w.Policies.Of(ctx, repository)
	if err != nil {
		return err
	}
	effect := &uploadEffect{w: w, in: repository, policy: p}
	err = w.runner().Do(ctx, fmt.Sprintf("code_scanning:%d", repository.ID), outcome.Owner(j.JobRow), effect)
	if errors.Is(err, ledger.ErrNotFound) { // forgotten since
		return nil
	}
	if err != nil {
		return fmt.Errorf("the Security tab of repository %d: %w", repository.ID, err)
	}
	return nil
}

// uploadEffect is what the Security tab shows of a repository; see [Effect]. To upload twice changes nothing.
type uploadEffect struct {
	w      *Worker
	in     respond.Repository
	policy respond.Policy

	tip     string
	leaks   []shownLeak
	last    ledger.Upload
	now     ledger.Upload
	log     []byte
	refused error
}

// shownLeak is an open leak with its places in files.
type shownLeak struct {
	respond.Leak
	sightings []respond.Sighting
}

func (e *uploadEffect) Facts(ctx context.Context, tx Tx, _ ledger.Action) (err error) {
	e.leaks = nil
	if e.last, err = tx.LastUpload(ctx, e.in.ID); err != nil {
		return err
	}
	if !e.policy.CodeScanning && e.last.Results == 0 || tx.Now().Sub(e.last.Refused) < refusedFor {
		return ErrNotNeeded
	}
	if e.tip, err = tx.Tip(ctx, e.in.ID, e.ref()); err != nil {
		return err
	}
	if e.tip == "" { // not read yet
		return ErrNotNeeded
	}
	if !e.policy.CodeScanning {
		return nil
	}
	leaks, err := tx.StillOpen(ctx, e.in.ID, maxShown)
	if err != nil {
		return err
	}
	slices.SortFunc(leaks, func(a, b respond.Leak) int { return int(a.ID - b.ID) })
	for _, l := range leaks {
		sightings, err := tx.Sightings(ctx, l.ID, maxSightings)
		if err != nil {
			return err
		}
		shown := shownLeak{Leak: record.WithVisibility(l, e.in)}
		for _, s := range sightings {
			if s.InFile() && s.Path != "" {
				shown.sightings = append(shown.sightings, s)
			}
		}
		if len(shown.sightings) > 0 {
			e.leaks = append(e.leaks, shown)
		}
	}
	return nil
}

func (e *uploadEffect) ref() string { return "refs/heads/" + e.in.DefaultBranch }

// Plan makes the log, and compares it with the last.
func (e *uploadEffect) Plan(ctx context.Context, _ bool) (bool, error) {
	places, err := e.places(ctx)
	if err != nil {
		return false, err
	}
	if e.log, err = encodeSARIF(sarif.OfLeaks(places, respond.Hidden(e.in.Private, respond.Open, e.policy))); err != nil {
		return false, err
	}
	sum := sha256.Sum256(e.log)
	e.now = ledger.Upload{Digest: hex.EncodeToString(sum[:16]), Results: min(len(places), sarif.MaxResults)}
	return e.now.Digest != e.last.Digest && (e.now.Results > 0 || e.last.Digest != ""), nil
}

func encodeSARIF(log sarif.Log) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(log)
	return b.Bytes(), err
}

func (e *uploadEffect) Find(context.Context) error { return nil }

func (e *uploadEffect) Send(ctx context.Context, before func(context.Context) error) error {
	client := e.w.GitHub.Repository(record.Target(e.in), github.CodeScanningAccess).BeforeWrite(before)
	_, err := client.UploadSARIF(ctx, e.tip, e.ref(), e.w.Scanner.Redact(ctx, e.log))
	switch {
	case errors.Is(err, github.ErrNoCodeScanning), errors.Is(err, github.ErrForbidden):
		e.refused = err
		return nil
	case err != nil:
		return err
	}
	e.now.At = e.w.Now()
	return nil
}

func (e *uploadEffect) Save(ctx context.Context, tx Tx) (string, error) {
	switch {
	case e.refused != nil:
		told := e.last.Refused.IsZero()
		e.last.Refused, e.last.Reason = tx.Now(), github.Classify(e.refused, tx.Now()).Reason
		e.w.Log.WarnContext(ctx, "GitHub takes nothing for the Security tab: trying again tomorrow", "repository", e.in.FullName(), "reason", e.last.Reason)
		if err := tx.SaveUpload(ctx, e.in.ID, e.last); err != nil || !told {
			return "refused", err
		}
		return "refused", tx.RecordActivity(ctx, ledger.Activity{
			By: respond.ByGitHub, Kind: ledger.ActivityAlert, What: "refused", Detail: e.last.Reason, Repository: e.in.ID,
		})
	case e.now.At.IsZero():
		return "it is so already", nil
	}
	return fmt.Sprintf("%d results", e.now.Results), tx.SaveUpload(ctx, e.in.ID, e.now)
}

// places finds out where the leaks are in the branch's files now. One that is in none of them has the last place where it was, unless it
// was never pushed to the branch.
func (e *uploadEffect) places(ctx context.Context) (places []sarif.LeakPlace, err error) {
	if len(e.leaks) == 0 {
		return nil, nil
	}
	client := e.w.GitHub.Repository(record.Target(e.in), github.ScanAccess)
	files, _, err := e.w.listing(ctx, client, e.tip, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the files of %s: %w", e.tip, err)
	}
	suspects := make([][]guide.Location, len(e.leaks))
	for i, l := range e.leaks {
		suspects[i] = files.suspects(l.sightings)
	}
	found, err := e.reread(ctx, client, files, suspects)
	if err != nil {
		return nil, err
	}
	for i, l := range e.leaks {
		at := e.placesOf(l, suspects[i], found)
		if len(at) == 0 {
			at = e.lastPlace(l)
		}
		places = append(places, at...)
	}
	return places, nil
}

// placesOf are a leak's places in the branch's files.
func (e *uploadEffect) placesOf(l shownLeak, suspects []guide.Location, found map[string][]guide.Location) (places []sarif.LeakPlace) {
	add := func(at guide.Location) {
		p := sarif.LeakPlace{Leak: l.Leak, Path: at.Path, Member: at.Member, Line: at.Line}
		if !slices.Contains(pathsOf(places), at) {
			places = append(places, p)
		}
	}
	for _, at := range suspects {
		if at.Line > 0 || at.Member != "" { // its content is the one that leaked
			add(at)
		}
	}
	for _, at := range found[l.Fingerprint] {
		add(at)
	}
	slices.SortFunc(places, func(a, b sarif.LeakPlace) int {
		return strings.Compare(fmt.Sprint(a.Path, a.Member, a.Line), fmt.Sprint(b.Path, b.Member, b.Line))
	})
	return places
}

func pathsOf(places []sarif.LeakPlace) (list []guide.Location) {
	for _, p := range places {
		list = append(list, guide.Location{Path: p.Path, Line: p.Line, Member: p.Member})
	}
	return list
}

// lastPlace is where a leak was that the branch's files do not hold any more.
func (e *uploadEffect) lastPlace(l shownLeak) []sarif.LeakPlace {
	var last *respond.Sighting
	for i, s := range l.sightings {
		if s.Ref == e.ref() || s.Ref == "" { // a reading of the whole history has no ref
			last = &l.sightings[i]
		}
	}
	if last == nil {
		return nil
	}
	return []sarif.LeakPlace{{Leak: l.Leak, Path: last.Path, Member: last.Member, Line: last.Line, Gone: true}}
}

// reread looks into the files that leaked once and have another content now, and returns where leaks are in them, by fingerprint.
func (e *uploadEffect) reread(ctx context.Context, client *github.Client, files *snapshot, suspects [][]guide.Location) (map[string][]guide.Location, error) {
	paths := map[string]string{} // object id to path
	var wants []string
	for _, list := range suspects {
		for _, at := range list {
			blob := files.blobs[at.Path]
			if at.Line == 0 && at.Member == "" && blob != "" && paths[blob] == "" && len(wants) < maxGuideFiles {
				paths[blob] = at.Path
				wants = append(wants, blob)
			}
		}
	}
	found := map[string][]guide.Location{}
	if len(wants) == 0 {
		return found, nil
	}
	err := e.w.Reader.WithPack(ctx, client, wire.Request{Wants: wants}, func(p *pack.Pack) error {
		for _, blob := range wants {
			text, err := p.Blob(blob, maxGuideFile)
			if err != nil {
				continue // too large to look into again
			}
			for _, f := range e.w.Scanner.Scan(ctx, paths[blob], text) {
				fingerprint := f.Secret.Fingerprint()
				found[fingerprint] = append(found[fingerprint], guide.Location{Path: paths[blob], Line: f.Place.Line, Member: f.Member})
			}
		}
		return nil
	})
	if err != nil && !read.Unreadable(err) {
		return nil, fmt.Errorf("reading files of %s: %w", e.tip, err)
	}
	return found, nil
}
