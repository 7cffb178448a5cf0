package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// BackfillPhase is where the reading of a repository's whole history stands.
type BackfillPhase string

// The phases of a backfill.
const (
	BackfillWaiting  BackfillPhase = "waiting"  // an attempt failed or was cut off, and the next one has not started
	BackfillArriving BackfillPhase = "arriving" // the history is asked for, and comes
	BackfillReading  BackfillPhase = "reading"
	BackfillGivenUp  BackfillPhase = "given up" // until the repositories are next compared with GitHub's list
)

// Backfill is the reading of a repository's whole history. It is remembered until the history has been read.
type Backfill struct {
	Repository     int64
	Phase          BackfillPhase
	Attempt        int // 1 is the first since the history was last read whole; each starts over
	Objects, Total int
	Bytes          int64 // arrived, of the pack; or read, inflated
	Started        time.Time
	Updated        time.Time // when its progress was last saved
	Reason         string    // why the last attempt failed, or why it was given up
	Crashed        bool      // given up because the process ended each time in the middle of it
}

// Share is how much of the phase is done, from 0 to 1. It is not known while nobody has said how much there is.
func (l Backfill) Share() (share float64, known bool) {
	if l.Total <= 0 || l.Phase != BackfillReading && l.Objects == 0 {
		return 0, false
	}
	return min(1, float64(l.Objects)/float64(l.Total)), true
}

// StartBackfill records that an attempt to read a repository's history begins, at its start. ErrNotFound: the repository is
// not in the ledger.
func (tx *Tx) StartBackfill(ctx context.Context, repository int64) (Backfill, error) {
	backfill := Backfill{Repository: repository, Phase: BackfillArriving, Started: tx.now, Updated: tx.now}
	_, err := one(ctx, tx, []any{&backfill.Attempt}, `INSERT INTO backfills (repository, phase, attempt, started, updated)
		VALUES ($1, 'arriving', 1, $2, $2)
		ON CONFLICT (repository) DO UPDATE SET phase = excluded.phase, attempt = backfills.attempt + 1, objects = 0, total = 0,
			bytes = 0, started = excluded.started, updated = excluded.updated, reason = '', crashed = 0
		RETURNING attempt`, repository, tx.now)
	if err != nil {
		return Backfill{}, explain(fmt.Errorf("ledger: backfill of repository %d: %w", repository, err))
	}
	return backfill, nil
}

// SaveProgress records how far a backfill is: its phase, objects, total and bytes. What comes late, when the backfill is over or
// another attempt has started, changes nothing.
//
// It is a transaction of its own that depends on no other, so that telling never makes one wait or run again.
func (s *Store) SaveProgress(ctx context.Context, l Backfill) error {
	err := s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE backfills SET phase = $3, objects = $4, total = $5, bytes = $6, updated = $7
			WHERE repository = $1 AND attempt = $2 AND phase IN ('arriving', 'reading')`,
			l.Repository, l.Attempt, string(l.Phase), l.Objects, l.Total, l.Bytes, tx.now)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: progress of the backfill of repository %d: %w", l.Repository, err)
	}
	return nil
}

// PauseBackfill records that an attempt has failed and another one will come. ErrNotFound: there is no such backfill, as when the
// repository was forgotten meanwhile.
func (tx *Tx) PauseBackfill(ctx context.Context, repository int64, reason string) error {
	return tx.leaveBackfill(ctx, repository, BackfillWaiting, reason, false)
}

// GiveUpBackfill records that no attempt will come, and why; crashed, that it was because the process ended in the middle of
// each. ErrNotFound as for PauseBackfill.
func (tx *Tx) GiveUpBackfill(ctx context.Context, repository int64, reason string, crashed bool) error {
	return tx.leaveBackfill(ctx, repository, BackfillGivenUp, reason, crashed)
}

func (tx *Tx) leaveBackfill(ctx context.Context, repository int64, phase BackfillPhase, reason string, crashed bool) error {
	n, err := tx.exec(ctx, `UPDATE backfills SET phase = $2, objects = 0, total = 0, bytes = 0, updated = $3, reason = $4, crashed = $5
		WHERE repository = $1`, repository, string(phase), tx.now, reason, crashed)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: backfill of repository %d: %w", repository, err)
	case n == 0:
		return fmt.Errorf("%w: backfill of repository %d", ErrNotFound, repository)
	}
	return nil
}

// EndBackfill forgets a backfill that is over: the history has been read. It is no error if there was none.
func (tx *Tx) EndBackfill(ctx context.Context, repository int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM backfills WHERE repository = $1`, repository); err != nil {
		return fmt.Errorf("ledger: backfill of repository %d: %w", repository, err)
	}
	return nil
}

// GivenUpBackfills returns the backfills of an installation's repositories that were given up, by repository.
func (tx *Tx) GivenUpBackfills(ctx context.Context, installation int64) (map[int64]Backfill, error) {
	backfills := map[int64]Backfill{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var l Backfill
		var phase string
		if err := scan(l.fields(&phase)...); err != nil {
			return err
		}
		l.Phase = BackfillPhase(phase)
		backfills[l.Repository] = l
		return nil
	}, `SELECT `+backfillColumns+`, l.phase FROM backfills l JOIN repositories r ON r.id = l.repository
		WHERE r.installation = $1 AND l.phase = 'given up'`, installation)
	if err != nil {
		return nil, fmt.Errorf("ledger: backfills given up in installation %d: %w", installation, err)
	}
	return backfills, nil
}

const backfillColumns = `l.repository, l.attempt, l.objects, l.total, l.bytes, l.started, l.updated, l.reason, l.crashed`

// fields are where backfillColumns and the phase are read to.
func (l *Backfill) fields(phase *string) []any {
	return []any{
		&l.Repository, &l.Attempt, &l.Objects, &l.Total, &l.Bytes, into{&l.Started}, into{&l.Updated}, &l.Reason, into{&l.Crashed}, phase,
	}
}
