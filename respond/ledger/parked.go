package ledger

import (
	"context"
	"fmt"
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
	if err := tx.s.queue.ResumeParked(ctx, tx, which, args...); err != nil {
		return fmt.Errorf("ledger: resume jobs: %w", err)
	}
	return nil
}
