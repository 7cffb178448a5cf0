package queue

import (
	"context"
	"fmt"
	"slices"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
)

// River hands out the jobs of a queue by priority, 1 to 4, and then in the order of their arrival. So that a flood of one
// installation keeps nobody else waiting, a delivery's priority follows from how many of its installation wait already: the first
// few have the highest, all others one that is lower the more they are. What belongs to one installation keeps its order: no
// delivery has a higher priority than one before it that still waits.
//
// No job waits for ever. An installation's jobs rank before others' only as long as few of it wait, which they don't when more
// come than can be handed out; and what the room calls ranks first: see package turn.

// lowestPriority is what all have that come after the others' places are taken.
const lowestPriority = 4

// places is how many deliveries of an installation wait with a priority.
func places(priority int) int {
	if priority >= lowestPriority {
		return maxPlaces
	}
	return 4 << (3 * (priority - 1)) // 4, 32, 256
}

const maxPlaces = int(^uint(0) >> 1)

// backlog is what waits of one installation in one queue: the lowest priority among that, and how many have it. The zero backlog
// is empty.
type backlog struct{ priority, waiting int }

// add adds a delivery, and returns its priority.
func (b *backlog) add() int {
	switch {
	case b.priority == 0:
		b.priority = 1
	case b.waiting >= places(b.priority):
		b.priority, b.waiting = b.priority+1, 0
	}
	b.waiting++
	return b.priority
}

// backlogs are those of the installations that deliveries belong to.
type backlogs map[backlogKey]*backlog

type backlogKey struct {
	queue        string
	installation int64
}

// backlogsOf reads what waits of the installations of some deliveries.
func backlogsOf(ctx context.Context, tx *ledger.Tx, deliveries []ledger.Delivery) (backlogs, error) {
	all := backlogs{}
	installations := map[string][]int64{} // by queue
	for _, d := range deliveries {
		key := backlogKey{job.QueueOf(d.Event), d.Installation}
		if d.Installation == 0 || all[key] != nil {
			continue
		}
		all[key] = &backlog{}
		installations[key.queue] = append(installations[key.queue], d.Installation)
	}
	for queue, ids := range installations {
		slices.Sort(ids)
		err := eachBacklog(ctx, tx, queue, ids, func(installation int64, b backlog) { *all[backlogKey{queue, installation}] = b })
		if err != nil {
			return nil, fmt.Errorf("what waits in queue %s: %w", queue, err)
		}
	}
	return all, nil
}

// priority is that of the next delivery.
func (all backlogs) priority(d ledger.Delivery) int {
	if b := all[backlogKey{job.QueueOf(d.Event), d.Installation}]; b != nil {
		return b.add()
	}
	return 1
}
