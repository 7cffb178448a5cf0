package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond"
)

// Backfill is how far the reading of whole histories is.
type Backfill struct {
	Repositories int // all that are known; each is counted once below
	Looked       int // the history has been read
	Reading      int // it is being read now, for the first time or again
	Waiting      int // it has not been read, and will be
	GivenUp      int // it could not be read; Looks tells why

	// Looks are those being read, then those given up, then those between two attempts. A repository whose first attempt
	// has not begun is not among them.
	Looks []RepositoryLook
}

// RepositoryLook is a look, and the repository that it is about. Backfilled is not zero where a history is read again.
type RepositoryLook struct {
	Repository respond.Repository
	Look       Look
}

// lookState tells in which state a repository is. A look is being read only while the queue says that its job runs: after
// a kill -9 the job is taken up again (see reclaim.go), and from then on its old figures count for nothing.
const lookState = `CASE
		WHEN l.phase IN ('arriving', 'reading') AND EXISTS (
			SELECT 1 FROM keyed_jobs k JOIN river_job j ON j.id = k.running
			WHERE k.kind = 'first_look' AND k.key = CAST(l.repository AS TEXT) AND j.state = 'running') THEN l.phase
		WHEN l.phase = 'given up' THEN l.phase
		WHEN r.first_looked <> 0 THEN 'looked'
		ELSE 'waiting' END`

// Backfill tells how far the reading of an installation's histories is, with up to limit looks; installation 0 stands for
// all. It reads whole tables of repositories: once in some seconds is often enough.
func (tx *Tx) Backfill(ctx context.Context, installation int64, limit int) (Backfill, error) {
	var b Backfill
	err := each(ctx, tx, func(scan func(...any) error) error {
		var state string
		var n int
		if err := scan(&state, &n); err != nil {
			return err
		}
		b.Repositories += n
		switch state {
		case "looked":
			b.Looked += n
		case string(LookArriving), string(LookReading):
			b.Reading += n
		case string(LookGivenUp):
			b.GivenUp += n
		default:
			b.Waiting += n
		}
		return nil
	}, `SELECT state, count(*) FROM (
			SELECT `+lookState+` AS state FROM repositories r LEFT JOIN looks l ON l.repository = r.id
			WHERE CAST($1 AS BIGINT) IN (0, r.installation)
		) states GROUP BY state`, installation)
	if err == nil && limit > 0 {
		b.Looks, err = tx.looks(ctx, installation, limit)
	}
	if err != nil {
		return Backfill{}, fmt.Errorf("ledger: backfill: %w", err)
	}
	return b, nil
}

func (tx *Tx) looks(ctx context.Context, installation int64, limit int) ([]RepositoryLook, error) {
	var list []RepositoryLook
	err := each(ctx, tx, func(scan func(...any) error) error {
		var one RepositoryLook
		var state string
		err := scanRepository(func(dest ...any) error { return scan(append(dest, one.Look.fields(&state)...)...) }, &one.Repository)
		if err != nil {
			return err
		}
		l := &one.Look
		switch l.Phase = LookPhase(state); l.Phase {
		case LookArriving, LookReading, LookGivenUp:
		default: // it was cut off, maybe in the middle: the next attempt begins anew
			l.Phase, l.Objects, l.Total, l.Bytes = LookWaiting, 0, 0, 0
		}
		list = append(list, one)
		return nil
	}, `SELECT l.* FROM (
			SELECT r.id, r.installation, r.owner, r.name, r.default_branch, r.private, r.archived, r.first_looked,
				`+lookColumns+`, `+lookState+` AS state
			FROM looks l JOIN repositories r ON r.id = l.repository WHERE CAST($1 AS BIGINT) IN (0, r.installation)
		) l ORDER BY CASE l.state WHEN 'arriving' THEN 0 WHEN 'reading' THEN 0 WHEN 'given up' THEN 1 ELSE 2 END, l.begun, l.id
		LIMIT $2`, installation, limit)
	return list, err
}
