package status

import (
	"context"
	"errors"
	"time"

	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

// State is how a part of the server is.
type State string

// The states. What is failed makes the server not ready; what is a warning does not.
const (
	OK      State = "ok"
	Warning State = "warning"
	Failed  State = "failed"
)

// Component is a part of the server, and how it is.
type Component struct {
	Name   string `json:"name"` // database, disk, work, github, permissions or queue
	State  State  `json:"state"`
	Reason string `json:"reason,omitempty"` // for operators: it may name addresses
}

const (
	// lateAfter is how long a delivery may wait before the queue is called late.
	lateAfter = 10 * time.Minute
	// littleSpace is how much may be left on the database's disk before it is named. The store refuses to work much below it.
	littleSpace = 1 << 30
)

// Checks are what readiness depends on. Its functions must be safe for concurrent use.
type Checks struct {
	Ping    func(context.Context) error // the store's
	Space   func() (int64, bool)        // free on the database's disk, in bytes; false: not known
	GitHub  func(context.Context) error // why GitHub has not accepted the App; nil: this process does not ask it
	Lacks   func() string               // what the App may not do, and where that is changed; "" or nil: nothing is missing
	Counter *Counter
	Now     func() time.Time
}

// Components says how each part is. The first that has failed comes first of those.
func (c Checks) Components(ctx context.Context) []Component {
	list := c.store(ctx)
	if c.GitHub != nil {
		list = append(list, component("github", c.GitHub(ctx)))
	}
	if c.Lacks != nil {
		if lacks := c.Lacks(); lacks != "" {
			list = append(list, Component{Name: "permissions", State: Warning, Reason: lacks})
		}
	}
	if list[0].State == OK {
		list = append(list, c.queue(ctx))
	}
	return list
}

// store says how the database, its disk, and the work that depends on it are.
func (c Checks) store(ctx context.Context) []Component {
	database, disk, work := Component{Name: "database", State: OK}, c.disk(), Component{Name: "work", State: OK}
	err := c.Ping(ctx)
	switch {
	case errors.Is(err, ledger.ErrFull):
		disk = component("disk", err)
	case errors.Is(err, ledger.ErrLapsed):
		work = component("work", err)
	case err != nil:
		database = component("database", err)
	}
	return []Component{database, disk, work}
}

func (c Checks) disk() Component {
	if free, known := c.Space(); known && free < littleSpace {
		return Component{Name: "disk", State: Warning, Reason: format.Size(free) + " left"}
	}
	return Component{Name: "disk", State: OK}
}

// queue says whether deliveries wait for long. That alone is no reason to take none.
func (c Checks) queue(ctx context.Context) Component {
	counts, err := c.Counter.Counts(ctx)
	if err != nil {
		return Component{Name: "queue", State: Warning, Reason: err.Error()}
	}
	oldest := counts.Stats.OldestUnfinished
	if wait := c.Now().Sub(oldest); !oldest.IsZero() && wait > lateAfter {
		return Component{
			Name: "queue", State: Warning,
			Reason: format.Count(counts.Stats.Unfinished, "delivery waits", "deliveries wait") + ", the oldest for " + format.Duration(wait),
		}
	}
	return Component{Name: "queue", State: OK}
}

func component(name string, err error) Component {
	if err != nil {
		return Component{Name: name, State: Failed, Reason: err.Error()}
	}
	return Component{Name: name, State: OK}
}

// Ready reports whether none has failed.
func Ready(components []Component) bool { return len(failed(components)) == 0 }

// failed names those that have failed.
func failed(components []Component) []string {
	var names []string
	for _, c := range components {
		if c.State == Failed {
			names = append(names, c.Name)
		}
	}
	return names
}
