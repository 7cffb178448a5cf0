package queue_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.uber.org/goleak"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// childURL is set where the test binary runs as a child that will be killed.
const (
	childURL  = "REKEY_TEST_CHILD_URL"
	childDoes = "REKEY_TEST_CHILD_DOES"
)

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		child(url, os.Getenv(childDoes))
		os.Exit(1) // it should have been killed
	}
	goleak.VerifyTestMain(m) // ends the process
}

func child(url, does string) {
	ctx := context.Background()
	s, err := queue.OpenStore(ctx, ledger.Options{URL: url})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	switch does {
	case "accept":
		for i := range 1_000_000 {
			d := ledger.Delivery{GUID: fmt.Sprint("g", i), Event: "push", Body: fmt.Appendf(nil, `{"n":%d}`, i)}
			if _, err := s.Accept(ctx, []ledger.Delivery{d}); err != nil {
				fmt.Println("error", err)
				return
			}
			fmt.Println("accepted", d.GUID)
		}
	case "work":
		workers := river.NewWorkers()
		river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[job.Issue]) error {
			fmt.Println("started", j.Attempt)
			select {}
		}))
		w, err := queue.New(s, workers, queue.Config{}.WithHeartbeat(100*time.Millisecond, time.Hour))
		if err == nil {
			err = w.Start(ctx)
		}
		if err == nil {
			err = s.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
				return tx.Enqueue(ctx, job.Issue{Leak: 1}, &river.InsertOpts{MaxAttempts: 1})
			})
		}
		if err != nil {
			fmt.Println("error", err)
			return
		}
		select {}
	}
}

// runChild starts the child and gives its lines to see, until that says that it is enough; then it kills the child with
// SIGKILL, and gives the lines that had been on their way.
func runChild(t *testing.T, url, does string, enough func(line string) bool) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), childURL+"="+url, childDoes+"="+does)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	overdue := time.AfterFunc(testTimeout, func() { _ = cmd.Process.Kill() })
	killed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "error") {
			t.Errorf("child: %s", lines.Text())
		}
		if enough(lines.Text()) && !killed {
			killed = true
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if !overdue.Stop() || !killed {
		t.Fatal("the child did not do what it should")
	}
}

func TestAcceptedSurvivesKill(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		for _, after := range []int{1, 10, 57} {
			var guids []string
			seen := 0
			runChild(t, url, "accept", func(line string) bool {
				if guid, ok := strings.CutPrefix(line, "accepted "); ok {
					guids = append(guids, guid)
					seen++
				}
				return seen >= after
			})
			s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			for _, guid := range guids {
				got, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: guid, Event: "push"}})
				if err != nil || got[0] != ledger.Waiting {
					t.Errorf("%s, acknowledged before the kill, is %v (%v)", guid, got, err)
				}
				view(t, s, func(ctx context.Context, tx *ledger.Tx) error {
					d, err := tx.Delivery(ctx, guid)
					equal(t, "body", string(d.Body), `{"n":`+strings.TrimPrefix(guid, "g")+`}`)
					return err
				})
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}

// The end of its process costs a job no attempt, and is counted.
func TestJobOfKilledProcessIsTakenUp(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		runChild(t, url, "work", func(line string) bool { return line == "started 1" })
		s := ledgertest.Open(t, ledger.Options{URL: url})
		taken := make(chan *rivertype.JobRow, 1)
		work(t, s, jobs{issue: func(_ context.Context, j *river.Job[job.Issue]) error {
			taken <- j.JobRow
			return nil
		}}, queue.Config{}.WithHeartbeat(50*time.Millisecond, 3*time.Second))
		row := receive(t, taken)
		equal(t, "attempt", row.Attempt, 1)
		equal(t, "crashes", job.CrashesOf(row), job.Crashes{Times: 1, Alone: 1})
	})
}

// Processes that live are not taken for dead, whatever their clocks say.
func TestLivingProcessKeepsItsJobs(t *testing.T) {
	t.Parallel()
	url := ledgertest.Postgres(t)
	attempts := make(chan int, 10)
	finish := make(chan struct{})
	hold := jobs{issue: func(_ context.Context, j *river.Job[job.Issue]) error {
		attempts <- j.Attempt
		<-finish
		return nil
	}}
	a := ledgertest.Open(t, ledger.Options{URL: url})
	b := ledgertest.Open(t, ledger.Options{URL: url})
	work(t, a, hold, queue.Config{ID: "a"}.WithHeartbeat(20*time.Millisecond, time.Second))
	enqueue(t, a, job.Issue{Leak: 1})
	equal(t, "attempt", receive(t, attempts), 1)
	work(t, b, hold, queue.Config{ID: "b"}.WithHeartbeat(20*time.Millisecond, time.Second))
	select {
	case n := <-attempts:
		t.Errorf("attempt %d began while the first one ran", n)
	case <-time.After(3 * time.Second):
	}
	close(finish)
}
