package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// LeakDetail is all that is recorded of a leak.
type LeakDetail struct {
	LeakRow
	Sightings []respond.Sighting // the first [maxDetailPlaces], those from outside only where the leak is
	History   []respond.Event    // changes of state, oldest first
	Timeline  []Happening        // oldest first
	Elsewhere respond.Repository // where the issue is, if not in the leak's repository; zero: it is, there is none, or the viewer may not see it
	Text      IssueRecord        // of the issue as it was last sent with its details; zero: not recorded
}

// IssueRecord is an issue's text as it was last sent.
type IssueRecord struct {
	Title, Body string // Markdown
	At          time.Time
}

// HappeningKind is what a [Happening] is.
type HappeningKind string

// The kinds of happenings.
const (
	HappenedFound HappeningKind = "found" // the leak was recorded
	HappenedSeen  HappeningKind = "seen"  // a scan met it at places that were new
	HappenedCheck HappeningKind = "check" // a check run that shows it was concluded
	HappenedState HappeningKind = "state" // its state changed
	HappenedDone  HappeningKind = "done"  // something else was done; see [Activity]
)

// Happening is an entry of a leak's timeline. What is not told by a kind is zero.
type Happening struct {
	At   time.Time
	Kind HappeningKind
	By   string // login, "Clerk" or "rekey"

	From, To respond.State // of HappenedState
	Reason   string
	Approved string    // login of the second person who confirmed it
	Until    time.Time // of a step to ignored: the first moment at which it no longer counts

	Trigger respond.Trigger // of HappenedSeen: what the scan was made for
	Ref     string
	Pull    int
	Places  int // new ones

	Head       string // of HappenedSeen and HappenedCheck: a commit
	CheckRun   int64  // GitHub's id
	Conclusion string

	Activity Activity // of HappenedDone
}

const (
	maxDetailPlaces = 500
	maxTimeline     = 500 // of each kind, the latest
)

// LeakDetail returns what is recorded of a leak. ErrNotFound: there is none that the viewer may see.
func (tx *Tx) LeakDetail(ctx context.Context, v Visible, id int64) (LeakDetail, error) {
	d, err := tx.leakDetail(ctx, v, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		err = fmt.Errorf("ledger: leak %d: %w", id, err)
	}
	return d, err
}

func (tx *Tx) leakDetail(ctx context.Context, v Visible, id int64) (d LeakDetail, err error) {
	leak, err := tx.Leak(ctx, id)
	if err != nil {
		return d, err
	}
	notFound := fmt.Errorf("%w: leak %d", ErrNotFound, id)
	if !v.Contains(leak.Repository) {
		return d, notFound
	}
	repository, err := tx.Repository(ctx, leak.Repository)
	if errors.Is(err, ErrNotFound) {
		return d, notFound
	}
	if err != nil {
		return d, err
	}
	leak = withoutHidden(leak, v)
	d.Leak, d.Repository = raised(leak, repository), repository
	d.InDefaultBranch = leak.FilesRef != "" && leak.FilesRef == "refs/heads/"+repository.DefaultBranch
	if d.Sightings, err = tx.sightings(ctx, `WHERE s.leak = $1 AND s.outside <= $2 ORDER BY s.id LIMIT $3`, id, leak.Outside, maxDetailPlaces); err != nil {
		return d, err
	}
	for _, s := range d.Sightings {
		if s.InFile() {
			d.Path = s.Path
			break
		}
	}
	if _, err := one(ctx, tx, []any{into{&d.Seen}, &d.Places}, `SELECT seen, (SELECT count(*) FROM sightings WHERE leak = $1) FROM leaks WHERE id = $1`, id); err != nil {
		return d, err
	}
	if d.History, err = tx.Events(ctx, id); err != nil {
		return d, err
	}
	if home := leak.IssueRepository; home != 0 && home != repository.ID && v.Contains(home) {
		if d.Elsewhere, err = tx.Repository(ctx, home); err != nil && !errors.Is(err, ErrNotFound) {
			return d, err
		}
	}
	if d.Text, err = tx.issueText(ctx, id); err != nil {
		return d, err
	}
	d.Timeline, err = tx.timeline(ctx, v, d)
	return d, err
}

