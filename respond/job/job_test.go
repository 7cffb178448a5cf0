package job_test

import (
	"testing"

	"github.com/riverqueue/river"

	"github.com/rekey-app/rekey/respond/job"
)

func TestEveryJobNamesItsQueueAndAttempts(t *testing.T) {
	t.Parallel()
	known := map[string]bool{job.QueueScan: true, job.QueueRespond: true, job.QueueBackfill: true}
	for _, args := range []river.JobArgsWithInsertOpts{job.Delivery{}, job.Issue{}, job.Check{}, job.Backfill{}} {
		opts := args.InsertOpts()
		if !known[opts.Queue] {
			t.Errorf("%T goes to the queue %q, which nobody works", args, opts.Queue)
		}
		if opts.MaxAttempts < 2 {
			t.Errorf("%T is tried %d times", args, opts.MaxAttempts)
		}
	}
	for _, event := range []string{"push", "pull_request", "issues", "installation", "never heard of", ""} {
		if q := job.QueueOf(event); !known[q] {
			t.Errorf("deliveries of %q go to the queue %q, which nobody works", event, q)
		}
	}
}

func TestKeysDistinguishJobs(t *testing.T) {
	t.Parallel()
	seen := map[string]job.Singleton{}
	for _, k := range []job.Singleton{
		job.Check{Repository: 1, Head: "1"},
		job.Check{Repository: 11, Head: ""},
		job.Check{Repository: 1, Head: "2"},
		job.Issue{Leak: 1},
		job.Issue{Leak: 2},
		job.Backfill{Repository: 1},
		job.Backfill{Repository: 2},
	} {
		id := k.Kind() + " " + k.Key()
		if other, ok := seen[id]; ok {
			t.Errorf("%#v and %#v share the key %q", k, other, id)
		}
		seen[id] = k
	}
}
