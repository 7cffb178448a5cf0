package turn_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/respond/turn"
)

func always(turn.Job) bool { return true }

// TestShares lets installations ask for more than there is: each gets as much as the others, and a slot stays free.
func TestShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ slots, installations, each, free int }{
		{8, 1, 4, 4}, {8, 2, 3, 2}, {8, 3, 2, 2}, {8, 8, 1, 0}, {3, 1, 2, 1}, {2, 1, 1, 1}, {1, 1, 1, 0}, {12, 2, 4, 4},
	} {
		table := turn.NewTable(c.slots)
		id := int64(0)
		for range 100 {
			for installation := range c.installations {
				id++
				table.Wait(turn.Job{ID: id, Installation: int64(installation), Repository: id})
			}
		}
		runs := map[int64]int{}
		for {
			next, ok := table.Next(always)
			if !ok {
				break
			}
			runs[next.Installation]++
		}
		total := 0
		for installation := range c.installations {
			n := runs[int64(installation)]
			if total += n; n < c.each || n > c.each+1 {
				t.Errorf("%d slots, %d installations: installation %d runs %d, want %d", c.slots, c.installations, installation, n, c.each)
			}
		}
		if free := c.slots - total; free > c.free || c.free > 0 && free == 0 {
			t.Errorf("%d slots, %d installations: %d free, want %d", c.slots, c.installations, free, c.free)
		}
	}
}

// TestOrder takes one job after the other, each ending before the next one starts.
func TestOrder(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		waiting []turn.Job
		want    []int64
	}{
		"round by installation": {
			[]turn.Job{{ID: 1, Installation: 1}, {ID: 2, Installation: 1}, {ID: 3, Installation: 1}, {ID: 4, Installation: 2}, {ID: 5, Installation: 3}},
			[]int64{1, 4, 5, 2, 3},
		},
		"then by repository": {
			[]turn.Job{{ID: 1, Repository: 1}, {ID: 2, Repository: 1}, {ID: 3, Repository: 2}, {ID: 4, Repository: 3}, {ID: 5, Repository: 2}},
			[]int64{1, 3, 4, 2, 5},
		},
		"pushes before strangers": {
			[]turn.Job{{ID: 1, Class: turn.Stranger}, {ID: 2, Class: turn.Stranger}, {ID: 3, Class: turn.Member}, {ID: 4, Class: turn.Push}},
			[]int64{4, 3, 1, 2},
		},
		"but not for ever": {
			[]turn.Job{{ID: 1, Class: turn.Stranger}, {ID: 2}, {ID: 3}, {ID: 4}, {ID: 5}, {ID: 6}, {ID: 7}, {ID: 8}, {ID: 9}, {ID: 10}},
			[]int64{2, 3, 4, 5, 6, 7, 8, 1, 9, 10},
		},
		"another installation's pushes do not hold a pull request": {
			[]turn.Job{{ID: 1, Installation: 1, Class: turn.Stranger}, {ID: 2, Installation: 2}, {ID: 3, Installation: 2}},
			[]int64{1, 2, 3},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := turn.NewTable(1)
			for _, j := range c.waiting {
				table.Wait(j)
			}
			for i, want := range c.want {
				next, ok := table.Next(always)
				if !ok || next.ID != want {
					t.Fatalf("turn %d: %d (%v), want %d", i+1, next.ID, ok, want)
				}
				table.Leave(next.ID)
			}
		})
	}
}

// TestEightHostilePullRequests: strangers hold a share of the slots, and a push finds one at once.
func TestEightHostilePullRequests(t *testing.T) {
	t.Parallel()
	table := turn.NewTable(8)
	for id := range int64(8) {
		table.Wait(turn.Job{ID: id, Installation: 1, Repository: 1, Class: turn.Stranger})
	}
	running := 0
	for {
		if _, ok := table.Next(always); !ok {
			break
		}
		running++
	}
	if running != 2 {
		t.Errorf("strangers hold %d of 8 slots, want 2", running)
	}
	table.Wait(turn.Job{ID: 100, Installation: 1, Repository: 1, Class: turn.Push})
	if next, ok := table.Next(always); !ok || next.ID != 100 {
		t.Errorf("a push waits behind strangers: %v", next)
	}
}

