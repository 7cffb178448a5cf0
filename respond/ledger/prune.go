package ledger

import (
	"context"
	"time"

	"github.com/rekey-app/rekey/respond"
)

// Retention is for how long the ledger keeps what is of no use any more.
type Retention struct {
	// Keep is for deliveries, jobs and effects that are over, and for scans and check runs that showed nothing. No less than
	// [MinKeep].
	Keep time.Duration
	// ForgetAfter is for what belongs to an installation that was removed, or to a repository that left its installation; 0: at
	// once.
	ForgetAfter time.Duration
}

// DefaultRetention is what applies where no setting says otherwise.
var DefaultRetention = Retention{Keep: 30 * 24 * time.Hour, ForgetAfter: 7 * 24 * time.Hour}

// MinKeep is the least retention of deliveries. GitHub redelivers for 3 days, GitHub Enterprise Server for 7, and missed deliveries
// are looked for over the same time: a delivery that was forgotten earlier would be taken for a new one.
const MinKeep = 8 * 24 * time.Hour

// completedKept is how long a completed job is kept. Its delivery says what became of it.
const completedKept = time.Hour

// pruner deletes the rows of a table that are of no use any more.
type pruner struct {
	table, as string
	key       []column // the order in which the table is walked through
	// among is SQL for the rows that are looked at, where the order of the key finds them; "": all.
	among string
	// gone is SQL for the rows that go.
	gone string
	// empty is SQL for what is set in them instead, where they stay; "": they are deleted.
	empty string
}

// In the SQL of pruners, $1 is the time before which rows are old, and $2 is now.

// pruners lists what is deleted by its age. What is not in it stays, or goes with what it belongs to: docs/operate.md says so of
// each table.
func (s *Store) pruners() []pruner {
	c := s.queue.Conditions()
	return []pruner{
		{
			table: "deliveries", as: "d", key: []column{number("received"), number("id")}, among: `received < $1`,
			gone: `d.received < $1 AND (d.finished <> 0 OR NOT ` + c.DeliveryLives + `)`,
		},
		{
			// What the check of a ref's tip says was not read can still be accepted.
			table: "scans", as: "c", key: []column{number("id")},
			gone: `c.finished < $1 AND NOT EXISTS (SELECT 1 FROM scan_sightings x WHERE x.scan = c.id)
				AND NOT ((c.unjudged <> '[]' OR c.failure <> '' OR EXISTS (SELECT 1 FROM gaps g
						WHERE g.repository = c.repository AND (g.ref = c.ref OR length(g.ref) = 0) AND g.accepted = 0))
					AND EXISTS (SELECT 1 FROM tips t WHERE t.repository = c.repository AND t.sha = c.head))`,
		},
		{
			table: "checks", as: "k", key: []column{number("repository"), text("head")},
			gone: `k.updated < $1 AND NOT EXISTS (SELECT 1 FROM scans c WHERE c.repository = k.repository AND c.head = k.head)`,
		},
		{
			table: "audit_checks", as: "k", key: []column{number("repository"), text("head")},
			gone: `k.updated < $1 AND NOT EXISTS (SELECT 1 FROM scans c WHERE c.repository = k.repository AND c.head = k.head)`,
		},
		{
			table: "read_tips", as: "r", key: []column{number("repository"), text("sha")},
			gone: `r.at < $1 AND NOT EXISTS (SELECT 1 FROM tips t WHERE t.repository = r.repository AND t.sha = r.sha)`,
		},
		{
			// A job that lives would perform again an effect that is not on record.
			table: "actions", as: "a", key: []column{text("key")},
			gone: `(a.finished <> 0 OR a.sending = 0) AND a.lease < $2 AND (a.begun < $1 AND NOT ` + c.OwnerLives + ` OR ` + s.orphaned() + `)`,
		},
		{table: "keyed_jobs", as: "k", key: []column{text("kind"), text("key")}, gone: `NOT ` + c.KeyLives},
		{table: "parked", as: "p", key: []column{number("job")}, gone: `NOT ` + c.ParkedExists},
		{table: "missed", as: "m", key: []column{text("guid")}, gone: `m.delivered < $1`},
		{table: "leases", as: "l", key: []column{text("name")}, gone: `l.until < $1`},
		{table: "notices", as: "n", key: []column{number("id")}, gone: `n.at < $1`},
		{table: "paces", as: "p", key: []column{number("installation"), text("rate")}, gone: `p.next < $1`},
		{
			// A file that is read again brings nothing new.
			table: "readings", as: "r", key: []column{number("repository"), text("kind"), number("id")},
			gone: `r.kind = '` + string(respond.InAsset) + `' AND r.read < $1`,
		},
		{table: "closures", as: "c", key: []column{number("installation"), text("scope")}, gone: `c.until < $1`},
		{table: "sessions", as: "s", key: []column{text("id")}, gone: `s.started < $1`}, // no session lasts as long as the least retention
		{
			table: "installations", as: "i", key: []column{number("id")},
			gone: `i.removed <> 0 AND i.removed < $1 AND NOT EXISTS (SELECT 1 FROM repositories r WHERE r.installation = i.id)`,
		},
	}
}

