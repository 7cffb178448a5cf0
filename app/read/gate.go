package read

import (
	"sync"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/app/outcome"
	"github.com/rekey-app/rekey/respond/job"
)

// The gate's times.
const (
	// gateWait is how long a job waits that may not read now, and gateForgotten when one that has not asked for so long has gone
	// elsewhere. A killed process leaves as many suspects as it read at once, and they read one after the other.
	gateWait, gateForgotten = 500 * time.Millisecond, 20 * time.Second
	// gateClosed is how long others stay outside for one that is to be alone, and gateTimeout how long that one waits until it
	// goes in beside those that are still reading, which may be histories of an hour.
	gateClosed  = 30 * time.Second
	gateTimeout = 5 * time.Minute
)

// gate lets many read at once, or one that is suspected of having ended the process. Nobody waits in it: a job that may not
// read now comes again, so that it holds no worker and is not taken for one that runs. It is safe for concurrent use.
type gate struct {
	mu      sync.Mutex
	readers int
	alone   bool
	wanted  time.Time // since when a suspect waits; zero: none does
	asked   time.Time // when one last did
}

// enter reports whether a job may read; leave must be called then when it has.
func (g *gate) enter(now time.Time, suspect bool) (leave func(), ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now.Sub(g.asked) > gateForgotten {
		g.wanted = time.Time{}
	}
	if g.alone {
		return nil, false
	}
	if !suspect {
		if !g.wanted.IsZero() && now.Sub(g.wanted) < gateClosed {
			return nil, false
		}
		g.readers++
		return g.leave(func() { g.readers-- }), true
	}
	g.asked = now
	if g.wanted.IsZero() {
		g.wanted = now
	}
	if g.readers > 0 && now.Sub(g.wanted) < gateTimeout {
		return nil, false
	}
	g.alone, g.wanted = true, time.Time{}
	return g.leave(func() { g.alone = false }), true
}

func (g *gate) leave(do func()) func() {
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		do()
	})
}

// Enter takes a job through the gate, or says that it is to come again.
func (r *Reader) Enter(row *rivertype.JobRow) (leave func(), err error) {
	leave, ok := r.gate.enter(r.Now(), suspect(row))
	if !ok {
		return nil, &outcome.WaitError{Until: r.Now().Add(gateWait), Reason: "a scan that may have ended the process before is to be alone"}
	}
	return leave, nil
}

// suspect reports whether a process ended while it ran the job: whatever did that, it does not do it to others again.
func suspect(row *rivertype.JobRow) bool { return job.CrashesOf(row).Times > 0 }
