package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// RecordedScan says what a scan brought. A scan that is recorded again, after a crash say, brings the same again.
type RecordedScan struct {
	New   []respond.Leak // first recorded by this scan
	Known []respond.Leak // recorded before
	// Fresh are the sightings that this scan recorded first, by leak; of a scan of texts, those where the key did not stand before.
	Fresh     map[int64][]respond.Sighting
	Regressed []respond.Leak // those of Known that are not open, and that this scan saw at a place where they had not been seen
}

// RecordScan records a scan and what it saw. Leaks are distinguished by repository and fingerprint, sightings by leak,
// commit, path, member, line and column. A leak that is seen again keeps its state and its life; facts that it lacked are
// filled in. A scan of the same head, base and event replaces the figures of the one recorded before, but what was seen
// at a head stays seen: read again, the range may hold less, since tips that were recorded in between serve as haves.
// A scan from outside changes nothing of a leak that the repository has, and is no reason for one that it has not; a later scan
// from inside takes such a leak over, with its own facts and as a new one. ErrNotFound: the repository is not in the ledger.
func (tx *Tx) RecordScan(ctx context.Context, scan respond.Scan, observations []respond.Observation) (RecordedScan, error) {
	recorded, err := tx.recordScan(ctx, scan, observations)
	if err != nil {
		return RecordedScan{}, explain(fmt.Errorf("ledger: scan of %s in repository %d: %w", scan.Head, scan.Repository, err))
	}
	return recorded, nil
}

func (tx *Tx) recordScan(ctx context.Context, scan respond.Scan, observations []respond.Observation) (RecordedScan, error) {
	id, err := tx.saveScan(ctx, scan)
	if err != nil {
		return RecordedScan{}, err
	}
	leaks, paths := map[string]int64{}, map[int64][]string{} // fingerprint to id, and where each is
	var order []int64
	came := map[int64]bool{} // sightings where the key did not stand before
	for _, o := range observations {
		leak, ok := leaks[o.Leak.Fingerprint]
		if !ok {
			o.Leak.Repository = scan.Repository
			if leak, err = tx.saveLeak(ctx, o.Leak, id, scan.Outside); err != nil {
				return RecordedScan{}, err
			}
			leaks[o.Leak.Fingerprint] = leak
			order = append(order, leak)
		}
		if o.Nowhere {
			continue
		}
		sighting, news, err := tx.saveSighting(ctx, id, leak, o, scan.Outside)
		if err != nil {
			return RecordedScan{}, err
		}
		came[sighting] = came[sighting] || news
		if !scan.Outside && !o.Sighting.InText() {
			paths[leak] = append(paths[leak], o.Sighting.Path)
		}
	}
	for _, leak := range order {
		if err := tx.addPaths(ctx, leak, paths[leak]); err != nil {
			return RecordedScan{}, err
		}
	}
	recorded, err := tx.newlyRecorded(ctx, id, order)
	if scan.Trigger == respond.TriggerText { // about one text each, which is edited again and again
		for leak, fresh := range recorded.Fresh {
			recorded.Fresh[leak] = slices.DeleteFunc(fresh, func(s respond.Sighting) bool { return !came[s.ID] })
		}
	}
	return recorded, err
}

func (tx *Tx) saveScan(ctx context.Context, scan respond.Scan) (id int64, err error) {
	if scan.Finished.IsZero() {
		scan.Finished = tx.now
	}
	_, err = one(ctx, tx, []any{&id}, `INSERT INTO scans (repository, head, base, event, ref, pull_number, pusher, commits,
			blobs, bytes, pack_bytes, duration, skipped, finished, failure, policy_changed, unjudged, more_places,
			outside)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
		ON CONFLICT (repository, head, base, event) DO UPDATE SET ref = excluded.ref, pull_number = excluded.pull_number,
			pusher = excluded.pusher, commits = excluded.commits, blobs = excluded.blobs, bytes = excluded.bytes,
			pack_bytes = excluded.pack_bytes, duration = excluded.duration, skipped = excluded.skipped,
			finished = excluded.finished, failure = excluded.failure, policy_changed = excluded.policy_changed,
			unjudged = excluded.unjudged, more_places = excluded.more_places, outside = excluded.outside
		RETURNING id`,
		scan.Repository, scan.Head, scan.Base, scan.Trigger, []byte(scan.Ref), scan.PullNumber, scan.Pusher, scan.Commits,
		scan.Blobs, scan.Bytes, scan.PackBytes, scan.Duration, scan.Skipped, scan.Finished, scan.Failure,
		scan.PolicyChanged, scan.Unjudged, scan.MorePlaces, scan.Outside)
	return id, err
}

