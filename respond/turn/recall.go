package turn

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Run calls jobs that were put aside when their turn comes near, until ctx ends.
func (r *Room) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		jobs := r.due()
		if len(jobs) == 0 {
			continue
		}
		ids := make([]int64, len(jobs))
		for i, j := range jobs {
			ids[i] = j.ID
		}
		switch early, err := r.Call(ctx, ids); {
		case err != nil: // the database has a problem
			r.uncalled(jobs, ids, soon)
		case len(early) > 0:
			r.uncalled(jobs, early, callAgain)
		}
	}
}

// due are the jobs to call: as many as have a seat, those first whose installation's turn is longest ago.
func (r *Room) due() []Job {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	free := r.maxWaiting() - len(r.seats)
	seated := map[place]int{}
	for _, s := range r.seats {
		seated[place{s.job.Installation, s.job.Class}]++
	}
	var places []place
	for at := range r.aside {
		r.arrived(at, 0)
		seated[at] += len(r.coming[at])
		free -= len(r.coming[at])
		if !r.Open(at.installation, at.class).After(now) {
			places = append(places, at)
		}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(
			cmp.Compare(r.table.installation[a.installation].turn, r.table.installation[b.installation].turn),
			cmp.Compare(a.class, b.class),
			cmp.Compare(r.aside[a][0].ID, r.aside[b][0].ID),
		)
	})
	var jobs []Job
	for _, at := range places {
		list := r.aside[at]
		n := max(0, min(r.seatsOf(at.class)-seated[at], len(list), free))
		for _, j := range list[:n] {
			r.coming[at] = append(r.coming[at], call{j, now})
		}
		jobs = append(jobs, list[:n]...)
		if r.aside[at] = slices.Delete(slices.Clone(list), 0, n); len(r.aside[at]) == 0 {
			delete(r.aside, at)
		}
		free -= n
	}
	return jobs
}

// uncalled takes back calls that did no good, and calls again after a while.
func (r *Room) uncalled(jobs []Job, early []int64, after time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	again := false
	for _, j := range jobs {
		at := place{j.Installation, j.Class}
		if r.table.has(j.ID) || !slices.Contains(early, j.ID) { // or it will come
			continue
		}
		// A call that took long has been forgotten by now, as those are that do not come.
		r.coming[at] = slices.DeleteFunc(r.coming[at], func(c call) bool { return c.job.ID == j.ID })
		if r.calls[j.ID]++; r.calls[j.ID] <= maxCalls {
			r.insert(j)
			again = true
		}
	}
	if again {
		time.AfterFunc(after, r.again)
	}
}

// insert puts a job to those put aside.
func (r *Room) insert(j Job) {
	at := place{j.Installation, j.Class}
	if i, known := slices.BinarySearchFunc(r.aside[at], j.ID, byID); !known {
		r.aside[at] = slices.Insert(r.aside[at], i, j)
	}
}

// again makes Run look again.
func (r *Room) again() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Close lets no more jobs start, and sends those back to the queue that wait in the room. It returns those that were put
// aside: nobody calls them any more.
func (r *Room) Close() []int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.timer != nil {
		r.timer.Stop()
	}
	for id, s := range r.seats {
		delete(r.seats, id)
		r.table.Leave(id)
		s.verdict <- verdict{}
	}
	var ids []int64
	for _, list := range r.aside {
		for _, j := range list {
			ids = append(ids, j.ID)
		}
	}
	return ids
}
