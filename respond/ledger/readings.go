package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Reading is what of something on GitHub was read last that is neither in the repository's git nor in a text.
type Reading struct {
	Repository int64
	Kind       respond.Source // [respond.InWiki], [respond.InAsset]
	ID         int64          // REST's; 0 where the repository has but one
	Version    string         // of the wiki its commits, separated by spaces; of a file its digest, or when it was changed
}

// LastRead returns the version that was read last; "": none was.
func (tx *Tx) LastRead(ctx context.Context, repository int64, kind respond.Source, id int64) (version string, err error) {
	_, err = one(ctx, tx, []any{&version}, `SELECT version FROM readings WHERE repository = $1 AND kind = $2 AND id = $3`, repository, kind, id)
	if err != nil {
		return "", fmt.Errorf("ledger: what was read of %s %d in repository %d: %w", kind, id, repository, err)
	}
	return version, nil
}

// RecordReading records that a version was read. ErrNotFound: the repository is not in the ledger.
func (tx *Tx) RecordReading(ctx context.Context, r Reading) error {
	_, err := tx.exec(ctx, `INSERT INTO readings (repository, kind, id, version, read) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (repository, kind, id) DO UPDATE SET version = excluded.version, read = excluded.read`,
		r.Repository, r.Kind, r.ID, r.Version, tx.now)
	if err != nil {
		return explain(fmt.Errorf("ledger: reading of %s %d in repository %d: %w", r.Kind, r.ID, r.Repository, err))
	}
	return nil
}

// logsWanted is the version of a reading of logs, which says that the policy wants them.
const logsWanted = "wanted"

// LogsWanted reports what [Tx.WantLogs] recorded last.
func (tx *Tx) LogsWanted(ctx context.Context, repository int64) (bool, error) {
	version, err := tx.LastRead(ctx, repository, respond.InLog, 0)
	return version == logsWanted, err
}

// WantLogs records whether a repository's policy has the logs of Actions read. ErrNotFound: the repository is not in the ledger.
func (tx *Tx) WantLogs(ctx context.Context, repository int64, want bool) error {
	version := ""
	if want {
		version = logsWanted
	}
	return tx.RecordReading(ctx, Reading{Repository: repository, Kind: respond.InLog, Version: version})
}

// WantedLogs counts the repositories of each installation whose policies have logs of Actions read, and names one.
func (s *Store) WantedLogs(ctx context.Context) (map[int64]respond.WantedLogs, error) {
	wanted := map[int64]respond.WantedLogs{}
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		return each(ctx, tx, func(scan func(...any) error) error {
			var installation int64
			var w respond.WantedLogs
			err := scan(&installation, &w.Repositories, &w.One)
			wanted[installation] = w
			return err
		}, `SELECT r.installation, count(*), min(r.owner || '/' || r.name) FROM readings x JOIN repositories r ON r.id = x.repository
			WHERE x.kind = $1 AND x.version = $2 AND r.removed = 0 GROUP BY r.installation`, respond.InLog, logsWanted)
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: whose logs are wanted: %w", err)
	}
	return wanted, nil
}

// LeaksIn lists up to limit leaks of a repository that were seen in texts of a source and are not gone from there. id is REST's of the text; 0: any.
func (tx *Tx) LeaksIn(ctx context.Context, repository int64, source respond.Source, id int64, limit int) (leaks []int64, err error) {
	err = each(ctx, tx, func(scan func(...any) error) error {
		var leak int64
		err := scan(&leak)
		leaks = append(leaks, leak)
		return err
	}, `SELECT DISTINCT l.id FROM leaks l JOIN sightings s ON s.leak = l.id
		WHERE l.repository = $1 AND s.source = $2 AND s.gone = 0 AND (CAST($3 AS BIGINT) = 0 OR s.text_id = $3) ORDER BY l.id LIMIT $4`, repository, source, id, limit)
	if err != nil {
		return nil, fmt.Errorf("ledger: leaks in %s of repository %d: %w", source, repository, err)
	}
	return leaks, nil
}

// TakeTurn takes one of what an installation may do of a kind: burst at once, then one in each pause. It returns when that one's turn is;
// ok is false where that were later than within, and nothing was taken.
func (tx *Tx) TakeTurn(ctx context.Context, installation int64, kind string, burst int, pause, within time.Duration) (at time.Time, ok bool, err error) {
	var next time.Time
	_, err = one(ctx, tx, []any{into{&next}}, `SELECT next FROM paces WHERE installation = $1 AND rate = $2`+tx.ForUpdate(), installation, kind)
	if err == nil {
		next = latest(next, tx.now)
		at = latest(next.Add(-time.Duration(burst-1)*pause), tx.now)
		if at.Sub(tx.now) > within {
			return time.Time{}, false, nil
		}
		_, err = tx.exec(ctx, `INSERT INTO paces (installation, rate, next) VALUES ($1, $2, $3)
			ON CONFLICT (installation, rate) DO UPDATE SET next = excluded.next`, installation, kind, next.Add(pause))
	}
	if err != nil {
		return time.Time{}, false, fmt.Errorf("ledger: turn of installation %d for %s: %w", installation, kind, err)
	}
	return at, true, nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
