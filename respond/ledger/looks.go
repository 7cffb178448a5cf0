package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// LookPhase is where the reading of a repository's whole history stands.
type LookPhase string

// The phases of a look.
const (
	LookWaiting  LookPhase = "waiting"  // an attempt failed or was cut off, and the next one has not begun
	LookArriving LookPhase = "arriving" // the history is asked for, and comes
	LookReading  LookPhase = "reading"
	LookGivenUp  LookPhase = "given up" // until the repositories are next compared with GitHub's list
)

// Look is the reading of a repository's whole history. It is remembered until the history has been read.
type Look struct {
	Repository     int64
	Phase          LookPhase
	Attempt        int // 1 is the first since the history was last read whole; each begins anew
	Objects, Total int
	Bytes          int64 // arrived, of the pack; or read, inflated
	Begun          time.Time
	Told           time.Time // when the ledger last heard of it
	Reason         string    // why the last attempt failed, or why it was given up
	Deadly         bool      // given up because the process ended each time in the middle of it
}

// Share is how much of the phase is done, from 0 to 1. It is not known while nobody has said how much there is.
func (l Look) Share() (share float64, known bool) {
	if l.Total <= 0 || l.Phase != LookReading && l.Objects == 0 {
		return 0, false
	}
	return min(1, float64(l.Objects)/float64(l.Total)), true
}

// BeginLook records that an attempt to read a repository's history begins, at its start. ErrNotFound: the repository is
// not in the ledger.
func (tx *Tx) BeginLook(ctx context.Context, repository int64) (Look, error) {
	look := Look{Repository: repository, Phase: LookArriving, Begun: tx.now, Told: tx.now}
	_, err := one(ctx, tx, []any{&look.Attempt}, `INSERT INTO looks (repository, phase, attempt, begun, told)
		VALUES ($1, 'arriving', 1, $2, $2)
		ON CONFLICT (repository) DO UPDATE SET phase = excluded.phase, attempt = looks.attempt + 1, objects = 0, total = 0,
			bytes = 0, begun = excluded.begun, told = excluded.told, reason = '', deadly = 0
		RETURNING attempt`, repository, tx.now)
	if err != nil {
		return Look{}, explain(fmt.Errorf("ledger: look at repository %d: %w", repository, err))
	}
	return look, nil
}

// TellLook records how far a look is: its phase, objects, total and bytes. What comes late, when the look is over or
// another attempt has begun, changes nothing.
//
// It is a transaction of its own that depends on no other, so that telling never makes one wait or run again.
func (s *Store) TellLook(ctx context.Context, l Look) error {
	err := s.update(ctx, pgx.ReadCommitted, func(ctx context.Context, tx *Tx) error {
		_, err := tx.exec(ctx, `UPDATE looks SET phase = $3, objects = $4, total = $5, bytes = $6, told = $7
			WHERE repository = $1 AND attempt = $2 AND phase IN ('arriving', 'reading')`,
			l.Repository, l.Attempt, string(l.Phase), l.Objects, l.Total, l.Bytes, tx.now)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: progress of the look at repository %d: %w", l.Repository, err)
	}
	return nil
}

// PauseLook records that an attempt has failed and another one will come. ErrNotFound: there is no such look, as when the
// repository was forgotten meanwhile.
func (tx *Tx) PauseLook(ctx context.Context, repository int64, reason string) error {
	return tx.leaveLook(ctx, repository, LookWaiting, reason, false)
}

// GiveUpLook records that no attempt will come, and why; deadly, that it was because the process ended in the middle of
// each. ErrNotFound as for PauseLook.
func (tx *Tx) GiveUpLook(ctx context.Context, repository int64, reason string, deadly bool) error {
	return tx.leaveLook(ctx, repository, LookGivenUp, reason, deadly)
}

func (tx *Tx) leaveLook(ctx context.Context, repository int64, phase LookPhase, reason string, deadly bool) error {
	n, err := tx.exec(ctx, `UPDATE looks SET phase = $2, objects = 0, total = 0, bytes = 0, told = $3, reason = $4, deadly = $5
		WHERE repository = $1`, repository, string(phase), tx.now, reason, deadly)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: look at repository %d: %w", repository, err)
	case n == 0:
		return fmt.Errorf("%w: look at repository %d", ErrNotFound, repository)
	}
	return nil
}

// EndLook forgets a look that is over: the history has been read. It is no error if there was none.
func (tx *Tx) EndLook(ctx context.Context, repository int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM looks WHERE repository = $1`, repository); err != nil {
		return fmt.Errorf("ledger: look at repository %d: %w", repository, err)
	}
	return nil
}

// GivenUpLooks returns the looks at an installation's repositories that were given up, by repository.
func (tx *Tx) GivenUpLooks(ctx context.Context, installation int64) (map[int64]Look, error) {
	looks := map[int64]Look{}
	err := each(ctx, tx, func(scan func(...any) error) error {
		var l Look
		var phase string
		if err := scan(l.fields(&phase)...); err != nil {
			return err
		}
		l.Phase = LookPhase(phase)
		looks[l.Repository] = l
		return nil
	}, `SELECT `+lookColumns+`, l.phase FROM looks l JOIN repositories r ON r.id = l.repository
		WHERE r.installation = $1 AND l.phase = 'given up'`, installation)
	if err != nil {
		return nil, fmt.Errorf("ledger: looks given up in installation %d: %w", installation, err)
	}
	return looks, nil
}

const lookColumns = `l.repository, l.attempt, l.objects, l.total, l.bytes, l.begun, l.told, l.reason, l.deadly`

// fields are where lookColumns and the phase are read to.
func (l *Look) fields(phase *string) []any {
	return []any{
		&l.Repository, &l.Attempt, &l.Objects, &l.Total, &l.Bytes, into{&l.Begun}, into{&l.Told}, &l.Reason, into{&l.Deadly}, phase,
	}
}