// saveLeak records a leak, or fills in what is known of it. Its time of introduction is the earliest that was seen.
func (tx *Tx) saveLeak(ctx context.Context, l respond.Leak, scan int64, outside bool) (id int64, err error) {
	if l.State == "" {
		l.State = respond.Open
	}
	if l.Detected.IsZero() {
		l.Detected = tx.now
	}
	if outside {
		known, err := one(ctx, tx, []any{&id}, `SELECT id FROM leaks WHERE repository = $1 AND fingerprint = $2 AND outside = 0`,
			l.Repository, l.Fingerprint)
		if err != nil || known {
			return id, err
		}
	} else if err := tx.adoptLeak(ctx, l, scan); err != nil {
		return 0, err
	}
	var look time.Time
	if !outside && l.State == respond.Open {
		look = l.Detected.Add(respond.FirstLook)
	}
	_, err = one(ctx, tx, []any{&id}, `INSERT INTO leaks (repository, fingerprint, kind, environment, severity, confidence,
			reasons, redacted, instance, dashboard, variable, browser, state, introduced, detected, pusher, first_scan, outside, seen, look)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		ON CONFLICT (repository, fingerprint) DO UPDATE SET seen = excluded.seen,
			instance  = CASE leaks.instance WHEN '' THEN excluded.instance ELSE leaks.instance END,
			dashboard = CASE leaks.dashboard WHEN '' THEN excluded.dashboard ELSE leaks.dashboard END,
			variable  = CASE leaks.variable WHEN '' THEN excluded.variable ELSE leaks.variable END,
			pusher    = CASE leaks.pusher WHEN '' THEN excluded.pusher ELSE leaks.pusher END,
			browser   = CASE excluded.browser WHEN 1 THEN 1 ELSE leaks.browser END,
			introduced = CASE WHEN leaks.introduced = 0 OR excluded.introduced <> 0 AND excluded.introduced < leaks.introduced
				THEN excluded.introduced ELSE leaks.introduced END
		RETURNING id`,
		l.Repository, l.Fingerprint, l.Kind, l.Environment, l.Severity, l.Confidence, l.Reasons, l.Redacted, l.Instance,
		l.Dashboard, l.Variable, l.Browser, l.State, l.Introduced, l.Detected, l.Pusher, scan, outside, tx.now, look)
	return id, err
}

// adoptLeak makes a leak from outside, where there is one, a new leak of the repository, with the facts of the scan that
// brought it there. What a person said about it counts on; what the policy allowed at the place outside does not. The same
// goes for an open leak of low confidence that a scan is surer of: until then nothing followed from it but a line in a check.
func (tx *Tx) adoptLeak(ctx context.Context, l respond.Leak, scan int64) error {
	_, err := tx.exec(ctx, `UPDATE leaks SET outside = 0, detected = $3, first_scan = $4, severity = $5, confidence = $6, reasons = $7,
			instance = $8, dashboard = $9, variable = $10, browser = $11, introduced = $12, pusher = $13, look = $14,
			closed = CASE closed_by WHEN 'rekey' THEN 0 ELSE closed END,
			reason = CASE closed_by WHEN 'rekey' THEN '' ELSE reason END,
			state = CASE closed_by WHEN 'rekey' THEN 'open' ELSE state END,
			closed_by = CASE closed_by WHEN 'rekey' THEN '' ELSE closed_by END
		WHERE repository = $1 AND fingerprint = $2 AND (outside = 1 OR confidence = 'low' AND $6 <> 'low' AND state = 'open')`,
		l.Repository, l.Fingerprint, l.Detected, scan, l.Severity, l.Confidence, l.Reasons, l.Instance, l.Dashboard, l.Variable,
		l.Browser, l.Introduced, l.Pusher, l.Detected.Add(respond.FirstLook))
	return err
}

// standing is SQL for a sighting where the key is to be seen.
const standing = `CASE WHEN gone = 0 AND former = 0 AND outside = 0 THEN 1 ELSE 0 END`

