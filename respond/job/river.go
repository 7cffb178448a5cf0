package job

import (
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// The ledger passes jobs on to the queue by these names, so that it need not know River.
type (
	// Args are what a job is about.
	Args = river.JobArgs
	// Options are how a job is queued; nil stands for the defaults of its kind.
	Options = river.InsertOpts
	// Row is a job as it is in the database.
	Row = rivertype.JobRow
)
