package read

import (
	"testing"
	"time"
)

func TestGate(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	var g gate
	enter := func(suspect, want bool) func() {
		t.Helper()
		leave, ok := g.enter(now, suspect)
		if ok != want {
			t.Fatalf("after %v: suspect %v entered: %v", now, suspect, ok)
		}
		return leave
	}
	first, second := enter(false, true), enter(false, true)
	enter(true, false)  // somebody reads
	enter(false, false) // somebody waits to be alone
	first()
	first() // once is enough
	enter(true, false)
	second()
	alone := enter(true, true)
	enter(false, false)
	enter(true, false)
	alone()
	long := enter(false, true)
	// One that reads for hours keeps neither the others nor the suspect out for ever.
	enter(true, false)
	for range 2 * gateClosed / gateWait {
		now = now.Add(gateWait)
		enter(true, false)
	}
	enter(false, true)()
	for now = now.Add(gateWait); ; now = now.Add(gateWait) {
		if leave, ok := g.enter(now, true); ok {
			leave()
			break
		}
	}
	long()
	// A suspect that does not come back keeps nobody out.
	other := enter(false, true)
	enter(true, false)
	now = now.Add(gateForgotten + time.Second)
	enter(false, true)()
	other()
}
