package publish

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// maskLedger is what a text holds, without a database.
type maskLedger struct {
	Tx
	leak   respond.Leak
	text   respond.Sighting
	masked int
	filing bool
	now    time.Time
}

func (l maskLedger) InText(context.Context, int64, string, int) ([]respond.Sighting, error) {
	return []respond.Sighting{l.text}, nil
}

func (l maskLedger) Leak(context.Context, int64) (respond.Leak, error) { return l.leak, nil }

func (l maskLedger) Masked(context.Context, int64) (int, error) { return l.masked, nil }

func (l maskLedger) IssueRequested(context.Context, int64) (bool, error) { return l.filing, nil }
func (l maskLedger) Now() time.Time                                      { return l.now }

// TestWhatIsMasked: keys of open leaks that are in a text now, once in each text, in so many texts; and the issue comes first, for a while.
func TestWhatIsMasked(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	base := maskLedger{
		leak: respond.Leak{ID: 1, State: respond.Open, Confidence: "high", Detected: now.Add(-time.Hour), IssueNumber: 12, IssueRepository: 9},
		text: respond.Sighting{ID: 2, Leak: 1, Source: respond.InIssueComment, Text: respond.Text{NodeID: "IC_1", ID: 34, Field: "body"}}, now: now,
	}
	for name, test := range map[string]struct {
		set  func(*maskLedger)
		want string
	}{
		"open":               {func(*maskLedger) {}, "masked #12"},
		"no issue":           {func(l *maskLedger) { l.leak.IssueNumber = 0 }, "masked #0"},
		"issue elsewhere":    {func(l *maskLedger) { l.leak.IssueRepository = 10 }, "masked #0"},
		"issue is filed now": {func(l *maskLedger) { l.leak.IssueNumber, l.filing, l.leak.Detected = 0, true, now }, "waits"},
		"never filed":        {func(l *maskLedger) { l.leak.IssueNumber, l.filing = 0, true }, "masked #0"},
		"masked before":      {func(l *maskLedger) { l.text.Text.Masked = now }, "not needed"},
		"in enough texts":    {func(l *maskLedger) { l.masked = respond.MaxMasked }, "over"},
		"in nearly enough":   {func(l *maskLedger) { l.masked = respond.MaxMasked - 1 }, "masked #12"},
		"edited out":         {func(l *maskLedger) { l.text.Text.Former = true }, "not needed"},
		"gone":               {func(l *maskLedger) { l.text.Text.Gone = now }, "not needed"},
		"a false positive":   {func(l *maskLedger) { l.leak.State = respond.Ignored }, "not needed"},
		"revoked":            {func(l *maskLedger) { l.leak.State = respond.Revoked }, "not needed"},
		"not sure":           {func(l *maskLedger) { l.leak.Confidence = "low" }, "not needed"},
		"a stranger's":       {func(l *maskLedger) { l.leak.Outside = true }, "not needed"},
		"a title":            {func(l *maskLedger) { l.text.Text.Field = "title" }, "not needed"},
		"a review":           {func(l *maskLedger) { l.text.Source = respond.InReview }, "not needed"},
	} {
		l := base
		test.set(&l)
		e := &maskEffect{in: respond.Repository{ID: 9, Private: true}, node: "IC_1", policy: respond.DefaultPolicy()}
		err := e.Facts(t.Context(), l, ledger.Action{})
		var waits *outcome.WaitError
		got := ""
		switch {
		case errors.As(err, &waits):
			got = "waits"
		case errors.Is(err, ErrNotNeeded):
			got = "not needed"
		case err != nil:
			t.Fatal(err)
		case len(e.over) == 1 && len(e.sightings) == 0:
			got = "over"
		case len(e.sightings) == 1:
			got = "masked #" + strings.TrimSpace(map[int]string{0: "0", 12: "12"}[e.issue])
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestWhyATextIsKept: what GitHub refuses for good is told to people; anything else is tried again.
func TestWhyATextIsKept(t *testing.T) {
	t.Parallel()
	w := &Worker{Now: time.Now}
	other := errors.New("the network is away")
	for _, test := range []struct {
		err   error
		want  respond.Kept
		again bool
	}{
		{nil, "", false},
		{github.ErrForbidden, respond.KeptPermission, false},
		{github.ErrArchived, respond.KeptArchived, false},
		{github.ErrNotFound, respond.KeptMoved, false},
		{github.ErrGone, respond.KeptMoved, false},
		{other, "", true},
		{&github.LimitError{Until: time.Now().Add(time.Second)}, "", true},
	} {
		got, err := w.keptBy(test.err)
		if got != test.want || (err != nil) != test.again {
			t.Errorf("%v: %q, %v", test.err, got, err)
		}
	}
}