// saveSighting records where a leak was seen. came reports whether that is a new place, or of a text that the key stands there again.
func (tx *Tx) saveSighting(ctx context.Context, scan, leak int64, o respond.Observation, outside bool) (id int64, came bool, err error) {
	s := o.Sighting
	var known, stood, stands bool
	if s.InText() {
		if known, err = one(ctx, tx, []any{into{&stood}}, `SELECT `+standing+` FROM sightings WHERE leak = $1 AND place = $2`, leak, placeOf(s)); err != nil {
			return 0, false, err
		}
	}
	if !outside {
		_, err := tx.exec(ctx, `UPDATE sightings SET outside = 0, first_scan = $3, ref = $4 WHERE leak = $1 AND place = $2 AND outside = 1`,
			leak, placeOf(s), scan, []byte(s.Ref))
		if err != nil {
			return 0, false, err
		}
	}
	_, err = one(ctx, tx, []any{&id, into{&stands}}, `INSERT INTO sightings (leak, source, blob_sha, commit_sha, path, member, encoding,
			line, col, end_line, end_col, author_name, author_email, authored, ref, allowed, first_scan, place, outside, node_id, text_id, number, text_url, field, former, gone)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26)
		ON CONFLICT (leak, place) DO UPDATE SET source = excluded.source, blob_sha = excluded.blob_sha,
			encoding = excluded.encoding, end_line = excluded.end_line, end_col = excluded.end_col, allowed = excluded.allowed,
			text_url = excluded.text_url,
			former = CASE WHEN excluded.authored < sightings.authored OR excluded.authored < sightings.masked THEN sightings.former ELSE excluded.former END,
			gone = CASE WHEN excluded.gone <> 0 AND (excluded.former = 0 OR excluded.authored >= sightings.authored) THEN excluded.gone
				WHEN excluded.authored > sightings.authored THEN 0
				ELSE sightings.gone END,
			authored = CASE WHEN excluded.node_id = '' OR excluded.authored < sightings.authored THEN sightings.authored ELSE excluded.authored END
		RETURNING id, `+standing,
		leak, s.Source, s.Blob, s.Commit, []byte(s.Path), []byte(s.Member), s.Encoding, s.Line, s.Column, s.EndLine,
		s.EndColumn, s.AuthorName, s.AuthorEmail, s.Authored, []byte(s.Ref), s.Allowed, scan, placeOf(s), outside,
		s.Text.NodeID, s.Text.ID, s.Text.Number, s.Text.URL, s.Text.Field, s.Text.Former, s.Text.Gone)
	if err != nil {
		return 0, false, err
	}
	_, err = tx.exec(ctx, `INSERT INTO scan_sightings (scan, sighting, at_head) VALUES ($1, $2, $3)
		ON CONFLICT (scan, sighting) DO UPDATE SET at_head = CASE excluded.at_head WHEN 1 THEN 1 ELSE scan_sightings.at_head END`,
		scan, id, o.AtHead)
	return id, !known || stands && !stood, err
}

// RecordReadBefore notes that commits belong to a scan's range though others may have been the first to read them: what was seen
// in those counts as seen by the scan, but not what was seen outside the repository alone.
func (tx *Tx) RecordReadBefore(ctx context.Context, scan respond.Scan, commits []string) error {
	for some := range slices.Chunk(commits, maxListed) {
		args := []any{scan.Repository, scan.Head, scan.Base, scan.Trigger}
		var in []string
		for _, commit := range some {
			args = append(args, commit)
			in = append(in, fmt.Sprintf("$%d", len(args)))
		}
		_, err := tx.exec(ctx, `INSERT INTO scan_sightings (scan, sighting, at_head)
			SELECT c.id, s.id, 0 FROM leaks l JOIN sightings s ON s.leak = l.id
				JOIN scans c ON c.repository = $1 AND c.head = $2 AND c.base = $3 AND c.event = $4
			WHERE l.repository = $1 AND s.outside = 0 AND s.commit_sha IN (`+strings.Join(in, ", ")+`)
			ON CONFLICT DO NOTHING`, args...)
		if err != nil {
			return fmt.Errorf("ledger: what was seen before in %s: %w", scan.Head, err)
		}
	}
	return nil
}

// maxListed is how many values one statement lists.
const maxListed = 256

