package ledger

import (
	"context"
	"fmt"
	"time"
)

// Action is an entry of the log of effects, as a run of it finds it when it begins.
type Action struct {
	Key      string
	Begun    time.Time // when an earlier run began; zero: there was none
	Finished time.Time // when the earlier run ended; zero: it did not, and may or may not have had its effect
	Result   string
	// Sending is until when a request of an earlier, unfinished run may have been under way from us; zero: none was sent.
	Sending time.Time

	Token  int64     // of this run: another run that begins takes it away
	SendBy time.Time // this run sends nothing after it without [Tx.ExtendAction]
}

// Lease is for how long a run of an effect has a key.
type Lease struct {
	Owner string        // a run of the same owner may take over at once: jobs name themselves
	For   time.Duration // then anybody may take over
	// Send is for how long requests of this run may be under way from us. Zero: it sends none.
	Send time.Duration
}

// BeginAction begins a run of an effect under a key, and returns what was there before. Until the lease has passed, or the
// run was finished or released, others than the lease's owner get ErrBusy.
//
// Whoever begins takes the key from the run before: its token counts no more, and what it sends or records after that is
// refused with ErrFenced.
func (tx *Tx) BeginAction(ctx context.Context, key string, lease Lease) (Action, error) {
	a, err := tx.beginAction(ctx, key, lease, false)
	if err != nil {
		return Action{}, fmt.Errorf("ledger: begin %s: %w", key, err)
	}
	return a, nil
}

// BeginOnce is BeginAction for what is done only once: where it was Finished, nothing is begun, and the Action has no token.
func (tx *Tx) BeginOnce(ctx context.Context, key string, lease Lease) (Action, error) {
	a, err := tx.beginAction(ctx, key, lease, true)
	if err != nil {
		return Action{}, fmt.Errorf("ledger: begin %s: %w", key, err)
	}
	return a, nil
}

func (tx *Tx) beginAction(ctx context.Context, key string, lease Lease, once bool) (Action, error) {
	a := Action{Key: key, Token: 1}
	if lease.Send > 0 {
		a.SendBy = tx.now.Add(lease.Send)
	}
	// The row is made first: two that begin at once meet in it.
	fresh, err := tx.exec(ctx, `INSERT INTO actions (key, begun, owner, lease, token, sending) VALUES ($1, $2, $3, $4, 1, $5)
		ON CONFLICT (key) DO NOTHING`, key, tx.now, lease.Owner, tx.now.Add(lease.For), a.SendBy)
	if err != nil || fresh == 1 {
		a.Sending = tx.mayBeDone()
		return a, err
	}
	var holder string
	var until time.Time
	if _, err := one(ctx, tx, []any{into{&a.Begun}, into{&a.Finished}, &a.Result, into{&a.Sending}, &a.Token, &holder, into{&until}},
		`SELECT begun, finished, result, sending, token, owner, lease FROM actions WHERE key = $1`+tx.ForUpdate(), key); err != nil {
		return a, err
	}
	switch {
	case a.Finished.IsZero() && holder != lease.Owner && until.After(tx.now):
		return a, fmt.Errorf("%w until %s", ErrBusy, until.Format(time.RFC3339))
	case once && !a.Finished.IsZero():
		a.Token, a.SendBy = 0, time.Time{}
		return a, nil
	}
	a.Token++
	sending := a.SendBy
	if a.Sending.After(sending) {
		sending = a.Sending
	}
	_, err = tx.exec(ctx, `UPDATE actions SET begun = $2, finished = 0, owner = $3, lease = $4, token = $5, sending = $6 WHERE key = $1`,
		key, tx.now, lease.Owner, tx.now.Add(lease.For), a.Token, sending)
	return a, err
}

