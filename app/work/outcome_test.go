package work

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/job"
)

// TestOvertime: a scan that used up its time is tried once more, not ten times; an error of another kind, and a time-out of a
// single request, are not the job's own.
func TestOvertime(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	fault := errors.New("reset by peer")
	for _, c := range []struct {
		name  string
		ctx   context.Context
		tried int
		err   error
		want  github.Reaction
	}{
		{"its time ran out", ended, 1, context.DeadlineExceeded, github.Retry},
		{"again", ended, 2, context.DeadlineExceeded, github.GiveUp},
		{"and its request broke off", ended, 5, fault, github.GiveUp},
		{"a request's time ran out", t.Context(), 5, context.DeadlineExceeded, github.Retry},
		{"the server stops", stopped, 5, context.Canceled, github.Retry},
	} {
		err := overtime(c.ctx, c.tried, job.ScanTimeout, c.err)
		if got := outcomeOf(err, time.Unix(0, 0), attempt{}); got.Do != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Do, got.Reason, c.want)
		}
	}
	if err := overtime(ended, 9, job.ScanTimeout, nil); err != nil {
		t.Errorf("what was read in time: %v", err)
	}
}
