package outcome

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/github/wire"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestOutcomeOf(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		last bool
		age  time.Duration
		do   github.Reaction
		wait time.Duration
	}{
		"somebody else is at it":                  {fmt.Errorf("comment: %w", ledger.ErrBusy), false, 0, github.Snooze, leaseWait},
		"busy at the last attempt":                {ledger.ErrBusy, true, 0, github.Snooze, leaseWait},
		"final":                                   {fmt.Errorf("notify: %w", Final("it answered 404")), false, 0, github.GiveUp, 0},
		"somebody named the time":                 {&WaitError{noon.Add(time.Minute), "not now"}, true, 0, github.Snooze, time.Minute},
		"the time that somebody named has passed": {&WaitError{noon, "not now"}, true, 0, github.Snooze, turnWait},
		"a limit":                                 {&github.LimitError{Until: noon.Add(time.Hour)}, true, 0, github.Snooze, time.Hour},
		"a limit that has passed":                 {&github.LimitError{Until: noon.Add(-time.Hour)}, false, 0, github.Snooze, turnWait},
		"GitHub does not take it":                 {&github.InvalidError{}, false, 0, github.GiveUp, 0},
		"the network":                             {errors.New("connection reset"), false, 0, github.Retry, 0},
		"the network, at the last attempt":        {errors.New("connection reset"), true, 0, github.GiveUp, 0},
		"an object that may be there later":       {&wire.ServerError{Message: "upload-pack: not our ref " + "2222222222222222222222222222222222222222"}, false, 0, github.Retry, 0},
		"a repository that cannot be read":        {wire.ErrSHA256, false, 0, github.GiveUp, 0},
		"the database, which may come again":      {fmt.Errorf("ledger: %w", errors.New("disk I/O error")), false, 0, github.Retry, 0},
		"an outage":                               {io.ErrUnexpectedEOF, true, 0, github.Snooze, time.Second},
		"an outage for an hour":                   {io.ErrUnexpectedEOF, true, time.Hour, github.Snooze, outagePause},
		"an outage for a minute":                  {&wire.StatusError{Status: 502}, true, time.Minute, github.Snooze, 30 * time.Second},
		"an outage for a day":                     {io.ErrUnexpectedEOF, false, outageFor, github.Retry, 0},
		"an outage that does not end":             {io.ErrUnexpectedEOF, true, outageFor, github.GiveUp, 0},
		"the database is away":                    {fmt.Errorf("%w: EOF", ledger.ErrUnavailable), true, time.Minute, github.Snooze, 30 * time.Second},
		"wrong credentials":                       {&wire.StatusError{Status: 401}, true, 0, github.Snooze, time.Second},
		"suspended":                               {&github.Error{Err: &wire.StatusError{Status: 403, Body: "This installation has been suspended"}}, true, 0, github.Snooze, suspendedPause},
		"another run has taken over":              {ledger.ErrFenced, true, 0, github.Snooze, leaseWait},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Of(c.err, noon, Attempt{Last: c.last, Age: c.age})
			if got.Do != c.do || got.After != c.wait || got.Reason == "" {
				t.Errorf("%+v, want %s after %s", got, c.do, c.wait)
			}
		})
	}
}

// TestOutOfReach: a repository may have moved to another installation, and the event that says so come later.
func TestOutOfReach(t *testing.T) {
	t.Parallel()
	away := errors.Join(&github.InvalidError{}, github.ErrOutOfReach)
	for _, c := range []struct {
		a    Attempt
		want github.Reaction
	}{
		{Attempt{Number: 1}, github.Retry},
		{Attempt{Number: 2, Age: time.Hour}, github.Retry},
		{Attempt{Number: 3}, github.GiveUp},
		{Attempt{Number: 1, Last: true}, github.GiveUp},
		{Attempt{}, github.GiveUp},
	} {
		if got := Of(away, noon, c.a); got.Do != c.want {
			t.Errorf("%+v: %s (%s), want %s", c.a, got.Do, got.Reason, c.want)
		}
	}
}

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
		err := Overtime(c.ctx, c.tried, job.ScanTimeout, c.err)
		if got := Of(err, time.Unix(0, 0), Attempt{}); got.Do != c.want {
			t.Errorf("%s: %s (%s), want %s", c.name, got.Do, got.Reason, c.want)
		}
	}
	if err := Overtime(ended, 9, job.ScanTimeout, nil); err != nil {
		t.Errorf("what was read in time: %v", err)
	}
}
