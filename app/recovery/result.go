package recovery

import (
	"context"
	"log/slog"
)

// Result is what one pass did.
type Result struct {
	Pages    int // of GitHub's log that were read
	Listed   int // deliveries on them
	Missed   int // deliveries that turned out to be missed
	Failed   int // of these, GitHub lists no attempt that succeeded; the others were answered, but the ledger does not have them
	Fetched  int // payloads that were read from the log
	Taken    int // deliveries that were stored from there
	Asked    int // redeliveries that were asked for
	Arrived  int // missed deliveries that came by themselves
	Lost     int // missed deliveries that GitHub does not have any more
	Left     int // missed deliveries that are left to be recovered
	Requests int // to GitHub
	// Stopped says why the pass ended before everything was done; "": it did not.
	Stopped string
}

// Outcome is what became of a missed delivery, as counted.
type Outcome string

// The outcomes.
const (
	Recovered Outcome = "recovered" // its payload was read from GitHub's log
	Requested Outcome = "requested" // the log does not hold its payload: GitHub was asked to send it again
	Arrived   Outcome = "arrived"   // it came, asked for or not
	Lost      Outcome = "lost"      // GitHub does not have it any more
)

func (r Result) log(ctx context.Context, l *slog.Logger) {
	if r.Missed+r.Taken+r.Asked+r.Arrived+r.Lost == 0 && r.Stopped == "" {
		return
	}
	l.InfoContext(ctx, "missed deliveries are recovered from GitHub's log", "missed", r.Missed, "recovered", r.Taken, "requested", r.Asked,
		"arrived", r.Arrived, "lost", r.Lost, "left", r.Left, "stopped", r.Stopped)
}
