package job

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The names by which the ledger passes jobs on to the queue, so that it need not know River.
type (
	Args    = river.JobArgs    // what a job is about
	Options = river.InsertOpts // how it is queued; nil pointers stand for the defaults of its kind
	Row     = rivertype.JobRow // a job as it is in the database
)
