package ledger

import (
	"context"
	"fmt"
	"time"
)

// What belongs to an installation that was removed, and to a repository that left its installation, is kept for a while: who comes
// back finds its leaks as they were, since repositories keep their ids. Until then it is not there for anybody else: [Tx.Repository]
// does not find it.

// forgotten is in the column removed of what an operator had forgotten: it goes at once, and no tombstone stays of it.
const forgotten = 1

// Forgotten counts what was forgotten.
type Forgotten struct {
	Installations, Repositories, Leaks, Sightings, Scans, Checks, Deliveries, Jobs, Effects int64
}

// ErrUnknownAccount is returned by [Store.ForgetAccount] where no installation of that name is on record.
var ErrUnknownAccount = fmt.Errorf("%w: no such organisation or user", ErrNotFound)

// RemoveInstallation notes that an installation was removed, with all that belongs to it. It stays on record without its name for a
// while after it was forgotten, so that no late delivery brings it back. It is no error if there was none.
func (tx *Tx) RemoveInstallation(ctx context.Context, id int64) error {
	_, err := tx.exec(ctx, `INSERT INTO installations (id, removed, as_of) VALUES ($1, $2, $2)
		ON CONFLICT (id) DO UPDATE SET removed = excluded.removed, as_of = excluded.as_of WHERE installations.removed = 0`, id, tx.now)
	if err == nil {
		_, err = tx.exec(ctx, `UPDATE repositories SET removed = $2, as_of = $2 WHERE installation = $1 AND removed = 0`, id, tx.now)
	}
	if err == nil { // what is written until it comes back comes by no event
		_, err = tx.exec(ctx, `DELETE FROM text_histories WHERE repository IN (SELECT id FROM repositories WHERE installation = $1)`, id)
	}
	if err != nil {
		return fmt.Errorf("ledger: remove installation %d: %w", id, err)
	}
	tx.removed = true
	return nil
}

