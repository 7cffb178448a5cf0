package app

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// soon is how far off a job's time may be for settle to wait for it.
const soon = 30 * time.Second

// lookEvery is how often settle looks, which costs the server some of the processor.
const lookEvery = 20 * time.Millisecond

// settle waits until every delivery was made and is finished, and no job is left but those whose time is far off: they have
// never run, and wait to ask Clerk again or to send a digest. See hurry. What waits a moment only for more to come is made due at once.
func (w *world) settle() {
	w.t.Helper()
	idle := 0
	w.eventually("all deliveries and jobs to be done", func() bool {
		// What a job had GitHub send before it ended is made and stored here: the second look finds it.
		if err := w.github.Settle(w.ctx); err != nil {
			w.t.Fatal(err)
		}
		if idle++; w.busy() {
			idle = 0
			time.Sleep(lookEvery)
		}
		return idle > 1
	})
}

// busy reports whether deliveries are unfinished, or jobs run or are about to.
func (w *world) busy() (busy bool) {
	w.t.Helper()
	w.view(func(ctx context.Context, tx *ledger.Tx) error {
		stats, err := tx.Stats(ctx)
		if err != nil {
			return err
		}
		for _, n := range stats.Running {
			busy = busy || n > 0
		}
		if busy = busy || stats.Unfinished > 0; busy {
			return nil
		}
		for _, j := range w.jobs(tx) {
			busy = busy || j.AttemptedAt != nil || time.Until(j.ScheduledAt) < soon
		}
		return nil
	})
	if busy && w.waits(collects) {
		w.hurried(collects)
	}
	return busy
}

// collects reports whether a job waits a moment for more that it can do at once.
func collects(j *rivertype.JobRow) bool {
	return j.Kind == job.CodeScanning{}.Kind() && j.State == rivertype.JobStateScheduled && j.AttemptedAt == nil
}

// waits reports whether no job runs, and one that waits is such.
func (w *world) waits(such func(*rivertype.JobRow) bool) (waits bool) {
	w.t.Helper()
	w.view(func(_ context.Context, tx *ledger.Tx) error {
		jobs := w.jobs(tx)
		waits = slices.ContainsFunc(jobs, such) &&
			!slices.ContainsFunc(jobs, func(j *rivertype.JobRow) bool { return j.State == rivertype.JobStateRunning })
		return nil
	})
	return waits
}

// hurry makes jobs that are for later due.
func (w *world) hurry() {
	w.t.Helper()
	w.hurried(func(*rivertype.JobRow) bool { return true })
}

// hurried makes such jobs due.
func (w *world) hurried(such func(*rivertype.JobRow) bool) {
	w.t.Helper()
	err := w.server.Store().Update(w.ctx, func(_ context.Context, tx *ledger.Tx) error {
		for _, j := range w.jobs(tx) {
			if such(j) {
				w.retry(tx, j.ID)
				tx.Wake(j.Queue)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// jobs lists those that will still do their work.
func (w *world) jobs(tx *ledger.Tx) []*rivertype.JobRow {
	w.t.Helper()
	live := river.NewJobListParams().First(10_000).States(rivertype.JobStateAvailable, rivertype.JobStatePending,
		rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled)
	var list *river.JobListResult
	var err error
	if tx.SQLite() != nil {
		list, err = queueOf(w.t, riversqlite.New(nil)).JobListTx(w.ctx, tx.SQLite(), live)
	} else {
		list, err = queueOf(w.t, riverpgxv5.New(nil)).JobListTx(w.ctx, tx.Postgres(), live)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return list.Jobs
}

// retry makes a job due.
func (w *world) retry(tx *ledger.Tx, id int64) {
	w.t.Helper()
	var err error
	if tx.SQLite() != nil {
		_, err = queueOf(w.t, riversqlite.New(nil)).JobRetryTx(w.ctx, tx.SQLite(), id)
	} else {
		_, err = queueOf(w.t, riverpgxv5.New(nil)).JobRetryTx(w.ctx, tx.Postgres(), id)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// queueOf is River's public API, with no worker.
func queueOf[T any](t testing.TB, driver riverdriver.Driver[T]) *river.Client[T] {
	t.Helper()
	client, err := river.NewClient(driver, &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// counted is a counter of the server's, as an operator reads it: the sum of those whose labels hold all these.
func (w *world) counted(name string, labels ...string) (sum int) {
	w.t.Helper()
	return counted(w.t, w.url("/metrics"), name, labels...)
}

func counted(t testing.TB, url, name string, labels ...string) (sum int) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		series, value, _ := strings.Cut(lines.Text(), " ")
		got, rest, _ := strings.Cut(series, "{")
		if got != name || slices.ContainsFunc(labels, func(label string) bool { return !strings.Contains(rest, label) }) {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		sum += int(n)
	}
	return sum
}
