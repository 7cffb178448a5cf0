package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond"
)

// Backfills is how far the reading of whole histories is.
type Backfills struct {
	Repositories int // all that are known; each is counted once below
	Done         int // the history has been read
	Reading      int // it is being read now, for the first time or again
	Waiting      int // it has not been read, and will be
	GivenUp      int // it could not be read; List says why

	// List are those being read, then those given up, then those between two attempts. A repository whose first attempt
	// has not started is not among them.
	List []RepositoryBackfill
}

// RepositoryBackfill is a backfill, and the repository that it is about. Backfilled is not zero where a history is read again.
type RepositoryBackfill struct {
	Repository respond.Repository
	Backfill   Backfill
}

// backfillState is SQL for the state that a repository is in. A backfill is being read only while the queue says that its job runs: after
// a kill -9 the job is taken up again (see package queue), and from then on its old figures count for nothing.
func (tx *Tx) backfillState() string {
	return `CASE
		WHEN l.phase IN ('arriving', 'reading') AND ` + tx.s.queue.Conditions().BackfillRuns + ` THEN l.phase
		WHEN l.phase = 'given up' THEN l.phase
		WHEN r.backfilled <> 0 THEN 'done'
		ELSE 'waiting' END`
}

// Backfills reports how far the reading of an installation's histories is, with up to limit backfills; installation 0 stands for
// all. It reads whole tables of repositories: once in some seconds is often enough.
func (tx *Tx) Backfills(ctx context.Context, installation int64, limit int) (Backfills, error) {
	var b Backfills
	err := each(ctx, tx, func(scan func(...any) error) error {
		var state string
		var n int
		if err := scan(&state, &n); err != nil {
			return err
		}
		b.Repositories += n
		switch state {
		case "done":
			b.Done += n
		case string(BackfillArriving), string(BackfillReading):
			b.Reading += n
		case string(BackfillGivenUp):
			b.GivenUp += n
		default:
			b.Waiting += n
		}
		return nil
	}, `SELECT state, count(*) FROM (
			SELECT `+tx.backfillState()+` AS state FROM repositories r LEFT JOIN backfills l ON l.repository = r.id
			WHERE CAST($1 AS BIGINT) IN (0, r.installation) AND r.removed = 0
		) states GROUP BY state`, installation)
	if err == nil && limit > 0 {
		b.List, err = tx.backfills(ctx, installation, limit)
	}
	if err != nil {
		return Backfills{}, fmt.Errorf("ledger: backfill: %w", err)
	}
	return b, nil
}

func (tx *Tx) backfills(ctx context.Context, installation int64, limit int) ([]RepositoryBackfill, error) {
	var list []RepositoryBackfill
	err := each(ctx, tx, func(scan func(...any) error) error {
		var one RepositoryBackfill
		var state string
		err := scanRepository(func(dest ...any) error { return scan(append(dest, one.Backfill.fields(&state)...)...) }, &one.Repository)
		if err != nil {
			return err
		}
		l := &one.Backfill
		switch l.Phase = BackfillPhase(state); l.Phase {
		case BackfillArriving, BackfillReading, BackfillGivenUp:
		default: // it was cut off, maybe in the middle: the next attempt starts over
			l.Phase, l.Objects, l.Total, l.Bytes = BackfillWaiting, 0, 0, 0
		}
		list = append(list, one)
		return nil
	}, `SELECT l.* FROM (
			SELECT r.id, r.installation, r.owner, r.name, r.default_branch, r.private, r.archived, r.backfilled, r.as_of,
				`+backfillColumns+`, `+tx.backfillState()+` AS state
			FROM backfills l JOIN repositories r ON r.id = l.repository WHERE CAST($1 AS BIGINT) IN (0, r.installation) AND r.removed = 0
		) l ORDER BY CASE l.state WHEN 'arriving' THEN 0 WHEN 'reading' THEN 0 WHEN 'given up' THEN 1 ELSE 2 END, l.started, l.id
		LIMIT $2`, installation, limit)
	return list, err
}
