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
		default:
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
		list := r.callable(r.aside[at], now, max(0, min(r.seatsOf(at.class)-seated[at], free)))
		for _, j := range list {
			r.coming[at] = append(r.coming[at], call{j, now})
			r.remove(at, j.ID)
		}
		jobs = append(jobs, list...)
		free -= len(list)
	}
	return jobs
}

// callable are the first of some jobs that may be called now, at most most of them.
func (r *Room) callable(list []Job, now time.Time, most int) (jobs []Job) {
	for _, j := range list {
		e := r.early[j.ID]
		switch {
		case len(jobs) == most:
			return jobs
		case e == nil || !e.again.After(now):
			jobs = append(jobs, j)
		case now.Sub(e.since) < heldFor:
			return jobs
		}
	}
	return jobs
}

// uncalled notes which of the jobs that were called were called too early, or in vain: they are called again after a while. Those that were
// not will come, or are somebody else's.
func (r *Room) uncalled(jobs []Job, ids []int64, after time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.Now()
	for _, j := range jobs {
		if r.table.has(j.ID) || !slices.Contains(ids, j.ID) {
			delete(r.early, j.ID)
			continue
		}
		at := place{j.Installation, j.Class}
		// A call that took long has been forgotten by now, as those are that do not come.
		r.coming[at] = slices.DeleteFunc(r.coming[at], func(c call) bool { return c.job.ID == j.ID })
		e := r.early[j.ID]
		if e == nil {
			e = &early{since: now, pause: after}
			r.early[j.ID] = e
		}
		e.again, e.pause = now.Add(e.pause), min(2*e.pause, seldom)
		r.insert(j)
		time.AfterFunc(e.again.Sub(now), r.again)
	}
}

// insert puts a job to those put aside.
func (r *Room) insert(j Job) {
	at := place{j.Installation, j.Class}
	if i, known := slices.BinarySearchFunc(r.aside[at], j.ID, byID); !known {
		r.aside[at] = slices.Insert(r.aside[at], i, j)
	}
}

// remove takes a job from those put aside.
func (r *Room) remove(at place, id int64) {
	list := r.aside[at]
	if i, known := slices.BinarySearchFunc(list, id, byID); known {
		r.aside[at] = slices.Delete(list, i, i+1)
	}
	if len(r.aside[at]) == 0 {
		delete(r.aside, at)
	}
}

// again makes Run look again.
func (r *Room) again() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Close lets no more jobs start, and sends those back to the queue that wait in the room. Nobody calls those any more that were put aside.
func (r *Room) Close() {
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
}
