package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

const alertColumns = `a.repository, a.number, a.fingerprint, a.url, a.name, a.state, a.resolution, a.resolved_by, a.resolved_at, a.comment,
	a.ours, a.public, a.bypassed_by, a.bypassed_at, a.bypass_comment`

func (tx *Tx) alerts(ctx context.Context, rest string, args ...any) ([]respond.Alert, error) {
	var list []respond.Alert
	err := each(ctx, tx, func(scan func(...any) error) error {
		var a respond.Alert
		err := scan(&a.Repository, &a.Number, &a.Fingerprint, &a.URL, &a.Name, &a.State, &a.Resolution, &a.ResolvedBy, into{&a.ResolvedAt}, &a.Comment,
			into{&a.Ours}, into{&a.Public}, &a.BypassedBy, into{&a.BypassedAt}, &a.BypassComment)
		list = append(list, a)
		return err
	}, `SELECT `+alertColumns+` FROM alerts a `+rest, args...)
	return list, err
}

// Alert returns an alert of GitHub's secret scanning, without its places, or ErrNotFound.
func (tx *Tx) Alert(ctx context.Context, repository int64, number int) (respond.Alert, error) {
	list, err := tx.alerts(ctx, `WHERE a.repository = $1 AND a.number = $2`, repository, number)
	switch {
	case err != nil:
		return respond.Alert{}, fmt.Errorf("ledger: alert %d in repository %d: %w", number, repository, err)
	case len(list) == 0:
		return respond.Alert{}, fmt.Errorf("%w: alert %d in repository %d", ErrNotFound, number, repository)
	}
	return list[0], nil
}

// maxAlertPlaces is how many places of an alert are listed: the alert itself has all.
const maxAlertPlaces = 50

// AlertsOf lists the alerts about a leak, by number, with the first of their places.
func (tx *Tx) AlertsOf(ctx context.Context, l respond.Leak) ([]respond.Alert, error) {
	list, err := tx.alerts(ctx, `WHERE a.repository = $1 AND a.fingerprint = $2 ORDER BY a.number`, l.Repository, l.Fingerprint)
	for i := range list {
		if err != nil {
			break
		}
		a := &list[i]
		err = each(ctx, tx, func(scan func(...any) error) error {
			var p respond.AlertPlace
			err := scan(&p.Kind, &p.URL)
			a.Places = append(a.Places, p)
			return err
		}, `SELECT kind, url FROM alert_places WHERE repository = $1 AND alert = $2 ORDER BY CASE url WHEN '' THEN 1 ELSE 0 END, url, kind LIMIT $3`, a.Repository, a.Number, maxAlertPlaces)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: alerts of leak %d: %w", l.ID, err)
	}
	return list, nil
}

// SaveAlert records an alert as it is, and adds its places. It returns how many of these are new.
func (tx *Tx) SaveAlert(ctx context.Context, a respond.Alert) (added int, err error) {
	_, err = tx.exec(ctx, `INSERT INTO alerts (repository, number, fingerprint, url, name, state, resolution, resolved_by, resolved_at, comment,
			ours, public, bypassed_by, bypassed_at, bypass_comment)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (repository, number) DO UPDATE SET fingerprint = excluded.fingerprint, url = excluded.url, name = excluded.name,
			state = excluded.state, resolution = excluded.resolution, resolved_by = excluded.resolved_by, resolved_at = excluded.resolved_at,
			comment = excluded.comment, ours = excluded.ours, public = excluded.public, bypassed_by = excluded.bypassed_by,
			bypassed_at = excluded.bypassed_at, bypass_comment = excluded.bypass_comment`,
		a.Repository, a.Number, a.Fingerprint, a.URL, a.Name, a.State, a.Resolution, a.ResolvedBy, a.ResolvedAt, a.Comment,
		a.Ours, a.Public, a.BypassedBy, a.BypassedAt, a.BypassComment)
	for _, p := range a.Places {
		if err != nil {
			break
		}
		var n int64
		n, err = tx.exec(ctx, `INSERT INTO alert_places (repository, alert, kind, url) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			a.Repository, a.Number, p.Kind, p.URL)
		added += int(n)
	}
	if err != nil {
		return 0, explain(fmt.Errorf("ledger: alert %d in repository %d: %w", a.Number, a.Repository, err))
	}
	return added, nil
}

// RaiseLeak makes a leak one step more severe than its kind is, for good.
func (tx *Tx) RaiseLeak(ctx context.Context, leak int64) error {
	_, err := tx.exec(ctx, `UPDATE leaks SET severity = CASE severity WHEN 'low' THEN 'medium' WHEN 'medium' THEN 'high' ELSE 'critical' END WHERE id = $1`, leak)
	if err != nil {
		return fmt.Errorf("ledger: raise leak %d: %w", leak, err)
	}
	return nil
}

// Upload is what was uploaded for a repository's Security tab last.
type Upload struct {
	Digest  string // of the log; "": nothing was uploaded yet
	Results int
	At      time.Time
	Refused time.Time // when GitHub said that it takes nothing; zero: it did not
	Reason  string    // why
}

// LastUpload returns what was uploaded for a repository last; zero: nothing.
func (tx *Tx) LastUpload(ctx context.Context, repository int64) (u Upload, err error) {
	_, err = one(ctx, tx, []any{&u.Digest, &u.Results, into{&u.At}, into{&u.Refused}, &u.Reason},
		`SELECT digest, results, at, refused, reason FROM uploads WHERE repository = $1`, repository)
	if err != nil {
		return Upload{}, fmt.Errorf("ledger: upload of repository %d: %w", repository, err)
	}
	return u, nil
}

// SaveUpload records what was uploaded for a repository.
func (tx *Tx) SaveUpload(ctx context.Context, repository int64, u Upload) error {
	_, err := tx.exec(ctx, `INSERT INTO uploads (repository, digest, results, at, refused, reason) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (repository) DO UPDATE SET digest = excluded.digest, results = excluded.results, at = excluded.at, refused = excluded.refused,
			reason = excluded.reason`, repository, u.Digest, u.Results, u.At, u.Refused, u.Reason)
	if err != nil {
		return explain(fmt.Errorf("ledger: upload of repository %d: %w", repository, err))
	}
	return nil
}
