package queue

import (
	"testing"
	"time"
)

// TestJobsOfAKilledProcessGoOnWithin30Seconds adds up what takes longest where a process was killed and another started at once: until
// the new one trusts its own connection, or the dead one's heartbeat is old enough, and until it next looks. On SQLite the new one
// takes all jobs back before it works; see reclaimAll.
func TestJobsOfAKilledProcessGoOnWithin30Seconds(t *testing.T) {
	t.Parallel()
	const bound = 30 * time.Second
	within := max(endedAfter(heartbeatTimeout), steadyAfter(heartbeatTimeout)+heartbeatEvery) + heartbeatEvery
	if within > bound {
		t.Errorf("after %s, want at most %s", within, bound)
	}
	if heartbeatTimeout > bound { // where a machine vanished, nothing else tells
		t.Errorf("a process that is silent counts as gone after %s", heartbeatTimeout)
	}
}