// timeline puts together what happened to a leak.
func (tx *Tx) timeline(ctx context.Context, v Visible, d LeakDetail) ([]Happening, error) {
	found := Happening{At: d.Leak.Detected, Kind: HappenedFound, By: d.Leak.Pusher}
	list := []Happening{found}
	for _, e := range d.History {
		list = append(list, Happening{At: e.At, Kind: HappenedState, By: e.By, From: e.From, To: e.To, Reason: e.Reason, Approved: e.ApprovedBy, Until: e.Until})
	}
	seen, err := tx.seenBy(ctx, d.Leak)
	if err != nil {
		return nil, err
	}
	checks, err := tx.checksOf(ctx, d.Leak)
	if err != nil {
		return nil, err
	}
	done, err := tx.Activity(ctx, v, ActivityQuery{Leak: d.Leak.ID, Limit: maxTimeline, Done: true})
	if err != nil {
		return nil, err
	}
	list = append(append(list, seen...), checks...)
	for _, a := range done.Entries {
		list = append(list, Happening{At: a.At, Kind: HappenedDone, By: a.By, Activity: a})
	}
	slices.SortStableFunc(list, func(a, b Happening) int { return a.At.Compare(b.At) })
	return list, nil
}

// seenBy lists the scans that met a leak at places that were new, the latest of them.
func (tx *Tx) seenBy(ctx context.Context, l respond.Leak) ([]Happening, error) {
	var list []Happening
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		h := Happening{Kind: HappenedSeen}
		err := scan(into{&h.At}, &h.By, &h.Trigger, into{&h.Ref}, &h.Pull, &h.Head, &h.Places)
		list = append(list, h)
		return err
	}, `SELECT c.finished, c.pusher, c.event, c.ref, c.pull_number, c.head, x.places
		FROM (SELECT first_scan, count(*) AS places FROM sightings WHERE leak = $1 AND outside <= $2 GROUP BY first_scan) x
		JOIN scans c ON c.id = x.first_scan ORDER BY c.finished DESC LIMIT $3`, l.ID, l.Outside, maxTimeline)
	return list, err
}

// checksOf lists the check runs that show a leak, the latest of them.
func (tx *Tx) checksOf(ctx context.Context, l respond.Leak) ([]Happening, error) {
	var list []Happening
	err := each(ctx, tx.unprepared(), func(scan func(...any) error) error {
		h := Happening{Kind: HappenedCheck, By: respond.Self}
		err := scan(into{&h.At}, &h.Head, &h.CheckRun, &h.Conclusion)
		list = append(list, h)
		return err
	}, `SELECT k.updated, k.head, k.run_id, k.conclusion FROM checks k
		WHERE k.repository = $1 AND k.run_id <> 0 AND k.head IN (
			SELECT c.head FROM sightings s JOIN scan_sightings x ON x.sighting = s.id JOIN scans c ON c.id = x.scan
			WHERE s.leak = $2 AND c.repository = $1)
		ORDER BY k.updated DESC LIMIT $3`, l.Repository, l.ID, maxTimeline)
	return list, err
}

// SaveIssueText records the text of a leak's issue as it was sent, to be shown elsewhere.
func (tx *Tx) SaveIssueText(ctx context.Context, leak int64, title, body string) error {
	_, packed := appendBody(nil, []byte(body))
	_, err := tx.exec(ctx, `INSERT INTO issue_texts (leak, title, body, at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (leak) DO UPDATE SET title = excluded.title, body = excluded.body, at = excluded.at`, leak, title, packed, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: text of the issue of leak %d: %w", leak, err)
	}
	return nil
}

func (tx *Tx) issueText(ctx context.Context, leak int64) (t IssueRecord, err error) {
	var packed []byte
	found, err := one(ctx, tx, []any{&t.Title, &packed, into{&t.At}}, `SELECT title, body, at FROM issue_texts WHERE leak = $1`, leak)
	if err != nil || !found {
		return IssueRecord{}, err
	}
	body, err := unpackBody(packed)
	t.Body = string(body)
	return t, err
}
