package ledger

import (
	"context"
	"fmt"
	"time"
)

// A killed process leaves its jobs in the state running. River takes them up again when their timeouts have passed;
// here that is done as soon as it is certain that the process is gone. On SQLite it is certain at the start, by the
// lock. On PostgreSQL each process counts up a number in the table replicas; one whose number has not changed for
// [silence], by the clock of the one that watches, is gone.
//
// A job whose process died during its last attempt comes once more, with an attempt above its maximum, so that its
// worker can conclude it; if that one dies too, the job is discarded.

const (
	beatEvery = 5 * time.Second
	silence   = 30 * time.Second
)

const reclaim = `UPDATE river_job SET state = 'available' WHERE state = 'running' AND attempt <= max_attempts`

// reclaimAll is for the one process of a SQLite database, before it works. It also ends the dead one's leadership
// in River, which would go on for some seconds.
func (s *Store) reclaimAll(ctx context.Context) error {
	err := s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		n, err := tx.exec(ctx, reclaim)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.InfoContext(ctx, "jobs that were cut off are taken up again", "jobs", n)
		}
		if _, err := tx.exec(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = datetime('now', 'subsec')
			WHERE state = 'running'`); err != nil {
			return err
		}
		// Of the dead process's effects, nothing is on its way from here any more.
		if _, err := tx.exec(ctx, `UPDATE actions SET lease = $1, sending = CASE WHEN sending > $1 THEN $1 ELSE sending END
			WHERE finished = 0`, tx.now); err != nil {
			return err
		}
		_, err = tx.exec(ctx, `DELETE FROM river_leader`)
		return err
	})
	if err != nil {
		return fmt.Errorf("ledger: take up jobs that were cut off: %w", err)
	}
	return nil
}

// beat says that this process lives.
func (s *Store) beat(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, `INSERT INTO replicas (id, beat) VALUES ($1, 1)
		ON CONFLICT (id) DO UPDATE SET beat = replicas.beat + 1`, id)
	if err != nil {
		return fmt.Errorf("ledger: sign on to the queue: %w", err)
	}
	return nil
}

func (s *Store) leave(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM replicas WHERE id = $1`, id)
	return err
}

// pulse is a process's number, and since when it has been seen unchanged.
type pulse struct {
	beat  int64
	since time.Time
}

func (s *Store) tendReplicas(ctx context.Context, id string) {
	ticker := time.NewTicker(s.beatEvery)
	defer ticker.Stop()
	pulses := map[string]pulse{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := s.beat(ctx, id)
		if err == nil {
			err = s.reclaimSilent(ctx, id, pulses, time.Now())
		}
		if err != nil {
			// Who does not see the others cannot say that they are silent: after an outage all begin anew.
			clear(pulses)
			if ctx.Err() == nil {
				s.log.WarnContext(ctx, "the other processes cannot be watched", "error", err)
			}
		}
	}
}

// reclaimSilent takes up the jobs of processes that were silent for too long. Those who run jobs and never signed on
// count as silent from when they were first noticed.
func (s *Store) reclaimSilent(ctx context.Context, self string, pulses map[string]pulse, now time.Time) error {
	rows, err := s.pool.Query(ctx, `
		SELECT id, max(beat) FROM (
			SELECT id, beat FROM replicas
			UNION ALL
			SELECT attempted_by[array_upper(attempted_by, 1)], 0 FROM river_job
			WHERE state = 'running' AND attempted_by IS NOT NULL
		) seen WHERE id IS NOT NULL AND id <> $1 GROUP BY id`, self)
	if err != nil {
		return err
	}
	defer rows.Close()
	present := map[string]bool{}
	for rows.Next() {
		var id string
		var beat int64
		if err := rows.Scan(&id, &beat); err != nil {
			return err
		}
		present[id] = true
		if p, ok := pulses[id]; !ok || p.beat != beat {
			pulses[id] = pulse{beat, now}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for id, p := range pulses {
		if !present[id] {
			delete(pulses, id)
			continue
		}
		if now.Sub(p.since) < s.silence {
			continue
		}
		if err := s.bury(ctx, id, p.beat); err != nil {
			return err
		}
		delete(pulses, id)
	}
	return nil
}

// bury takes up a process's jobs, unless it has given a sign of life meanwhile.
func (s *Store) bury(ctx context.Context, id string, beat int64) error {
	const whose = ` AND attempted_by[array_upper(attempted_by, 1)] = $1`
	return s.Update(ctx, func(ctx context.Context, tx *Tx) error {
		var current int64
		found, err := one(ctx, tx, []any{&current}, `SELECT beat FROM replicas WHERE id = $1 FOR UPDATE`, id)
		if err != nil || found && current != beat {
			return err
		}
		n, err := tx.exec(ctx, reclaim+whose, id)
		if err != nil {
			return err
		}
		if _, err := tx.exec(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = now()
			WHERE state = 'running'`+whose, id); err != nil {
			return err
		}
		if n > 0 {
			s.log.WarnContext(ctx, "a process is gone: its jobs are taken up again", "process", id, "jobs", n)
		}
		_, err = tx.exec(ctx, `DELETE FROM replicas WHERE id = $1`, id)
		return err
	})
}
