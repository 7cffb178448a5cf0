package crashtest

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"time"
)

// interrupted is a job that ran when a process ended.
type interrupted struct {
	kind      string
	attempted string    // when it was taken the last time
	crashes   int       // that it had seen
	restarted time.Time // when the process was started again
}

// jobColumns of river_job are those of an interrupted job, and its state.
func (w *world) jobColumns() string {
	crashes := `CAST(coalesce(json_extract(metadata, '$.crashes'), 0) AS INTEGER)`
	if w.set.postgres != "" {
		crashes = `coalesce((metadata->>'crashes')::int, 0)`
	}
	return `id, kind, state, CAST(attempted_at AS TEXT), ` + crashes
}

// running returns the jobs that the ledger says are running. A process has just ended: those of it will not end by themselves.
func (w *world) running() map[int64]interrupted {
	jobs := map[int64]interrupted{}
	w.eachJob(`state = 'running'`, func(id int64, _ string, j interrupted) { jobs[id] = j })
	return jobs
}

func (w *world) eachJob(where string, do func(id int64, state string, j interrupted)) {
	rows, err := w.db.Query(`SELECT ` + w.jobColumns() + ` FROM river_job WHERE ` + where)
	if err != nil {
		return // the next look tells
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var state string
		var attempted sql.NullString
		var j interrupted
		if rows.Scan(&id, &j.kind, &state, &attempted, &j.crashes) != nil {
			return
		}
		j.attempted = attempted.String
		do(id, state, j)
	}
	_ = rows.Err() // the next look tells
}

// watchJobs follows the interrupted jobs until each is taken again.
func (w *world) watchJobs(ctx context.Context) {
	for ctx.Err() == nil {
		w.lookAtJobs()
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (w *world) lookAtJobs() {
	w.mu.Lock()
	waiting := maps.Clone(w.interrupted)
	w.mu.Unlock()
	for id, was := range waiting {
		known := false
		w.eachJob(fmt.Sprint("id = ", id), func(_ int64, state string, now interrupted) {
			known = true
			again := now.crashes > was.crashes && now.attempted != was.attempted
			waits := state == "running" && now.attempted == was.attempted || now.crashes > was.crashes && now.attempted == was.attempted &&
				(state == "available" || state == "scheduled" || state == "retryable")
			if waits {
				return
			}
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.interrupted, id)
			if again {
				w.sum.reclaimed++
				w.sum.taken = max(w.sum.taken, time.Since(was.restarted))
			}
		})
		if !known {
			w.mu.Lock()
			delete(w.interrupted, id) // its repository was deleted
			w.mu.Unlock()
		}
	}
}

// interrupt notes jobs that a process left behind, which is running again.
func (w *world) interrupt(jobs map[int64]interrupted) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, j := range jobs {
		j.restarted = time.Now()
		w.interrupted[id] = j
	}
}

// leftBehind are jobs that nobody has taken again though all is calm.
func (w *world) leftBehind() (wrong []string) {
	w.lookAtJobs()
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, j := range w.interrupted {
		wrong = append(wrong, fmt.Sprintf("job %d (%s), interrupted by the end of its process at %s, was not taken again", id, j.kind, j.restarted.Format(time.TimeOnly)))
	}
	return wrong
}

// suspects reports whether a job that is still to be done would be given up if it were interrupted once more: what ends each process
// that does it is not done for ever, and chance alone does so here.
func (w *world) suspects() bool {
	const alone, beside = 2, 8 // one and two less than what servers put up with
	times := func(of string) string {
		if w.set.postgres != "" {
			return `coalesce((metadata->>'` + of + `')::int, 0)`
		}
		return `coalesce(json_extract(metadata, '$.` + of + `'), 0)`
	}
	suspects := false
	w.eachJob(fmt.Sprintf(`state IN ('available', 'scheduled', 'retryable', 'running') AND (%s >= %d OR %s >= %d)`,
		times("crashes_alone"), alone, times("crashes"), beside), func(int64, string, interrupted) { suspects = true })
	return suspects
}
