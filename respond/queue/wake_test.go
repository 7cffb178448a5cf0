package queue

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/riverqueue/river"
)

// TestShortSnoozesWakeTheQueue: on SQLite the queue looks by itself every two seconds only, and what is put off for less is woken for.
func TestShortSnoozesWakeTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var woken []time.Duration
		m := &takesTurns{wake: func([]string) { woken = append(woken, time.Since(began)) }}
		m.wakeFor("scan", nil)
		m.wakeFor("scan", errors.New("failed"))
		m.wakeFor("scan", river.JobSnooze(time.Hour))
		m.wakeFor("scan", river.JobSnooze(300*time.Millisecond))
		(&takesTurns{}).wakeFor("scan", river.JobSnooze(time.Millisecond)) // PostgreSQL
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if len(woken) != 1 || woken[0] != 300*time.Millisecond+recordedWithin {
			t.Errorf("woken after %v, want once, when the short snooze is over", woken)
		}
	})
}
