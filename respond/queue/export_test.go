package queue

import (
	"context"
	"database/sql"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"

	"github.com/rekey-app/rekey/respond/ledger"
)

// WithHeartbeat makes processes on PostgreSQL send heartbeats more often, and be taken for dead sooner.
func (c Config) WithHeartbeat(every, timeout time.Duration) Config {
	c.heartbeatEvery, c.HeartbeatTimeout = every, timeout
	return c
}

// What riverinternal_test.go holds against River.
var (
	JobState      = jobState
	CountJobs     = countJobs
	CallJobs      = callJobs
	CallAll       = callAll
	Reclaim       = reclaim
	EndLeadership = endLeadership
	ConditionsOf  = conditions

	CallStatement    = callStatement
	BacklogStatement = backlogStatement
)

// The states that the statements name.
const (
	LiveStates       = liveStates
	RunningElsewhere = runningElsewhere
)

// WokenClient makes a client of River on SQLite that looks for jobs by itself once an hour, and the function that wakes it.
func WokenClient(db *sql.DB, config *river.Config) (start func(context.Context) error, stop func(context.Context) error, wake func([]string), err error) {
	driver := newSQLiteDriver(db)
	config.FetchPollInterval = time.Hour
	client, err := river.NewClient(driver, config)
	if err != nil {
		return nil, nil, nil, err
	}
	return client.Start, client.Stop, driver.pilot.wake, nil
}

// Available takes jobs as River does on SQLite, by exec.
func Available(ctx context.Context, db *sql.DB, exec riverdriver.Executor, queue string) (int, error) {
	got, err := newSQLiteDriver(db).pilot.JobGetAvailable(ctx, exec, nil, &riverdriver.JobGetAvailableParams{ClientID: "test", MaxToLock: 5, MaxAttemptedBy: 10, Queue: queue})
	if err != nil {
		return 0, err
	}
	return len(got.Jobs), nil
}

// ReclaimDead reclaims what processes left that are gone, with the usual timeouts.
func ReclaimDead(ctx context.Context, s *ledger.Store, steady bool) error {
	return (&store{Store: s, db: s.DB(), heartbeatEvery: heartbeatEvery, heartbeatTimeout: heartbeatTimeout}).reclaimDead(ctx, steady)
}

// LockOf is SQL for the numbers of a process's lock.
func LockOf(id string) string { return lockOf(id) }

// GUIDOf is SQL for the delivery that the job j is of.
func GUIDOf(postgres bool) string {
	if postgres {
		return `j.args->>'guid'`
	}
	return `json_extract(j.args, '$.guid')`
}
