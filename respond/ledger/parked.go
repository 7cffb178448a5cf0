package ledger

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/respond/job"
)

// ParkJob notes that a job waits for the end of an installation's suspension.
func (tx *Tx) ParkJob(ctx context.Context, id, installation int64) error {
	_, err := tx.exec(ctx, `INSERT INTO parked (job, installation) VALUES ($1, $2)
		ON CONFLICT (job) DO UPDATE SET installation = excluded.installation`, id, installation)
	if err != nil {
		return fmt.Errorf("ledger: park job %d: %w", id, err)
	}
	return nil
}

// ResumeJobs lets the jobs go on that waited for the end of an installation's suspension.
func (tx *Tx) ResumeJobs(ctx context.Context, installation int64) error {
	return tx.resume(ctx, `installation = $1`, installation)
}

// ResumeParked lets all jobs go on whose installation is not on record as suspended: the event of its end may have come before
// the job was parked.
func (tx *Tx) ResumeParked(ctx context.Context) error {
	return tx.resume(ctx, `installation NOT IN (SELECT id FROM installations WHERE suspended <> 0)`)
}

func (tx *Tx) resume(ctx context.Context, which string, args ...any) error {
	now := `datetime('now', 'subsec')`
	if tx.pg != nil {
		now = `now()`
	}
	// A job that has not come to its pause yet stays parked.
	n, err := tx.exec(ctx, `UPDATE river_job SET state = 'available', scheduled_at = `+now+`
		WHERE state IN ('scheduled', 'retryable') AND id IN (SELECT job FROM parked WHERE `+which+`)`, args...)
	if err == nil {
		_, err = tx.exec(ctx, `DELETE FROM parked WHERE `+which+` AND NOT EXISTS (
			SELECT 1 FROM river_job j WHERE j.id = parked.job AND j.state = 'running')`, args...)
	}
	if err != nil {
		return fmt.Errorf("ledger: resume jobs: %w", err)
	}
	if n > 0 {
		for _, queue := range []string{job.QueueScan, job.QueueRespond, job.QueueBackfill} {
			tx.queued(queue)
		}
	}
	return nil
}
