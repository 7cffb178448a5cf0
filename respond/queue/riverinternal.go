package queue

// What this package does with River that River's public API does not offer. Nothing else of rekey names a table of River's or a
// package of its inside. riverinternal_test.go holds each use against the River that is installed: run it when River is upgraded.
//
//   - The driver for SQLite, with a pilot (sqliteDriver, pilot). River learns of new jobs on SQLite by asking a table twenty times a
//     second. Here only one process has the database, and it knows when it has committed; River takes such hints from a pilot only.
//     River takes jobs by a statement that costs a millisecond also where there are none; the pilot asks before whether there are any.
//   - Reading a job's state in a transaction, with a lock (jobState). River's JobGetTx does not lock, and reads the whole row.
//   - Conditions on jobs in the ledger's own statements (conditions, keyLives). A join is one statement; by the API it would be a
//     request per row.
//   - Deleting ended jobs (pruneJobs). River deletes 10,000 at a time, and keeps all other writers of a SQLite database waiting.
//   - Counting jobs by queue and state (countJobs). The API lists jobs, and does not count them.
//   - Learning which jobs River takes at once, by the pilot on both databases: it starts them in any order.
//   - Reading the priorities of what waits of an installation (eachBacklog). The API lists jobs, and does not count them.
//   - Making jobs available before their time, many with one statement: those whose turn comes (callJobs, callAll), and parked ones
//     (resumeParked). JobRetry takes one job, and resets what it counts.
//   - Queueing a job beside one that River takes for running, and that is over (forgetUnique): River's unique jobs wait for its end.
//   - Reclaiming the jobs of a process that is gone (reclaim, runningElsewhere, endLeadership). River does so when a job's timeout
//     has passed, which is an hour for backfills, and takes an attempt for it.

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivershared/baseservice"
	"github.com/riverqueue/river/rivershared/riverpilot"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// sqliteDriver is River's driver, but a commit in this process, the only one, wakes the queue at once: River's way on
// SQLite asks a table of notifications twenty times a second.
type sqliteDriver struct {
	*riversqlite.Driver
	pilot *pilot
}

func newSQLiteDriver(db *sql.DB) *sqliteDriver {
	return &sqliteDriver{riversqlite.New(db), &pilot{db: db}}
}

// SupportsListener says no, so that River waits to be woken, and looks by itself now and then.
func (*sqliteDriver) SupportsListener() bool { return false }

// SupportsListenNotify says no, so that River writes no notifications.
func (*sqliteDriver) SupportsListenNotify() bool { return false }

// PluginInit makes River ask for PluginPilot.
func (*sqliteDriver) PluginInit(*baseservice.Archetype) {}

// PluginPilot is how River hands out the function that wakes its queues, and the jobs that it takes.
func (d *sqliteDriver) PluginPilot() riverpilot.Pilot { return d.pilot }

// pgDriver is River's driver with a pilot, as on SQLite.
type pgDriver struct {
	*riverpgxv5.Driver
	pilot *pilot
}

// PluginInit makes River ask for PluginPilot.
func (*pgDriver) PluginInit(*baseservice.Archetype) {}

// PluginPilot is how River hands out the jobs that it takes.
func (d *pgDriver) PluginPilot() riverpilot.Pilot { return d.pilot }

type pilot struct {
	riverpilot.StandardPilot
	db       *sql.DB // nil on PostgreSQL
	inserted func(context.Context, []*rivertype.JobInsertResult)
	taken    func(queue string, jobs []*rivertype.JobRow) // called before any of the jobs starts; may be nil

	prepare sync.Mutex
	due     *sql.Stmt // nil: not prepared yet; it closes with db
}

// JobGetAvailable takes jobs of a queue, where there are any.
func (p *pilot) JobGetAvailable(
	ctx context.Context, exec riverdriver.Executor, state riverpilot.ProducerState, params *riverdriver.JobGetAvailableParams,
) (*riverdriver.JobGetAvailableResult, error) {
	if p.db != nil && params.Now == nil { // by the database's clock
		if none, err := p.none(ctx, params.Queue); err == nil && none {
			return &riverdriver.JobGetAvailableResult{}, nil
		}
	}
	got, err := p.StandardPilot.JobGetAvailable(ctx, exec, state, params)
	if err == nil && p.taken != nil {
		p.taken(params.Queue, got.Jobs)
	}
	return got, err
}

