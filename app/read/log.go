package read

import (
	"context"

	"github.com/rekey-app/rekey/respond"
)

// LeakFound is the message of the one log line that each new leak gets.
const LeakFound = "leak found"

// logLeaks writes a line for each leak that a scan brought: what an operator must not overlook among the deliveries.
func (r *Reader) logLeaks(ctx context.Context, t *Task, found []respond.Leak, sightings map[int64][]respond.Sighting) {
	for _, l := range found {
		path := ""
		if places := sightings[l.ID]; len(places) > 0 {
			path = places[0].Path
		}
		r.Log.WarnContext(ctx, LeakFound, "leak", l.ID, "kind", l.Kind, "environment", l.Environment, "severity", l.Severity,
			"confidence", l.Confidence, "credential", l.Redacted, "repository", t.Repository.Owner+"/"+t.Repository.Name,
			"ref", t.Ref, "head", t.Head, "path", path, "pusher", t.Pusher)
	}
}
