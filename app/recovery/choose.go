package recovery

import (
	"cmp"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/ledger"
)

// pendingFor is how long an attempt may have no outcome: GitHub gives up on the receiver after ten seconds, on Enterprise Server after
// thirty.
const pendingFor = 2 * time.Minute

// clocks compare GitHub's clock with ours: the log has GitHub's times, the ledger ours.
type clocks struct{ github, ours time.Time }

// clocksAt are the clocks when GitHub answered what was asked at a time of ours. Its Date has whole seconds: its clock may have been
// almost one ahead, and counts as ahead; and it was made after we asked. So what is recovered never seems later than it was, and
// sets nothing back: it seems up to a second and the time of the answer earlier.
func clocksAt(date, asked time.Time) clocks {
	if date.IsZero() {
		return clocks{github: asked, ours: asked}
	}
	return clocks{github: date.Add(time.Second), ours: asked}
}

// toOurs is a time of GitHub's log by our clock.
func (c clocks) toOurs(t time.Time) time.Time { return c.ours.Add(t.Sub(c.github)) }

// sentAt is when an attempt was made, by GitHub's clock. What lies in the future was made just now. Where it is not told, it counts as
// the oldest there may be, so that it overwrites nothing.
func (c clocks) sentAt(d github.Delivery, floor time.Time) time.Time {
	switch {
	case d.DeliveredAt.IsZero():
		return floor
	case d.DeliveredAt.After(c.github):
		return c.github
	}
	return d.DeliveredAt
}

// guidsOf lists the GUIDs of deliveries that would be stored, once each.
func guidsOf(page []github.Delivery) []string {
	var guids []string
	for _, d := range page {
		if intake.Recoverable(d.GUID, d.Event) && !slices.Contains(guids, d.GUID) {
			guids = append(guids, d.GUID)
		}
	}
	return guids
}

// choose returns which of a page's deliveries are missed, the oldest first, and how many of them failed by all that the page says. What
// the ledger knows is not missed, whatever the log says of its attempts; anything else is, also where an attempt was answered with
// success, by whoever that was. What was made before floor is out of GitHub's reach. One of which no attempt has an outcome yet is
// looked at again later.
func choose(page []github.Delivery, known map[string]bool, floor time.Time, c clocks) (missed []ledger.Missed, failed int) {
	of := map[string]int{} // GUID to its place in missed
	pending, succeeded := map[string]bool{}, map[string]bool{}
	for _, d := range page {
		sent := c.sentAt(d, floor)
		if known[d.GUID] || !intake.Recoverable(d.GUID, d.Event) || sent.Before(floor) {
			continue
		}
		i, seen := of[d.GUID]
		if !seen {
			i = len(missed)
			of[d.GUID] = i
			missed = append(missed, ledger.Missed{
				GUID: d.GUID, Log: d.ID, Event: d.Event, Action: d.Action, Installation: d.InstallationID, Repository: d.RepositoryID,
				Delivered: c.toOurs(sent), Due: c.ours,
			})
			pending[d.GUID] = true
		}
		m := &missed[i]
		m.Log = max(m.Log, d.ID)
		if at := c.toOurs(sent); at.Before(m.Delivered) {
			m.Delivered = at
		}
		pending[d.GUID] = pending[d.GUID] && d.Pending() && c.github.Sub(sent) < pendingFor
		succeeded[d.GUID] = succeeded[d.GUID] || d.OK()
	}
	for i := range missed {
		if pending[missed[i].GUID] {
			missed[i].Due = c.ours.Add(pendingFor)
		}
		if !succeeded[missed[i].GUID] {
			failed++
		}
	}
	slices.SortStableFunc(missed, func(a, b ledger.Missed) int {
		return cmp.Or(a.Delivered.Compare(b.Delivered), cmp.Compare(a.Log, b.Log))
	})
	return missed, failed
}

// overlap is how far behind the newest delivery of the last reading the next one reaches, by GitHub's own times: entries may appear
// late. A busy App's log is read a page of 100 at a time, so a longer one costs requests: with this one, up to 60,000 deliveries an
// hour can be followed.
const overlap = 10 * time.Minute

// cutOf is the time before which nothing is new. Without a mark all is new that the log goes back to.
func cutOf(mark, floor time.Time) time.Time {
	if cut := mark.Add(-overlap); cut.After(floor) {
		return cut
	}
	return floor
}

// lastOf is how many of a page's last entries say where it ends: single times that make no sense do not end a reading.
const lastOf = 10

// endsBefore reports whether the end of a page was sent before a time.
func endsBefore(page []github.Delivery, cut time.Time) bool {
	last := page[max(0, len(page)-lastOf):]
	return !slices.ContainsFunc(last, func(d github.Delivery) bool { return !d.DeliveredAt.Before(cut) })
}

// newest is when the newest of a page was sent, but not in the future.
func newest(page []github.Delivery, now time.Time) (at time.Time) {
	for _, d := range page {
		if d.DeliveredAt.After(at) {
			at = d.DeliveredAt
		}
	}
	if at.After(now) {
		return now
	}
	return at
}
