package read

import (
	"context"

	"github.com/rekey-app/rekey/app/record"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// RecordExposed writes a leak that an audit of the default branch found, without a key in any text, with all that follows from a new leak.
// One that is known already is left as it is.
func (r *Reader) RecordExposed(ctx context.Context, in github.Repository, leak respond.Leak) error {
	t := &Task{Repository: in, Trigger: respond.TriggerAudit, Head: record.HistoryOf + "audits for " + leak.Redacted, Received: r.Now()}
	scan := scanOf(t, pack.Report{})
	scan.Finished = r.Now()
	leak.Repository = in.ID
	return r.recordScan(ctx, t, scan, []respond.Observation{{Leak: leak, Nowhere: true}}, nil)
}
