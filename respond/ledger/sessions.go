package ledger

import (
	"context"
	"fmt"
	"time"
)

// Session is somebody who is signed in to the dashboard.
type Session struct {
	ID     string // SHA-256 of the cookie's content, in hexadecimal
	State  string // hash of the sign-in's state
	Person int64  // GitHub's id
	Login  string

	Started time.Time
	Used    time.Time // to the minute
	Checked time.Time // when GitHub last said what the person sees
	Stale   time.Time // since when that is known to have changed; zero: it is not

	Sealed []byte // GitHub's tokens, encrypted: what is here does not open them
	Access []byte // what the person sees
}

// AddSession starts a session. added is false where the sign-in's state has made one before, and then none is started.
func (tx *Tx) AddSession(ctx context.Context, s Session) (added bool, err error) {
	n, err := tx.exec(ctx, `INSERT INTO sessions (id, state, person, login, started, used, checked, sealed, access)
		VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8) ON CONFLICT (state) DO NOTHING`,
		s.ID, s.State, s.Person, s.Login, tx.now, s.Checked, s.Sealed, s.Access)
	if err != nil {
		return false, fmt.Errorf("ledger: start a session: %w", err)
	}
	return n == 1, nil
}

// Session returns a session that has not been ended, whatever its age. The error is [ErrNotFound] if there is none.
func (tx *Tx) Session(ctx context.Context, id string) (Session, error) {
	s := Session{ID: id}
	found, err := one(ctx, tx, []any{
		&s.State, &s.Person, &s.Login, into{&s.Started}, into{&s.Used}, into{&s.Checked}, into{&s.Stale}, &s.Sealed, &s.Access,
	}, `SELECT state, person, login, started, used, checked, stale, sealed, access FROM sessions WHERE id = $1 AND ended = 0`, id)
	if err != nil {
		return Session{}, fmt.Errorf("ledger: session: %w", err)
	}
	if !found {
		return Session{}, fmt.Errorf("ledger: session: %w", ErrNotFound)
	}
	return s, nil
}

// TouchSession notes that a session is in use.
func (tx *Tx) TouchSession(ctx context.Context, id string) error {
	return tx.onSession(ctx, `UPDATE sessions SET used = $2 WHERE id = $1 AND ended = 0`, id, tx.now)
}

// SaveAccess records what GitHub, asked at a time, says that a session's person sees. What became stale since stays so.
func (tx *Tx) SaveAccess(ctx context.Context, id, login string, access []byte, asked time.Time) error {
	return tx.onSession(ctx, `UPDATE sessions SET login = $2, access = $3, checked = $4, stale = CASE WHEN stale >= $4 THEN stale ELSE 0 END
		WHERE id = $1 AND ended = 0 AND checked < $4`, id, login, access, asked)
}

// BeginRenewal lets one process renew a session's tokens, until a time at most; begun is false where another one does.
func (tx *Tx) BeginRenewal(ctx context.Context, id string, until time.Time) (begun bool, err error) {
	n, err := tx.exec(ctx, `UPDATE sessions SET renewing = $2 WHERE id = $1 AND ended = 0 AND renewing < $3`, id, until, tx.now)
	if err != nil {
		return false, fmt.Errorf("ledger: renew the tokens of a session: %w", err)
	}
	return n == 1, nil
}

// SaveTokens ends a renewal with new tokens; nil: the old ones stay.
func (tx *Tx) SaveTokens(ctx context.Context, id string, sealed []byte) error {
	if sealed == nil {
		return tx.onSession(ctx, `UPDATE sessions SET renewing = 0 WHERE id = $1 AND ended = 0`, id)
	}
	return tx.onSession(ctx, `UPDATE sessions SET renewing = 0, sealed = $2 WHERE id = $1 AND ended = 0`, id, sealed)
}

// EndSession ends a session. What it held is forgotten; the state of its sign-in is kept for as long as it could be used again.
func (tx *Tx) EndSession(ctx context.Context, id string) error {
	return tx.onSession(ctx, endSessions+` WHERE id = $1 AND ended = 0`, id, tx.now, []byte{})
}

// EndSessionsOf ends all sessions of a person.
func (tx *Tx) EndSessionsOf(ctx context.Context, person int64) error {
	return tx.onSession(ctx, endSessions+` WHERE person = $1 AND ended = 0`, person, tx.now, []byte{})
}

const endSessions = `UPDATE sessions SET ended = $2, login = '', sealed = $3, access = $3`

// StaleSessions says that what people see may have changed: each session asks GitHub again before it is used again.
func (tx *Tx) StaleSessions(ctx context.Context) error {
	return tx.onSession(ctx, `UPDATE sessions SET stale = $1 WHERE ended = 0`, tx.now)
}

func (tx *Tx) onSession(ctx context.Context, statement string, args ...any) error {
	if _, err := tx.exec(ctx, statement, args...); err != nil {
		return fmt.Errorf("ledger: sessions: %w", err)
	}
	return nil
}
