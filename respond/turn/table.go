package turn

import (
	"cmp"
	"slices"
)

const (
	// strangersShare of all slots, at least one, is what strangers' pull requests may hold together.
	strangersShare = 4
	// agingTurns: of so many turns of an installation the last one goes to the job that waited longest, whatever its class.
	agingTurns = 8
	// maxRemembered bounds how many installations' and repositories' last turns are remembered.
	maxRemembered = 10_000
)

// Table knows who waits and who runs. The zero Table has no slots; it is not safe for concurrent use.
type Table struct {
	slots   int
	waiting []Job // by id
	running map[int64]Job

	turn         int64           // counts turns
	installation map[int64]last  // by id
	repository   map[int64]int64 // by id: its last turn
}

// last is when an installation had its last turn, and how many it had.
type last struct{ turn, turns int64 }

// NewTable makes a table with that many slots.
func NewTable(slots int) *Table {
	return &Table{slots: slots, running: map[int64]Job{}, installation: map[int64]last{}, repository: map[int64]int64{}}
}

// Wait adds a job. One that is known already is not added again.
func (t *Table) Wait(j Job) {
	if !t.has(j.ID) {
		i, _ := slices.BinarySearchFunc(t.waiting, j.ID, byID)
		t.waiting = slices.Insert(t.waiting, i, j)
	}
}

// Leave takes a job out, whether it waits or runs. It is no error if it does neither.
func (t *Table) Leave(id int64) {
	delete(t.running, id)
	if i, waits := slices.BinarySearchFunc(t.waiting, id, byID); waits {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
}

// Next starts the next job, and returns it. ready reports whether a job may start for all that the table does not know. ok is
// false where none may.
//
// Of the installations that may start a job, the one whose last turn is longest ago has its turn. It goes to the lowest
// class of its jobs, in it to the repository whose last turn is longest ago, and in that to the oldest job. Each eighth
// turn of an installation goes to its oldest job, so that none waits for ever.
func (t *Table) Next(ready func(Job) bool) (next Job, ok bool) {
	candidates := t.candidates(ready)
	if len(candidates) == 0 {
		return Job{}, false
	}
	next = slices.MinFunc(candidates, t.before)
	t.start(next)
	return next, true
}

// candidates are the waiting jobs that may start.
func (t *Table) candidates(ready func(Job) bool) []Job {
	free := t.slots - len(t.running)
	if free <= 0 {
		return nil
	}
	busy, strangers := map[int64]int{}, 0
	type place struct {
		lane  string
		class Class
	}
	const anyClass = -1
	taken := map[place]bool{} // by a job that runs, or by an older one that waits
	for _, j := range t.running {
		busy[j.Installation]++
		if j.Class == Stranger {
			strangers++
		}
		taken[place{j.Lane, anyClass}] = true
	}
	var list []Job
	for _, j := range t.waiting {
		if j.Lane != "" {
			if taken[place{j.Lane, anyClass}] || taken[place{j.Lane, j.Class}] {
				continue
			}
			taken[place{j.Lane, j.Class}] = true
		}
		if busy[j.Installation] >= free || j.Class == Stranger && strangers >= max(1, t.slots/strangersShare) {
			continue
		}
		if ready(j) {
			list = append(list, j)
		}
	}
	return list
}

// before orders candidates.
func (t *Table) before(a, b Job) int {
	if a.Installation != b.Installation {
		return cmp.Or(cmp.Compare(t.installation[a.Installation].turn, t.installation[b.Installation].turn), cmp.Compare(a.ID, b.ID))
	}
	if t.installation[a.Installation].turns%agingTurns == agingTurns-1 {
		return cmp.Compare(a.ID, b.ID)
	}
	return cmp.Or(
		cmp.Compare(a.Class, b.Class),
		cmp.Compare(t.repository[a.Repository], t.repository[b.Repository]),
		cmp.Compare(a.ID, b.ID),
	)
}

func (t *Table) start(j Job) {
	t.Leave(j.ID)
	t.running[j.ID] = j
	t.turn++
	if len(t.installation) >= maxRemembered || len(t.repository) >= maxRemembered {
		t.forget()
	}
	t.installation[j.Installation] = last{t.turn, t.installation[j.Installation].turns + 1}
	t.repository[j.Repository] = t.turn
}

// forget forgets the turns of those who have nothing here.
func (t *Table) forget() {
	present := map[int64]bool{}
	for _, j := range t.waiting {
		present[j.Installation], present[-j.Repository] = true, true
	}
	for _, j := range t.running {
		present[j.Installation], present[-j.Repository] = true, true
	}
	for id := range t.installation {
		if !present[id] {
			delete(t.installation, id)
		}
	}
	for id := range t.repository {
		if !present[-id] {
			delete(t.repository, id)
		}
	}
}

// has reports whether the job runs or waits here.
func (t *Table) has(id int64) bool {
	if _, ok := t.running[id]; ok {
		return true
	}
	_, ok := slices.BinarySearchFunc(t.waiting, id, byID)
	return ok
}

func byID(j Job, id int64) int { return cmp.Compare(j.ID, id) }
