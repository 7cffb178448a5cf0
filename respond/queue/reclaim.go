package queue

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond/ledger"
)

// A killed process leaves its jobs in the state running. River rescues them when their timeouts have passed;
// here they are reclaimed as soon as it is certain that the process is gone, or has stopped its work. On SQLite that is
// certain at the start, by the lock. On PostgreSQL it is when a process's last heartbeat is [heartbeatTimeout] old, by the
// clock of the database: whoever starts sees at once how old it is; or a fifth of that, where its connection has ended. See
// heartbeat.go.
//
// Neither costs a job an attempt: which of a process's jobs ended it, if one did, is not known. It is counted in the job's
// metadata, for [job.CrashesOf].

// pgNow is the time of PostgreSQL in microseconds.
const pgNow = `CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)`

// reclaimAll is for the one process of a SQLite database, before it works. It also ends the dead process's leadership
// in River, which would go on for some seconds.
func (s *store) reclaimAll(ctx context.Context) error {
	err := s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		n, err := reclaim(ctx, tx, "")
		if err != nil {
			return err
		}
		if n > 0 {
			s.db.Log.InfoContext(ctx, "interrupted jobs are resumed", "jobs", n)
		}
		// Of the dead process's effects, nothing is on its way from here any more.
		if _, err := tx.ExecSQL(ctx, `UPDATE actions SET lease = $1, sending = CASE WHEN sending > $1 THEN $1 ELSE sending END
			WHERE finished = 0`, tx.Now()); err != nil {
			return err
		}
		if err := callAll(ctx, tx, ""); err != nil {
			return err
		}
		return endLeadership(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("queue: reclaim interrupted jobs: %w", err)
	}
	return nil
}

// gone is SQL for a row of replicas whose process is gone: $2 is the timeout of heartbeats, and $3 what it is for a process whose
// connection has ended; 0, where that says nothing.
var gone = `(seen < ` + pgNow + ` - $2 OR ($3 > 0 AND seen < ` + pgNow + ` - $3 AND NOT ` + holdsLock + `))`

// reclaimDead reclaims the jobs of processes that are gone, and of those that run jobs and are not registered: they have
// unregistered, or were taken for dead. steady: see steadyAfter.
func (s *store) reclaimDead(ctx context.Context, steady bool) error {
	var ended time.Duration
	if steady {
		ended = endedAfter(s.heartbeatTimeout)
	}
	var dead []string
	err := s.View(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		dead = nil
		return tx.EachSQL(ctx, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			dead = append(dead, id)
			return err
		}, `SELECT id FROM replicas WHERE `+gone+`
			UNION
			`+runningElsewhere, s.heartbeatTimeout, s.heartbeatTimeout, ended)
	})
	if err != nil {
		return fmt.Errorf("queue: find processes that are gone: %w", err)
	}
	for _, id := range dead {
		if err := s.reclaimFrom(ctx, id, ended); err != nil {
			return fmt.Errorf("queue: reclaim the jobs of process %s: %w", id, err)
		}
	}
	return nil
}

// reclaimFrom reclaims a process's jobs, unless it has sent a heartbeat meanwhile.
func (s *store) reclaimFrom(ctx context.Context, id string, ended time.Duration) error {
	var n int64
	err := s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		n = 0
		var lives int64
		_, err := tx.OneSQL(ctx, []any{&lives}, `SELECT CASE WHEN `+gone+` THEN 0 ELSE 1 END FROM replicas
			WHERE id = $1 FOR UPDATE`, id, s.heartbeatTimeout, ended)
		if err != nil || lives == 1 {
			return err
		}
		if n, err = reclaim(ctx, tx, id); err != nil {
			return err
		}
		return unregister(ctx, tx, id)
	})
	if err == nil && n > 0 {
		s.db.Log.WarnContext(ctx, "a process is gone: its jobs are resumed", "process", id, "jobs", n)
	}
	return err
}

// signOff hands over what waits for its turn in this process, whose jobs have ended, and takes the process from the register.
func (s *store) signOff(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, signOffWithin)
	defer cancel()
	return s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error { return unregister(ctx, tx, s.process) })
}

// unregister takes a process from the register, and makes the jobs available that it had put aside: nobody calls them any more.
func unregister(ctx context.Context, tx *ledger.Tx, process string) error {
	if err := callAll(ctx, tx, process); err != nil {
		return err
	}
	_, err := tx.ExecSQL(ctx, `DELETE FROM replicas WHERE id = $1`, process)
	return err
}