// simulated is a job of a simulation.
type simulated struct {
	turn.Job
	takes   int // ticks
	arrived int
}

// TestSimulation lets jobs of many kinds come in bursts, at random, and checks what must always hold.
func TestSimulation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		slots := rapid.IntRange(1, 12).Draw(t, "slots")
		installations := rapid.IntRange(1, 12).Draw(t, "installations")
		greedy := rapid.IntRange(1, 6).Draw(t, "greedy")
		table := turn.NewTable(slots)
		waiting, running := map[int64]simulated{}, map[int64]simulated{}
		closed := func(now int, installation int64, class turn.Class) bool {
			return class == turn.Issue && (now/7+int(installation))%3 == 0
		}
		id := int64(0)
		arrive := func(now int, installation int64) {
			id++
			repository := installation*100 + random.Int64N(4)
			j := simulated{turn.Job{ID: id, Installation: installation, Repository: repository, Class: turn.Class(random.IntN(8))}, 1 + random.IntN(5), now}
			if random.IntN(2) == 0 {
				j.Lane = fmt.Sprint(repository, random.IntN(2))
			}
			waiting[id] = j
			table.Wait(j.Job)
		}
		const arrivals, end = 60, 20_000
		for now := 0; ; now++ {
			if now < arrivals {
				for range greedy { // installation 0 floods
					arrive(now, 0)
				}
				if random.IntN(3) == 0 {
					arrive(now, random.Int64N(int64(installations)))
				}
			} else if len(waiting) == 0 {
				break
			}
			if now == end {
				t.Fatalf("%d jobs starve", len(waiting))
			}
			for id, j := range running {
				if j.takes--; j.takes == 0 {
					delete(running, id)
					table.Leave(id)
				} else {
					running[id] = j
				}
			}
			for {
				next, ok := table.Next(func(j turn.Job) bool { return !closed(now, j.Installation, j.Class) })
				if !ok {
					break
				}
				j, known := waiting[next.ID]
				if !known {
					t.Fatalf("job %d starts twice, or never came", next.ID)
				}
				check(t, slots, j, waiting, running)
				if closed(now, j.Installation, j.Class) {
					t.Fatalf("job %d starts though GitHub may not be asked", j.ID)
				}
				delete(waiting, next.ID)
				running[next.ID] = j
				// One that came alone never waits for the flood of another one.
				if waited := now - j.arrived; now < arrivals && j.Installation != 0 && j.Class == turn.Push && j.Lane == "" && waited > 5*(installations+8) {
					t.Fatalf("a push of installation %d waited %d ticks", j.Installation, waited)
				}
			}
		}
	})
}

// check checks a job that starts against those that wait and run.
func check(t *rapid.T, slots int, j simulated, waiting, running map[int64]simulated) {
	mine, strangers := 0, 0
	for _, other := range running {
		if other.Installation == j.Installation {
			mine++
		}
		if other.Class == turn.Stranger {
			strangers++
		}
		if j.Lane != "" && other.Lane == j.Lane {
			t.Fatalf("jobs %d and %d run in one lane", other.ID, j.ID)
		}
	}
	if free := slots - len(running); free <= 0 || mine >= free {
		t.Fatalf("installation %d starts another one of %d with %d free", j.Installation, mine, free)
	}
	if j.Class == turn.Stranger && strangers >= max(1, slots/4) {
		t.Fatalf("%d strangers in %d slots", strangers+1, slots)
	}
	for _, other := range waiting {
		if j.Lane != "" && other.Lane == j.Lane && other.Class == j.Class && other.ID < j.ID {
			t.Fatalf("job %d overtakes %d in its lane", j.ID, other.ID)
		}
	}
}