// placeOf is what tells a leak's sightings apart.
func placeOf(s respond.Sighting) string {
	h := sha256.New()
	if s.InText() { // wherever in it: texts are edited
		switch s.Source {
		case respond.InWiki: // each version is a text of its own
			fmt.Fprintf(h, "text %s %s %s", s.Source, s.Commit, s.Path)
		case respond.InAsset, respond.InLog:
			fmt.Fprintf(h, "text %s %d %d:%s %s", s.Source, s.Text.ID, len(s.Text.Field), s.Text.Field, s.Member)
		default:
			fmt.Fprintf(h, "text %s %s %s", s.Source, cmp.Or(s.Text.NodeID, s.Text.URL), s.Text.Field)
		}
		return hex.EncodeToString(h.Sum(nil)[:16])
	}
	// Lengths keep the parts from running into each other.
	fmt.Fprintf(h, "%s %d %d %d:%s %d:%s", s.Commit, s.Line, s.Column, len(s.Path), s.Path, len(s.Member), s.Member)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func (tx *Tx) newlyRecorded(ctx context.Context, scan int64, leaks []int64) (RecordedScan, error) {
	r := RecordedScan{Fresh: map[int64][]respond.Sighting{}}
	for _, id := range leaks {
		leak, err := tx.Leak(ctx, id)
		if err != nil {
			return RecordedScan{}, err
		}
		var firstScan int64
		if _, err := one(ctx, tx, []any{&firstScan}, `SELECT first_scan FROM leaks WHERE id = $1`, id); err != nil {
			return RecordedScan{}, err
		}
		fresh, err := tx.sightings(ctx, `WHERE s.leak = $1 AND s.first_scan = $2 ORDER BY s.id`, id, scan)
		if err != nil {
			return RecordedScan{}, err
		}
		r.Fresh[id] = fresh
		if firstScan == scan {
			r.New = append(r.New, leak)
			continue
		}
		r.Known = append(r.Known, leak)
		if leak.State != respond.Open && len(fresh) > 0 {
			r.Regressed = append(r.Regressed, leak)
		}
	}
	return r, nil
}

// Scans lists the scans of a head commit in the order in which they were first recorded. Backfills of a whole
// history are left out, which are about no commit, and scans of texts, which read none.
func (tx *Tx) Scans(ctx context.Context, repository int64, head string) ([]respond.Scan, error) {
	var list []respond.Scan
	err := each(ctx, tx, func(scan func(...any) error) error {
		s := respond.Scan{Repository: repository, Head: head}
		err := scan(&s.Base, into{&s.Ref}, &s.Trigger, &s.PullNumber, &s.Pusher, &s.Commits, &s.Blobs, &s.Bytes, &s.PackBytes,
			into{&s.Duration}, into{&s.Skipped}, into{&s.Finished}, &s.Failure, into{&s.PolicyChanged},
			into{&s.Unjudged}, &s.MorePlaces, into{&s.Outside})
		list = append(list, s)
		return err
	}, `SELECT base, ref, event, pull_number, pusher, commits, blobs, bytes, pack_bytes, duration, skipped, finished, failure,
			policy_changed, unjudged, more_places, outside
		FROM scans WHERE repository = $1 AND head = $2 AND event NOT IN (`+backfill+`, `+ofText+`) ORDER BY id`, repository, head)
	if err != nil {
		return nil, fmt.Errorf("ledger: scans of %s: %w", head, err)
	}
	return list, nil
}

// HeadSightings lists what the scans of a head commit saw, backfills left out, by leak and then in the order in which it was recorded.
func (tx *Tx) HeadSightings(ctx context.Context, repository int64, head string) ([]respond.HeadSighting, error) {
	var list []respond.HeadSighting
	err := each(ctx, tx, func(scan func(...any) error) error {
		var h respond.HeadSighting
		fields := append(leakFields(&h.Leak), sightingFields(&h.Sighting)...)
		err := scan(append(fields, into{&h.AtHead}, into{&h.Annotated})...)
		list = append(list, h)
		return err
	}, `SELECT `+leakColumns+`, `+sightingColumns+`, seen.at_head,
			CASE WHEN a.sighting IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END
		FROM (
			SELECT x.sighting, max(x.at_head) AS at_head FROM scans c JOIN scan_sightings x ON x.scan = c.id
			WHERE c.repository = $1 AND c.head = $2 AND c.event <> `+backfill+` GROUP BY x.sighting
		) seen
		JOIN sightings s ON s.id = seen.sighting
		JOIN leaks l ON l.id = s.leak
		LEFT JOIN annotations a ON a.repository = $1 AND a.head = $2 AND a.sighting = s.id
		ORDER BY l.id, s.id`, repository, head)
	if err != nil {
		return nil, fmt.Errorf("ledger: sightings at %s: %w", head, err)
	}
	return list, nil
}

// MarkAnnotated notes that the annotations of these sightings were sent for a head commit.
func (tx *Tx) MarkAnnotated(ctx context.Context, repository int64, head string, sightings []int64) error {
	for _, id := range sightings {
		_, err := tx.exec(ctx, `INSERT INTO annotations (repository, head, sighting) VALUES ($1, $2, $3)
			ON CONFLICT DO NOTHING`, repository, head, id)
		if err != nil {
			return fmt.Errorf("ledger: annotations of %s: %w", head, err)
		}
	}
	return nil
}

// PolicyTouched reports whether a push to a ref changed the repository's policy file, of those that are on record.
func (tx *Tx) PolicyTouched(ctx context.Context, repository int64, ref string) (bool, error) {
	var id int64
	touched, err := one(ctx, tx, []any{&id},
		`SELECT id FROM scans WHERE policy_changed = 1 AND repository = $1 AND ref = $2 LIMIT 1`, repository, []byte(ref))
	if err != nil {
		return false, fmt.Errorf("ledger: policy on a ref of repository %d: %w", repository, err)
	}
	return touched, nil
}