// RemoveUnreachable notes that an installation does not reach a repository any more, unless another one reaches it by now: after a
// transfer, the old installation's event may come last.
func (tx *Tx) RemoveUnreachable(ctx context.Context, id, installation int64) error {
	_, err := tx.exec(ctx, `UPDATE repositories SET removed = $3, as_of = $3 WHERE id = $1 AND installation = $2 AND removed = 0`, id, installation, tx.now)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM text_histories WHERE repository IN (SELECT id FROM repositories WHERE id = $1 AND removed <> 0)`, id)
	}
	if err != nil {
		return fmt.Errorf("ledger: remove repository %d: %w", id, err)
	}
	tx.removed = true
	return nil
}

// Uninstalled reports whether an installation is on record as removed.
func (tx *Tx) Uninstalled(ctx context.Context, installation int64) (bool, error) {
	var removed time.Time
	_, err := one(ctx, tx, []any{into{&removed}}, `SELECT removed FROM installations WHERE id = $1`, installation)
	if err != nil {
		return false, fmt.Errorf("ledger: installation %d: %w", installation, err)
	}
	return !removed.IsZero(), nil
}

// Removed is signalled after a commit by which something was removed. It has room for one signal.
func (s *Store) Removed() <-chan struct{} { return s.removed }

// due is SQL for what is to be forgotten now, of the alias; $1 is the time by which it was removed.
func due(alias string) string { return alias + `.removed <> 0 AND ` + alias + `.removed <= $1` }

// forget forgets what was removed long enough ago.
func (p *steps) forget(ctx context.Context, after time.Duration) (f Forgotten, err error) {
	var list []int64
	var installations int64
	by := p.s.now().Add(-after)
	err = p.s.View(ctx, func(ctx context.Context, tx *Tx) (err error) {
		if list, err = tx.ids(ctx, "repositories to forget", `SELECT r.id FROM repositories r WHERE `+due("r")+` ORDER BY r.id`, by); err != nil {
			return err
		}
		_, err = one(ctx, tx, []any{&installations}, `SELECT count(*) FROM installations i WHERE `+due("i")+`
			AND (i.account <> '' OR i.account_id <> 0 OR i.removed = $2)`, by, forgotten)
		return err
	})
	if err != nil || len(list) == 0 && installations == 0 {
		return f, err
	}
	for _, do := range []func() error{
		func() error { return p.forgetDeliveries(ctx, by, &f) },
		func() error { return p.forgetJobs(ctx, by, &f) },
		func() error { return p.forgetRepositories(ctx, list, by, &f) },
		func() error { return p.forgetInstallations(ctx, by, &f) },
		func() error { return p.forgetEffects(ctx, &f) },
	} {
		if err := do(); err != nil {
			return f, fmt.Errorf("ledger: forget: %w", err)
		}
	}
	// What was deleted is overwritten in the database; the log still has it.
	if err := p.s.wal.empty(ctx); err != nil && ctx.Err() == nil {
		p.s.log.WarnContext(ctx, "the write-ahead log holds for a while what was forgotten", "error", err)
	}
	return f, nil
}

// forgetDeliveries deletes what deliveries held, those too that still wait: they are finished. That they came is kept, as GitHub lists
// them for some days, and what the ledger does not know is recovered from there.
func (p *steps) forgetDeliveries(ctx context.Context, by time.Time, f *Forgotten) error {
	const of = `(d.installation IN (SELECT i.id FROM installations i WHERE i.removed <> 0 AND i.removed <= $1)
		OR d.repository IN (SELECT r.id FROM repositories r WHERE r.removed <> 0 AND r.removed <= $1))`
	err := p.whole(ctx, pruner{
		table: "missed", as: "m", key: []column{text("guid")},
		gone: `EXISTS (SELECT 1 FROM deliveries d WHERE d.guid = m.guid AND ` + of + `)`,
	}, by, nil)
	if err != nil {
		return err
	}
	return p.whole(ctx, pruner{
		table: "deliveries", as: "d", key: []column{number("id")},
		empty: `finished = CASE finished WHEN 0 THEN CAST($2 AS BIGINT) ELSE finished END, outcome = '` + forgottenOutcome + `', head = '', given_up = 0,
			body = ` + p.s.emptyBody(),
		gone: of + ` AND d.outcome <> '` + forgottenOutcome + `'`,
	}, by, &f.Deliveries)
}

// forgottenOutcome is the outcome of the deliveries of what was forgotten.
const forgottenOutcome = "forgotten: the App was uninstalled, or the repository taken out of the installation"

// emptyBody is SQL for no body.
func (s *Store) emptyBody() string {
	if s.pool != nil {
		return `CAST('' AS BYTEA)`
	}
	return `x''`
}

// forgetEffects deletes the log of effects on what was forgotten.
func (p *steps) forgetEffects(ctx context.Context, f *Forgotten) error {
	return p.whole(ctx, pruner{
		table: "actions", as: "a", key: []column{text("key")}, gone: `a.lease < $2 AND ` + p.s.orphaned(),
	}, time.Time{}, &f.Effects)
}

// whole walks through a table from its beginning, and counts what goes.
func (p *steps) whole(ctx context.Context, w pruner, before time.Time, count *int64) error {
	name := "forget:" + w.table
	err := p.run(ctx, nil, func(ctx context.Context, tx *Tx, _ int) (int64, bool, error) {
		return 0, true, tx.saveWalk(ctx, name, walk{})
	})
	if err != nil {
		return err
	}
	return p.through(ctx, name, w, before, count)
}

// forgetJobs deletes the jobs that have ended: what failed may name repositories. Those that wait find nothing, and end.
func (p *steps) forgetJobs(ctx context.Context, by time.Time, f *Forgotten) error {
	c := p.s.queue.Conditions()
	repositories := `(SELECT r.id FROM repositories r WHERE ` + due("r") + `)`
	return p.whole(ctx, pruner{
		table: c.Jobs, as: "j", key: []column{number("id")},
		gone: c.JobEnded + ` AND (` + c.JobInstallation + ` IN (SELECT i.id FROM installations i WHERE ` + due("i") + `)
			OR ` + c.JobRepository + ` IN ` + repositories + `
			OR ` + c.JobLeak + ` IN (SELECT l.id FROM leaks l WHERE l.repository IN ` + repositories + `))`,
	}, by, &f.Jobs)
}

// belonging is what a repository has in a table.
type belonging struct {
	count     func(*Forgotten) *int64 // nil: not counted
	statement string                  // deletes up to $2 rows of the repository $1
}

// of deletes the rows of a table that has a column repository.
func of(table, key string) string {
	return fmt.Sprintf(`DELETE FROM %s WHERE (%s) IN (SELECT %s FROM %s WHERE repository = $1 LIMIT $2)`, table, key, key, table)
}

// belongings lists all of a repository but for what is a row or two, in an order in which nothing takes much else with it.
func belongings() []belonging {
	return []belonging{
		{nil, of("annotations", "repository, head, sighting")},
		{nil, `DELETE FROM scan_sightings WHERE (scan, sighting) IN (
			SELECT x.scan, x.sighting FROM scans c JOIN scan_sightings x ON x.scan = c.id WHERE c.repository = $1 LIMIT $2)`},
		{func(f *Forgotten) *int64 { return &f.Sightings }, `DELETE FROM sightings WHERE id IN (
			SELECT s.id FROM leaks l JOIN sightings s ON s.leak = l.id WHERE l.repository = $1 LIMIT $2)`},
		{nil, `DELETE FROM events WHERE id IN (SELECT e.id FROM leaks l JOIN events e ON e.leak = l.id WHERE l.repository = $1 LIMIT $2)`},
		{nil, of("filings", "leak")},
		{nil, of("activity", "id")},
		{nil, `DELETE FROM leak_paths WHERE leak IN (SELECT p.leak FROM leaks l JOIN leak_paths p ON p.leak = l.id WHERE l.repository = $1 LIMIT $2)`},
		{nil, `DELETE FROM issue_texts WHERE leak IN (SELECT t.leak FROM leaks l JOIN issue_texts t ON t.leak = l.id WHERE l.repository = $1 LIMIT $2)`},
		{func(f *Forgotten) *int64 { return &f.Leaks }, of("leaks", "id")},
		{func(f *Forgotten) *int64 { return &f.Scans }, of("scans", "id")},
		{func(f *Forgotten) *int64 { return &f.Checks }, of("checks", "repository, head")},
		{nil, of("audit_checks", "repository, head")},
		{nil, of("audit_packages", "repository, root, name, version")},
		{nil, of("tips", "repository, ref")},
		{nil, of("read_tips", "repository, sha")},
		{nil, of("unread", "repository, ref")},
		{nil, of("gaps", "id")},
		{nil, of("vouchers", "repository, entry")},
		{nil, of("alerts", "repository, number")},
		{nil, of("alert_places", "repository, alert, kind, url")},
		{nil, of("notices", "id")},
		{nil, of("readings", "repository, kind, id")},
		{func(f *Forgotten) *int64 { return &f.Repositories }, `DELETE FROM repositories WHERE id = $1 AND $2 > 0`},
	}
}

// forgetRepositories deletes what repositories have, and the repositories. One that comes back meanwhile is left alone from then on,
// and read whole.
func (p *steps) forgetRepositories(ctx context.Context, list []int64, by time.Time, f *Forgotten) error {
	for _, id := range list {
		for _, b := range belongings() {
			var count *int64
			if b.count != nil {
				count = b.count(f)
			}
			err := p.run(ctx, count, func(ctx context.Context, tx *Tx, limit int) (int64, bool, error) {
				stays, err := tx.exec(ctx, `UPDATE repositories AS r SET backfilled = 0 WHERE r.id = $2 AND `+due("r"), by, id)
				if err != nil || stays == 0 {
					return 0, true, err
				}
				n, err := tx.exec(ctx, b.statement, id, limit)
				return n, n < int64(limit), err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetInstallations takes their names from installations that have no repositories any more.
func (p *steps) forgetInstallations(ctx context.Context, by time.Time, f *Forgotten) error {
	return p.run(ctx, &f.Installations, func(ctx context.Context, tx *Tx, _ int) (int64, bool, error) {
		const empty = ` AND NOT EXISTS (SELECT 1 FROM repositories r WHERE r.installation = i.id)`
		for _, table := range []string{"paces", "closures", "policies", "text_budgets"} {
			_, err := tx.exec(ctx, `DELETE FROM `+table+` WHERE installation IN (SELECT i.id FROM installations i WHERE `+due("i")+`)`, by)
			if err != nil {
				return 0, true, err
			}
		}
		n, err := tx.exec(ctx, `DELETE FROM installations AS i WHERE `+due("i")+empty+` AND i.removed = $2`, by, forgotten)
		if err != nil {
			return 0, true, err
		}
		named, err := tx.exec(ctx, `UPDATE installations AS i SET account = '', account_id = 0, suspended = 0
			WHERE `+due("i")+empty+` AND (i.account <> '' OR i.account_id <> 0)`, by)
		return n + named, true, err
	})
}

// Holding is what the ledger holds of an organisation or user.
type Holding struct{ Installations, Repositories, Leaks int }

// installationsOf is SQL for the installations of an account, $1, whatever the case of its name.
const installationsOf = `SELECT i.id FROM installations i WHERE lower(i.account) = lower($1)
	OR i.id IN (SELECT r.installation FROM repositories r WHERE lower(r.owner) = lower($1))`

// HoldingOf counts what the ledger holds of an organisation or user; [ErrUnknownAccount].
func (tx *Tx) HoldingOf(ctx context.Context, account string) (h Holding, err error) {
	_, err = one(ctx, tx, []any{&h.Installations, &h.Repositories, &h.Leaks}, `SELECT
		(SELECT count(*) FROM (`+installationsOf+`) of),
		(SELECT count(*) FROM repositories WHERE installation IN (`+installationsOf+`)),
		(SELECT count(*) FROM leaks WHERE repository IN (SELECT id FROM repositories WHERE installation IN (`+installationsOf+`)))`, account)
	if err == nil && h.Installations == 0 {
		err = ErrUnknownAccount
	}
	if err != nil {
		return Holding{}, fmt.Errorf("ledger: what is held of %s: %w", account, err)
	}
	return h, nil
}

// ForgetAccount forgets at once all that belongs to the installations of an organisation or user, whatever the case of its name.
// It waits while another process deletes what is old. ErrUnknownAccount: no installation has that name. It returns the
// installations that are not on record as removed: rekey learns of them again with the next event, or the next comparison.
func (s *Store) ForgetAccount(ctx context.Context, account string) (f Forgotten, installed []int64, err error) {
	err = s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		ids, err := tx.ids(ctx, "installations", installationsOf+` ORDER BY i.id`, account)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return ErrUnknownAccount
		}
		installed = nil
		// Whose it was is forgotten too.
		if err := tx.RecordActivity(ctx, Activity{By: Operator, Kind: ActivityForget, What: "account"}); err != nil {
			return err
		}
		for _, id := range ids {
			removed, err := tx.Uninstalled(ctx, id)
			if err != nil {
				return err
			}
			if !removed {
				installed = append(installed, id)
			}
			if err := tx.ResumeJobs(ctx, id); err != nil {
				return err
			}
			for _, statement := range []string{
				`UPDATE installations SET removed = $2 WHERE id = $1`,
				`UPDATE repositories SET removed = $2 WHERE installation = $1`,
			} {
				if _, err := tx.exec(ctx, statement, id, forgotten); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return Forgotten{}, nil, fmt.Errorf("ledger: forget %s: %w", account, err)
	}
	for {
		ran, err := s.inSteps(ctx, func(p *steps) (err error) {
			f, err = p.forget(ctx, s.now().Sub(time.UnixMicro(forgotten)))
			return err
		})
		if ran || err != nil {
			return f, installed, err
		}
		select {
		case <-ctx.Done():
			return f, installed, ctx.Err()
		case <-time.After(leasePoll):
		}
	}
}

// leasePoll is how often it is tried to get the lease from another process.
const leasePoll = 100 * time.Millisecond
