package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond/job"
)

// A killed process leaves its jobs in the state running. River rescues them when their timeouts have passed;
// here they are reclaimed as soon as it is certain that the process is gone, or has stopped its work. On SQLite that is
// certain at the start, by the lock. On PostgreSQL it is when a process's last heartbeat is [heartbeatTimeout] old, by the
// clock of the database: whoever starts sees at once how old it is. See heartbeat.go.
//
// Neither costs a job an attempt: which of a process's jobs ended it, if one did, is not known. It is counted in the job's
// metadata, for [job.CrashesOf].

// pgNow is the time of PostgreSQL in microseconds.
const pgNow = `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`

// reclaimAll is for the one process of a SQLite database, before it works. It also ends the dead process's leadership
// in River, which would go on for some seconds.
func (s *Store) reclaimAll(ctx context.Context) error {
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.reclaim(ctx, `state = 'running'`)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.InfoContext(ctx, "interrupted jobs are resumed", "jobs", n)
		}
		// Of the dead process's effects, nothing is on its way from here any more.
		if _, err := tx.exec(ctx, `UPDATE actions SET lease = $1, sending = CASE WHEN sending > $1 THEN $1 ELSE sending END
			WHERE finished = 0`, tx.now); err != nil {
			return err
		}
		if err := tx.callAll(ctx, ""); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM river_leader`)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: reclaim interrupted jobs: %w", err)
	}
	return nil
}

// reclaimDead reclaims the jobs of processes whose last heartbeat is too old, and of those that run jobs and are not
// registered: they have unregistered, or were taken for dead.
func (s *Store) reclaimDead(ctx context.Context) error {
	var dead []string
	err := s.View(ctx, func(ctx context.Context, tx *Tx) error {
		dead = nil
		return each(ctx, tx, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			dead = append(dead, id)
			return err
		}, `SELECT id FROM replicas WHERE seen < `+pgNow+` - $1
			UNION
			SELECT attempted_by[array_upper(attempted_by, 1)] FROM river_job
			WHERE state = 'running' AND attempted_by IS NOT NULL
				AND extract(epoch FROM clock_timestamp() - attempted_at) * 1000000 > $1
				AND attempted_by[array_upper(attempted_by, 1)] NOT IN (SELECT id FROM replicas)`, s.heartbeatTimeout)
	})
	if err != nil {
		return fmt.Errorf("ledger: find processes that are gone: %w", err)
	}
	for _, id := range dead {
		if err := s.reclaimFrom(ctx, id); err != nil {
			return fmt.Errorf("ledger: reclaim the jobs of process %s: %w", id, err)
		}
	}
	return nil
}

// reclaimFrom reclaims a process's jobs, unless it has sent a heartbeat meanwhile.
func (s *Store) reclaimFrom(ctx context.Context, id string) error {
	const whose = `state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1`
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		var lives int64
		_, err := one(ctx, tx, []any{&lives}, `SELECT CASE WHEN seen < `+pgNow+` - $2 THEN 0 ELSE 1 END FROM replicas
			WHERE id = $1 FOR UPDATE`, id, s.heartbeatTimeout)
		if err != nil || lives == 1 {
			return err
		}
		n, err := tx.reclaim(ctx, whose, id)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.WarnContext(ctx, "a process is gone: its jobs are resumed", "process", id, "jobs", n)
		}
		if err := tx.callAll(ctx, ` AND attempted_by[array_upper(attempted_by, 1)] = $1`, id); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM replicas WHERE id = $1`, id)
		return err
	})
}

// reclaim makes running jobs available again, and notes in each that its process ended in the middle of it: alone, where it was
// the only one that ran, or that read. It returns how many they were.
func (tx *Tx) reclaim(ctx context.Context, which string, args ...any) (int64, error) {
	const reads = `queue IN ('` + job.QueueScan + `', '` + job.QueueBackfill + `')`
	var running, reading int64
	if _, err := one(ctx, tx, []any{&running, &reading}, `SELECT count(*), count(CASE WHEN `+reads+` THEN 1 END) FROM river_job
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
	if tx.pg == nil {
		note = `jsonb_set(metadata, '$.crashes', coalesce(json_extract(metadata, '$.crashes'), 0) + 1,
			'$.crashes_alone', coalesce(json_extract(metadata, '$.crashes_alone'), 0) + ` + alone + `)`
	}
	return tx.exec(ctx, `UPDATE river_job SET state = 'available', metadata = `+note+`,
		attempt = CASE WHEN attempt > 0 THEN attempt - 1 ELSE 0 END WHERE `+which, args...)
}
