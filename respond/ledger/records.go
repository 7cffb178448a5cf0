package ledger

import (
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/turn"
)

// Times in records are UTC with microseconds; the zero time is stored as 0 and read back as the zero time.

// Delivery is one webhook POST from GitHub.
type Delivery struct {
	GUID         string // X-GitHub-Delivery
	Event        string // X-GitHub-Event
	Action       string
	Installation int64 // 0 where the payload names none
	Repository   int64
	Lane         string // deliveries of one lane are handled one after the other, in their order; "" is none
	Class        turn.Class
	Trace        string // traceparent of the request that brought it; "": not traced. Its job has it, and the ledger does not keep it
	Head         string // what a push made its ref point to; "" for other events
	Body         []byte // as it came; at most 25 MiB; emptied when the delivery is finished
	Found        string // what was found in its texts, as package texts writes it; "": nothing. Emptied like Body
	Received     time.Time
	Finished     time.Time
	Outcome      string // what became of it, in words; "" while it waits
	GivenUp      bool   // finished without being done: if it comes again it is done again
	Recovered    bool   // read from GitHub's delivery log, and not received
}

// Acceptance says what became of a delivery that was offered to the ledger.
type Acceptance string

// The acceptances.
const (
	Accepted Acceptance = "accepted" // new: stored with its job
	Waiting  Acceptance = "waiting"  // known, its job has not finished and waits or runs
	Requeued Acceptance = "requeued" // known, its job had died or was given up: queued again
	Done     Acceptance = "done"     // known and finished: dropped
)

// backfill and ofText are the triggers of scans of whole histories, and of texts, in SQL.
const (
	backfill = "'" + string(respond.TriggerBackfill) + "'"
	ofText   = "'" + string(respond.TriggerText) + "'"
)

// Check is the one check run of a head commit.
type Check struct {
	Repository int64
	Head       string
	RunID      int64 // GitHub's; 0: not created yet
	Conclusion string
	Digest     string // hash of what was last sent
	Updated    time.Time
}