// none reports whether a queue has no job that could start now.
func (p *pilot) none(ctx context.Context, queue string) (bool, error) {
	statement, err := p.statement(ctx)
	if err != nil {
		return false, err
	}
	var found bool
	err = statement.QueryRowContext(ctx, queue).Scan(&found)
	return !found, err
}

func (p *pilot) statement(ctx context.Context) (*sql.Stmt, error) {
	p.prepare.Lock()
	defer p.prepare.Unlock()
	if p.due != nil {
		return p.due, nil
	}
	statement, err := p.db.PrepareContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job
		WHERE state = 'available' AND queue = ?1 AND scheduled_at <= datetime('now', 'subsec'))`)
	p.due = statement
	return statement, err
}

func (p *pilot) PilotInit(archetype *baseservice.Archetype, params *riverpilot.PilotInitParams) {
	p.StandardPilot.PilotInit(archetype, params)
	p.inserted = params.NotifyNonTxJobInsert
}

func (p *pilot) wake(queues []string) {
	results := make([]*rivertype.JobInsertResult, len(queues))
	for i, queue := range queues {
		results[i] = &rivertype.JobInsertResult{Job: &rivertype.JobRow{Queue: queue}}
	}
	p.inserted(context.Background(), results)
}

// riverNow is the time by which River starts its jobs.
func riverNow(tx *ledger.Tx) string {
	if tx.Postgres() != nil {
		return "now()"
	}
	return "datetime('now', 'subsec')"
}

// jobState returns a job's state, and holds it until the transaction ends; "": there is no such job.
func jobState(ctx context.Context, tx *ledger.Tx, id int64) (rivertype.JobState, error) {
	var state string
	_, err := tx.OneSQL(ctx, []any{&state}, `SELECT CAST(state AS TEXT) FROM river_job WHERE id = $1`+tx.ForUpdate(), id)
	return rivertype.JobState(state), err
}

// forgetUnique has River queue a job again of which this one is.
func forgetUnique(ctx context.Context, tx *ledger.Tx, id int64) error {
	_, err := tx.ExecSQL(ctx, `UPDATE river_job SET unique_key = NULL, unique_states = NULL WHERE id = $1`, id)
	return err
}

// The states of jobs that will still do their work, and of those that have yet to start, in SQL.
const (
	liveStates    = `('available', 'scheduled', 'retryable', 'pending', 'running')`
	waitingStates = `('available', 'scheduled', 'retryable', 'pending')`
)

// keyLives tells that a job of the row k of keyed_jobs waits or runs.
const keyLives = `EXISTS (SELECT 1 FROM river_job j WHERE j.id IN (k.waiting, k.running) AND j.state IN ` + liveStates + `)`

// endedStates are those of jobs that will do nothing any more, in SQL.
const endedStates = `('completed', 'cancelled', 'discarded')`

func conditions(postgres bool) ledger.Conditions {
	arg := func(name string) string { return `json_extract(j.args, '$.` + name + `')` }
	id, owner := arg, `CAST(substr(a.owner, instr(a.owner, ' ') + 1) AS INTEGER)`
	if postgres {
		arg = func(name string) string { return `j.args->>'` + name + `'` }
		id = func(name string) string { return `CAST(` + arg(name) + ` AS BIGINT)` }
		owner = `CAST(substring(a.owner FROM ' ([0-9]+)$') AS BIGINT)`
	}
	const ofBackfill = ` WHERE k.kind = 'backfill' AND k.key = CAST(r.id AS TEXT)`
	return ledger.Conditions{
		DeliveryLives: `EXISTS (SELECT 1 FROM river_job j WHERE j.kind = 'delivery'
			AND j.state IN ` + liveStates + ` AND ` + arg("guid") + ` = d.guid)`,
		BackfillRuns: `EXISTS (SELECT 1 FROM keyed_jobs k JOIN river_job j ON j.id = k.running` + ofBackfill + `
			AND j.state = 'running')`,
		BackfillQueued: `EXISTS (SELECT 1 FROM keyed_jobs k JOIN river_job j ON j.id IN (k.waiting, k.running)` + ofBackfill + `
			AND j.state IN ` + liveStates + `)`,
		TextsQueued: `EXISTS (SELECT 1 FROM keyed_jobs k JOIN river_job j ON j.id IN (k.waiting, k.running)
			WHERE k.kind = 'text_history' AND k.key = CAST(r.id AS TEXT) AND j.state IN ` + liveStates + `)`,
		KeyLives:   keyLives,
		OwnerLives: `EXISTS (SELECT 1 FROM river_job j WHERE j.id = ` + owner + ` AND j.state IN ` + liveStates + `)`,
		// One that was put aside until its turn comes is scheduled, too; but so is a question for later, which was never taken.
		LeakWorks: `EXISTS (SELECT 1 FROM river_job j WHERE j.kind IN ('verify', 'effects') AND j.state IN ` + liveStates + `
			AND (j.kind = 'effects' OR j.state <> 'scheduled' OR j.attempted_at IS NOT NULL) AND ` + id("leak") + ` = l.id)`,
		ParkedExists: `EXISTS (SELECT 1 FROM river_job j WHERE j.id = p.job)`,
		Jobs:         "river_job",
		JobEnded:     `j.state IN ` + endedStates,
		JobRuns:      `j.state = 'running'`,

		JobInstallation: id("installation"), JobRepository: id("repository"), JobLeak: id("leak"),
	}
}

// pruneJobs deletes up to limit jobs that were completed, or ended otherwise, longer ago than that.
func pruneJobs(ctx context.Context, tx *ledger.Tx, completed, ended time.Duration, limit int) (n int64, err error) {
	for state, kept := range map[string]time.Duration{"completed": completed, "cancelled": ended, "discarded": ended} {
		ago := `datetime('now', 'subsec', $1)`
		var since any = fmt.Sprintf("-%d seconds", int64(kept.Seconds()))
		if tx.Postgres() != nil {
			ago, since = `now() - make_interval(secs => CAST($1 AS BIGINT))`, int64(kept.Seconds())
		}
		deleted, err := tx.ExecSQL(ctx, `DELETE FROM river_job WHERE id IN (SELECT id FROM river_job
			WHERE state = '`+state+`' AND finalized_at < `+ago+` LIMIT $2)`, since, int64(limit)-n)
		if n += deleted; err != nil || n >= int64(limit) {
			return n, err
		}
	}
	return n, nil
}

// countJobs calls add with the number of jobs of each queue, kind and state, of those that will still do their work or were
// discarded; and with the time when the oldest was queued of those that could start, or have begun and wait to go on.
func countJobs(ctx context.Context, tx *ledger.Tx, add func(queue, kind string, state rivertype.JobState, n int, oldest time.Time)) error {
	oldest := `CAST(coalesce(unixepoch(min(due), 'subsec') * 1000000, 0) AS INTEGER)`
	if tx.Postgres() != nil {
		oldest = `CAST(coalesce(extract(epoch FROM min(due)) * 1000000, 0) AS BIGINT)`
	}
	return tx.EachSQL(ctx, func(scan func(...any) error) error {
		var queue, kind, state string
		var n int
		var at int64
		if err := scan(&queue, &kind, &state, &n, &at); err != nil {
			return err
		}
		var queued time.Time
		if at != 0 {
			queued = time.UnixMicro(at).UTC()
		}
		add(queue, kind, rivertype.JobState(state), n, queued)
		return nil
	}, `SELECT queue, kind, state, count(*), `+oldest+` FROM (
			SELECT queue, kind, CAST(state AS TEXT) AS state, CASE WHEN state IN `+waitingStates+` AND NOT EXISTS (
				SELECT 1 FROM parked p WHERE p.job = j.id) THEN CASE
					WHEN attempted_at IS NOT NULL OR scheduled_at <= created_at THEN created_at
					WHEN scheduled_at <= `+riverNow(tx)+` THEN scheduled_at END END AS due
			FROM river_job j WHERE state IN ('available', 'scheduled', 'retryable', 'pending', 'running', 'discarded')
		) jobs GROUP BY queue, kind, state`)
}

// resumeParked makes parked jobs available of which the condition holds, and returns how many they were. One that has not come to
// its pause yet stays parked.
func resumeParked(ctx context.Context, tx *ledger.Tx, which string, args ...any) (int64, error) {
	n, err := tx.ExecSQL(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+riverNow(tx)+`
		WHERE state IN ('scheduled', 'retryable') AND id IN (SELECT job FROM parked WHERE `+which+`)`, args...)
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecSQL(ctx, `DELETE FROM parked WHERE `+which+` AND NOT EXISTS (
		SELECT 1 FROM river_job j WHERE j.id = parked.job AND j.state = 'running')`, args...)
	return n, err
}

// eachBacklog reads what waits of installations in a queue. The ledger's migrations make an index for it.
func eachBacklog(ctx context.Context, tx *ledger.Tx, queue string, installations []int64, read func(int64, backlog)) error {
	list, err := json.Marshal(installations)
	if err != nil {
		return err
	}
	return tx.EachSQL(ctx, func(scan func(...any) error) error {
		var installation int64
		var b backlog
		if err := scan(&installation, &b.priority, &b.waiting); err != nil {
			return err
		}
		read(installation, b)
		return nil
	}, backlogStatement(tx.Postgres() != nil), queue, string(list))
}

// backlogStatement gives for each installation of the list $2 the lowest priority of its deliveries that wait in the queue $1, and
// how many have it, unless it is the lowest of all.
func backlogStatement(postgres bool) string {
	list, installation := `SELECT value AS id FROM json_each($2)`, `json_extract(j.args, '$.installation')`
	if postgres {
		list = `SELECT CAST(value AS BIGINT) AS id FROM json_array_elements_text(CAST(CAST($2 AS TEXT) AS json))`
		installation = `CAST(j.args->>'installation' AS BIGINT)`
	}
	waiting := `FROM river_job j WHERE j.kind = 'delivery' AND j.state IN ('available', 'scheduled') AND j.queue = $1 AND ` + installation + ` = i.id`
	return `WITH i AS MATERIALIZED (SELECT id, (SELECT j.priority ` + waiting + ` ORDER BY j.priority DESC LIMIT 1) AS priority
			FROM (` + list + `) i)
		SELECT id, priority, CASE WHEN priority < ` + strconv.Itoa(lowestPriority) + `
			THEN (SELECT count(*) ` + waiting + ` AND j.priority = i.priority) ELSE 1 END
		FROM i WHERE priority IS NOT NULL`
}

// callJobs makes jobs available that were put aside, and returns those that River does not know yet to be put aside: that the process
// runs, or has put off in between. first: River hands them out before all others. It waits for nobody: River locks many jobs at once, in any order.
func callJobs(ctx context.Context, tx *ledger.Tx, ids []int64, first bool, process string) (early []int64, err error) {
	var args []any
	var which []string
	for i, id := range ids {
		args, which = append(args, id), append(which, fmt.Sprintf("$%d", i+1))
	}
	list := strings.Join(which, ", ")
	called := list
	if tx.Postgres() != nil {
		called = `SELECT id FROM river_job WHERE id IN (` + list + `) ORDER BY id FOR UPDATE SKIP LOCKED`
	}
	priority := `priority`
	if first {
		priority = `1`
	}
	if _, err := tx.ExecSQL(ctx, callStatement(riverNow(tx), called, priority), args...); err != nil {
		return nil, err
	}
	of, by := ofProcess(process, len(args)+1)
	// In this order: on PostgreSQL each statement sees what was committed before it. What was not called, and is to be, is early.
	err = tx.EachSQL(ctx, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		early = append(early, id)
		return err
	}, `SELECT id FROM river_job WHERE id IN (`+list+`)
		AND (state = 'running' OR state IN ('scheduled', 'available') AND scheduled_at > `+riverNow(tx)+`)`+of, append(args, by...)...)
	return early, err
}

// callStatement makes those of the jobs available that were put aside. By CASE, or SQLite would look for the ids among all jobs of
// these states.
func callStatement(now, ids, priority string) string {
	return `UPDATE river_job SET state = 'available', scheduled_at = ` + now + `, priority = ` + priority + `
		WHERE id IN (` + ids + `) AND CASE WHEN state IN ('scheduled', 'available') THEN scheduled_at > ` + now + ` ELSE FALSE END`
}

// runBy is the process that runs a job, on PostgreSQL.
const runBy = `attempted_by[array_upper(attempted_by, 1)]`

// callAll makes jobs available that were put aside and that nobody calls any more: those of a process, or all where it is "".
func callAll(ctx context.Context, tx *ledger.Tx, process string) error {
	which, args := ofProcess(process, 1)
	_, err := tx.ExecSQL(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+riverNow(tx)+`
		WHERE state = 'scheduled' AND attempted_at IS NOT NULL AND kind <> '`+job.Notify{}.Kind()+`'`+which, args...)
	return err
}

// ofProcess is the condition on jobs of a process, which is the argument of that number; on all, where it is "".
func ofProcess(process string, argument int) (which string, args []any) {
	if process == "" {
		return "", nil
	}
	return fmt.Sprintf(" AND %s = $%d", runBy, argument), []any{process}
}

// runningElsewhere is SQL for the processes that have run a job for longer than $1 and are not registered, on PostgreSQL.
const runningElsewhere = `SELECT ` + runBy + ` FROM river_job
	WHERE state = 'running' AND attempted_by IS NOT NULL
		AND extract(epoch FROM clock_timestamp() - attempted_at) * 1000000 > $1
		AND ` + runBy + ` NOT IN (SELECT id FROM replicas)`

// reclaim makes the jobs available that a process runs, or all that run where it is "", and notes in each that its process ended
// in the middle of it: alone, where it was the only one that ran, or that read. It returns how many they were.
func reclaim(ctx context.Context, tx *ledger.Tx, process string) (int64, error) {
	const reads = `queue IN ('` + job.QueueScan + `', '` + job.QueueBackfill + `', '` + job.QueueLogs + `')`
	which, args := ofProcess(process, 1)
	which = `state = 'running'` + which
	var running, reading int64
	if _, err := tx.OneSQL(ctx, []any{&running, &reading}, `SELECT count(*), count(CASE WHEN `+reads+` THEN 1 END) FROM river_job
		WHERE `+which, args...); err != nil || running == 0 {
		return 0, err
	}
	alone := `0`
	switch {
	case running == 1:
		alone = `1`
	case reading == 1:
		alone = `CASE WHEN ` + reads + ` THEN 1 ELSE 0 END`
	}
	note := `metadata || jsonb_build_object('crashes', coalesce((metadata->>'crashes')::int, 0) + 1,
		'crashes_alone', coalesce((metadata->>'crashes_alone')::int, 0) + ` + alone + `)`
	if tx.Postgres() == nil {
		note = `jsonb_set(metadata, '$.crashes', coalesce(json_extract(metadata, '$.crashes'), 0) + 1,
			'$.crashes_alone', coalesce(json_extract(metadata, '$.crashes_alone'), 0) + ` + alone + `)`
	}
	return tx.ExecSQL(ctx, `UPDATE river_job SET state = 'available', metadata = `+note+`,
		attempt = CASE WHEN attempt > 0 THEN attempt - 1 ELSE 0 END WHERE `+which, args...)
}

// endLeadership ends a dead process's leadership in River, which would go on for some seconds.
func endLeadership(ctx context.Context, tx *ledger.Tx) error {
	_, err := tx.ExecSQL(ctx, `DELETE FROM river_leader`)
	return err
}