// orphaned is SQL for the effects a of leaks and repositories that were forgotten. Their keys name them by their ids.
func (s *Store) orphaned() string {
	id, leak := `CAST(substr(a.key, instr(a.key, ':') + 1) AS INTEGER)`, `CAST(substr(a.key, length('effect:leak:') + 1) AS INTEGER)`
	if s.pool != nil {
		leak = `CAST(substring(a.key FROM '^effect:leak:([0-9]+)') AS BIGINT)`
		id = `CAST(substring(a.key FROM '^[a-z]+:([0-9]+)') AS BIGINT)`
	}
	return `((a.key LIKE 'check:%' OR a.key LIKE 'audit:%' OR a.key LIKE 'auditissue:%' OR a.key LIKE 'command:%' OR a.key LIKE 'summary:%')
			AND NOT EXISTS (SELECT 1 FROM repositories r WHERE r.id = ` + id + `)
		OR (a.key LIKE 'issue:%' OR a.key LIKE 'effects:%') AND NOT EXISTS (SELECT 1 FROM leaks l WHERE l.id = ` + id + `)
		OR a.key LIKE 'effect:leak:%' AND NOT EXISTS (SELECT 1 FROM leaks l WHERE l.id = ` + leak + `))`
}

// Prune deletes all that is of no use any more, in small steps; see [Retention]. Where another process does so on the same
// database, it does nothing. What fails is tried again the next time.
func (s *Store) Prune(ctx context.Context, r Retention) {
	_, err := s.inSteps(ctx, func(p *steps) error {
		s.attempt(ctx, "what was uninstalled", func() error {
			_, err := p.forget(ctx, r.ForgetAfter)
			return err
		})
		s.attempt(ctx, "ended jobs", func() error { return p.pruneJobs(ctx, r.Keep) })
		for _, w := range s.pruners() {
			s.attempt(ctx, "old rows of "+w.table, func() error { return p.prune(ctx, w, r.Keep) })
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "what is old could not be deleted", "error", err)
	}
}

// attempt logs what fails, so that the rest is done all the same.
func (s *Store) attempt(ctx context.Context, what string, do func() error) {
	if ctx.Err() != nil {
		return
	}
	if err := do(); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, what+" could not be deleted", "error", err)
	}
}

func (p *steps) pruneJobs(ctx context.Context, keep time.Duration) error {
	return p.run(ctx, nil, func(ctx context.Context, tx *Tx, limit int) (int64, bool, error) {
		n, err := p.s.queue.PruneJobs(ctx, tx, completedKept, keep, limit)
		return n, n < int64(limit), err
	})
}

// prune deletes what is older than keep, unless the table is walked through once a day and was.
func (p *steps) prune(ctx context.Context, w pruner, keep time.Duration) error {
	now := p.s.now()
	var at walk
	err := p.s.View(ctx, func(ctx context.Context, tx *Tx) (err error) {
		at, err = tx.walkOf(ctx, w.table)
		return err
	})
	if err != nil || w.among == "" && at.rests(now) {
		return err
	}
	return p.through(ctx, w.table, w, now.Add(-keep), nil)
}