// HoldsAction returns nil while the key is the run's, and ErrFenced when another run has taken over.
func (tx *Tx) HoldsAction(ctx context.Context, a Action) error {
	var token int64
	found, err := one(ctx, tx, []any{&token}, `SELECT token FROM actions WHERE key = $1 AND finished = 0`, a.Key)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: hold %s: %w", a.Key, err)
	case !found || token != a.Token:
		return fmt.Errorf("%w: %s", ErrFenced, a.Key)
	}
	return nil
}

// ExtendAction lets the run send for longer, and extends its lease to no less than that. ErrFenced: another run has taken
// over.
func (tx *Tx) ExtendAction(ctx context.Context, a Action, send time.Duration) (Action, error) {
	a.SendBy = tx.now.Add(send)
	err := tx.changeAction(ctx, a, `sending = $3, lease = CASE WHEN lease < $3 THEN $3 ELSE lease END`, a.SendBy)
	return a, err
}

// FinishAction notes how an effect ended, and frees its key. ErrFenced: another run has taken over, and nothing that this one
// found may be recorded.
func (tx *Tx) FinishAction(ctx context.Context, a Action, result string) error {
	return tx.changeAction(ctx, a, `finished = $3, result = $4, sending = 0`, tx.now, result)
}

// ReleaseAction ends the run's lease without an end of its effect. sending is until when a request may have been under way
// from us; zero: none is. ErrFenced: another run has taken over.
func (tx *Tx) ReleaseAction(ctx context.Context, a Action, sending time.Time) error {
	return tx.changeAction(ctx, a, `lease = $3, sending = $4`, tx.now, sending)
}

// YieldAction lets others begin a key at once whose lease is this owner's, though the owner's run has not come to its end: another
// job goes on with it. Until when requests may be under way stays as it is.
func (tx *Tx) YieldAction(ctx context.Context, key, owner string) error {
	_, err := tx.exec(ctx, `UPDATE actions SET lease = $3 WHERE key = $1 AND owner = $2 AND finished = 0`, key, owner, tx.now)
	if err != nil {
		return fmt.Errorf("ledger: %s: %w", key, err)
	}
	return nil
}

// changeAction sets columns of an action that is the run's. The columns' values are $3 and on.
func (tx *Tx) changeAction(ctx context.Context, a Action, columns string, values ...any) error {
	n, err := tx.exec(ctx, `UPDATE actions SET `+columns+` WHERE key = $1 AND token = $2 AND finished = 0`,
		append([]any{a.Key, a.Token}, values...)...)
	switch {
	case err != nil:
		return fmt.Errorf("ledger: %s: %w", a.Key, err)
	case n == 0:
		return fmt.Errorf("%w: %s", ErrFenced, a.Key)
	}
	return nil
}

// Retried reports whether a key was begun since a time, not for the first time, and is not finished.
func (tx *Tx) Retried(ctx context.Context, key string, since time.Time) (bool, error) {
	var token int64
	_, err := one(ctx, tx, []any{&token}, `SELECT token FROM actions WHERE key = $1 AND finished = 0 AND begun >= $2`, key, since)
	if err != nil {
		return false, fmt.Errorf("ledger: %s: %w", key, err)
	}
	return token > 1, nil
}

// Unfinished reports whether a key is begun and not finished: what the effect made may be there, and is not on record.
func (tx *Tx) Unfinished(ctx context.Context, key string) (bool, error) {
	var token int64
	begun, err := one(ctx, tx, []any{&token}, `SELECT token FROM actions WHERE key = $1 AND finished = 0`, key)
	if err != nil {
		return false, fmt.Errorf("ledger: %s: %w", key, err)
	}
	return begun, nil
}

// ActionResult returns the result of a finished action; "" where it has not been finished, or begun.
func (tx *Tx) ActionResult(ctx context.Context, key string) (result string, err error) {
	if _, err := one(ctx, tx, []any{&result}, `SELECT result FROM actions WHERE key = $1 AND finished <> 0`, key); err != nil {
		return "", fmt.Errorf("ledger: %s: %w", key, err)
	}
	return result, nil
}
